//! ELECTRA (Clark et al., 2020): BERT with narrower embeddings and heads of its own.
//! `transformers`: `models/electra/modeling_electra.py`.

use super::bert;
use super::heads::{Heads, masked_lm, multiple_choice, sequence};
use super::words::{Architecture, Body, ConfigKeys, EmbeddingTable, EncoderTable, ModelType, Projection, Setting};

/// Discriminators and generators alike.
pub const ELECTRA: Architecture = Architecture {
    model_types: &[ModelType { name: "electra", class: "Electra" }],
    prefixes: &["electra"],
    keys: ConfigKeys {
        hidden_size: Setting::of("hidden_size", 256),
        embedding_size: Setting::of("embedding_size", 128),
        attention_heads: Setting::of("num_attention_heads", 4),
        intermediate_size: Setting::of("intermediate_size", 1_024),
        ..bert::KEYS
    },
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable {
            projection: Some(Projection { name: "embeddings_project", always: false, after_norm: true }),
            ..bert::EMBEDDINGS
        },
        ..bert::ENCODER
    }),
    heads: Heads {
        sequence: Some(&sequence::DENSE_GELU),
        multiple_choice: Some(&multiple_choice::SUMMARY),
        masked_lm: Some(&masked_lm::GENERATOR),
        ..bert::HEADS
    },
    ..bert::BERT
};
