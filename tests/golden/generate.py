#!/usr/bin/env python3
"""Golden fixtures: tiny random models and what Python `transformers` computes with them.

A fixture is a folder `<configuration>/<head>/` holding

  config.json           the checkpoint,
  model.safetensors     as `save_pretrained` writes it
  inputs.json           token ids of a few rows, in the form `headwise forward` reads
  expected.safetensors  the outputs, zero where a row has no token

The model is reloaded from its own files before it computes, and every row is computed alone and without padding: that
is what an engine that never pads must give. An architecture is one line in CONFIGURATIONS, a head one line in HEADS.
"""

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification

# Awkward on purpose: no multiple of a SIMD width, and no two sizes alike, so that axes cannot be confused.
VOCABULARY, HIDDEN, ATTENTION_HEADS, INTERMEDIATE, POSITIONS, LENGTH = 99, 36, 3, 44, 30, 23
FIRST_ORDINARY_ID = 5  # ids below are special tokens
LABELS = 5


# --- which tokens of a row are real: 1 keeps a token, 0 drops it -----------------------------------------------------

def right_padded(length: int) -> list[int]:
    return [1] * length + [0] * (LENGTH - length)


def left_padded(length: int) -> list[int]:
    return [0] * (LENGTH - length) + [1] * length


def with_holes() -> list[int]:
    return [0 if position % 4 == 2 else 1 for position in range(LENGTH)]


UNEQUAL = (right_padded(LENGTH), right_padded(14), left_padded(9))
EDGES = (right_padded(LENGTH), right_padded(1), left_padded(1), left_padded(10), with_holes())


# --- old and odd checkpoints: functions from the tensors of a file to other tensors ----------------------------------

def as_old_file(tensors: dict) -> dict:
    """A file of 2019: `bert.` prefix even on a bare model, gamma and beta, the position buffer among the weights."""
    old = {"bert.embeddings.position_ids": torch.arange(POSITIONS)[None]}
    for name, tensor in tensors.items():
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        old[name if name.startswith(("bert.", "classifier.")) else "bert." + name] = tensor
    return old


def with_unused_pooler(tensors: dict) -> dict:
    """Many RoBERTa classifiers still carry the pooler of the pretrained model, which their head does not read."""
    shapes = {"roberta.pooler.dense.weight": (HIDDEN, HIDDEN), "roberta.pooler.dense.bias": (HIDDEN,)}
    return tensors | {name: draw(name, shape) for name, shape in shapes.items()}


# --- the table -------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Head:
    auto: type
    output: str
    per_token: bool
    labels: int | None = None


HEADS = {
    "base": Head(AutoModel, output="last_hidden_state", per_token=True),
    "sequence": Head(AutoModelForSequenceClassification, output="logits", per_token=False, labels=LABELS),
}


@dataclass(frozen=True)
class Configuration:
    model_type: str
    settings: dict
    rows: tuple = UNEQUAL
    pad_id_inside: bool = False  # one more row, where the padding token stands among the real ones
    dtype: torch.dtype = torch.float32
    edit: Callable[[dict], dict] | None = None
    heads: tuple = tuple(HEADS)  # those that are written


def bert(layers=1, **changes) -> dict:
    return dict(vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=layers,
                num_attention_heads=ATTENTION_HEADS, intermediate_size=INTERMEDIATE,
                max_position_embeddings=POSITIONS, type_vocab_size=2, pad_token_id=0) | changes


def roberta(layers=1, **changes) -> dict:
    return bert(layers, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5) | changes


def distilbert(layers=1, **changes) -> dict:
    return dict(vocab_size=VOCABULARY, dim=HIDDEN, n_layers=layers, n_heads=ATTENTION_HEADS, hidden_dim=INTERMEDIATE,
                max_position_embeddings=POSITIONS, pad_token_id=0) | changes


CONFIGURATIONS = {
    "bert": Configuration("bert", bert(layers=2)),
    "bert-relu": Configuration("bert", bert(hidden_act="relu", layer_norm_eps=1e-5)),
    "bert-eps": Configuration("bert", bert(layer_norm_eps=0.05)),
    "bert-prefix": Configuration("bert", bert(), edit=as_old_file),
    "bert-f16": Configuration("bert", bert(), dtype=torch.float16),
    "bert-bf16": Configuration("bert", bert(), dtype=torch.bfloat16),
    "bert-aligned": Configuration("bert", bert(hidden_size=64, num_attention_heads=4, intermediate_size=80),
                                  heads=("base",)),
    # The longest row uses the position table to its end.
    "bert-edges": Configuration("bert", bert(max_position_embeddings=LENGTH), rows=EDGES),
    "roberta": Configuration("roberta", roberta(layers=2)),
    "roberta-eps": Configuration("roberta", roberta(layer_norm_eps=0.05)),
    "roberta-pooler": Configuration("roberta", roberta(), edit=with_unused_pooler, heads=("sequence",)),
    # So it does here: RoBERTa's positions start after the padding id, at 2.
    "roberta-edges": Configuration("roberta", roberta(max_position_embeddings=LENGTH + 2), rows=EDGES,
                                   pad_id_inside=True),
    "distilbert": Configuration("distilbert", distilbert(layers=2)),
    "distilbert-relu": Configuration("distilbert", distilbert(activation="relu", sinusoidal_pos_embds=True)),
}


