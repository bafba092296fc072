#!/usr/bin/env python3
"""Sentence embeddings of tiny models by the library `sentence-transformers`.

`sentences/encoder/` is a plain encoder with its tokenizer. `sentences/cases.json` has the texts, and for each case the
files that make the encoder's folder one of the library's:

  files     contents by name: a string as it is, anything else as JSON, null for a file that is left out
  weights   names of weights in `sentences/` by the names they get in the folder
  encoder   folder that the encoder's files lie in, if not that of the model

`sentences/embeddings.safetensors` holds `[texts, numbers]` for each case, and for whole folders: `saved`, which the
library of today wrote, and those of `sentences/published/`, which hold the files that repositories of that name do, with
tiny weights. Each text is embedded alone.

`sentences/calls.json` has calls of `encode` with options, and `sentences/rankings.json` calls of `rank`, by the files
that are put beside those of `tasks/wordpiece-ranking`. Needs `generate_tokenizers.py` and `generate_tasks.py` to have run.
"""

import argparse
import inspect
import json
import shutil
import tempfile
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import sentence_transformers
import torch
import transformers
from safetensors.torch import save_file
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Pooling
from transformers import AutoConfig, AutoModel, AutoTokenizer, BertConfig

from generate import draw, randomise

HIDDEN = 24
POSITIONS = 32
TOKENIZER_LENGTH = 16
DENSE = 10  # numbers behind a dense layer
OLD_MODES = {
    "cls": "cls_token", "max": "max_tokens", "mean": "mean_tokens", "mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "weightedmean": "weightedmean_tokens", "lasttoken": "lasttoken",
}
# Weights of dense layers: inputs and whether there is a bias.
WEIGHTS = {"dense": (HIDDEN, True), "dense-no-bias": (HIDDEN, False), "dense-two": (2 * HIDDEN, True),
           "dense-next": (DENSE, True)}
# Weights of other modules, and of dense layers with more than a bias: names and shapes.
OTHER_WEIGHTS = {
    "layer-norm": {"norm.weight": (HIDDEN,), "norm.bias": (HIDDEN,)},
    "dense-slope": {"linear.weight": (DENSE, HIDDEN), "linear.bias": (DENSE,), "activation_function.weight": (1,)},
    "dense-residual": {"linear.weight": (DENSE, HIDDEN), "linear.bias": (DENSE,), "residual.weight": (DENSE, HIDDEN)},
    "dense-same": {"linear.weight": (DENSE, DENSE), "linear.bias": (DENSE,)},
}

LONG = "The story goes on and on, and the dog runs in the rain again and again. " * 4
TEXTS = ["The quick brown fox jumps.", "", "THE QUICK Café ÉCOLE Straße, ΣΊΣΥΦΟΣ İ", "a [SEP] b [MASK] [cls]",
         "今天 🎉 12.50", "It's warm, it's bright", LONG, "Unhappy runners " + LONG]


def activations() -> list[str]:
    """Classes that can be made without arguments, have no weights, and compute each number by itself."""
    numbers = torch.linspace(-3, 3, 24)[None]
    changed = numbers.clone()
    changed[0, 0] = 5
    found = []
    for home in (torch.nn.modules.activation, torch.nn.modules.linear, torch.nn.modules.dropout):
        for name, kind in list(vars(home).items()):
            if not inspect.isclass(kind) or kind.__module__ != home.__name__ or name.startswith("_"):
                continue
            try:
                function = kind().eval()
                outcome, other = function(numbers), function(changed)
            except (TypeError, ValueError):
                continue
            alone = outcome.shape == numbers.shape and torch.equal(outcome[:, 1:], other[:, 1:])
            if alone and not list(function.parameters()):
                found.append(f"{home.__name__.removeprefix('torch.nn.modules.')}.{name}")
    return sorted(found)


def modules(*names: str, encoder: str = "") -> dict:
    paths = [encoder, *(f"{index}_{name}" for index, name in enumerate(names, start=1))]
    return {"modules.json": [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{name}"}
        for index, (name, path) in enumerate(zip(["Transformer", *names], paths))
    ]}


