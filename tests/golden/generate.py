#!/usr/bin/env python3
"""Golden fixtures: tiny random models and what Python `transformers` computes with them.

A fixture is a folder `<configuration>/<head>/` holding

  config.json           the checkpoint,
  model.safetensors     as `save_pretrained` writes it (in one configuration several shards and their index)
  inputs.json           token ids of a few rows, in the form `headwise forward` reads
  expected.safetensors  the outputs, zero where a row has no token

The model is reloaded from its own files before it computes, and every row is computed alone and without padding: that
is what an engine that never pads must give. An architecture is one line in CONFIGURATIONS, a head one line in HEADS.
Weights are F16 for the sake of the size of the repository; arithmetic and outputs are F32.
"""

import argparse
import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
)

# Awkward on purpose: no multiple of a SIMD width, and no two sizes alike, so that axes cannot be confused.
VOCABULARY, HIDDEN, ATTENTION_HEADS, INTERMEDIATE, POSITIONS, LENGTH = 61, 18, 3, 22, 30, 23
EMBEDDING = 10  # of architectures that project their embeddings
NTK = 2.5  # GTE's factor
BUCKETS, WINDOW = 8, 8  # of relative positions, of local attention: rows are longer
FIRST_ORDINARY_ID = 5  # ids below are special tokens
LABELS, TOKEN_LABELS, CHOICES = 5, 7, 3


# --- which tokens of a row are real: 1 keeps a token, 0 drops it -----------------------------------------------------

def right_padded(length: int, of: int = LENGTH) -> list[int]:
    return [1] * length + [0] * (of - length)


def left_padded(length: int, of: int = LENGTH) -> list[int]:
    return [0] * (of - length) + [1] * length


def with_holes() -> list[int]:
    return [0 if position % 4 == 2 else 1 for position in range(LENGTH)]


UNEQUAL = (right_padded(LENGTH), right_padded(14), left_padded(9))
EDGES = (right_padded(LENGTH), right_padded(1), left_padded(1), left_padded(10), with_holes())
LONG = (right_padded(160, of=160), left_padded(1, of=160))


# --- old and odd checkpoints: functions from the tensors or the configuration of a file to others --------------------

def as_old_file(tensors: dict) -> dict:
    """A file of 2019: `bert.` prefix even on a bare model, gamma and beta, the position buffer among the weights."""
    old = {"bert.embeddings.position_ids": torch.arange(POSITIONS)[None]}
    for name, tensor in tensors.items():
        name = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        old[name if name.startswith(("bert.", "classifier.", "cls.")) else "bert." + name] = tensor
    return old


def without_prefix(tensors: dict) -> dict:
    """A head beside the tensors of a bare model."""
    return {name.removeprefix("bert."): tensor for name, tensor in tensors.items()}


def with_unused_pooler(tensors: dict) -> dict:
    """Many RoBERTa classifiers still carry the pooler of the pretrained model, which their head does not read."""
    shapes = {"roberta.pooler.dense.weight": (HIDDEN, HIDDEN), "roberta.pooler.dense.bias": (HIDDEN,)}
    return tensors | {name: draw(name, shape).half() for name, shape in shapes.items()}


def also(**tables: str) -> Callable[[dict], dict]:
    """Other numbers under names that are usually tied: `name=like` of the shape of another tensor. Dots are `__`."""
    def edit(tensors: dict) -> dict:
        spelled = {name.replace("__", "."): tensors[like.replace("__", ".")] for name, like in tables.items()}
        return tensors | {name: (0.3 * draw(name, like.shape)).to(like.dtype) for name, like in spelled.items()}
    return edit


def decoder_alone(tensors: dict) -> dict:
    """As `safetensors.torch.save_model` writes it: of tensors that share their numbers one is there, the first."""
    words, bias = "roberta.embeddings.word_embeddings.weight", "lm_head.bias"
    renamed = {words: "lm_head.decoder.weight", bias: "lm_head.decoder.bias"}
    return {renamed.get(name, name): tensor for name, tensor in tensors.items()}


def in_odd_types(tensors: dict) -> dict:
    """Each tensor in another number type, those of whole numbers with whole numbers that are not too large."""
    floats = [torch.float64, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2]
    whole = [torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.uint16, torch.uint32, torch.uint64,
             torch.bool]
    odd = {}
    for index, (name, tensor) in enumerate(sorted(tensors.items())):
        if "LayerNorm" in name or "query" in name or "token_type" in name:
            dtype = whole[index % len(whole)]
            rounded = (2 * tensor).round().clamp(-3, 3)
            odd[name] = (rounded.abs() if not dtype.is_signed else rounded).to(dtype)
        else:
            odd[name] = tensor.to(floats[index % len(floats)])
    return odd


