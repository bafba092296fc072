//! ModernBERT (Warner et al., 2024): pre-norm, rotary positions, most layers of which see only
//! their neighbourhood, gated linear units, no biases. `transformers`:
//! `models/modernbert/modeling_modernbert.py`.

use super::bert;
use super::heads::{Heads, masked_lm, multiple_choice, question_answering, sequence, token};
use super::words::{
    Architecture, AttentionTable, Body, ConfigKeys, EmbeddingTable, EncoderTable, Gate, LayerTable, ModelType, Norm,
    Norms, RelativePositions, RotaryTable, Setting, WindowTable, WindowedLayers,
};
use crate::nn::Activation;

/// Every head begins with a layer and a normalisation called `head`.
pub const MODERNBERT: Architecture = Architecture {
    model_types: &[ModelType { name: "modernbert", class: "ModernBert" }],
    prefixes: &["model"],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 50_368),
        layers: Setting::of("num_hidden_layers", 22),
        intermediate_size: Setting::of("intermediate_size", 1_152),
        max_positions: Setting::of("max_position_embeddings", 8_192),
        type_vocab_size: Setting::fixed(0),
        pad_token_id: Setting::of("pad_token_id", Some(50_283)),
        activation: Setting::of("hidden_activation", Activation::Gelu),
        layer_norm_eps: Setting::of("norm_eps", 1e-5),
        norm: Norm::Layer(Setting::of("norm_bias", false)),
        ..bert::KEYS
    },
    body: Body::Encoder(&EncoderTable {
        embeddings: EmbeddingTable {
            word: "embeddings.tok_embeddings",
            position: None,
            token_type: None,
            norm: Some("embeddings.norm"),
            projection: None,
        },
        attention: AttentionTable {
            positions: RelativePositions::Rotary(RotaryTable {
                base: Setting::of("global_rope_theta", 160_000.0),
                local_base: Some(Setting::of("local_rope_theta", 10_000.0)),
                share: Setting::fixed(1.0),
                interleaved: false,
                scaling: &[],
            }),
            causal: false,
            window: Some(WindowTable {
                width: Setting::of("local_attention", 128),
                used: Setting::fixed(true),
                layers: WindowedLayers::ButEvery(Setting::of("global_attn_every_n_layers", 3)),
            }),
        },
        layer: LayerTable {
            prefix: "layers.{i}.",
            qkv: &[&["attn.Wqkv"]],
            attention_output: "attn.Wo",
            attention_bias: Setting::of("attention_bias", false),
            attention_norm: "attn_norm",
            up: &[&["mlp.Wi"]],
            gate: Gate::First,
            down: "mlp.Wo",
            up_bias: Setting::of("mlp_bias", false),
            down_bias: Setting::of("mlp_bias", false),
            output_norm: "mlp_norm",
            norms: Norms::BeforeButTheFirst,
            ..bert::LAYER
        },
        convolution: None,
        final_norm: Some("final_norm"),
    }),
    heads: Heads {
        sequence: Some(&sequence::PREDICTION_HEAD),
        token: Some(&token::PREDICTION_HEAD),
        question_answering: Some(&question_answering::PREDICTION_HEAD),
        multiple_choice: Some(&multiple_choice::PREDICTION_HEAD),
        masked_lm: Some(&masked_lm::PREDICTION_HEAD),
    },
    ..bert::BERT
};
