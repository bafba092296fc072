//! The words in which an architecture is described: one constant of [`Architecture`] for each
//! file of tables beside this one. Names are those of the checkpoint, below the encoder's
//! prefix; keys are those of `config.json`.

use super::heads::Heads;
use crate::named::named;
use crate::nn::Activation;

/// Everything that distinguishes one kind of model from another.
#[derive(Debug, Clone, Copy)]
pub struct Architecture {
    /// Values of `model_type` that mean this architecture.
    pub model_types: &'static [ModelType],
    /// Prefixes that the encoder's tensors may carry in a checkpoint with a head.
    pub prefixes: &'static [&'static str],
    /// Parts of tensor names that files may spell otherwise: their spelling, and the one of the tables.
    pub aliases: &'static [(&'static str, &'static str)],
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
#[derive(Debug, Clone, Copy)]
pub struct ModelType {
    /// As `config.json` spells it.
    pub name: &'static str,
    /// What the names of its classes begin with: `Bert` of `BertForMaskedLM`.
    pub class: &'static str,
}

/// What makes hidden vectors of tokens.
#[derive(Debug, Clone, Copy)]
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
    /// Other keys, which count where those before them are absent.
    pub aliases: &'static [&'static str],
    /// Value where the key is absent or null.
    pub default: T,
}

impl<T: Copy> Setting<T> {
    /// The value of `key`, or `default`.
    pub const fn of(key: &'static str, default: T) -> Self {
        Setting { key: Some(key), aliases: &[], default }
    }

    /// Always `value`.
    pub const fn fixed(value: T) -> Self {
        Setting { key: None, aliases: &[], default: value }
    }

    /// The same, which may also have one of these keys.
    pub const fn or(self, aliases: &'static [&'static str]) -> Self {
        Setting { aliases, ..self }
    }

    /// All of its keys.
    pub fn keys(self) -> impl Iterator<Item = &'static str> {
        self.key.into_iter().chain(self.aliases.iter().copied())
    }
}

/// A key, and the values, as JSON, that are implemented. An absent or null key is fine.
pub type Refusal<'a> = (&'a str, &'a [&'a str]);

/// Keys and defaults, from the configuration classes of `transformers`.
#[derive(Debug, Clone, Copy)]
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
    /// Heads of keys and values, each of which serves as many heads of queries; 0 or null for one for each.
    pub kv_heads: Setting<usize>,
    /// Numbers of a head's vector; 0 for those of the hidden vector, divided among the heads.
    pub head_size: Setting<usize>,
    /// Width of the feed-forward layer.
    pub intermediate_size: Setting<usize>,
    /// Rows of the position table.
    pub max_positions: Setting<usize>,
    /// Rows of the token-type table, 0 for none.
    pub type_vocab_size: Setting<usize>,
    /// Id of the padding token, if there is one.
    pub pad_token_id: Setting<Option<usize>>,
    /// Activation of the feed-forward network.
    pub activation: Setting<Activation>,
    /// Epsilon of every normalisation.
    pub layer_norm_eps: Setting<f64>,
    /// What every normalisation is.
    pub norm: Norm,
    /// Standard deviation of new weights.
    pub initializer_range: Setting<f64>,
    /// Labels of a file that states neither names nor a number.
    pub default_labels: usize,
}

/// What normalises a vector.
#[derive(Debug, Clone, Copy)]
pub enum Norm {
    /// Layer normalisation, and whether it has a bias.
    Layer(Setting<bool>),
    /// Division by the root mean square (Zhang and Sennrich, 2019); without a bias.
    Rms,
}

/// A stack of layers.
#[derive(Debug, Clone, Copy)]
pub struct EncoderTable {
    /// What a token's first vector is made of.
    pub embeddings: EmbeddingTable,
    /// Who attends to whom, and what attention knows of positions.
    pub attention: AttentionTable,
    /// The layers.
    pub layer: LayerTable,
    /// A convolution of the embeddings after the first layer, where `conv_kernel_size` is given.
    /// DeBERTa v2.
    pub convolution: Option<&'static str>,
    /// Normalisation after the last layer.
    pub final_norm: Option<&'static str>,
}

/// The sum of a token's embeddings, and what is done to it.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddingTable {
    /// One row per word piece.
    pub word: &'static str,
    /// One row per position.
    pub position: Option<PositionTable>,
    /// One row per token type, if the configuration has any.
    pub token_type: Option<&'static str>,
    /// Normalisation of the sum.
    pub norm: Option<&'static str>,
    /// From the width of the embeddings to that of the hidden vectors.
    pub projection: Option<Projection>,
}

/// The table of positions.
#[derive(Debug, Clone, Copy)]
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
    /// padding id within a text is at the padding row and is not counted.
    AfterPadding,
}

/// A linear layer between embeddings and hidden vectors.
#[derive(Debug, Clone, Copy)]
pub struct Projection {
    /// Its name.
    pub name: &'static str,
    /// Also where both have the same width.
    pub always: bool,
    /// Has a bias and is applied after the normalisation; else neither.
    pub after_norm: bool,
}

