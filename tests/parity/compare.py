#!/usr/bin/env python3
"""Compares what `headwise forward` printed with the outputs of Python in a fixture.

  headwise forward DIR --head HEAD --inputs DIR/inputs.json | python tests/parity/compare.py DIR

DIR is a fixture of `tests/golden/` or what `random_checkpoint.py` wrote. Prints the largest difference of each output;
the exit status is 1 if one exceeds the tolerance or is missing.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file


def difference(expected: torch.Tensor, actual: torch.Tensor) -> float:
    """The largest absolute difference; infinite where one of the two is no number."""
    if expected.shape != actual.shape:
        sys.exit(f"shape {list(actual.shape)} instead of {list(expected.shape)}")
    return (expected - actual).abs().nan_to_num(nan=float("inf")).max().item()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder with expected.safetensors")
    parser.add_argument("outputs", nargs="?", type=argparse.FileType(), default=sys.stdin,
                        help="what `headwise forward` printed (default: standard input)")
    parser.add_argument("--tolerance", type=float, default=2e-5)
    arguments = parser.parse_args()
    outputs = json.load(arguments.outputs)
    worst = 0.0
    for name, expected in load_file(arguments.folder / "expected.safetensors").items():
        if name not in outputs:
            worst = float("inf")
            print(f"{name}: missing")
            continue
        largest = difference(expected, torch.tensor(outputs[name]))
        worst = max(worst, largest)
        print(f"{name} {list(expected.shape)}: {largest:.1e} of {expected.abs().max():.1f}")
    return 1 if worst > arguments.tolerance else 0


if __name__ == "__main__":
    sys.exit(main())
