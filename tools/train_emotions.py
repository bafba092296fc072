#!/usr/bin/env python3
"""Trains the shipped model: 28 emotions of English comments, several at once.

The encoder is `sentence-transformers/paraphrase-MiniLM-L3-v2` (Apache-2.0), a BERT of 3 layers x 384 without a trained
pooler; pooler and classifier are new. Its vocabulary is pruned to what English comments need. The data is GoEmotions
(Google Research, Apache-2.0): `train.tsv`, `dev.tsv` and `test.tsv` as published, and `labels.txt`, its list of
emotions in order of their numbers.

  python tools/train_emotions.py BASE_DIR DATA_DIR OUT_DIR

BASE_DIR holds config.json, model.safetensors and tokenizer.json. OUT_DIR receives the model with its weights rounded
to F16, the tokenizer, and `scores.json`, measured on the rounded weights.
"""

import argparse
import collections
import json
import random
import time
from pathlib import Path

import numpy
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForSequenceClassification

SEED = 7
TRAINING_LENGTH = 64  # tokens; nearly every comment is shorter
MAX_LENGTH = 512
BATCH = 48
ENCODER_RATE, HEAD_RATE = 1.5e-4, 5e-4  # the head starts from nothing and may run ahead
WARM_UP = 0.06  # share of all steps
THRESHOLD = 0.3  # a label counts as given from this score on, in scores.json
FIRST_WORD = 1996  # in BERT's vocabulary: special tokens and characters, then words from frequent to rare
HEAD_PREFIXES = ("classifier", "bert.pooler")


# --- data ------------------------------------------------------------------------------------------------------------

def read_split(path: Path) -> tuple[list[str], list[list[int]]]:
    """Texts and their label numbers from lines of `text TAB numbers, comma-separated TAB …`."""
    rows = [line.rstrip("\n").split("\t") for line in path.open(encoding="utf-8")]
    rows = [row for row in rows if len(row) >= 2]
    return [row[0] for row in rows], [[int(number) for number in row[1].split(",")] for row in rows]


class Split:
    """One part of the data: token ids of each text, and a matrix [texts, labels] of zeros and ones."""

    def __init__(self, path: Path, tokenizer: Tokenizer, labels: int, max_length: int):
        texts, numbers = read_split(path)
        self.ids = [shorten(encoding.ids, max_length) for encoding in tokenizer.encode_batch(texts)]
        self.targets = torch.zeros(len(texts), labels)
        for row, true in enumerate(numbers):
            self.targets[row, true] = 1

    def batches(self, size: int, shuffle: bool, pad: int):
        """Row numbers, ids, mask and targets, texts of similar length together."""
        def length(row: int) -> int:
            return len(self.ids[row])

        order = list(range(len(self.ids)))
        if shuffle:
            random.shuffle(order)
            stretch = size * 50
            order = [row for start in range(0, len(order), stretch)
                     for row in sorted(order[start:start + stretch], key=length)]
        else:
            order.sort(key=length)
        groups = [order[start:start + size] for start in range(0, len(order), size)]
        if shuffle:
            random.shuffle(groups)
        for rows in groups:
            ids, mask = pad_rows([self.ids[row] for row in rows], pad)
            yield rows, ids, mask, self.targets[rows]


def shorten(ids: list[int], max_length: int) -> list[int]:
    return ids if len(ids) <= max_length else ids[:max_length - 1] + ids[-1:]


