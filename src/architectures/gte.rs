//! GTE v1.5 and multilingual (Zhang et al., 2024), and Snowflake's Arctic Embed 2: BERT with rotary positions and gated
//! linear units, for texts of 8,192 tokens. `transformers`: `models/gte/modeling_gte.py`; published as `new`, with code
//! of its own.

use super::bert;
use super::heads::token::each_token;
use super::heads::{Applied, Bias, HeadTable, Heads, Stage};
use super::words::{
    Architecture, AttentionTable, Body, ConfigKeys, EmbeddingTable, EncoderTable, Gate, LayerTable, ModelType,
    RelativePositions, RotaryTable, Scaling, Setting,
};
use crate::nn::Activation;

/// Tensors are published under names of their own; `transformers` 5 has others in memory, and may save those.
pub const GTE: Architecture = Architecture {
    model_types: &[ModelType { name: "gte", class: "Gte" }, ModelType { name: "new", class: "New" }],
    prefixes: &["gte", "new"],
    aliases: &[
        ("layers", "encoder.layer"),
        ("self_attn", "attention"),
        ("post_attention_layernorm", "attn_ln"),
        ("post_mlp_layernorm", "mlp_ln"),
        ("lm_head.layer_norm", "lm_head.norm"),
    ],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 250_048),
        head_size: Setting::of("head_dim", 0),
        max_positions: Setting::of("max_position_embeddings", 8_192),
        type_vocab_size: Setting::of("type_vocab_size", 1),
        pad_token_id: Setting::of("pad_token_id", Some(1)),
        ..bert::KEYS
    },
    refusals: &[
        ("layer_norm_type", &["\"layer_norm\""]),
        ("logn_attention_scale", &["false"]),
        ("position_embedding_type", &["\"rope\""]),
    ],
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable { position: None, ..bert::EMBEDDINGS },
        attention: AttentionTable {
            positions: RelativePositions::Rotary(RotaryTable {
                base: Setting::of("rope_theta", 160_000.0),
                local_base: None,
                share: Setting::fixed(1.0),
                interleaved: false,
                scaling: &[Scaling::Linear, Scaling::Ntk, Scaling::Yarn, Scaling::Llama3],
            }),
            ..bert::ATTENTION
        },
        layer: LayerTable {
            qkv: &[&["attention.qkv_proj"], &["attention.q_proj", "attention.k_proj", "attention.v_proj"]],
            attention_output: "attention.o_proj",
            attention_norm: "attn_ln",
            up: &[&["mlp.up_gate_proj"], &["mlp.up_proj", "mlp.gate_proj"]],
            gate: Gate::Second,
            up_bias: Setting::fixed(false),
            down: "mlp.down_proj",
            output_norm: "mlp_ln",
            ..bert::LAYER
        },
        ..bert::ENCODER
    }),
    heads: Heads { masked_lm: Some(&MASKED_LM), question_answering: None, multiple_choice: None, ..bert::HEADS },
};

const MASKED_LM: HeadTable = each_token(&[
    Stage::dense("lm_head.dense").then(Applied::Always(Activation::Gelu)).normalised("lm_head.norm"),
    Stage::decoder("lm_head.decoder", Bias::Own),
]);
