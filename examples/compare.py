#!/usr/bin/env python3
"""Compares Headwise with transformers on your own model and texts.

    python examples/compare.py MODEL TEXTS [--task text-classification] [--tolerance 1e-4] [--headwise "npx headwise"]

MODEL is a folder or the id of a model of the Hub, TEXTS a file of texts, one a line. Prints the largest difference of a
score, and exits with 1 if that is above the tolerance or if an answer has other labels. Needs transformers and torch.
"""

import argparse
import json
import shlex
import subprocess
import sys

OPTIONS = {
    "text-classification": {"top_k": None},
    "token-classification": {},
    "fill-mask": {"top_k": 5},
}


def headwise(command, task, model, path, options):
    arguments = [*shlex.split(command), "run", task, model, "--file", path, "--dtype", "fp32", "--options", json.dumps(options)]
    out = subprocess.run(arguments, stdout=subprocess.PIPE, text=True, check=False).stdout
    answers = [json.loads(line) for line in out.splitlines()]
    for line, answer in enumerate(answers, 1):
        if "error" in answer:
            sys.exit(f"headwise refuses line {line}: {answer['error']['message']}")
    return [answer["result"] for answer in answers]


def transformers(task, model, texts, options):
    from transformers import pipeline

    truncation = {"truncation": True} if task == "text-classification" else {}
    # Not in the precision of the file, in which the sums would be computed as well.
    run = pipeline(task, model, dtype="float32")
    return [run(text, **options, **truncation) for text in texts]


def scores(answer):
    """What is told, by what it is told of."""
    rows = answer[0] if answer and isinstance(answer[0], list) else answer
    return {(row.get("label") or row.get("entity") or row["token_str"], row.get("index")): row["score"] for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("texts")
    parser.add_argument("--task", default="text-classification", choices=OPTIONS)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--headwise", default="npx headwise", help="the command")
    arguments = parser.parse_args()
    with open(arguments.texts, encoding="utf-8") as file:
        texts = file.read().splitlines()
    options = OPTIONS[arguments.task]
    ours = headwise(arguments.headwise, arguments.task, arguments.model, arguments.texts, options)
    theirs = transformers(arguments.task, arguments.model, texts, options)
    if len(ours) != len(texts):
        sys.exit(f"headwise answers {len(ours)} of {len(texts)} texts")
    largest, where = 0.0, None
    for text, mine, other in zip(texts, map(scores, ours), map(scores, theirs)):
        if mine.keys() != other.keys():
            sys.exit(f"other labels for {text!r}: {sorted(mine.keys() ^ other.keys(), key=str)}")
        difference = max((abs(mine[key] - other[key]) for key in mine), default=0.0)
        if difference > largest:
            largest, where = difference, text
    print(json.dumps({"texts": len(texts), "largest_difference": largest, "text": where, "tolerance": arguments.tolerance}))
    return 0 if largest <= arguments.tolerance else 1


if __name__ == "__main__":
    sys.exit(main())