def as_modernbert_of_2024(config: dict) -> dict:
    """The spelling of transformers 4, in which ModernBERT was published."""
    kept = {key: value for key, value in config.items() if key not in ("layer_types", "rope_parameters", "dtype")}
    return kept | {"global_attn_every_n_layers": 2, "global_rope_theta": 700.0, "local_rope_theta": 20.0,
                   "torch_dtype": config["dtype"]}


def as_nomic_bert_of_2024(config: dict) -> dict:
    """The spelling of GPT-2, in which NomicBERT was published: `transformers` reads the defaults in its place."""
    keys = dict(hidden_size="n_embd", num_hidden_layers="n_layer", num_attention_heads="n_head",
                intermediate_size="n_inner", max_position_embeddings="n_positions", layer_norm_eps="layer_norm_epsilon")
    gone = {"rope_parameters", "hidden_act", "head_dim", "architectures", "tie_word_embeddings", "dtype"}
    kept = {keys.get(key, key): value for key, value in config.items() if key not in gone}
    return kept | dict(activation_function="swiglu", rotary_emb_base=config["rope_parameters"]["rope_theta"],
                       rotary_emb_fraction=1.0, rotary_emb_interleaved=False, rotary_emb_scale_base=None,
                       rotary_scaling_factor=None, prenorm=False, causal=False, qkv_proj_bias=False, mlp_fc1_bias=False,
                       mlp_fc2_bias=False, use_rms_norm=False)


def as_new(config: dict) -> dict:
    """The spelling of GTE's own code, which `transformers` knows as `gte`."""
    kept = {key: value for key, value in config.items() if key not in ("rope_parameters", "dtype", "architectures")}
    return kept | dict(model_type="new", pack_qkv=True, layer_norm_type="layer_norm", logn_attention_scale=False,
                       unpad_inputs=False, use_memory_efficient_attention=False, position_embedding_type="rope",
                       rope_theta=config["rope_parameters"]["rope_theta"], rope_scaling=None)


def as_new_scaled(config: dict) -> dict:
    return as_new(config) | dict(rope_scaling=dict(type="ntk", factor=NTK))


def with_prefix_new(tensors: dict) -> dict:
    return {("new." + name.removeprefix("gte.") if name.startswith("gte.") else name): tensor
            for name, tensor in tensors.items()}


# --- what `transformers` does not compute: references of our own -----------------------------------------------------

def scale_by_ntk(model: torch.nn.Module) -> None:
    """Frequencies of GTE's own code (`NTKScalingRotaryEmbedding`): `transformers` refuses its rope type, `ntk`."""
    rotary, theta = model.base_model.rotary_emb, model.config.rope_parameters["rope_theta"]
    size = 2 * len(rotary.inv_freq)
    exponents = torch.arange(0, size, 2).float() / size
    rotary.inv_freq.copy_(1.0 / (theta * NTK) ** exponents / NTK ** (2 / size))


def turn_a_share(model: torch.nn.Module) -> None:
    """The first 4 of 6 numbers of a head turn, as in GPT-NeoX and GLM: here all, a plane of them by nothing."""
    rotary = model.base_model.rotary_emb
    theta = model.config.rope_parameters["rope_theta"]
    rotary.inv_freq.copy_(torch.tensor([1.0, theta ** -0.5, 0.0]))
    for layer in model.base_model.layers:
        for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj):
            for tensor in (projection.weight, projection.bias):
                heads = tensor.data.unflatten(0, (ATTENTION_HEADS, -1))
                tensor.data = heads[:, [0, 1, 4, 2, 3, 5]].flatten(0, 1)


# --- the table -------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Head:
    auto: type
    outputs: dict  # names, each with the axes of a row's result that count tokens
    labels: int | None = None
    choices: int = 1  # rows of an example


