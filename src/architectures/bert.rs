//! BERT (Devlin et al., 2018). `transformers`: `models/bert/modeling_bert.py`.

use super::heads::{Heads, masked_lm, multiple_choice, question_answering, sequence, token};
use super::words::{
    Architecture, AttentionTable, Body, ConfigKeys, EmbeddingTable, EncoderTable, Gate, LayerTable, ModelType, Norm,
    Norms, PositionTable, Positions, QkvOrder, RelativePositions, Setting,
};
use crate::nn::Activation;

/// Also MiniLM, FinBERT, BGE, E5 and multilingual BERT.
pub const BERT: Architecture = Architecture {
    model_types: &[ModelType { name: "bert", class: "Bert" }],
    prefixes: &["bert"],
    aliases: &[],
    keys: KEYS,
    refusals: &[],
    body: Body::Encoder(&ENCODER),
    heads: HEADS,
};

pub(super) const KEYS: ConfigKeys = ConfigKeys {
    vocab_size: Setting::of("vocab_size", 30_522),
    hidden_size: Setting::of("hidden_size", 768),
    embedding_size: Setting::fixed(0),
    layers: Setting::of("num_hidden_layers", 12),
    attention_heads: Setting::of("num_attention_heads", 12),
    kv_heads: Setting::fixed(0),
    head_size: Setting::fixed(0),
    intermediate_size: Setting::of("intermediate_size", 3_072),
    max_positions: Setting::of("max_position_embeddings", 512),
    type_vocab_size: Setting::of("type_vocab_size", 2),
    pad_token_id: Setting::of("pad_token_id", Some(0)),
    activation: Setting::of("hidden_act", Activation::Gelu),
    layer_norm_eps: Setting::of("layer_norm_eps", 1e-12),
    norm: Norm::Layer(Setting::fixed(true)),
    initializer_range: Setting::of("initializer_range", 0.02),
    default_labels: 2,
};

pub(super) const ENCODER: EncoderTable =
    EncoderTable { embeddings: EMBEDDINGS, attention: ATTENTION, layer: LAYER, convolution: None, final_norm: None };

pub(super) const EMBEDDINGS: EmbeddingTable = EmbeddingTable {
    word: "embeddings.word_embeddings",
    position: Some(POSITIONS),
    token_type: Some("embeddings.token_type_embeddings"),
    norm: Some("embeddings.LayerNorm"),
    projection: None,
};

pub(super) const POSITIONS: PositionTable =
    PositionTable { name: "embeddings.position_embeddings", rule: Positions::Absolute, present: Setting::fixed(true) };

pub(super) const ATTENTION: AttentionTable =
    AttentionTable { positions: RelativePositions::None, causal: false, window: None };

pub(super) const LAYER: LayerTable = LayerTable {
    prefix: "encoder.layer.{i}.",
    shared: None,
    qkv: &[&["attention.self.query", "attention.self.key", "attention.self.value"]],
    qkv_order: QkvOrder::Blocks,
    head_norms: None,
    attention_output: "attention.output.dense",
    attention_bias: Setting::fixed(true),
    attention_norm: "attention.output.LayerNorm",
    up: &[&["intermediate.dense"]],
    gate: Gate::None,
    down: "output.dense",
    up_bias: Setting::fixed(true),
    down_bias: Setting::fixed(true),
    output_norm: "output.LayerNorm",
    norms: Norms::After,
};

pub(super) const HEADS: Heads = Heads {
    sequence: Some(&sequence::POOLED),
    token: Some(&token::LINEAR),
    question_answering: Some(&question_answering::LINEAR),
    multiple_choice: Some(&multiple_choice::POOLED),
    masked_lm: Some(&masked_lm::CLS),
};
