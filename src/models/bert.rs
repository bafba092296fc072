//! BERT (Devlin et al., 2018). `transformers`: `models/bert/modeling_bert.py`.

use super::architecture::{Architecture, ConfigKeys, EmbeddingNames, LayerNames, Number, Positions};
use crate::heads::sequence;

/// Also MiniLM, FinBERT, BGE, E5 and multilingual BERT.
pub const BERT: Architecture = Architecture {
    model_types: &["bert"],
    prefixes: &["bert"],
    keys: KEYS,
    embeddings: EMBEDDINGS,
    positions: Positions::Absolute,
    layer: LAYER,
    sequence_head: sequence::POOLED,
};

pub(super) const KEYS: ConfigKeys = ConfigKeys {
    vocab_size: Number { key: "vocab_size", default: 30_522 },
    hidden_size: Number { key: "hidden_size", default: 768 },
    layers: Number { key: "num_hidden_layers", default: 12 },
    attention_heads: Number { key: "num_attention_heads", default: 12 },
    intermediate_size: Number { key: "intermediate_size", default: 3_072 },
    max_positions: Number { key: "max_position_embeddings", default: 512 },
    type_vocab_size: Some(Number { key: "type_vocab_size", default: 2 }),
    pad_token_id: Number { key: "pad_token_id", default: 0 },
    activation: "hidden_act",
    layer_norm_eps: Some("layer_norm_eps"),
};

pub(super) const EMBEDDINGS: EmbeddingNames = EmbeddingNames {
    word: "embeddings.word_embeddings",
    position: "embeddings.position_embeddings",
    token_type: Some("embeddings.token_type_embeddings"),
    norm: "embeddings.LayerNorm",
};

pub(super) const LAYER: LayerNames = LayerNames {
    prefix: "encoder.layer.{i}.",
    query: "attention.self.query",
    key: "attention.self.key",
    value: "attention.self.value",
    attention_output: "attention.output.dense",
    attention_norm: "attention.output.LayerNorm",
    up: "intermediate.dense",
    down: "output.dense",
    output_norm: "output.LayerNorm",
};
