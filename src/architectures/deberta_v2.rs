//! DeBERTa v2 and v3 (He et al., 2020 and 2021) and mDeBERTa: BERT with disentangled attention.
//! `transformers`: `models/deberta_v2/modeling_deberta_v2.py`.

use super::bert;
use super::heads::{Heads, masked_lm, multiple_choice, sequence};
use super::words::{
    Architecture, AttentionTable, Body, ConfigKeys, EmbeddingTable, EncoderTable, LayerTable, ModelType, PositionTable,
    Projection, RelativePositions, Setting,
};

/// Positions may also be added to the embeddings, and the first layer may be followed by a
/// convolution.
pub const DEBERTA_V2: Architecture = Architecture {
    model_types: &[ModelType { name: "deberta-v2", class: "DebertaV2" }],
    prefixes: &["deberta"],
    aliases: &[],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 128_100),
        hidden_size: Setting::of("hidden_size", 1_536),
        embedding_size: Setting::of("embedding_size", 0),
        layers: Setting::of("num_hidden_layers", 24),
        attention_heads: Setting::of("num_attention_heads", 24),
        intermediate_size: Setting::of("intermediate_size", 6_144),
        type_vocab_size: Setting::of("type_vocab_size", 0),
        layer_norm_eps: Setting::of("layer_norm_eps", 1e-7),
        ..bert::KEYS
    },
    refusals: &[("conv_groups", &["1"])],
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable {
            position: Some(PositionTable { present: Setting::of("position_biased_input", true), ..bert::POSITIONS }),
            projection: Some(Projection { name: "embeddings.embed_proj", always: false, after_norm: false }),
            ..bert::EMBEDDINGS
        },
        attention: AttentionTable { positions: RelativePositions::Disentangled, ..bert::ATTENTION },
        layer: LayerTable {
            qkv: &[&["attention.self.query_proj", "attention.self.key_proj", "attention.self.value_proj"]],
            ..bert::LAYER
        },
        convolution: Some("encoder.conv"),
        ..bert::ENCODER
    }),
    heads: Heads {
        sequence: Some(&sequence::CONTEXT),
        multiple_choice: Some(&multiple_choice::CONTEXT),
        masked_lm: Some(&masked_lm::CLS_OR_LM_PREDICTIONS),
        ..bert::HEADS
    },
};
