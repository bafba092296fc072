//! The words in which an architecture is described. One constant of [`Architecture`] for
//! each file beside this one; [`super::Encoder`] interprets it.

use crate::heads::Stage;

/// Everything that distinguishes one kind of encoder from another.
#[derive(Debug)]
pub struct Architecture {
    /// Values of `model_type` that mean this architecture.
    pub model_types: &'static [&'static str],
    /// Prefixes that the encoder's tensors may carry in a checkpoint with a head.
    pub prefixes: &'static [&'static str],
    /// How `config.json` spells its sizes, and what holds where it is silent.
    pub keys: ConfigKeys,
    /// Names of the embedding tables.
    pub embeddings: EmbeddingNames,
    /// How a token's row in the position table is found.
    pub positions: Positions,
    /// Names of the tensors of one layer.
    pub layer: LayerNames,
    /// From the first token's vector to one logit per label.
    pub sequence_head: &'static [Stage],
}

/// A whole number of `config.json`: its key and the default of the configuration class.
#[derive(Debug)]
pub struct Number {
    /// Key in `config.json`.
    pub key: &'static str,
    /// Value where the key is absent or null.
    pub default: usize,
}

/// Keys and defaults, from the configuration classes of `transformers`.
#[derive(Debug)]
pub struct ConfigKeys {
    /// Number of word pieces.
    pub vocab_size: Number,
    /// Width of the hidden vectors.
    pub hidden_size: Number,
    /// Number of layers.
    pub layers: Number,
    /// Number of attention heads.
    pub attention_heads: Number,
    /// Width of the feed-forward layer.
    pub intermediate_size: Number,
    /// Rows of the position table.
    pub max_positions: Number,
    /// Rows of the token-type table, if there is one.
    pub type_vocab_size: Option<Number>,
    /// Id of the padding token.
    pub pad_token_id: Number,
    /// Key of the feed-forward activation; the default is always `gelu`.
    pub activation: &'static str,
    /// Key of the normalisation's epsilon, if it can be configured; the default is always
    /// 1e-12.
    pub layer_norm_eps: Option<&'static str>,
}

/// Names below the encoder's prefix.
#[derive(Debug)]
pub struct EmbeddingNames {
    /// One row per word piece.
    pub word: &'static str,
    /// One row per position.
    pub position: &'static str,
    /// One row per token type, if there are any.
    pub token_type: Option<&'static str>,
    /// Normalisation of their sum.
    pub norm: &'static str,
}

/// Row of the position table for the token at index `i` of its sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Positions {
    /// `i`.
    Absolute,
    /// `pad_token_id + 1 + i`: RoBERTa keeps the rows up to the padding id for padding. A
    /// padding id within a text stands at the padding row and is not counted.
    AfterPadding,
}

/// Names below the encoder's prefix and the layer's own; post-norm.
#[derive(Debug)]
pub struct LayerNames {
    /// Prefix of a layer; `{i}` stands for its number.
    pub prefix: &'static str,
    /// Query projection.
    pub query: &'static str,
    /// Key projection.
    pub key: &'static str,
    /// Value projection.
    pub value: &'static str,
    /// Projection of the heads' concatenated outputs.
    pub attention_output: &'static str,
    /// Normalisation after attention.
    pub attention_norm: &'static str,
    /// First layer of the feed-forward network.
    pub up: &'static str,
    /// Second layer of the feed-forward network.
    pub down: &'static str,
    /// Normalisation after the feed-forward network.
    pub output_norm: &'static str,
}