/// The attention of all layers.
#[derive(Debug, Clone, Copy)]
pub struct AttentionTable {
    /// What it knows of positions.
    pub positions: RelativePositions,
    /// Whether a token sees only itself and those before it, as in decoders.
    pub causal: bool,
    /// Layers in which a token sees its neighbourhood alone.
    pub window: Option<WindowTable>,
}

/// What attention knows of positions.
#[derive(Debug, Clone, Copy)]
pub enum RelativePositions {
    /// Nothing: the embeddings tell.
    None,
    /// A bias per head and distance that all layers share: name of its table. MPNet.
    SharedBias(&'static str),
    /// A bias that falls with the distance, with a slope for each head (Press et al., 2022).
    Alibi,
    /// Keys and queries of relative positions. DeBERTa; see `disentangled.rs`.
    Disentangled,
    /// Queries and keys that turn with their positions; see `rotary.rs`.
    Rotary(RotaryTable),
}

/// How queries and keys turn with their positions (Su et al., 2021). Keys are those of `transformers` 4; what
/// `rope_parameters` or `rope_scaling` state counts before them.
#[derive(Debug, Clone, Copy)]
pub struct RotaryTable {
    /// Base of the frequencies.
    pub base: Setting<f64>,
    /// That of layers with a window, where it is another one; null for the same.
    pub local_base: Option<Setting<f64>>,
    /// Share of a head's numbers that turn: its first ones.
    pub share: Setting<f64>,
    /// Whether neighbours turn together; else the numbers of the first half with those of the second.
    pub interleaved: bool,
    /// Ways of reaching beyond the trained length that a file may state.
    pub scaling: &'static [Scaling],
}

/// How frequencies are changed for texts longer than those of training, by its `rope_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scaling {
    /// All divided by `factor`.
    Linear,
    /// As the code published with GTE has it: a larger base.
    Ntk,
    /// High ones stay, low ones are divided; scores grow (Peng et al., 2023).
    Yarn,
    /// The same with other bounds, and scores as they are.
    Llama3,
}

named!(Scaling {
    Linear => "linear",
    Ntk => "ntk",
    Yarn => "yarn",
    Llama3 => "llama3",
});

/// Layers in which a token sees its neighbourhood alone; `layer_types` says which, if it is there.
#[derive(Debug, Clone, Copy)]
pub struct WindowTable {
    /// Tokens that are seen: half of them on either side of a token, or itself and those before it; null for all.
    pub width: Setting<usize>,
    /// Whether there are such layers at all.
    pub used: Setting<bool>,
    /// Which they are where `layer_types` is absent.
    pub layers: WindowedLayers,
}

/// Which layers have a window.
#[derive(Debug, Clone, Copy)]
pub enum WindowedLayers {
    /// All but the first and every so manyth after it.
    ButEvery(Setting<usize>),
    /// Those from this one on.
    From(Setting<usize>),
}

/// Names of linear layers that read the same vectors: as many as there are layers, or one of a tensor that holds all.
/// Where files differ in that, several spellings: the first one that is there counts.
pub type Names = &'static [&'static [&'static str]];

/// One layer. Names below the layer's own prefix.
#[derive(Debug, Clone, Copy)]
pub struct LayerTable {
    /// Prefix of a layer: `{i}` stands for its number, `{group}` and `{inner}` for those of a
    /// layer that is used several times.
    pub prefix: &'static str,
    /// Whether layers are used several times: keys of the number of groups and of the layers
    /// in each. ALBERT.
    pub shared: Option<(&'static str, &'static str)>,
    /// Query, key and value projections: three names, or one of all three.
    pub qkv: Names,
    /// In which order a single tensor of all three holds their rows.
    pub qkv_order: QkvOrder,
    /// Normalisations of each head's queries and keys, whatever the head.
    pub head_norms: Option<[&'static str; 2]>,
    /// Projection of the heads' concatenated outputs.
    pub attention_output: &'static str,
    /// Whether those have biases.
    pub attention_bias: Setting<bool>,
    /// Normalisation of attention.
    pub attention_norm: &'static str,
    /// First layer of the feed-forward network; of a gated one two names, or one of both.
    pub up: Names,
    /// Whether it is a gated linear unit, and which half is the gate.
    pub gate: Gate,
    /// Second layer of the feed-forward network.
    pub down: &'static str,
    /// Whether the first has a bias.
    pub up_bias: Setting<bool>,
    /// Whether the second has one.
    pub down_bias: Setting<bool>,
    /// Normalisation of the feed-forward network.
    pub output_norm: &'static str,
    /// Where the normalisations are.
    pub norms: Norms,
}

/// The order of the rows of queries, keys and values in a tensor of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QkvOrder {
    /// All queries, all keys, all values.
    Blocks,
    /// Head by head of the keys: the queries that it serves, its key, its value.
    PerHead,
}

/// Which half of a gated linear unit is activated and multiplied with the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It is not gated.
    None,
    /// The first.
    First,
    /// The second.
    Second,
}

/// Where the normalisations of a layer are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Norms {
    /// After the residual sums (post-norm).
    After,
    /// Before attention and feed-forward network (pre-norm).
    Before,
    /// The same, but the first layer has none before attention, its input being normalised.
    BeforeButTheFirst,
}
