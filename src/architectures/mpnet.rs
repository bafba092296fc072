//! MPNet (Song et al., 2020): RoBERTa without token types, and a bias of attention that all
//! layers share. `transformers`: `models/mpnet/modeling_mpnet.py`.

use super::words::{
    Architecture, AttentionTable, Body, ConfigKeys, EmbeddingTable, EncoderTable, LayerTable, ModelType,
    RelativePositions, Setting,
};
use super::{bert, roberta};

/// Its padding id is fixed at 1, whatever the configuration says.
pub const MPNET: Architecture = Architecture {
    model_types: &[ModelType { name: "mpnet", class: "MPNet" }],
    prefixes: &["mpnet"],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 30_527),
        type_vocab_size: Setting::fixed(0),
        pad_token_id: Setting::fixed(Some(1)),
        ..bert::KEYS
    },
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable { token_type: None, ..roberta::EMBEDDINGS },
        attention: AttentionTable {
            positions: RelativePositions::SharedBias("encoder.relative_attention_bias"),
            ..bert::ATTENTION
        },
        layer: LayerTable {
            qkv: &[&["attention.attn.q", "attention.attn.k", "attention.attn.v"]],
            attention_output: "attention.attn.o",
            attention_norm: "attention.LayerNorm",
            ..bert::LAYER
        },
        ..bert::ENCODER
    }),
    heads: roberta::HEADS,
    ..bert::BERT
};