def old_pooling(*modes: str) -> dict:
    flags = {f"pooling_mode_{old}": mode in modes for mode, old in OLD_MODES.items()}
    return {"1_Pooling/config.json": {"word_embedding_dimension": HIDDEN} | flags}


def new_pooling(mode: str | list[str], **settings) -> dict:
    return {"1_Pooling/config.json": {"embedding_dimension": HIDDEN, "pooling_mode": mode} | settings}


def dense(folder: str, weights: str, activation: str | None) -> dict:
    inputs, bias = WEIGHTS[weights]
    config = {"in_features": inputs, "out_features": DENSE, "bias": bias}
    if activation:
        config["activation_function"] = f"torch.nn.modules.{activation}"
    return {"files": {f"{folder}/config.json": config},
            "weights": {f"{folder}/model.safetensors": f"{weights}.safetensors"}}


def module(folder: str, config: dict, weights: str | None = None) -> dict:
    weights = {f"{folder}/model.safetensors": f"{weights}.safetensors"} if weights else {}
    return {"files": {f"{folder}/config.json": config}, "weights": weights}


def dense_config(inputs: int, **settings) -> dict:
    return {"in_features": inputs, "out_features": DENSE, "bias": True} | settings


def with_dense(pooling: dict, *layers: dict, behind: tuple = ()) -> dict:
    files = modules("Pooling", *["Dense"] * len(layers), *behind) | pooling
    weights = {}
    for layer in layers:
        files |= layer["files"]
        weights |= layer["weights"]
    return {"files": files, "weights": weights}


def mean_with(files: dict, **rest) -> dict:
    return {"files": modules("Pooling") | new_pooling("mean") | files} | rest


def with_settings(**settings) -> dict:
    return mean_with({"sentence_bert_config.json": {"max_seq_length": 24} | settings})


def excluding(pooling: dict, prompt: str) -> dict:
    pooling["1_Pooling/config.json"]["include_prompt"] = False
    return {"files": modules("Pooling") | pooling | {"config_sentence_transformers.json": {
        "prompts": {"query": prompt}, "default_prompt_name": "query"}}}


def chain(*parts: tuple[str, dict], pooling: int = 0, encoder: str = "") -> dict:
    """Modules with their files; the pooling comes behind so many of them."""
    case = {"files": dict(new_pooling("mean")), "weights": {}}
    names = [("Transformer", encoder)]
    for place, (path, part) in enumerate(parts):
        if place == pooling:
            names.append(("Pooling", "1_Pooling"))
        names.append((path.rstrip("/").split("/")[-1].split("_")[1], path))
        case["files"] |= part.get("files", {})
        case["weights"] |= part.get("weights", {})
    if pooling >= len(parts):
        names.append(("Pooling", "1_Pooling"))
    case["files"]["modules.json"] = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{name}"}
        for index, (name, path) in enumerate(names)]
    return case


