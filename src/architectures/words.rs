//! The words in which an architecture is described: one constant of [`Architecture`] for each
//! file of tables beside this one. Names are those of the checkpoint, below the encoder's
//! prefix; keys are those of `config.json`.

use super::heads::Heads;
use crate::nn::Activation;

/// Everything that distinguishes one kind of model from another.
#[derive(Debug)]
pub struct Architecture {
    /// Values of `model_type` that mean this architecture.
    pub model_types: &'static [ModelType],
    /// Prefixes that the encoder's tensors may carry in a checkpoint with a head.
    pub prefixes: &'static [&'static str],
    /// How `config.json` spells its sizes, and what holds where it is silent.
    pub keys: ConfigKeys,
    /// Keys whose other values would be computed wrongly, beside those of every architecture.
    pub refusals: &'static [Refusal<'static>],
    /// What makes hidden vectors of tokens.
    pub body: Body,
    /// From hidden vectors to logits.
    pub heads: Heads,
}

/// A value of `model_type`.
#[derive(Debug)]
pub struct ModelType {
    /// As `config.json` spells it.
    pub name: &'static str,
    /// What the names of its classes begin with: `Bert` of `BertForMaskedLM`.
    pub class: &'static str,
}

/// What makes hidden vectors of tokens.
#[derive(Debug)]
pub enum Body {
    /// A stack of layers, described by a table; `encoder.rs` interprets it.
    Encoder(&'static EncoderTable),
    /// An encoder and a decoder that reads it: `encoder_decoder.rs`. BART.
    EncoderDecoder,
}

/// A setting of `config.json`.
#[derive(Debug, Clone, Copy)]
pub struct Setting<T> {
    /// Its key; `None` where the architecture leaves no choice.
    pub key: Option<&'static str>,
    /// Value where the key is absent or null.
    pub default: T,
}

impl<T> Setting<T> {
    /// The value of `key`, or `default`.
    pub const fn of(key: &'static str, default: T) -> Self {
        Setting { key: Some(key), default }
    }

    /// Always `value`.
    pub const fn fixed(value: T) -> Self {
        Setting { key: None, default: value }
    }
}

/// A key, and the values, as JSON, that are implemented. An absent or null key is fine.
pub type Refusal<'a> = (&'a str, &'a [&'a str]);

/// Keys and defaults, from the configuration classes of `transformers`.
#[derive(Debug)]
pub struct ConfigKeys {
    /// Number of word pieces.
    pub vocab_size: Setting<usize>,
    /// Width of the hidden vectors.
    pub hidden_size: Setting<usize>,
    /// Width of the embeddings, where it may differ; 0 stands for the hidden size.
    pub embedding_size: Setting<usize>,
    /// Number of layers.
    pub layers: Setting<usize>,
    /// Number of attention heads.
    pub attention_heads: Setting<usize>,
    /// Width of the feed-forward layer.
    pub intermediate_size: Setting<usize>,
    /// Rows of the position table.
    pub max_positions: Setting<usize>,
    /// Rows of the token-type table, 0 for none.
    pub type_vocab_size: Setting<usize>,
    /// Id of the padding token.
    pub pad_token_id: Setting<usize>,
    /// Activation of the feed-forward network.
    pub activation: Setting<Activation>,
    /// Epsilon of every normalisation.
    pub layer_norm_eps: Setting<f64>,
    /// Whether normalisations have a bias.
    pub norm_bias: Setting<bool>,
    /// Standard deviation of new weights.
    pub initializer_range: Setting<f64>,
    /// Labels of a file that states neither names nor a number.
    pub default_labels: usize,
}

/// A stack of layers.
#[derive(Debug)]
pub struct EncoderTable {
    /// What a token's first vector is made of.
    pub embeddings: EmbeddingTable,
    /// What attention knows of positions.
    pub attention: AttentionKind,
    /// The layers.
    pub layer: LayerTable,
    /// A convolution of the embeddings behind the first layer, where `conv_kernel_size` is given.
    /// DeBERTa v2.
    pub convolution: Option<&'static str>,
    /// Normalisation behind the last layer.
    pub final_norm: Option<&'static str>,
}

/// The sum of a token's embeddings, and what is done to it.
#[derive(Debug)]
pub struct EmbeddingTable {
    /// One row per word piece.
    pub word: &'static str,
    /// One row per position.
    pub position: Option<PositionTable>,
    /// One row per token type, if the configuration has any.
    pub token_type: Option<&'static str>,
    /// Normalisation of the sum.
    pub norm: &'static str,
    /// From the width of the embeddings to that of the hidden vectors.
    pub projection: Option<Projection>,
}

/// The table of positions.
#[derive(Debug)]
pub struct PositionTable {
    /// Its name.
    pub name: &'static str,
    /// Which row is whose.
    pub rule: Positions,
    /// Whether there is one.
    pub present: Setting<bool>,
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

/// A linear layer between embeddings and hidden vectors.
#[derive(Debug)]
pub struct Projection {
    /// Its name.
    pub name: &'static str,
    /// Also where both have the same width.
    pub always: bool,
    /// Has a bias and stands behind the normalisation; else neither.
    pub behind_norm: bool,
}

/// What attention knows of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttentionKind {
    /// Nothing: the embeddings tell.
    Plain,
    /// A bias per head and distance that all layers share: name of its table. MPNet.
    SharedBias(&'static str),
    /// Keys and queries of relative positions. DeBERTa; see `disentangled.rs`.
    Disentangled,
    /// Rotated queries and keys; every layer sees all or its neighbourhood. ModernBERT;
    /// see `rotary.rs`.
    Rotary,
}

/// One layer. Names below the layer's own prefix.
#[derive(Debug)]
pub struct LayerTable {
    /// Prefix of a layer: `{i}` stands for its number, `{group}` and `{inner}` for those of a
    /// layer that is used several times.
    pub prefix: &'static str,
    /// Whether layers are used several times: keys of the number of groups and of the layers
    /// in each. ALBERT.
    pub shared: Option<(&'static str, &'static str)>,
    /// Query, key and value projections: three names, or one of all three.
    pub qkv: &'static [&'static str],
    /// Projection of the heads' concatenated outputs.
    pub attention_output: &'static str,
    /// Whether those have biases.
    pub attention_bias: Setting<bool>,
    /// Normalisation of attention.
    pub attention_norm: &'static str,
    /// First layer of the feed-forward network.
    pub up: &'static str,
    /// Whether it is a gated linear unit: twice as wide, the activated half first.
    pub gated: bool,
    /// Second layer of the feed-forward network.
    pub down: &'static str,
    /// Whether those have biases.
    pub feed_forward_bias: Setting<bool>,
    /// Normalisation of the feed-forward network.
    pub output_norm: &'static str,
    /// Where the normalisations stand.
    pub norms: Norms,
}

/// Where the normalisations of a layer stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norms {
    /// Behind the residual sums (post-norm).
    Behind,
    /// Before attention and feed-forward network (pre-norm). The first layer has none before
    /// attention, its input being normalised.
    BeforeButTheFirst,
}
