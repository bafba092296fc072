#!/usr/bin/env python3
"""Tiny complete models, as a repository on the Hub holds them, and what Python's pipeline answers with them.

A model is a folder `hub/<name>/` with configuration, weights and tokenizer, and

  expected.json   results of `pipeline('text-classification', top_k=None)`; not for `bare-bert`, which has no head

The weights are random: the answers mean nothing, but every engine must give the same. Needs `generate_tokenizers.py`
to have run in the same folder.
"""

import argparse
import json
import math
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DebertaV2Tokenizer,
    pipeline,
)

from generate import (
    FULL_LOCAL_FULL,
    as_modernbert_of_2024,
    bart,
    bert,
    deberta,
    distilbert,
    made_with,
    modernbert,
    randomise,
    roberta,
)
from generate_tokenizers import CORPUS, write_json

SIZES = dict(hidden_size=36, intermediate_size=44)
SPECIAL = {"pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]",
           "mask_token": "[MASK]"}


# --- tokenizers that are not in tokenizers/: functions from that folder to tokenizer.json and tokenizer_config.json ---

def unigram(_: Path) -> tuple[dict, dict]:
    """DeBERTa v3's kind: every character and repeated pieces of words, by how often they occur; the mask comes last."""
    pieces = Counter()
    for word in " ".join(CORPUS).split():
        word = "▁" + word
        pieces.update(word[start:end] for start in range(len(word)) for end in range(start + 1, len(word) + 1))
    saved = {piece: count * (len(piece) - 1) for piece, count in pieces.items() if count > 1 or len(piece) == 1}
    kept = sorted(saved, key=lambda piece: (len(piece) > 1, -saved[piece], piece))[:400]
    total = sum(pieces[piece] for piece in kept)
    vocabulary = [(token, 0.0) for token in ("[PAD]", "[CLS]", "[SEP]", "[UNK]")]
    vocabulary += [(piece, round(math.log(pieces[piece] / total), 4)) for piece in kept]
    tokenizer = DebertaV2Tokenizer(vocabulary).backend_tokenizer
    settings = {"do_lower_case": False, "split_by_punct": False, "vocab_type": "spm"}
    return json.loads(tokenizer.to_str()), SPECIAL | settings


def bpe_of_modernbert(tokenizers: Path) -> tuple[dict, dict]:
    """RoBERTa's pieces between BERT's special tokens; texts are composed first, and runs of spaces are tokens."""
    trained = json.loads((tokenizers / "bpe" / "tokenizer.json").read_text())["model"]
    ordinary = list(trained["vocab"])[len(SPECIAL):]  # behind RoBERTa's own
    vocabulary = {piece: id for id, piece in enumerate([*SPECIAL.values(), *ordinary])}
    tokenizer = Tokenizer(models.BPE(vocabulary, [tuple(merge) for merge in trained["merges"]]))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, vocabulary[token]) for token in ("[CLS]", "[SEP]")])
    tokenizer.add_tokens([AddedToken(" " * count, normalized=True) for count in (3, 2)])
    tokenizer.add_special_tokens([AddedToken(token, lstrip=token == "[MASK]") for token in SPECIAL.values()])
    return json.loads(tokenizer.to_str()), SPECIAL | {"model_input_names": ["input_ids", "attention_mask"]}


# --- the table -------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class HubModel:
    model_type: str
    settings: dict
    tokenizer: str | Callable[[Path], tuple[dict, dict]]  # a folder in tokenizers/, or one of the functions above
    tokenizer_class: str
    labels: tuple = ()  # none: a bare encoder
    problem_type: str | None = None
    tokenizer_json: bool = True
    max_length: int = 64
    edit_config: Callable[[dict], dict] | None = None
    seed: int = 0  # chosen so that the texts below get different answers


MODELS = {
    "tiny-bert": HubModel("bert", bert(layers=2, **SIZES), "wordpiece", "BertTokenizer",
                          ("negative", "neutral", "positive"), "single_label_classification"),
    "tiny-roberta": HubModel("roberta", roberta(layers=2, **SIZES), "bpe", "RobertaTokenizer",
                             ("sport", "politics & law", "<em>science</em>", "arts"), seed=37),
    "tiny-distilbert": HubModel("distilbert", distilbert(layers=2, dim=36, hidden_dim=44), "wordpiece",
                                "DistilBertTokenizer", ("toxic", "insult", "threat"), "multi_label_classification",
                                tokenizer_json=False, seed=7),
    "tiny-regression": HubModel("bert", bert(layers=2, **SIZES), "wordpiece", "BertTokenizer", ("quality",),
                                "regression"),
    "bare-bert": HubModel("bert", bert(layers=2, **SIZES), "wordpiece", "BertTokenizer"),
    # Version 3 has no table of positions: only the tokenizer says where texts end.
    "tiny-deberta": HubModel("deberta-v2", deberta(num_hidden_layers=2), unigram, "DebertaV2Tokenizer",
                             ("entailment", "not_entailment"), max_length=512, seed=51),
    "tiny-modernbert": HubModel(
        "modernbert", modernbert(num_hidden_layers=3, layer_types=FULL_LOCAL_FULL, classifier_pooling="mean"),
        bpe_of_modernbert, "PreTrainedTokenizerFast", ("question", "statement", "request", "promise"),
        edit_config=as_modernbert_of_2024, seed=6),
    "tiny-bart": HubModel("bart", bart(), "bpe", "BartTokenizer", ("contradiction", "neutral", "entailment"),
                          seed=5),
}