# --- weights ---------------------------------------------------------------------------------------------------------

def draw(name: str, shape) -> torch.Tensor:
    """Normal numbers that depend on the tensor's name only, whatever order a version of the library visits them in."""
    seed = int(hashlib.sha1(name.encode()).hexdigest()[:12], 16)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def randomise(model: torch.nn.Module, salt: str) -> None:
    """Gives every parameter a value that matters: fresh models have biases of 0 and norms of 1, which hide errors."""
    encoder = {parameter.data_ptr() for parameter in model.base_model.parameters()}
    drawn = set()  # tied tensors are one tensor under several names: the first name decides
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters(remove_duplicate=False)):
            if parameter.data_ptr() in drawn:
                continue
            drawn.add(parameter.data_ptr())
            noise = draw(f"{salt}/{name}", parameter.shape)
            gives_labels = parameter.data_ptr() not in encoder and len(parameter) == model.config.num_labels
            if parameter.ndim == 1:
                parameter.copy_(1 + 0.2 * noise if name.endswith("weight") else 0.1 * noise)
            elif gives_labels:
                parameter.copy_(noise)  # logits well apart, so that small errors show
            elif "embedding" in name:
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)


# --- one fixture -----------------------------------------------------------------------------------------------------

def save(model: torch.nn.Module, configuration: Configuration, folder: Path) -> None:
    model.to(configuration.dtype).save_pretrained(folder)
    if configuration.edit:
        path = folder / "model.safetensors"
        save_file(configuration.edit(load_file(path)), path, metadata={"format": "pt"})


def reload(head: Head, folder: Path) -> torch.nn.Module:
    """The model as it lies in the folder, its weights widened to f32."""
    model, info = head.auto.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                            output_loading_info=True)
    assert not info["missing_keys"], info
    return model.eval()


def make_inputs(configuration: Configuration, config) -> dict:
    """Rows of unequal length. Dropped places hold the padding id, in left-padded rows any id: it must not matter."""
    mask = torch.tensor(configuration.rows + (right_padded(LENGTH),) * configuration.pad_id_inside)
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(FIRST_ORDINARY_ID, config.vocab_size, mask.shape, generator=generator)
    starts_real = mask[:, :1] == 1
    ids = torch.where((mask == 0) & starts_real, config.pad_token_id, ids)
    if configuration.pad_id_inside:
        ids[-1, [4, 5, 11]] = config.pad_token_id
    inputs = {"input_ids": ids, "attention_mask": mask}
    if getattr(config, "type_vocab_size", 0) >= 2:
        inputs["token_type_ids"] = (mask.cumsum(1) > mask.sum(1, keepdim=True) // 2).long() * mask
    return inputs


def compute(model: torch.nn.Module, inputs: dict, head: Head) -> torch.Tensor:
    """Each row alone: only its real tokens go in, and per-token results return to their places."""
    mask = inputs["attention_mask"].bool()
    rows = []
    for index, real in enumerate(mask):
        with torch.no_grad():
            result = model(**{name: tensor[index, real][None] for name, tensor in inputs.items()})[head.output][0]
        if head.per_token:
            placed = torch.zeros(len(real), *result.shape[1:])
            placed[real] = result
            result = placed
        rows.append(result)
    return torch.stack(rows)


def made_with(model: torch.nn.Module) -> str:
    return f"{type(model).__name__}, transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"


def write_fixture(name: str, head_name: str, root: Path) -> None:
    configuration, head = CONFIGURATIONS[name], HEADS[head_name]
    config = AutoConfig.for_model(configuration.model_type, **configuration.settings)
    if head.labels:
        config.num_labels = head.labels
    model = head.auto.from_config(config)
    randomise(model, f"{name}/{head_name}")
    folder = root / name / head_name
    save(model, configuration, folder)

    model = reload(head, folder)
    inputs = make_inputs(configuration, config)
    output = compute(model, inputs, head)
    lists = {key: tensor.tolist() for key, tensor in inputs.items()}
    (folder / "inputs.json").write_text(json.dumps({"inputs": lists}) + "\n")
    # One metadata key: several would be written in an order that changes from run to run.
    save_file({head.output: output}, folder / "expected.safetensors", metadata={"made_with": made_with(model)})
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{name}/{head_name}: {type(model).__name__}, {head.output} {list(output.shape)}, {size // 1024} KiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent,
                        help="default: beside the script")
    parser.add_argument("--only", choices=CONFIGURATIONS, metavar="NAME", help="one configuration instead of all")
    arguments = parser.parse_args()
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    for name in [arguments.only] if arguments.only else CONFIGURATIONS:
        for head_name in CONFIGURATIONS[name].heads:
            write_fixture(name, head_name, arguments.folder)


if __name__ == "__main__":
    main()
