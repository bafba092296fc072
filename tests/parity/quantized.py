#!/usr/bin/env python3
"""Whether the weights of a quantised folder are what `headwise` computes with.

  headwise quantize DIR OUT
  python tests/parity/quantized.py DIR OUT --headwise target/release/headwise --head sequence --inputs INPUTS.json

Reads OUT with numpy and safetensors alone: each I8 tensor `X` times its scales `X_scale` `[rows, 1]`, in F32. Checks that
no weight is off from DIR's by more than half a scale, and that `headwise forward` gives the same numbers, to the bit,
for OUT in fp32 as for a plain checkpoint of the dequantised weights. Prints the largest differences; the exit status is
1 if there is one too many.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

SCALE = "_scale"


def dequantized(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """All tensors of a folder without those of scales, and the scales by the tensor they belong to."""
    stored = load_file(folder / "model.safetensors")
    scales = {name: stored.pop(name + SCALE) for name in list(stored) if name + SCALE in stored}
    numbers = {name: x.astype(np.float32) * scales[name] if name in scales else x for name, x in stored.items()}
    return numbers, scales


def forward(headwise: str, folder: Path, head: str, inputs: Path) -> dict:
    command = [headwise, "forward", folder, "--head", head, "--dtype", "fp32", "--inputs", inputs]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="folder with one model.safetensors")
    parser.add_argument("quantized", type=Path, help="what `headwise quantize` made of it")
    parser.add_argument("--headwise", default="headwise", help="the command line")
    parser.add_argument("--head", default="sequence")
    parser.add_argument("--inputs", type=Path, required=True, help="as `headwise forward` takes them")
    arguments = parser.parse_args()

    source = load_file(arguments.source / "model.safetensors")
    numbers, scales = dequantized(arguments.quantized)
    wrong = set(source) != set(numbers)
    for name, scale in scales.items():
        off = np.abs(numbers[name] - source[name].astype(np.float32)) / scale
        wrong |= bool(off.max() > 0.5001)
        print(f"{name} {list(scale.shape)}: off by {off.max():.4f} of a scale")
    wrong |= any((numbers[name] != source[name]).any() for name in numbers if name not in scales)

    with tempfile.TemporaryDirectory() as plain:
        config = json.loads((arguments.quantized / "config.json").read_text())
        del config["quantization_config"]
        Path(plain, "config.json").write_text(json.dumps(config))
        save_file(numbers, Path(plain, "model.safetensors"), {"format": "pt"})
        both = [forward(arguments.headwise, Path(folder), arguments.head, arguments.inputs)
                for folder in (arguments.quantized, plain)]
    print("headwise:", "equal" if both[0] == both[1] else "different")
    return 1 if wrong or both[0] != both[1] else 0


if __name__ == "__main__":
    sys.exit(main())