HEADS = {
    "base": Head(AutoModel, {"last_hidden_state": (0,), "encoder_last_hidden_state": (0,)}),
    "sequence": Head(AutoModelForSequenceClassification, {"logits": ()}, labels=LABELS),
    "token": Head(AutoModelForTokenClassification, {"logits": (0,)}, labels=TOKEN_LABELS),
    "qa": Head(AutoModelForQuestionAnswering, {"start_logits": (0,), "end_logits": (0,)}),
    "multiple-choice": Head(AutoModelForMultipleChoice, {"logits": ()}, choices=CHOICES),
    "masked-lm": Head(AutoModelForMaskedLM, {"logits": (0,)}),
}

# What a model tells of its layers: [layers, rows, tokens, hidden], and [layers, rows, heads, tokens, tokens].
OF_LAYERS = {
    "hidden_states": (1,), "attentions": (2, 3),
    "encoder_hidden_states": (1,), "encoder_attentions": (2, 3),
    "decoder_hidden_states": (1,), "decoder_attentions": (2, 3), "cross_attentions": (2, 3),
}


@dataclass(frozen=True)
class Configuration:
    model_type: str
    settings: dict
    heads: tuple = tuple(HEADS)  # those that are written
    in_detail: dict | None = None  # settings of `base` beside these; it then holds F32 and the outputs of every layer
    rows: tuple = UNEQUAL
    pad_id_inside: bool = False  # one more row, where the padding token stands among the real ones
    pad_id_last: bool = False  # in the first row the last real tokens are padding tokens
    dtype: torch.dtype = torch.float16
    max_shard_size: str = "10GB"
    scale: float = 0.5  # see `randomise`
    edit: Callable[[dict], dict] | None = None
    edit_config: Callable[[dict], dict] | None = None
    names_in_memory: bool = False  # tensors under the names that `transformers` 5 has in memory, where files have others
    adapt: Callable[[torch.nn.Module], None] | None = None  # the model before it computes
    edit_config_after: Callable[[dict], dict] | None = None  # once Python has read it, which knows another spelling


def bert(layers=1, **changes) -> dict:
    return dict(vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=layers,
                num_attention_heads=ATTENTION_HEADS, intermediate_size=INTERMEDIATE,
                max_position_embeddings=POSITIONS, type_vocab_size=2, pad_token_id=0) | changes


def roberta(layers=1, **changes) -> dict:
    return bert(layers, type_vocab_size=1, pad_token_id=1, layer_norm_eps=1e-5) | changes


def distilbert(layers=1, **changes) -> dict:
    return dict(vocab_size=VOCABULARY, dim=HIDDEN, n_layers=layers, n_heads=ATTENTION_HEADS, hidden_dim=INTERMEDIATE,
                max_position_embeddings=POSITIONS, pad_token_id=0) | changes


def electra(**changes) -> dict:
    return bert(embedding_size=EMBEDDING) | changes


def albert(**changes) -> dict:
    return bert(embedding_size=EMBEDDING, hidden_act="gelu_new") | changes


def mpnet(**changes) -> dict:
    settings = roberta(relative_attention_num_buckets=32) | changes
    del settings["type_vocab_size"]
    return settings


def deberta(**changes) -> dict:
    return bert(type_vocab_size=0, layer_norm_eps=1e-7, relative_attention=True, position_buckets=BUCKETS,
                norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type="p2c|c2p",
                position_biased_input=False) | changes


def modernbert(**changes) -> dict:
    """The second layer is local. Angles that are far apart show in short rows."""
    angles = {f"{kind}_attention": {"rope_type": "default", "rope_theta": theta}
              for kind, theta in (("full", 700.0), ("sliding", 20.0))}
    return dict(vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=2, num_attention_heads=ATTENTION_HEADS,
                intermediate_size=14, max_position_embeddings=POSITIONS, local_attention=WINDOW,
                layer_types=["full_attention", "sliding_attention"], rope_parameters=angles, pad_token_id=0,
                bos_token_id=1, eos_token_id=2, cls_token_id=1, sep_token_id=2) | changes


def turning(theta=20.0, kind="default", **more) -> dict:
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **more))


def nomic_bert(**changes) -> dict:
    return bert(**turning()) | changes


def gte(**changes) -> dict:
    return bert(type_vocab_size=1, pad_token_id=1, **turning()) | changes


def qwen3(**changes) -> dict:
    """Three heads of queries for each of keys, and heads that together are wider than the hidden vector."""
    return dict(vocab_size=VOCABULARY, hidden_size=HIDDEN, num_hidden_layers=1, num_attention_heads=6,
                num_key_value_heads=2, head_dim=10, intermediate_size=INTERMEDIATE, max_position_embeddings=POSITIONS,
                pad_token_id=3, **turning()) | changes


