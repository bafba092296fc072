#!/usr/bin/env python3
"""What Python computes with a published checkpoint for the texts of `texts.json`.

  python tests/parity/real_checkpoint.py DIR HEAD OUT
  headwise forward DIR --head HEAD --inputs OUT/inputs.json | python tests/parity/compare.py OUT

DIR is a folder with the checkpoint and its tokenizer, HEAD one of `headwise forward`. Texts are cut to 128 tokens.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import AutoTokenizer

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
from generate import HEADS, compute, reload  # noqa: E402

TEXTS = Path(__file__).parent / "texts.json"
EVERY = 8  # of the texts, so that the outputs of a masked language model stay below 1 GB


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, help="folder of the model")
    parser.add_argument("head", choices=[head for head in HEADS if head != "multiple-choice"])
    parser.add_argument("folder", type=Path, help="where the files go")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    head = HEADS[arguments.head]
    tokenizer = AutoTokenizer.from_pretrained(arguments.checkpoint)
    texts = [text for text in json.loads(TEXTS.read_text())[::EVERY] if text.strip()]
    inputs = tokenizer(texts, truncation=True, max_length=128, padding=True, return_tensors="pt")
    model = reload(head, arguments.checkpoint)
    outputs = compute(model, inputs, head, in_detail=False)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    lists = {name: tensor.tolist() for name, tensor in inputs.items()}
    (arguments.folder / "inputs.json").write_text(json.dumps({"inputs": lists}) + "\n")
    save_file(outputs, arguments.folder / "expected.safetensors")
    print({name: list(tensor.shape) for name, tensor in outputs.items()})


if __name__ == "__main__":
    main()