def make_module_cases() -> dict:
    tokens = {"module_input_name": "token_embeddings", "module_output_name": "token_embeddings"}
    normalize = ("3_Normalize", {})
    norm = module("2_LayerNorm", {"dimension": HIDDEN}, "layer-norm")
    slope = dense_config(HIDDEN, activation_function="torch.nn.PReLU")
    residual = {"use_residual": True, "activation_function": "torch.nn.modules.activation.Tanh"}
    layer = dense("2_Dense", "dense", "activation.Tanh")
    foreign = module("2_Dense", dense_config(HIDDEN, activation_function="mine.Swish"), "dense")
    on_tokens = module("2_Dense", dense_config(HIDDEN, **tokens), "dense")
    cases = {f"dense-{name.split('.')[1].lower()}": with_dense(new_pooling("mean"), dense("2_Dense", "dense", name))
             for name in activations()}
    cases |= {f"exclude-{mode}": excluding(new_pooling(mode), "query: ") for mode in OLD_MODES}
    return cases | {
        "exclude-nothing": excluding(new_pooling("mean"), ""),
        "exclude-all-but-one": excluding(new_pooling(["mean", "cls", "lasttoken"]), LONG),
        "dense-short-path": with_dense(new_pooling("mean"), module(
            "2_Dense", dense_config(HIDDEN, activation_function="torch.nn.ELU"), "dense")),
        "dense-slope": chain(("2_Dense", module("2_Dense", slope, "dense-slope"))),
        "dense-foreign": chain(("2_Dense", foreign)),
        "dense-residual": chain(("2_Dense", module("2_Dense", dense_config(HIDDEN, **residual), "dense-residual"))),
        "dense-same": chain(("2_Dense", layer), ("3_Dense", module(
            "3_Dense", dense_config(DENSE, **residual), "dense-same"))),
        "dense-tokens": chain(("2_Dense", on_tokens), normalize, pooling=1),
        "normalize-tokens": chain(("2_Normalize", module("2_Normalize", tokens)), pooling=1),
        "normalize-early": chain(("2_Normalize", {}), pooling=1),
        "normalize-elsewhere": chain(("2_Normalize", module("2_Normalize", {"module_output_name": "elsewhere"})),
                                     ("3_Normalize", module("3_Normalize", tokens))),
        "layer-norm": chain(("2_LayerNorm", norm), normalize),
        "dropout": chain(("2_Dropout", module("2_Dropout", {"dropout": 0.2})), ("4_Dropout", {}), normalize),
        "paths": chain(("./2_Dense/", layer), ("modules//3_Normalize/", {}), encoder="./"),
        "settings-empty": mean_with({"sentence_bert_config.json": {}, "sentence_roberta_config.json": {
            "max_seq_length": 6}}),
        "tokenizer-idle": with_settings(tokenizer_args={
            "use_fast": True, "padding_side": "left", "cache_dir": "x", "trust_remote_code": True, "revision": "main"}),
        "tokenizer-slow": with_settings(processor_kwargs={"use_fast": False, "legacy": True, "local_files_only": True}),
        "tokenizer-lower": with_settings(tokenizer_args={"do_lower_case": True}),
        "tokenizer-accents": with_settings(processor_kwargs={"strip_accents": True, "tokenize_chinese_chars": False}),
        "tokenizer-left": with_settings(tokenizer_args={"truncation_side": "left"}),
        "tokenizer-length": with_settings(tokenizer_args={"model_max_length": 9}),
        "model-idle": with_settings(model_args={"attn_implementation": "eager", "add_pooling_layer": False},
                                    unpad_inputs=False, query_length=4, document_length=5),
        "configuration": with_settings(config_args={"hidden_act": "relu", "attn_implementation": "sdpa"}),
        "prompt-null": mean_with({"config_sentence_transformers.json": {
            "prompts": {"query": None}, "default_prompt_name": "query"}}),
        "prompt-usual": mean_with({"config_sentence_transformers.json": {"default_prompt_name": "document"}}),
    }


