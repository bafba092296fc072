//! DistilBERT (Sanh et al., 2019): BERT without token types and pooler, under other names.
//! `transformers`: `models/distilbert/modeling_distilbert.py`.

use super::architecture::{Architecture, ConfigKeys, EmbeddingNames, LayerNames, Number, Positions};
use crate::heads::sequence;

/// Its normalisation's epsilon is fixed at 1e-12.
pub const DISTILBERT: Architecture = Architecture {
    model_types: &["distilbert"],
    prefixes: &["distilbert"],
    keys: ConfigKeys {
        vocab_size: Number { key: "vocab_size", default: 30_522 },
        hidden_size: Number { key: "dim", default: 768 },
        layers: Number { key: "n_layers", default: 6 },
        attention_heads: Number { key: "n_heads", default: 12 },
        intermediate_size: Number { key: "hidden_dim", default: 3_072 },
        max_positions: Number { key: "max_position_embeddings", default: 512 },
        type_vocab_size: None,
        pad_token_id: Number { key: "pad_token_id", default: 0 },
        activation: "activation",
        layer_norm_eps: None,
    },
    embeddings: EmbeddingNames {
        word: "embeddings.word_embeddings",
        position: "embeddings.position_embeddings",
        token_type: None,
        norm: "embeddings.LayerNorm",
    },
    positions: Positions::Absolute,
    layer: LayerNames {
        prefix: "transformer.layer.{i}.",
        query: "attention.q_lin",
        key: "attention.k_lin",
        value: "attention.v_lin",
        attention_output: "attention.out_lin",
        attention_norm: "sa_layer_norm",
        up: "ffn.lin1",
        down: "ffn.lin2",
        output_norm: "output_layer_norm",
    },
    sequence_head: sequence::PRE_CLASSIFIER,
};