def pad_rows(rows: list[list[int]], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, rows))
    ids = torch.tensor([row + [pad] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    return ids, mask


# --- vocabulary ------------------------------------------------------------------------------------------------------

def read_tokenizer(path: Path) -> dict:
    """tokenizer.json without the fixed truncation and padding that sentence-transformers puts there."""
    return json.loads(path.read_text(encoding="utf-8")) | {"truncation": None, "padding": None}


def choose_pieces(tokenizer: dict, texts: list[str], at_least: int) -> list[int]:
    """Ids to keep, ascending: special tokens, characters, all that the texts use; then frequent words up to a size."""
    vocabulary = tokenizer["model"]["vocab"]
    keep = {token["id"] for token in tokenizer["added_tokens"]}
    keep |= {id for piece, id in vocabulary.items() if len(piece.removeprefix("##")) == 1}
    used = collections.Counter()
    for encoding in Tokenizer.from_str(json.dumps(tokenizer)).encode_batch(texts):
        used.update(encoding.ids)
    keep |= set(used)
    piece_of = {id: piece for piece, id in vocabulary.items()}
    for id in range(FIRST_WORD, len(vocabulary)):
        if len(keep) >= at_least:
            break
        if "[unused" not in piece_of[id]:
            keep.add(id)
    return sorted(keep)


def prune(tokenizer: dict, kept: list[int]) -> dict:
    """The tokenizer with the kept pieces only, numbered anew from 0 in their old order."""
    new_id = {old: new for new, old in enumerate(kept)}
    piece_of = {id: piece for piece, id in tokenizer["model"]["vocab"].items()}
    pruned = json.loads(json.dumps(tokenizer))
    pruned["model"]["vocab"] = {piece_of[old]: new for old, new in new_id.items()}
    for token in pruned["added_tokens"]:
        token["id"] = new_id[token["id"]]
    renumber(pruned["post_processor"], new_id)
    return pruned


def renumber(node: object, new_id: dict[int, int]) -> None:
    """Special tokens in a post-processor, whether it is a template or BERT's own kind."""
    if isinstance(node, list):
        for child in node:
            renumber(child, new_id)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "special_tokens" and isinstance(value, dict):
                for token in value.values():
                    token["ids"] = [new_id[id] for id in token["ids"]]
            elif key in ("sep", "cls") and isinstance(value, list) and len(value) == 2:
                value[1] = new_id[value[1]]
            else:
                renumber(value, new_id)


# --- model -----------------------------------------------------------------------------------------------------------

def build_model(base: Path, kept: list[int], pad: int, labels: list[str]) -> BertForSequenceClassification:
    """The base encoder with the kept rows of its word embeddings, under a new pooler and classifier."""
    settings = json.loads((base / "config.json").read_text())
    for key in ("architectures", "transformers_version", "_name_or_path", "gradient_checkpointing"):
        settings.pop(key, None)
    config = BertConfig(**settings)
    config.vocab_size = len(kept)
    config.pad_token_id = pad
    config.num_labels = len(labels)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.problem_type = "multi_label_classification"
    model = BertForSequenceClassification(config)

    weights = {name if name.startswith("bert.") else "bert." + name: tensor
               for name, tensor in load_file(base / "model.safetensors").items()}
    words = "bert.embeddings.word_embeddings.weight"
    weights[words] = weights[words][torch.tensor(kept)]
    print(model.load_state_dict(weights, strict=False))
    return model


def make_optimizer(model: BertForSequenceClassification, steps: int):
    named = list(model.named_parameters())
    head = [parameter for name, parameter in named if name.startswith(HEAD_PREFIXES)]
    body = [parameter for name, parameter in named if not name.startswith(HEAD_PREFIXES)]
    groups = [{"params": body, "lr": ENCODER_RATE}, {"params": head, "lr": HEAD_RATE}]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    warm = max(1, int(WARM_UP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, (step + 1) / warm) * max(0.0, (steps - step) / steps))
    return optimizer, schedule


def train(model: BertForSequenceClassification, data: Split, dev: Split, epochs: float) -> None:
    """Binary cross-entropy on every label; prints the running loss, and scores on `dev` after each pass."""
    steps = int(len(data.ids) / BATCH * epochs)
    optimizer, schedule = make_optimizer(model, steps)
    loss_of = torch.nn.BCEWithLogitsLoss()
    started, step, running = time.time(), 0, None
    while step < steps:
        model.train()
        for _, ids, mask, targets in data.batches(BATCH, True, model.config.pad_token_id):
            loss = loss_of(model(input_ids=ids, attention_mask=mask).logits, targets)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()
            step += 1
            if step % 200 == 0:
                print(f"step {step} of {steps}: loss {running:.4f}, {time.time() - started:.0f} s", flush=True)
            if step >= steps:
                break
        print("dev", evaluate(model, dev), flush=True)


# --- scores ----------------------------------------------------------------------------------------------------------

def evaluate(model: BertForSequenceClassification, split: Split, threshold: float | None = None) -> dict:
    """F1 of all decisions together (micro) and averaged over labels (macro), at the threshold given or the best one."""
    scores = torch.zeros_like(split.targets)
    model.eval()
    with torch.no_grad():
        for rows, ids, mask, _ in split.batches(128, False, model.config.pad_token_id):
            scores[rows] = torch.sigmoid(model(input_ids=ids, attention_mask=mask).logits)
    thresholds = [threshold] if threshold else numpy.arange(0.1, 0.6, 0.05)
    best = max((f1(scores > float(candidate), split.targets) + (float(candidate),) for candidate in thresholds),
               key=lambda result: result[0])
    first = split.targets[torch.arange(len(scores)), scores.argmax(1)].mean().item()
    return {"micro_f1": best[0], "macro_f1": best[1], "top1_is_a_true_label": round(first, 4),
            "threshold": round(best[2], 2), "texts": len(scores)}


def f1(chosen: torch.Tensor, targets: torch.Tensor) -> tuple[float, float]:
    chosen = chosen.float()
    hits, size = (chosen * targets).sum(0), chosen.sum(0) + targets.sum(0)
    micro, macro = 2 * hits.sum() / size.sum(), (2 * hits / size.clamp(min=1)).mean()
    return round(micro.item(), 4), round(macro.item(), 4)


# --- all of it -------------------------------------------------------------------------------------------------------

def save(model: BertForSequenceClassification, tokenizer: dict, scores: dict, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(out)
    (out / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), encoding="utf-8")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": MAX_LENGTH,
                "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]",
                "mask_token": "[MASK]", "added_tokens_decoder": {}}
    (out / "tokenizer_config.json").write_text(json.dumps(settings, indent=1))
    (out / "scores.json").write_text(json.dumps(scores, indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("base", type=Path, help="folder of the base encoder")
    parser.add_argument("data", type=Path, help="folder of GoEmotions")
    parser.add_argument("out", type=Path, help="folder for the trained model")
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--vocabulary", type=int, default=16000,
                        help="keep at least so many pieces (default: %(default)s)")
    arguments = parser.parse_args()
    for seed in (torch.manual_seed, random.seed, numpy.random.seed):
        seed(SEED)

    labels = (arguments.data / "labels.txt").read_text().split()
    full = read_tokenizer(arguments.base / "tokenizer.json")
    texts, _ = read_split(arguments.data / "train.tsv")
    kept = choose_pieces(full, texts, arguments.vocabulary)
    pruned = prune(full, kept)
    tokenizer = Tokenizer.from_str(json.dumps(pruned))
    print(f"{len(texts)} texts, {len(labels)} labels, {len(kept)} pieces", flush=True)

    def split(name: str, max_length: int) -> Split:
        return Split(arguments.data / f"{name}.tsv", tokenizer, len(labels), max_length)

    model = build_model(arguments.base, kept, tokenizer.token_to_id("[PAD]"), labels)
    train(model, split("train", TRAINING_LENGTH), split("dev", TRAINING_LENGTH), arguments.epochs)
    model.half().float()  # what the file will hold
    scores = {name: evaluate(model, split(name, MAX_LENGTH), THRESHOLD) for name in ("dev", "test")}
    print(scores)
    save(model, pruned, scores, arguments.out)


if __name__ == "__main__":
    main()