def make_cases(vocabulary: str, tokenizer_config: dict) -> dict:
    mean = new_pooling("mean")
    unlimited = {key: value for key, value in tokenizer_config.items() if key != "model_max_length"}
    lower_case = {"sentence_bert_config.json": {"max_seq_length": 24, "do_lower_case": True}}
    cases = {"plain": {"files": {}}}
    cases |= {f"old-{mode}": {"files": modules("Pooling") | old_pooling(mode)} for mode in OLD_MODES}
    cases |= {f"new-{mode}": {"files": modules("Pooling") | new_pooling(mode)} for mode in OLD_MODES}
    return cases | {
        "old-none": {"files": modules("Pooling") | old_pooling()},
        "old-several": {"files": modules("Pooling") | old_pooling("lasttoken", "mean", "max", "cls")},
        "new-several": {"files": modules("Pooling") | new_pooling(["lasttoken", "mean_sqrt_len_tokens", "cls"])},
        "normalize": {"files": modules("Pooling", "Normalize") | mean},
        "dense-unnamed": with_dense(mean, dense("2_Dense", "dense", None)),
        "dense-no-bias": with_dense(mean, dense("2_Dense", "dense-no-bias", "linear.Identity"), behind=("Normalize",)),
        "dense-twice": with_dense(new_pooling(["cls", "mean"]), dense("2_Dense", "dense-two", "activation.Tanh"),
                                  dense("3_Dense", "dense-next", "linear.Identity")),
        "lower-case": mean_with(lower_case),
        "lower-case-vocabulary": mean_with(lower_case | {"tokenizer.json": None, "vocab.txt": vocabulary}),
        "cut": mean_with({"sentence_bert_config.json": {"max_seq_length": 8}}),
        "cut-later": mean_with({"sentence_bert_config.json": {"max_seq_length": TOKENIZER_LENGTH + 4}}),
        "cut-by-tokenizer": mean_with({"sentence_bert_config.json": {"max_seq_length": None}}),
        "cut-by-positions": mean_with({"tokenizer_config.json": unlimited}),
        "prompt": mean_with({"config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: "}, "default_prompt_name": "query"}}),
        "prompt-unused": mean_with(new_pooling("mean", include_prompt=False) | {"config_sentence_transformers.json": {
            "prompts": {"query": "query: "}, "default_prompt_name": None}}),
        "truncated": {"files": modules("Pooling", "Normalize") | mean | {
            "config_sentence_transformers.json": {"truncate_dim": 7}}},
        "old-folder": {"files": modules("Pooling", encoder="0_Transformer") | mean | {
            "0_Transformer/sentence_roberta_config.json": {"max_seq_length": 8, "do_lower_case": True}},
            "encoder": "0_Transformer"},
        "nested-folder": {"files": modules("Pooling", encoder="modules/0_Transformer") | mean,
                          "encoder": "modules/0_Transformer"},
    } | make_module_cases()


# --- folders as repositories hold them -------------------------------------------------------------------------------

@dataclass(frozen=True)
class Published:
    """A repository by its `modules.json` and the files around it. Most were written by version 2 of the library, which
    wrote no file for `Normalize`; none has one."""

    modules: tuple[str, ...] = ("", "1_Pooling", "2_Normalize")
    pooling: str = "mean"
    pooling_keys: int = 4  # how many of the yes-or-no keys its version knew; one more is `include_prompt`
    bert: dict | None = field(default_factory=lambda: {"max_seq_length": 24, "do_lower_case": False})
    settings: dict | None = field(default_factory=lambda: {"__version__": {
        "sentence_transformers": "2.0.0", "transformers": "4.6.1", "pytorch": "1.8.1"}})
    dense: dict | None = None
    model_type: str = "bert"
    tokenizer: str = "wordpiece"
    half: bool = False


NEWER = {"__version__": {"sentence_transformers": "2.7.0", "transformers": "4.39.3", "pytorch": "2.1.0+cu121"},
         "default_prompt_name": None}
