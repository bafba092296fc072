#!/usr/bin/env python3
"""What Python makes of some texts with the tokenizer in a folder, and whether Headwise agrees.

  python tests/parity/tokens.py DIR
  headwise tokenize DIR --json < tests/parity/texts.json | python tests/parity/tokens.py DIR --against -
  headwise tokenize DIR < FILE | python tests/parity/tokens.py DIR --texts FILE --against -

The first prints Python's answer, a JSON line for each text: `ids`, `type_ids` and `offsets` (code points; not where the
class has no fast form), with special tokens, nothing cut or padded. The second compares; its exit status is 1 if any text differs. Without `--texts` the
texts are those of `texts.json`; a file that ends in `.json` is a list of texts, any other has one a line. Tokenizers of
SentencePiece need the packages `sentencepiece` and `protobuf`.
"""

import argparse
import json
import sys
from pathlib import Path

import transformers
from transformers import AutoTokenizer, BertTokenizer, PreTrainedTokenizerFast, RobertaTokenizer

SHOWN = 5  # differences printed


def load(folder: Path):
    try:
        return AutoTokenizer.from_pretrained(folder)
    except (OSError, ValueError):  # bare files, without the configurations that name their class
        if (folder / "tokenizer.json").exists():
            return PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"))
        return (BertTokenizer if (folder / "vocab.txt").exists() else RobertaTokenizer).from_pretrained(folder)


def read_texts(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    # Lines end where Rust's do: `splitlines` knows more ends.
    return json.loads(text) if file.suffix == ".json" else text.removesuffix("\n").split("\n")


def encode(tokenizer, text: str) -> dict:
    if not tokenizer.is_fast:  # without offsets
        encoding = tokenizer(text, return_token_type_ids=True)
        return {"ids": encoding["input_ids"], "type_ids": encoding["token_type_ids"]}
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.backend_tokenizer.no_padding()
    encoding = tokenizer.backend_tokenizer.encode(text)
    return {"ids": encoding.ids, "type_ids": encoding.type_ids, "offsets": [list(span) for span in encoding.offsets]}


def describe(text: str, expected: dict, actual: dict) -> str:
    """The first place where the two part, in one line."""
    for key in expected:
        pairs = zip(expected[key], actual.get(key, []))
        place = next((index for index, (one, other) in enumerate(pairs) if one != other), None)
        if place is not None or len(expected[key]) != len(actual.get(key, [])):
            place = min(len(expected[key]), len(actual.get(key, []))) if place is None else place
            return (f"{text[:60]!r}: {key}[{place}]: Python {expected[key][place:place + 6]} of {len(expected[key])}, "
                    f"Headwise {actual.get(key, [])[place:place + 6]} of {len(actual.get(key, []))}")
    return ""


def compare(texts: list[str], expected: list[dict], actual: list[dict]) -> int:
    if len(actual) != len(texts):
        sys.exit(f"{len(actual)} lines for {len(texts)} texts")
    differences = [line for line in map(describe, texts, expected, actual) if line]
    print(f"{len(texts) - len(differences)} of {len(texts)} texts agree")
    for line in differences[:SHOWN]:
        print(line)
    return 1 if differences else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of a tokenizer")
    parser.add_argument("--texts", type=Path, default=Path(__file__).with_name("texts.json"), metavar="FILE",
                        help="texts to tokenize; default: texts.json beside the script")
    parser.add_argument("--against", metavar="FILE",
                        help="what `headwise tokenize DIR --json` printed; - reads standard input")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    texts = read_texts(arguments.texts)
    tokenizer = load(arguments.folder)
    expected = [encode(tokenizer, text) for text in texts]
    if arguments.against is None:
        for line in expected:
            print(json.dumps(line))
        return 0
    file = sys.stdin if arguments.against == "-" else open(arguments.against, encoding="utf-8")
    return compare(texts, expected, [json.loads(line) for line in file])


if __name__ == "__main__":
    sys.exit(main())
