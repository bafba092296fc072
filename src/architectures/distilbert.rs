//! DistilBERT (Sanh et al., 2019): BERT without token types and pooler, under other names.
//! `transformers`: `models/distilbert/modeling_distilbert.py`.

use super::bert;
use super::heads::{Heads, masked_lm, multiple_choice, sequence};
use super::words::{Architecture, Body, ConfigKeys, EmbeddingTable, EncoderTable, LayerTable, ModelType, Setting};
use crate::nn::Activation;

/// Its normalisation's epsilon is fixed at 1e-12.
pub const DISTILBERT: Architecture = Architecture {
    model_types: &[ModelType { name: "distilbert", class: "DistilBert" }],
    prefixes: &["distilbert"],
    keys: ConfigKeys {
        hidden_size: Setting::of("dim", 768),
        layers: Setting::of("n_layers", 6),
        attention_heads: Setting::of("n_heads", 12),
        intermediate_size: Setting::of("hidden_dim", 3_072),
        type_vocab_size: Setting::fixed(0),
        activation: Setting::of("activation", Activation::Gelu),
        layer_norm_eps: Setting::fixed(1e-12),
        ..bert::KEYS
    },
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable { token_type: None, ..bert::EMBEDDINGS },
        layer: LayerTable {
            prefix: "transformer.layer.{i}.",
            qkv: &[&["attention.q_lin", "attention.k_lin", "attention.v_lin"]],
            attention_output: "attention.out_lin",
            attention_norm: "sa_layer_norm",
            up: &[&["ffn.lin1"]],
            down: "ffn.lin2",
            output_norm: "output_layer_norm",
            ..bert::LAYER
        },
        ..bert::ENCODER
    }),
    heads: Heads {
        sequence: Some(&sequence::PRE_CLASSIFIER),
        multiple_choice: Some(&multiple_choice::PRE_CLASSIFIER),
        masked_lm: Some(&masked_lm::VOCAB_PROJECTOR),
        ..bert::HEADS
    },
    ..bert::BERT
};