TANH = {"bias": True, "activation_function": "torch.nn.modules.activation.Tanh"}
IDENTITY = {"bias": False, "activation_function": "torch.nn.modules.linear.Identity"}
PUBLISHED = {
    "all-MiniLM-L6-v2": Published(),
    "bge-small-en-v1.5": Published(pooling="cls", bert={"max_seq_length": 24, "do_lower_case": True}),
    "e5-small-v2": Published(settings=None, half=True),
    "gte-small": Published(settings=None, half=True),
    "snowflake-arctic-embed-xs": Published(pooling="cls", pooling_keys=7, settings=NEWER | {
        "prompts": {"query": "Represent this sentence for searching relevant passages: "}}),
    "multi-qa-MiniLM-L6-cos-v1": Published(),
    "multi-qa-mpnet-base-dot-v1": Published(modules=("", "1_Pooling"), pooling="cls", model_type="mpnet"),
    "paraphrase-multilingual-MiniLM-L12-v2": Published(modules=("", "1_Pooling"), tokenizer="xlm-roberta"),
    "multilingual-e5-small": Published(settings=None, tokenizer="xlm-roberta"),
    "LaBSE": Published(modules=("", "1_Pooling", "2_Dense", "3_Normalize"), pooling="cls", dense=TANH),
    "distiluse-base-multilingual-cased-v2": Published(
        modules=("", "1_Pooling", "2_Dense"), dense=TANH, model_type="distilbert"),
    "stella_en_400M_v5": Published(modules=("", "1_Pooling", "2_Dense_1024"), pooling_keys=7, dense=IDENTITY | {
        "bias": True}, settings=NEWER | {"similarity_fn_name": None, "prompts": {
            "s2p_query": "Instruct: Given a web search query, retrieve relevant passages.\nQuery: ",
            "s2s_query": "Instruct: Retrieve semantically similar text.\nQuery: "}}),
    "gtr-t5-base": Published(modules=("", "1_Pooling", "2_Dense", "3_Normalize"), dense=IDENTITY),
    "old-roberta": Published(modules=("0_Transformer", "1_Pooling"), settings=None),
}
WIDTH = 16


def published_config(kind: str, vocabulary: int) -> transformers.PretrainedConfig:
    names = {"dim": WIDTH, "n_layers": 1, "n_heads": 2, "hidden_dim": 20} if kind == "distilbert" else {
        "hidden_size": WIDTH, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 20}
    return AutoConfig.for_model(kind, vocab_size=vocabulary, max_position_embeddings=40, **names)


def write_old_form(folder: Path, model: transformers.PreTrainedModel, name: str) -> None:
    """Configuration and weights as `transformers` wrote them in the years in which most repositories were made."""
    model.save_pretrained(folder)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    new = ("add_cross_attention", "bos_token_id", "eos_token_id", "is_decoder", "tie_word_embeddings")
    config = {"_name_or_path": name} | {key: value for key, value in config.items() if key not in new}
    config |= {"gradient_checkpointing": False, "position_embedding_type": "absolute", "transformers_version": "4.8.2",
               "torch_dtype": config.pop("dtype")}
    write_json(path, config)
    buffer = {"embeddings.position_ids": torch.arange(config["max_position_embeddings"])[None]}
    save_file({**model.state_dict(), **buffer}, folder / "model.safetensors", metadata={"format": "pt"})


