#!/usr/bin/env python3
"""A random checkpoint of the size people publish, and what Python computes with it.

  python tests/parity/random_checkpoint.py roberta DIR [--large]
  headwise forward DIR --head sequence --inputs DIR/inputs.json > logits.json
  python tests/parity/compare.py DIR logits.json

Writes a sequence classifier in F32, with the settings of the architecture's best known checkpoint, and rows of 16, 128
and 512 tokens: the files of a golden fixture (`tests/golden/generate.py`), too large to be kept.
"""

import argparse
import sys
from pathlib import Path

import tokenizers
import torch
import transformers

sys.path.insert(0, str(Path(__file__).parents[1] / "golden"))
from generate import Configuration, right_padded, write_fixture  # noqa: E402

ROWS = tuple(right_padded(length, of=512) for length in (16, 128, 512))
SCALE = 0.08  # of weights that meet hundreds of inputs: logits of about 1

BASE = dict(hidden_size=768, num_hidden_layers=12, num_attention_heads=12, intermediate_size=3072)
LARGE = dict(hidden_size=1024, num_hidden_layers=24, num_attention_heads=16, intermediate_size=4096)
ROBERTA = dict(max_position_embeddings=514, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5)
DEBERTA_V3 = dict(vocab_size=128100, type_vocab_size=0, relative_attention=True, position_buckets=256,
                  norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type="p2c|c2p", position_biased_input=False)


def bart(width: int, layers: int) -> dict:
    return dict(vocab_size=50265, d_model=width, encoder_layers=layers, decoder_layers=layers,
                encoder_attention_heads=width // 64, decoder_attention_heads=width // 64,
                encoder_ffn_dim=4 * width, decoder_ffn_dim=4 * width)


MODERNBERT_LARGE = dict(hidden_size=1024, num_hidden_layers=28, num_attention_heads=16, intermediate_size=2624)

# For each architecture the settings of the base model, and of the large one if there is one.
SETTINGS = {
    "bert": (BASE, LARGE),
    "roberta": (BASE | ROBERTA | dict(vocab_size=50265), LARGE),
    "xlm-roberta": (BASE | ROBERTA | dict(vocab_size=250002), LARGE),
    "camembert": (BASE | ROBERTA | dict(vocab_size=32005), LARGE),
    "data2vec-text": (BASE | ROBERTA | dict(vocab_size=50265), LARGE),
    "distilbert": ({}, None),
    "electra": (BASE | dict(embedding_size=768), LARGE | dict(embedding_size=1024)),
    "albert": (BASE | dict(embedding_size=128), LARGE),
    "mpnet": (BASE | dict(vocab_size=30527, max_position_embeddings=514, layer_norm_eps=1e-5), None),
    "deberta-v2": (BASE | DEBERTA_V3, LARGE),
    "modernbert": ({}, MODERNBERT_LARGE),
    "bart": (bart(768, 6), bart(1024, 12)),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model_type", choices=SETTINGS, metavar="MODEL_TYPE", help=", ".join(SETTINGS))
    parser.add_argument("folder", type=Path, help="where the files go")
    parser.add_argument("--large", action="store_true", help="the large model, not the base one")
    arguments = parser.parse_args()
    base, large = SETTINGS[arguments.model_type]
    if arguments.large and large is None:
        parser.error(f"there is no large {arguments.model_type}")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    settings = base | large if arguments.large else base
    configuration = Configuration(arguments.model_type, settings, rows=ROWS, dtype=torch.float32, scale=SCALE)
    write_fixture(configuration, "sequence", arguments.model_type, arguments.folder)
    # A browser loads no model without a tokenizer; this one knows no word.
    nothing = tokenizers.models.WordLevel({"[UNK]": 0}, unk_token="[UNK]")
    tokenizers.Tokenizer(nothing).save(str(arguments.folder / "tokenizer.json"))


if __name__ == "__main__":
    main()
