#!/usr/bin/env python3
"""A task for each row of a DataFrame, on many machines: every partition goes through a `headwise run` of its own.

  spark-submit --archives headwise.tar.gz#headwise examples/spark.py text-classification \\
      ./headwise/headwise ./headwise/model comments.parquet labels.parquet --options '{"top_k": 3}'

Paths of the program and of the model are those that executors see. An archive of both
(`tar czf headwise.tar.gz headwise model`) is unpacked by Spark into the working directory of each executor, under the
name behind the `#`; with `--master local[N]` give the paths of this machine. Copy `run` to use it in a program.

The input needs a column `id` of whole numbers or strings, and the fields of the task's input as further columns: `text`
(and `text_pair`), `sequence`, `question` and `context`, `prompt` and `choices`, or `query` and `documents`. The output
has the columns `id`, `result`, `tokens`, `truncated` and `error`; a row that has no result has an `error` with `code`
and `message`.
"""

import argparse
import json
import shlex

from pyspark.sql import DataFrame, SparkSession

ENTITY = "entity STRING, entity_group STRING, index INT, score FLOAT, word STRING, start INT, end INT"
FILLED = "score FLOAT, token INT, token_str STRING, sequence STRING"

# Types of `result`. They are stated because Spark would run the models once more to find them out.
RESULTS = {
    "text-classification": "ARRAY<STRUCT<label STRING, score FLOAT>>",
    "zero-shot-classification": "STRUCT<sequence STRING, labels ARRAY<STRING>, scores ARRAY<FLOAT>>",
    "token-classification": f"ARRAY<STRUCT<{ENTITY}>>",
    "question-answering": "ARRAY<STRUCT<score FLOAT, start INT, end INT, answer STRING>>",
    "fill-mask": f"ARRAY<ARRAY<STRUCT<{FILLED}>>>",
    "feature-extraction": "ARRAY<FLOAT>",  # with a pooling
    "multiple-choice": "ARRAY<STRUCT<index INT, choice STRING, score FLOAT>>",
    "text-ranking": "ARRAY<STRUCT<corpus_id INT, score FLOAT, text STRING>>",
}


def run(rows: DataFrame, task: str, headwise: str, model: str, options: dict) -> DataFrame:
    """The answers, by `id`. They are computed whenever they are read: write or cache them before reading them twice."""
    # `pipe` splits what it is given as a shell would, and finds no program on PATH: the environment is empty.
    command = [headwise, "run", task, model, "--options", json.dumps(options), "--exit-zero"]
    # A row is a line whatever its texts hold. Rows must come from Spark itself, as `toJSON` makes sure: should a Python
    # function in front of `pipe` fail, it would hang. Without `checkCode` a partition that failed would just be empty.
    answers = rows.toJSON().pipe(shlex.join(command), checkCode=True)
    schema = (f"id {rows.schema['id'].dataType.simpleString()}, result {RESULTS[task]}, tokens INT, truncated BOOLEAN, "
              "error STRUCT<code STRING, message STRING>")
    return rows.sparkSession.read.json(answers, schema=schema, mode="FAILFAST")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=RESULTS)
    parser.add_argument("headwise", help="the command line, as executors see it")
    parser.add_argument("model", help="folder of the model, as executors see it")
    parser.add_argument("input", help="Parquet with a column `id` and those of the task's input")
    parser.add_argument("output", help="Parquet to write")
    parser.add_argument("--options", type=json.loads, default={}, help="options of the task, as a JSON object")
    arguments = parser.parse_args()
    spark = SparkSession.builder.getOrCreate()
    rows = spark.read.parquet(arguments.input)
    answers = run(rows, arguments.task, arguments.headwise, arguments.model, arguments.options)
    answers.write.parquet(arguments.output)
    failed = spark.read.parquet(arguments.output).where("error IS NOT NULL").count()
    print(f"{failed} rows have no result")


if __name__ == "__main__":
    main()