def write_published(folder: Path, name: str, tokenizers: Path) -> None:
    of = PUBLISHED[name]
    home = folder / of.modules[0]
    home.mkdir(parents=True)
    source = tokenizers / of.tokenizer
    for file in ("tokenizer.json", "vocab.txt", "sentencepiece.bpe.model"):
        if (source / file).exists():
            shutil.copy(source / file, home)
    special = ({"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
                "mask_token": "[MASK]"} if of.tokenizer == "wordpiece" else
               {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>",
                "cls_token": "<s>", "pad_token": "<pad>", "mask_token": {
                    "content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False, "normalized": False}})
    kind = {"mpnet": "MPNetTokenizer", "distilbert": "DistilBertTokenizer"}.get(of.model_type, "BertTokenizer")
    own = {"do_lower_case": True, "tokenize_chinese_chars": True, "strip_accents": None, "do_basic_tokenize": True,
           "never_split": None, "tokenizer_class": kind}
    if of.tokenizer != "wordpiece":
        own = {"tokenizer_class": "XLMRobertaTokenizer"}
        special["mask_token"]["__type"] = "AddedToken"
    write_json(home / "tokenizer_config.json", own | special | {"model_max_length": 32})
    write_json(home / "special_tokens_map.json", {key: (value if isinstance(value, str) else {
        inner: value[inner] for inner in value if inner != "__type"}) for key, value in special.items()})
    vocabulary = json.loads((home / "tokenizer.json").read_text())["model"]["vocab"]
    model = AutoModel.from_config(published_config(of.model_type, len(vocabulary) + 8))
    randomise(model, f"sentences/{name}", scale=1.0)
    write_old_form(home, model.half() if of.half else model, f"nobody/{name}")
    kinds = {"Dense_1024": "Dense"}
    write_json(folder / "modules.json", [
        {"idx": index, "name": str(index), "path": path, "type": "sentence_transformers.models." + (
            "Transformer" if index == 0 else kinds.get(path[2:], path[2:]))}
        for index, path in enumerate(of.modules)])
    if of.bert:
        write_json(home / "sentence_bert_config.json", of.bert)
    if of.settings:
        write_json(folder / "config_sentence_transformers.json", of.settings)
    keys = list(OLD_MODES.items())
    order = [keys[0], keys[2], keys[1], *keys[3:]][:min(of.pooling_keys, 6)]
    pooling = {f"pooling_mode_{old}": mode == of.pooling for mode, old in order}
    pooling |= {"include_prompt": True} if of.pooling_keys > 6 else {}
    (folder / "1_Pooling").mkdir()
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": WIDTH} | pooling)
    if of.dense:
        path = folder / of.modules[2]
        path.mkdir()
        write_json(path / "config.json", {"in_features": WIDTH, "out_features": DENSE} | of.dense)
        tensors = {"linear.weight": draw(f"sentences/{name}/weight", (DENSE, WIDTH)) / WIDTH**0.5}
        if of.dense["bias"]:
            tensors["linear.bias"] = draw(f"sentences/{name}/bias", (DENSE,)) * 0.3
        save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})


# --- calls -----------------------------------------------------------------------------------------------------------

CALLS = [
    ("prompt", [{}, {"prompt": ""}, {"prompt": "about: "}, {"prompt_name": "passage"}, {"prompt_name": "document"},
                {"prompt_name": "nobody"}, {"prompt": "about: ", "prompt_name": "nobody"}]),
    ("exclude-weightedmean", [{"prompt": "about the dog: "}, {"prompt_name": "query"}, {"prompt": "[SEP]"},
                              {"prompt": " "}]),
    ("truncated", [{"normalize_embeddings": True}, {"truncate_dim": 3}, {"truncate_dim": 100},
                   {"truncate_dim": 3, "normalize_embeddings": True}]),
    ("normalize", [{"truncate_dim": 5}, {"prompt_name": "query"}, {"prompt_name": "passage"}]),
]
ENTRY = "sentence_transformers.base.modules.transformer.Transformer"
RANKING = {
    "modules.json": [{"idx": 0, "name": "0", "path": "", "type": ENTRY}],
    "sentence_bert_config.json": {
        "transformer_task": "sequence-classification", "module_output_name": "scores",
        "modality_config": {"text": {"method": "forward", "method_output_name": "logits"}}},
    "config_sentence_transformers.json": {
        "model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.linear.Identity",
        "prompts": {"web": "Find in the rain: ", "law": "Under the law: "}, "default_prompt_name": None},
}


def ranking(settings: dict = {}, encoder: dict = {}, **files) -> dict:
    """The files of a model that ranks, with other settings; a file that is None is left out."""
    changed = {"config_sentence_transformers.json": settings, "sentence_bert_config.json": encoder}
    return {name: contents | changed[name] if name in changed else contents
            for name, contents in RANKING.items() if files.get(name.split(".")[0], True) is not None}


def make_rankings() -> list[dict]:
    plain = [{}]
    stated = {"sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Tanh", "version": "5.1.0"}}
    by_default = {"default_prompt_name": "web"}
    # The library leaves the function in training mode: these give other scores at each call.
    drawn = [name for name in activations() if "Dropout" in name or "RReLU" in name]
    cases = [{"config": {"sentence_transformers": {"activation_fn": f"torch.nn.modules.{name}"}}, "files": {},
              "options": plain} for name in [*activations(), "activation.PReLU"] if name not in drawn]
    cases += [{"config": {"sbert_ce_default_activation_function": name}, "files": {}, "options": plain}
              for name in ("torch.nn.ReLU6", "torch.nn.modules.activation.Softplus", "mine.Sigmoid", None)]
    cases += [{"config": config, "files": files, "options": options} for config, files, options in [
        ({}, ranking(), [{}, {"prompt_name": "web"}, {"prompt": "the dog: "}, {"prompt_name": "nobody"},
                         {"prompt": "", "top_k": 1}]),
        ({}, ranking(by_default), [{}, {"prompt": ""}, {"prompt_name": "law"}, {"prompt": "x", "prompt_name": "law"}]),
        ({}, ranking(by_default, modules=None), [{}, {"prompt_name": "web"}, {"prompt": "the dog: "}]),
        (stated, ranking(by_default | {"model_type": "SentenceTransformer"}), plain),
        (stated, ranking(), plain),
        (stated, ranking({"activation_fn": None}), plain),
        (stated, ranking({"activation_fn": "mine.Softplus"}), plain),
        (stated, ranking(config_sentence_transformers=None), plain),
        ({}, ranking({"activation_fn": "mine.Softplus"}), plain),
        ({}, ranking(encoder={"max_seq_length": 9}), plain),
        ({}, ranking(by_default, encoder={"max_seq_length": 16, "do_lower_case": True}), plain),
        ({}, ranking(encoder={"processor_kwargs": {"truncation_side": "left", "use_fast": True}}), plain),
        ({}, ranking(encoder={"tokenizer_args": {"model_max_length": 12}, "max_seq_length": 9}), plain),
    ]]
    return cases