def inputs(max_length: int) -> list[str | dict]:
    """Texts and pairs; the longest have more tokens than the model reads."""
    long = "The story goes on and on, and the dog runs in the rain again and again. " * (max_length // 10)
    return [
        "What a wonderful morning!", "The dog was not amused.", "", "Café naïve résumé: smörgåsbord 🎉",
        "今天天气很好 مرحبا بالعالم", "Write to nobody@example.com, or see https://example.com/a?b=c.",
        " Two  spaces,   three;\ta tab\nand a line: cafe\u0301 ", long,
        {"text": "The quick brown fox jumps.", "text_pair": "It jumps over the lazy dog."},
        {"text": long, "text_pair": "Is it the end of the story?"},
    ]


# --- one model -------------------------------------------------------------------------------------------------------

def write_weights(name: str, model: HubModel, folder: Path) -> None:
    vocabulary = len(AutoTokenizer.from_pretrained(folder))
    # RoBERTa numbers positions from 2, so its table has two more rows than a text can have tokens.
    positions = model.max_length + 2 * (model.model_type == "roberta")
    settings = model.settings | {"vocab_size": vocabulary, "max_position_embeddings": positions}
    config = AutoConfig.for_model(model.model_type, **settings, problem_type=model.problem_type)
    if model.labels:
        config.id2label = dict(enumerate(model.labels))
        config.label2id = {label: index for index, label in config.id2label.items()}
    weights = (AutoModelForSequenceClassification if model.labels else AutoModel).from_config(config)
    randomise(weights, f"{name}/{model.seed}", scale=1)
    weights.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if model.edit_config:
        path = folder / "config.json"
        path.write_text(json.dumps(model.edit_config(json.loads(path.read_text())), indent=2) + "\n")


def write_tokenizer(model: HubModel, tokenizers: Path, folder: Path) -> None:
    if callable(model.tokenizer):
        tokenizer, settings = model.tokenizer(tokenizers)
        write_json(folder / "tokenizer.json", tokenizer)
    else:
        settings = copy_tokenizer(model, tokenizers / model.tokenizer, folder)
    settings |= {"tokenizer_class": model.tokenizer_class, "model_max_length": model.max_length}
    write_json(folder / "tokenizer_config.json", settings)


def copy_tokenizer(model: HubModel, source: Path, folder: Path) -> dict:
    """Copies all but the settings, which are returned."""
    for file in source.iterdir():
        if file.name != "expected.json" and (model.tokenizer_json or file.name != "tokenizer.json"):
            shutil.copyfile(file, folder / file.name)
    return json.loads((source / "tokenizer_config.json").read_text())


def write_expected(model: HubModel, folder: Path) -> None:
    classify = pipeline("text-classification", model=str(folder), device="cpu")
    lines = []
    for given in inputs(model.max_length):
        given = {"text": given} if isinstance(given, str) else given
        results = classify([given], top_k=None, truncation=True)[0]
        lines.append(json.dumps(given | {"results": results}, ensure_ascii=False))
    cases = ",\n".join(lines)
    (folder / "expected.json").write_text(f'{{"made_with": "{made_with(classify.model)}", "cases": [\n{cases}\n]}}\n')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent,
                        help="default: beside the script")
    parser.add_argument("--only", choices=MODELS, metavar="NAME", help="one model instead of all")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    for name in [arguments.only] if arguments.only else MODELS:
        model, folder = MODELS[name], arguments.folder / "hub" / name
        folder.mkdir(parents=True, exist_ok=True)
        write_tokenizer(model, arguments.folder / "tokenizers", folder)
        write_weights(name, model, folder)
        if model.labels:
            write_expected(model, folder)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{name}: {', '.join(sorted(file.name for file in folder.iterdir()))}; {size // 1024} KiB")


if __name__ == "__main__":
    main()
