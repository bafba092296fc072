//! BART (Lewis et al., 2019): an encoder and a decoder that reads it. For classification the
//! text goes through both: the decoder's last token has seen everything. `transformers`:
//! `models/bart/modeling_bart.py`.

use super::bert;
use super::heads::{Heads, masked_lm, question_answering, sequence};
use super::words::{Architecture, Body, ConfigKeys, ModelType, Setting};
use crate::nn::Activation;

/// Its normalisation's epsilon is fixed at 1e-5.
pub const BART: Architecture = Architecture {
    model_types: &[ModelType { name: "bart", class: "Bart" }],
    prefixes: &["model"],
    keys: ConfigKeys {
        vocab_size: Setting::of("vocab_size", 50_265),
        hidden_size: Setting::of("d_model", 1_024),
        layers: Setting::of("encoder_layers", 12),
        attention_heads: Setting::of("encoder_attention_heads", 16),
        intermediate_size: Setting::of("encoder_ffn_dim", 4_096),
        max_positions: Setting::of("max_position_embeddings", 1_024),
        type_vocab_size: Setting::fixed(0),
        pad_token_id: Setting::of("pad_token_id", Some(1)),
        activation: Setting::of("activation_function", Activation::Gelu),
        layer_norm_eps: Setting::fixed(1e-5),
        initializer_range: Setting::of("init_std", 0.02),
        default_labels: 3,
        ..bert::KEYS
    },
    aliases: &[],
    refusals: &[],
    body: Body::EncoderDecoder,
    heads: Heads {
        sequence: Some(&sequence::LAST_EOS),
        token: None,
        question_answering: Some(&question_answering::PAIR),
        multiple_choice: None,
        masked_lm: Some(&masked_lm::LOGITS_BIAS),
    },
};