DOCUMENTS = ["The quick brown fox.", "", "THE QUICK Café", LONG, "The quick brown fox."]


def rank(folder: Path, options: dict) -> list[dict] | None:
    encoder = CrossEncoder(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    try:
        return encoder.rank("Where is the fox?", DOCUMENTS, batch_size=1, **options)
    except ValueError:
        return None


def write_rankings(sentences: Path, model: Path) -> None:
    cases = make_rankings()
    for case in cases:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / "ranking"
            shutil.copytree(model, folder)
            config = json.loads((folder / "config.json").read_text())
            write_json(folder / "config.json", config | case["config"])
            for name, contents in case["files"].items():
                write_json(folder / name, contents)
            case["results"] = [rank(folder, options) for options in case["options"]]
    write_json(sentences / "rankings.json", {"query": "Where is the fox?", "documents": DOCUMENTS, "cases": cases})


def write_calls(sentences: Path, cases: dict) -> None:
    calls = []
    for name, all_options in CALLS:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary) / name
            lay_out(cases[name], sentences, folder)
            model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
            for options in all_options:
                try:
                    embedding = model.encode(TEXTS[0], show_progress_bar=False, **options).tolist()
                except ValueError:
                    embedding = None
                calls.append({"case": name, "options": options, "embedding": embedding})
    write_json(sentences / "calls.json", calls)


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def write_encoder(folder: Path, tokenizer: Path) -> None:
    folder.mkdir(parents=True)
    config = BertConfig(vocab_size=len((tokenizer / "vocab.txt").read_text().splitlines()), hidden_size=HIDDEN,
                        num_hidden_layers=2, num_attention_heads=2, intermediate_size=20,
                        max_position_embeddings=POSITIONS)
    model = AutoModel.from_config(config)
    randomise(model, "sentences/encoder", scale=1.0)
    model.save_pretrained(folder)
    settings = json.loads((tokenizer / "tokenizer_config.json").read_text())
    write_json(folder / "tokenizer_config.json", settings | {"model_max_length": TOKENIZER_LENGTH})
    fast = AutoTokenizer.from_pretrained(tokenizer).backend_tokenizer
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(fast.to_str()), ensure_ascii=False) + "\n")


