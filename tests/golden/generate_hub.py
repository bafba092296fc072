#!/usr/bin/env python3
"""Tiny complete models, as a repository on the Hub holds them, and what Python's pipeline answers with them.

A model is a folder `hub/<name>/` with configuration, weights and tokenizer, and

  expected.json   results of `pipeline('text-classification', top_k=None)`; not for `bare-bert`, which has no head

The weights are random: the answers mean nothing, but every engine must give the same. Needs `generate_tokenizers.py`
to have run in the same folder.
"""

import argparse
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import transformers
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, AutoTokenizer, pipeline

from generate import bert, distilbert, made_with, randomise, roberta

MAX_LENGTH = 64
SIZES = dict(hidden_size=36, intermediate_size=44)


@dataclass(frozen=True)
class HubModel:
    model_type: str
    settings: dict
    tokenizer: str  # folder in tokenizers/
    tokenizer_class: str
    labels: tuple = ()  # none: a bare encoder
    problem_type: str | None = None
    tokenizer_json: bool = True
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
}

LONG = "The story goes on and on, and the dog runs in the rain again and again. " * 6
INPUTS = [
    "What a wonderful morning!", "The dog was not amused.", "", "Café naïve résumé: smörgåsbord 🎉",
    "今天天气很好 مرحبا بالعالم", "Write to nobody@example.com, or see https://example.com/a?b=c.", LONG,
    {"text": "The quick brown fox jumps.", "text_pair": "It jumps over the lazy dog."},
    {"text": LONG, "text_pair": "Is it the end of the story?"},
]


def write_weights(name: str, model: HubModel, folder: Path) -> None:
    vocabulary = len(AutoTokenizer.from_pretrained(folder))
    # RoBERTa numbers positions from 2, so its table has two more rows than a text can have tokens.
    positions = MAX_LENGTH + 2 * (model.model_type == "roberta")
    settings = model.settings | {"vocab_size": vocabulary, "max_position_embeddings": positions}
    config = AutoConfig.for_model(model.model_type, **settings, problem_type=model.problem_type)
    if model.labels:
        config.id2label = dict(enumerate(model.labels))
        config.label2id = {label: index for index, label in config.id2label.items()}
    weights = (AutoModelForSequenceClassification if model.labels else AutoModel).from_config(config)
    randomise(weights, f"{name}/{model.seed}", scale=1)
    weights.save_pretrained(folder)


def copy_tokenizer(model: HubModel, source: Path, folder: Path) -> None:
    for file in source.iterdir():
        if file.name != "expected.json" and (model.tokenizer_json or file.name != "tokenizer.json"):
            shutil.copyfile(file, folder / file.name)
    settings = json.loads((source / "tokenizer_config.json").read_text())
    settings |= {"tokenizer_class": model.tokenizer_class, "model_max_length": MAX_LENGTH}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")


def write_expected(folder: Path) -> None:
    classify = pipeline("text-classification", model=str(folder), device="cpu")
    lines = []
    for given in INPUTS:
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
        copy_tokenizer(model, arguments.folder / "tokenizers" / model.tokenizer, folder)
        write_weights(name, model, folder)
        if model.labels:
            write_expected(folder)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{name}: {', '.join(sorted(file.name for file in folder.iterdir()))}; {size // 1024} KiB")


if __name__ == "__main__":
    main()
