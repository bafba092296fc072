#!/usr/bin/env python3
"""Whether `examples/spark.py` gives each row what `headwise run` says to its line alone.

  python tests/parity/spark.py --headwise target/release/headwise

Needs Java and the package `pyspark`. Every task runs in Spark's local mode, on awkward texts in several partitions, one
of which is empty, with rows that have no result between the others. Then the example itself runs, on a cluster of two
executors that get the program and the model in an archive, and with a model that is missing. The exit status is 1 if
any answer differs, or the job without a model does not fail with its reason.
"""

import argparse
import json
import os
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import pyspark
from pyspark.sql import DataFrame, SparkSession

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples/spark.py"
SUBMIT = Path(pyspark.__file__).parent / "bin/spark-submit"
sys.path.insert(0, str(EXAMPLE.parent))
import spark as example  # noqa: E402 (the example, not this file)

TEXTS = json.loads(Path(__file__).with_name("texts.json").read_text(encoding="utf-8"))[::6]
MASKED = [text + "[MASK]" for text in TEXTS]
SHOWN = 5  # differences printed

# Of each task: a model, options, the columns of its input with their types, and rows, some without an input.
CASES = [
    ("text-classification", "wordpiece-topics", {"top_k": None}, "text STRING, text_pair STRING",
     [(text, text[::-1] if place % 2 else None) for place, text in enumerate(TEXTS)] + [(None, "a")]),
    ("zero-shot-classification", "unigram-nli",
     {"candidate_labels": ["it's", 'a "quote"', "back\\slash", "$HOME `é`", "two\nlines\u2028"]}, "sequence STRING",
     [(text,) for text in TEXTS]),
    ("token-classification", "bpe-token", {"ignore_labels": []}, "text STRING", [(text,) for text in [None, *TEXTS]]),
    ("token-classification", "wordpiece-token", {"aggregation_strategy": "max", "stride": 4}, "text STRING",
     [(text,) for text in TEXTS]),
    ("question-answering", "bpe-qa", {"top_k": 2}, "question STRING, context STRING",
     [("Who's “there”?", text) for text in TEXTS]),
    ("fill-mask", "wordpiece-masked-lm", {"top_k": 2}, "text STRING", [(text,) for text in MASKED]),
    ("feature-extraction", "unigram-token", {"pooling": "mean"}, "text STRING", [(text,) for text in TEXTS]),
    ("multiple-choice", "bpe-multiple-choice", {}, "prompt STRING, choices ARRAY<STRING>",
     [("the dog", [text, "two\nlines"]) for text in TEXTS] + [("none", [])]),
    ("text-ranking", "wordpiece-ranking", {"return_documents": True}, "query STRING, documents ARRAY<STRING>",
     [("the dog", [text, "two\nlines"]) for text in TEXTS]),
]


def model(name: str) -> str:
    return str(ROOT / "tests/golden/tasks" / name)


def spread(session: SparkSession, columns: str, inputs: list[tuple]) -> DataFrame:
    """Rows with awkward ids in four partitions, of which one is empty."""
    rows = [(f"row “{place}”\n", *values) for place, values in enumerate(inputs)]
    context = session.sparkContext
    partitions = context.union([context.parallelize(rows[:7], 2), context.parallelize([], 1),
                                context.parallelize(rows[7:], 1)])
    assert [size > 0 for size in partitions.glom().map(len).collect()] == [True, True, False, True]
    return session.createDataFrame(partitions, f"id STRING, {columns}")


def alone(headwise: str, task: str, folder: str, options: dict, row: dict) -> dict:
    """What the command line says to a single line."""
    command = [headwise, "run", task, folder, "--options", json.dumps(options)]
    called = subprocess.run(command, input=json.dumps(row), capture_output=True, text=True, encoding="utf-8")
    assert called.returncode in (0, 3), called.stderr
    return json.loads(called.stdout)


def plain(value):
    """Without what tells nothing: nulls of a schema, digits beyond f32, which line of its partition an error is of."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return struct.unpack("f", struct.pack("f", value))[0]
    return re.sub(r"^Input \d+: ", "", value) if isinstance(value, str) else value


def compare(name: str, rows: DataFrame, answers: DataFrame, headwise: str, *call) -> int:
    """Prints how many rows agree; returns how many do not."""
    rows = [row.asDict(recursive=True) for row in rows.collect()]
    actual = [plain(row.asDict(recursive=True)) for row in answers.collect()]
    # Spark leaves nulls away when it writes JSON.
    rows = [{key: value for key, value in row.items() if value is not None} for row in rows]
    expected = [plain(alone(headwise, *call, row)) for row in rows]
    different = [pair for pair in zip(expected, actual) if pair[0] != pair[1]]
    failed = sum("error" in answer for answer in actual)
    print(f"{name}: {len(rows) - len(different)} of {len(rows)} rows agree, {failed} of them errors")
    for pair in different[:SHOWN]:
        print("  alone {}\n  Spark {}".format(*pair))
    return len(different) + abs(len(rows) - len(actual))


def submit(master: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [SUBMIT, "--master", master, "--conf", "spark.ui.enabled=false", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8")


def check_cluster(session: SparkSession, headwise: str, folder: Path) -> int:
    """The example with two executors; returns how many rows differ."""
    task, name, options, columns, inputs = CASES[0]
    rows = spread(session, columns, inputs)
    rows.write.parquet(str(folder / "rows"))
    with tarfile.open(folder / "headwise.tar.gz", "w:gz") as archive:
        archive.add(headwise, "headwise")
        archive.add(model(name), "model")
    done = submit("local-cluster[2,1,1024]", "--archives", f"{folder / 'headwise.tar.gz'}#headwise", str(EXAMPLE), task,
                  "./headwise/headwise", "./headwise/model", str(folder / "rows"), str(folder / "answers"),
                  "--options", json.dumps(options))
    assert done.returncode == 0, done.stderr
    assert "1 rows have no result" in done.stdout, done.stdout
    answers = session.read.parquet(str(folder / "answers"))
    # A table has no order.
    return compare("archive, two executors", rows.orderBy("id"), answers.orderBy("id"), headwise, task, model(name),
                   options)


def check_missing_model(folder: Path, headwise: str) -> int:
    """The example without a model; returns 1 if the job does not fail with the reason."""
    done = submit("local[2]", str(EXAMPLE), "text-classification", headwise, str(folder / "none"), str(folder / "rows"),
                  str(folder / "nothing"))
    fails = done.returncode != 0 and "exited with error code 1" in done.stderr and '"code":"io"' in done.stderr
    print("without a model the job", "fails with its reason" if fails else f"ends otherwise:\n{done.stderr}")
    return int(not fails)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--headwise", default="target/release/headwise", help="the command line")
    headwise = str(Path(parser.parse_args().headwise).resolve())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    different = 0
    for task, name, options, columns, inputs in CASES:
        rows = spread(session, columns, inputs)
        answers = example.run(rows, task, headwise, model(name), options)
        different += compare(f"{task}, {name}", rows, answers, headwise, task, model(name), options)
    with tempfile.TemporaryDirectory() as folder:
        different += check_cluster(session, headwise, Path(folder))
        different += check_missing_model(Path(folder), headwise)
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