def write_weights(folder: Path) -> None:
    for name, (inputs, bias) in WEIGHTS.items():
        tensors = {"linear.weight": draw(f"sentences/{name}/weight", (DENSE, inputs)) / inputs**0.5}
        if bias:
            tensors["linear.bias"] = draw(f"sentences/{name}/bias", (DENSE,)) * 0.3
        save_file(tensors, folder / f"{name}.safetensors", metadata={"format": "pt"})


def write_other_weights(folder: Path) -> None:
    for name, shapes in OTHER_WEIGHTS.items():
        tensors = {key: draw(f"sentences/{name}/{key}", shape) / max(shape[1:], default=2) ** 0.5
                   for key, shape in shapes.items()}
        save_file(tensors, folder / f"{name}.safetensors", metadata={"format": "pt"})


def write_saved(folder: Path, encoder: Path) -> None:
    """A folder in the form of the library's present version."""
    layer = Dense(2 * HIDDEN, DENSE)
    layer.load_state_dict({"linear.weight": draw("sentences/saved/weight", (DENSE, 2 * HIDDEN)) * 0.2,
                           "linear.bias": draw("sentences/saved/bias", (DENSE,)) * 0.3})
    pooling = Pooling(HIDDEN, pooling_mode=("weightedmean", "max"))
    # Without do_lower_case, which a saved BertTokenizer loses: see `lower-case` instead.
    model = SentenceTransformer(modules=[Transformer(str(encoder), max_seq_length=12), pooling, layer, Normalize()])
    model.save(str(folder), create_model_card=False)
    # Names the versions that wrote it; they stand in the embeddings.
    path = folder / "config_sentence_transformers.json"
    write_json(path, {key: value for key, value in json.loads(path.read_text()).items() if key != "__version__"})


def lay_out(case: dict, sentences: Path, folder: Path) -> None:
    shutil.copytree(sentences / "encoder", folder / case.get("encoder", ""), dirs_exist_ok=True)
    for name, contents in case["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if contents is None:
            path.unlink()
        elif isinstance(contents, str):
            path.write_text(contents)
        else:
            write_json(path, contents)
    for name, weights in case.get("weights", {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(sentences / weights, folder / name)


def embed(folder: Path) -> torch.Tensor:
    model = SentenceTransformer(str(folder), device="cpu", model_kwargs={"dtype": torch.float32})
    return torch.stack([model.encode(text, convert_to_tensor=True, show_progress_bar=False) for text in TEXTS])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parent,
                        help="default: beside the script")
    golden = parser.parse_args().folder
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    sentences = golden / "sentences"
    shutil.rmtree(sentences, ignore_errors=True)
    tokenizer = golden / "tokenizers" / "wordpiece-cased"
    write_encoder(sentences / "encoder", tokenizer)
    write_weights(sentences)
    write_other_weights(sentences)
    write_saved(sentences / "saved", sentences / "encoder")
    tokenizer_config = json.loads((sentences / "encoder" / "tokenizer_config.json").read_text())
    cases = make_cases((tokenizer / "vocab.txt").read_text(), tokenizer_config)
    write_json(sentences / "cases.json", {"texts": TEXTS, "cases": cases})
    embeddings = {"saved": embed(sentences / "saved")}
    for name in PUBLISHED:
        write_published(sentences / "published" / name, name, golden / "tokenizers")
        embeddings[f"published/{name}"] = embed(sentences / "published" / name)
    write_calls(sentences, cases)
    write_rankings(sentences, golden / "tasks" / "wordpiece-ranking")
    for name, case in cases.items():
        with tempfile.TemporaryDirectory() as folder:
            lay_out(case, sentences, Path(folder) / name)
            embeddings[name] = embed(Path(folder) / name)
        print(f"{name}: {list(embeddings[name].shape)}")
    versions = f"sentence-transformers {sentence_transformers.__version__}, transformers {transformers.__version__}"
    save_file(embeddings, sentences / "embeddings.safetensors",
              metadata={"made_with": f"{versions}, torch {torch.__version__.split('+')[0]}"})


if __name__ == "__main__":
    main()
