//! ALBERT (Lan et al., 2019): BERT with narrow embeddings and layers that are used several
//! times. `transformers`: `models/albert/modeling_albert.py`.

use super::bert;
use super::heads::{Heads, masked_lm, multiple_choice, sequence};
use super::words::{
    Architecture, Body, ConfigKeys, EmbeddingTable, EncoderTable, LayerTable, ModelType, Projection, Setting,
};
use crate::nn::Activation;

/// Its pooler is a linear layer called `pooler`.
pub const ALBERT: Architecture = Architecture {
    model_types: &[ModelType { name: "albert", class: "Albert" }],
    prefixes: &["albert"],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 30_000),
        hidden_size: Setting::of("hidden_size", 4_096),
        embedding_size: Setting::of("embedding_size", 128),
        attention_heads: Setting::of("num_attention_heads", 64),
        intermediate_size: Setting::of("intermediate_size", 16_384),
        activation: Setting::of("hidden_act", Activation::GeluTanh),
        ..bert::KEYS
    },
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable {
            projection: Some(Projection {
                name: "encoder.embedding_hidden_mapping_in",
                always: true,
                after_norm: true,
            }),
            ..bert::EMBEDDINGS
        },
        layer: LayerTable {
            prefix: "encoder.albert_layer_groups.{group}.albert_layers.{inner}.",
            shared: Some(("num_hidden_groups", "inner_group_num")),
            qkv: &[&["attention.query", "attention.key", "attention.value"]],
            attention_output: "attention.dense",
            attention_norm: "attention.LayerNorm",
            up: &[&["ffn"]],
            down: "ffn_output",
            output_norm: "full_layer_layer_norm",
            ..bert::LAYER
        },
        ..bert::ENCODER
    }),
    heads: Heads {
        sequence: Some(&sequence::POOLED_BY_LINEAR),
        multiple_choice: Some(&multiple_choice::POOLED_BY_LINEAR),
        masked_lm: Some(&masked_lm::PREDICTIONS),
        ..bert::HEADS
    },
    ..bert::BERT
};