def bart(**changes) -> dict:
    return dict(vocab_size=VOCABULARY, d_model=HIDDEN, encoder_layers=2, decoder_layers=1,
                encoder_attention_heads=ATTENTION_HEADS, decoder_attention_heads=ATTENTION_HEADS,
                encoder_ffn_dim=INTERMEDIATE, decoder_ffn_dim=26, max_position_embeddings=POSITIONS, bos_token_id=0,
                pad_token_id=1, eos_token_id=2, decoder_start_token_id=2) | changes


DEEP = dict(num_hidden_layers=2)
NO_QA_HEADS = ("base", "sequence", "token", "masked-lm")
DECODER_HEADS = ("base", "sequence", "token", "qa")
BART_HEADS = ("base", "sequence", "qa", "masked-lm")  # transformers has no others for it
EPSILON = dict(layer_norm_eps=0.05)
UNTIED = dict(tie_word_embeddings=False)
FULL_LOCAL_FULL = ["full_attention", "sliding_attention", "full_attention"]

CONFIGURATIONS = {
    "bert": Configuration("bert", bert(layers=2), in_detail={}, dtype=torch.float32),
    "bert-relu": Configuration("bert", bert(hidden_act="relu", layer_norm_eps=1e-5), ("base", "sequence", "masked-lm")),
    "bert-eps": Configuration("bert", bert(**EPSILON), ("base", "sequence", "masked-lm")),
    "bert-prefix": Configuration("bert", bert(), ("base", "sequence", "masked-lm"), edit=as_old_file),
    "bert-no-prefix": Configuration("bert", bert(), ("sequence",), edit=without_prefix),
    "bert-f16": Configuration("bert", bert(), ("base", "sequence"), dtype=torch.float16),
    "bert-bf16": Configuration("bert", bert(), ("base", "sequence"), dtype=torch.bfloat16),
    "bert-shards": Configuration("bert", bert(), ("base", "sequence"), max_shard_size="5KB"),
    "bert-aligned": Configuration("bert", bert(hidden_size=64, num_attention_heads=4, intermediate_size=80), ("base",)),
    # The longest row uses the position table to its end.
    "bert-edges": Configuration("bert", bert(max_position_embeddings=LENGTH), ("base", "sequence"), rows=EDGES),
    # Number types that Python casts without a word.
    "bert-odd-types": Configuration("bert", bert(layers=2), ("sequence",), edit=in_odd_types),
    # Two names for what is tied, with other numbers: both count.
    "bert-apart": Configuration(
        "bert", bert(), ("masked-lm",),
        edit=also(cls__predictions__decoder__weight="bert__embeddings__word_embeddings__weight",
                  cls__predictions__decoder__bias="cls__predictions__bias")),
    "bert-untied": Configuration("bert", bert(**UNTIED), ("masked-lm",)),
    "roberta": Configuration("roberta", roberta(), in_detail=DEEP),
    "roberta-relu": Configuration("roberta", roberta(hidden_act="relu"), ("masked-lm",)),
    "roberta-eps": Configuration("roberta", roberta(**EPSILON), ("base", "sequence", "masked-lm")),
    "roberta-pooler": Configuration("roberta", roberta(), ("sequence",), edit=with_unused_pooler),
    # So it does here: RoBERTa's positions start after the padding id, at 2.
    "roberta-edges": Configuration("roberta", roberta(max_position_embeddings=LENGTH + 2), ("base", "sequence"),
                                   rows=EDGES, pad_id_inside=True),
    "roberta-apart": Configuration(
        "roberta", roberta(), ("masked-lm",),
        edit=also(lm_head__decoder__weight="roberta__embeddings__word_embeddings__weight",
                  lm_head__decoder__bias="lm_head__bias")),
    "roberta-decoder": Configuration("roberta", roberta(), ("masked-lm",), edit=decoder_alone),
    "roberta-untied": Configuration("roberta", roberta(**UNTIED), ("masked-lm",)),
    "xlm-roberta": Configuration("xlm-roberta", roberta(), in_detail=DEEP),
    "xlm-roberta-eps": Configuration("xlm-roberta", roberta(**EPSILON), ("sequence",)),
    "camembert": Configuration("camembert", roberta(), in_detail=DEEP),
    "camembert-eps": Configuration("camembert", roberta(**EPSILON), ("sequence",)),
    "data2vec-text": Configuration("data2vec-text", roberta(), in_detail=DEEP),
    "data2vec-text-eps": Configuration("data2vec-text", roberta(**EPSILON), ("sequence",)),
    "distilbert": Configuration("distilbert", distilbert(), in_detail=dict(n_layers=2)),
    "distilbert-relu": Configuration("distilbert", distilbert(activation="relu", sinusoidal_pos_embds=True),
                                     ("base", "sequence", "masked-lm")),
    "distilbert-apart": Configuration(
        "distilbert", distilbert(), ("masked-lm",),
        edit=also(vocab_projector__weight="distilbert__embeddings__word_embeddings__weight")),
    "distilbert-untied": Configuration("distilbert", distilbert(**UNTIED), ("masked-lm",)),
    "electra": Configuration("electra", electra(), in_detail=DEEP),
    # Without projection; and the activation of its heads is not the encoder's.
    "electra-square": Configuration("electra", electra(embedding_size=HIDDEN, hidden_act="relu")),
    "electra-eps": Configuration("electra", electra(**EPSILON), ("masked-lm",)),
    "electra-apart": Configuration(
        "electra", electra(), ("masked-lm",),
        edit=also(generator_lm_head__weight="electra__embeddings__word_embeddings__weight")),
    "electra-untied": Configuration("electra", electra(**UNTIED), ("masked-lm",)),
    "albert": Configuration("albert", albert(), in_detail=dict(num_hidden_layers=4, num_hidden_groups=2)),
    "albert-inner": Configuration("albert", albert(num_hidden_layers=2, inner_group_num=2), ("base",)),
    "albert-eps": Configuration("albert", albert(**EPSILON), ("masked-lm",)),
    "albert-edges": Configuration("albert", albert(max_position_embeddings=LENGTH), ("base", "sequence"), rows=EDGES),
    "albert-apart": Configuration(
        "albert", albert(), ("masked-lm",),
        edit=also(predictions__decoder__weight="albert__embeddings__word_embeddings__weight",
                  predictions__decoder__bias="predictions__bias")),
    "albert-untied": Configuration("albert", albert(**UNTIED), ("masked-lm",)),
    "mpnet": Configuration("mpnet", mpnet(), in_detail=DEEP),
    "mpnet-apart": Configuration(
        "mpnet", mpnet(), ("masked-lm",),
        edit=also(lm_head__decoder__weight="mpnet__embeddings__word_embeddings__weight",
                  lm_head__decoder__bias="lm_head__bias")),
    "mpnet-eps": Configuration("mpnet", mpnet(**EPSILON), ("masked-lm",)),
    # Distances beyond the last bucket. MPNet's positions start at 2 whatever the padding id.
    "mpnet-edges": Configuration("mpnet", mpnet(max_position_embeddings=162, pad_token_id=3), ("base", "sequence"),
                                 rows=LONG),
    "deberta-v2": Configuration("deberta-v2", deberta(), in_detail=DEEP),
    "deberta-v2-conv": Configuration(
        "deberta-v2", deberta(share_att_key=False, pos_att_type="c2p|p2c", position_biased_input=True,
                              type_vocab_size=2, num_hidden_layers=2, conv_kernel_size=3, conv_act="gelu",
                              pooler_hidden_act="tanh"), in_detail={}),
    "deberta-v2-embedding": Configuration("deberta-v2", deberta(embedding_size=EMBEDDING), ("base", "masked-lm")),
    "deberta-v2-c2p": Configuration("deberta-v2", deberta(pos_att_type=["c2p"]), ("base",)),
    "deberta-v2-p2c": Configuration("deberta-v2", deberta(pos_att_type="p2c", share_att_key=False), ("base",)),
    "deberta-v2-absolute": Configuration(
        "deberta-v2", deberta(relative_attention=False, pos_att_type=None, norm_rel_ebd="none",
                              position_biased_input=True), ("base",)),
    # No buckets, a table shorter than the rows, and not normalised.
    "deberta-v2-span": Configuration(
        "deberta-v2", deberta(position_buckets=-1, max_relative_positions=10, norm_rel_ebd="none"), ("base",)),
    # The largest distances lie beyond the last bucket.
    "deberta-v2-edges": Configuration("deberta-v2", deberta(max_position_embeddings=16), ("base", "sequence"),
                                      rows=EDGES),
    "deberta-v2-apart": Configuration(
        "deberta-v2", deberta(), ("masked-lm",),
        edit=also(cls__predictions__decoder__weight="deberta__embeddings__word_embeddings__weight",
                  cls__predictions__decoder__bias="cls__predictions__bias")),
    "deberta-v2-eps": Configuration("deberta-v2", deberta(**EPSILON), ("masked-lm",)),
    "deberta-v2-lm-predictions": Configuration("deberta-v2", deberta(legacy=False), ("masked-lm",)),
    # This head compares with the word embeddings whatever the configuration says.
    "deberta-v2-lm-predictions-untied": Configuration("deberta-v2", deberta(legacy=False, **UNTIED), ("masked-lm",)),
    "modernbert": Configuration("modernbert", modernbert(), in_detail={}),
    "modernbert-mean": Configuration("modernbert", modernbert(classifier_pooling="mean"),
                                     ("sequence", "multiple-choice")),
    "modernbert-bias": Configuration(
        "modernbert", modernbert(norm_bias=True, attention_bias=True, mlp_bias=True, classifier_bias=True,
                                 classifier_activation="silu")),
    # Three layers, so that the interval of the global ones shows.
    "modernbert-2024": Configuration(
        "modernbert", modernbert(num_hidden_layers=3, layer_types=FULL_LOCAL_FULL), ("base", "sequence"),
        edit_config=as_modernbert_of_2024),
    "modernbert-eps": Configuration("modernbert", modernbert(norm_eps=0.05), ("masked-lm",)),
    "modernbert-edges": Configuration("modernbert", modernbert(max_position_embeddings=LENGTH), ("base", "sequence"),
                                      rows=EDGES),
    "modernbert-apart": Configuration(
        "modernbert", modernbert(), ("masked-lm",),
        edit=also(decoder__weight="model__embeddings__tok_embeddings__weight")),
    "modernbert-untied": Configuration("modernbert", modernbert(decoder_bias=False, **UNTIED), ("masked-lm",)),
    "nomic_bert": Configuration("nomic_bert", nomic_bert(), NO_QA_HEADS, in_detail=DEEP),
    "nomic_bert-2024": Configuration("nomic_bert", nomic_bert(max_position_embeddings=LENGTH), ("base", "sequence"),
                                     rows=EDGES, edit_config_after=as_nomic_bert_of_2024),
    "nomic_bert-names": Configuration("nomic_bert", nomic_bert(**EPSILON), NO_QA_HEADS, names_in_memory=True),
    "gte": Configuration("gte", gte(), NO_QA_HEADS, in_detail=DEEP),
    "gte-names": Configuration("gte", gte(hidden_act="relu", **EPSILON), NO_QA_HEADS, names_in_memory=True),
    "gte-linear": Configuration("gte", gte(type_vocab_size=2, **turning(kind="linear", factor=2.5)), ("base",)),
    "new": Configuration("gte", gte(), NO_QA_HEADS, edit=with_prefix_new, edit_config_after=as_new),
    "new-ntk": Configuration("gte", gte(type_vocab_size=0, max_position_embeddings=LENGTH), ("base", "sequence"),
                             rows=EDGES, edit=with_prefix_new, adapt=scale_by_ntk, edit_config_after=as_new_scaled),
    "qwen3": Configuration("qwen3", qwen3(), DECODER_HEADS, in_detail={}, pad_id_inside=True, pad_id_last=True),
    # No padding token: the last one counts, whatever it is. As many heads of keys as of queries.
    "qwen3-null": Configuration("qwen3", qwen3(pad_token_id=None, num_key_value_heads=None, attention_bias=True),
                                ("sequence", "token")),
    "qwen3-window": Configuration("qwen3", qwen3(num_hidden_layers=3, use_sliding_window=True, sliding_window=WINDOW - 3,
                                                 max_window_layers=1, rms_norm_eps=0.05), ("base", "sequence"),
                                  rows=EDGES),
    "qwen3-yarn": Configuration("qwen3", qwen3(**turning(kind="yarn", factor=4.0, original_max_position_embeddings=50)),
                                ("base",)),
    "qwen3-llama3": Configuration(
        "qwen3", qwen3(**turning(kind="llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                 original_max_position_embeddings=50)), ("base",)),
    # Of no `model_type`: a test has the table of it.
    "made/gte-share": Configuration("gte", gte(), ("base",), adapt=turn_a_share),
    "bart": Configuration("bart", bart(), BART_HEADS, in_detail=dict(encoder_layers=1, decoder_layers=2)),
    "bart-scaled": Configuration("bart", bart(scale_embedding=True, activation_function="relu"), BART_HEADS),
    "bart-apart": Configuration(
        "bart", bart(), ("sequence", "masked-lm"),
        edit=also(lm_head__weight="model__shared__weight", model__encoder__embed_tokens__weight="model__shared__weight",
                  model__decoder__embed_tokens__weight="model__shared__weight")),
    # The encoder has its own, the two others share a third one's.
    "bart-encoder-apart": Configuration(
        "bart", bart(), ("masked-lm",), edit=also(model__encoder__embed_tokens__weight="model__shared__weight")),
    "bart-untied": Configuration("bart", bart(**UNTIED), ("base", "masked-lm")),
    "bart-edges": Configuration("bart", bart(max_position_embeddings=LENGTH), ("base", "sequence"), rows=EDGES),
}


# --- weights ---------------------------------------------------------------------------------------------------------

def draw(name: str, shape) -> torch.Tensor:
    """Normal numbers that depend on the tensor's name only, whatever order a version of the library visits them in."""
    seed = int(hashlib.sha1(name.encode()).hexdigest()[:12], 16)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def randomise(model: torch.nn.Module, salt: str, scale: float) -> None:
    """Gives every tensor a value that matters: fresh models have biases of 0 and norms of 1, which hide errors.

    The scale is that of the logits. Wider ones make answers more distinct, and rounding errors larger.
    """
    encoder = {parameter.data_ptr() for parameter in model.base_model.parameters()}
    tables = {module.weight.data_ptr() for module in model.modules() if isinstance(module, torch.nn.Embedding)}
    drawn = set()  # tied tensors are one tensor under several names: the first name decides
    for name, tensor in sorted(model.state_dict().items()):
        if tensor.data_ptr() in drawn:
            continue
        drawn.add(tensor.data_ptr())
        noise = draw(f"{salt}/{name}", tensor.shape)
        gives_logits = tensor.data_ptr() not in encoder and len(tensor) <= TOKEN_LABELS
        if name.endswith("bias"):
            tensor.copy_(0.1 * noise)
        elif tensor.ndim == 1:
            tensor.copy_(1 + 0.2 * noise)
        elif gives_logits:
            tensor.copy_(scale * noise)
        elif tensor.data_ptr() in tables:
            tensor.copy_(0.5 * scale * noise)
        else:
            tensor.copy_(noise / tensor[0].numel() ** 0.5)


# --- one fixture -----------------------------------------------------------------------------------------------------

def save(model: torch.nn.Module, configuration: Configuration, dtype: torch.dtype, folder: Path) -> None:
    model.to(dtype).save_pretrained(folder, max_shard_size=configuration.max_shard_size,
                                    save_original_format=not configuration.names_in_memory)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if configuration.edit:
        path = folder / "model.safetensors"
        save_file(configuration.edit(load_file(path)), path, metadata={"format": "pt"})
    rewrite_config(configuration.edit_config, folder)


def rewrite_config(edit: Callable[[dict], dict] | None, folder: Path) -> None:
    if edit:
        path = folder / "config.json"
        path.write_text(json.dumps(edit(json.loads(path.read_text())), indent=2) + "\n")


def reload(head: Head, folder: Path) -> torch.nn.Module:
    """The model as it lies in the folder, its weights widened to f32."""
    model, info = head.auto.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager",
                                            output_loading_info=True)
    assert not info["missing_keys"] and not info["mismatched_keys"], info
    return model.eval()


def make_inputs(configuration: Configuration, head: Head, config) -> dict:
    """Rows of unequal length. Dropped places hold the padding id, in left-padded rows any id: it must not matter."""
    mask = torch.tensor(configuration.rows + (right_padded(LENGTH),) * configuration.pad_id_inside)
    if head.choices > 1:
        mask = torch.cat([mask, mask.flip(0)])
    generator = torch.Generator().manual_seed(7)
    ids = torch.randint(FIRST_ORDINARY_ID, config.vocab_size, mask.shape, generator=generator)
    starts_real = mask[:, :1] == 1
    ids = torch.where((mask == 0) & starts_real, 0 if config.pad_token_id is None else config.pad_token_id, ids)
    if configuration.pad_id_inside:
        ids[-1, [4, 5, 11]] = config.pad_token_id
    if configuration.pad_id_last:
        ids[0, -3:] = config.pad_token_id
    if config.is_encoder_decoder:
        end_sequences(ids, mask, config.eos_token_id)
    inputs = {"input_ids": ids, "attention_mask": mask}
    if getattr(config, "type_vocab_size", 0) >= 2:
        inputs["token_type_ids"] = (mask.cumsum(1) > mask.sum(1, keepdim=True) // 2).long() * mask
    return inputs


def end_sequences(ids: torch.Tensor, mask: torch.Tensor, eos: int) -> None:
    """The end of the sequence stands last, but in the first row twice in the middle: there the second counts."""
    for index, row in enumerate(mask):
        real = row.nonzero()[:, 0]
        ids[index, real[[len(real) // 3, 2 * len(real) // 3]] if index == 0 else real[-1:]] = eos


def in_places(tensor: torch.Tensor, real: torch.Tensor, axes: tuple) -> torch.Tensor:
    """Returns what was computed for the real tokens of a row to their places along each of the axes, among zeros."""
    for axis in axes:
        places = torch.zeros(*tensor.shape[:axis], len(real), *tensor.shape[axis + 1:])
        tensor = places.index_copy(axis, real.nonzero()[:, 0], tensor)
    return tensor


def compute(model: torch.nn.Module, inputs: dict, head: Head, in_detail: bool) -> dict:
    """Each row alone: only its real tokens go in, and per-token results return to their places."""
    mask, axes = inputs["attention_mask"].bool(), head.outputs | OF_LAYERS
    rows = []
    for index, real in enumerate(mask):
        row = {name: tensor[index, real][None] for name, tensor in inputs.items()}
        if head.choices > 1:
            row = {name: tensor[None] for name, tensor in row.items()}
        with torch.no_grad():
            result = model(**row, output_hidden_states=in_detail, output_attentions=in_detail)
        of_row = {name: result[name][0] for name in head.outputs if name in result}
        of_row |= {name: torch.cat(result[name]) for name in OF_LAYERS if in_detail and result.get(name)}
        rows.append({name: in_places(tensor, real, axes[name]) for name, tensor in of_row.items()})
    return {name: torch.stack([row[name] for row in rows], dim=1 if name in OF_LAYERS else 0) for name in rows[0]}


def made_with(model: torch.nn.Module) -> str:
    return f"{type(model).__name__}, transformers {transformers.__version__}, torch {torch.__version__.split('+')[0]}"


def write_fixture(configuration: Configuration, head_name: str, name: str, folder: Path) -> None:
    """Writes the files of a fixture into the folder; its weights depend on the name."""
    head = HEADS[head_name]
    in_detail = head_name == "base" and configuration.in_detail is not None
    settings = configuration.settings | (configuration.in_detail if in_detail else {})
    config = AutoConfig.for_model(configuration.model_type, **settings)
    if head.labels:
        config.num_labels = head.labels
    model = head.auto.from_config(config)
    randomise(model, name, configuration.scale)
    save(model, configuration, torch.float32 if in_detail else configuration.dtype, folder)

    model = reload(head, folder)
    if configuration.adapt:
        configuration.adapt(model)
    rewrite_config(configuration.edit_config_after, folder)
    inputs = make_inputs(configuration, head, config)
    outputs = compute(model, inputs, head, in_detail)
    if head.choices > 1:  # [examples, choices, tokens]
        inputs = {key: tensor.unflatten(0, (-1, head.choices)) for key, tensor in inputs.items()}
        outputs = {key: tensor.view(-1, head.choices) for key, tensor in outputs.items()}
    lists = {key: tensor.tolist() for key, tensor in inputs.items()}
    (folder / "inputs.json").write_text(json.dumps({"inputs": lists}) + "\n")
    # One metadata key: several would be written in an order that changes from run to run.
    save_file(outputs, folder / "expected.safetensors", metadata={"made_with": made_with(model)})
    size = sum(file.stat().st_size for file in folder.iterdir())
    shapes = ", ".join(f"{key} {list(tensor.shape)}" for key, tensor in outputs.items())
    print(f"{name}: {type(model).__name__}, {shapes}, {size // 1024} KiB")


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
            folder = arguments.folder / name / head_name
            shutil.rmtree(folder, ignore_errors=True)
            write_fixture(CONFIGURATIONS[name], head_name, f"{name}/{head_name}", folder)


if __name__ == "__main__":
    main()
