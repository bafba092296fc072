//! The words in which heads are described.

use super::HeadKind;
use crate::nn::Activation;
use crate::weights::Names;

/// The heads of an architecture; `None` where `transformers` has none.
#[derive(Debug, Clone, Copy)]
pub struct Heads {
    /// Sequence classification.
    pub sequence: Option<&'static HeadTable>,
    /// Token classification.
    pub token: Option<&'static HeadTable>,
    /// Question answering.
    pub question_answering: Option<&'static HeadTable>,
    /// Multiple choice.
    pub multiple_choice: Option<&'static HeadTable>,
    /// Masked language modelling.
    pub masked_lm: Option<&'static HeadTable>,
}

impl Heads {
    /// The table of a kind; `None` for the bare encoder too.
    pub fn of(&self, kind: HeadKind) -> Option<&'static HeadTable> {
        match kind {
            HeadKind::Base => None,
            HeadKind::Sequence => self.sequence,
            HeadKind::Token => self.token,
            HeadKind::QuestionAnswering => self.question_answering,
            HeadKind::MultipleChoice => self.multiple_choice,
            HeadKind::MaskedLm => self.masked_lm,
        }
    }

    /// Whether there is a head of this kind. Every architecture has a bare encoder.
    pub fn have(&self, kind: HeadKind) -> bool {
        kind == HeadKind::Base || self.of(kind).is_some()
    }
}

/// A head.
#[derive(Debug)]
pub struct HeadTable {
    /// Which hidden vectors it reads.
    pub reads: Reads,
    /// What they pass through.
    pub stages: &'static [Stage],
    /// Keys of `config.json` whose other values would be computed wrongly.
    pub refusals: &'static [(&'static str, &'static [&'static str])],
    /// A key, and the table that takes the place of this one where the key is false.
    pub unless: Option<(&'static str, &'static HeadTable)>,
}

/// Which hidden vectors a head reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reads {
    /// Those of all tokens, each for itself.
    EachToken,
    /// That of the first token.
    FirstToken,
    /// That of the last token with the id of `eos_token_id`.
    LastEos,
    /// That of the last token that is not padding, which in a decoder has seen all others.
    LastToken,
    /// That of the first token, or the mean of all: what `classifier_pooling` says.
    FirstTokenOrMean,
}

/// One linear layer of a head and what follows it.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// Where its tensors are.
    pub linear: TensorName,
    /// How many numbers it gives.
    pub width: Width,
    /// Whether its weights are those of the word embeddings.
    pub tied: Tied,
    /// Where its bias is.
    pub bias: Bias,
    /// What is applied to its sums.
    pub activation: Applied,
    /// Name of the normalisation after it.
    pub norm: Option<&'static str>,
    /// How new weights are drawn.
    pub init_std: InitStd,
}

impl Stage {
    /// A linear layer with a bias and nothing after it.
    pub const fn new(linear: TensorName, width: Width) -> Stage {
        Stage {
            linear,
            width,
            tied: Tied::No,
            bias: Bias::Own,
            activation: Applied::None,
            norm: None,
            init_std: InitStd::Range,
        }
    }

    /// A layer at the top of the checkpoint, as wide as the hidden vectors.
    pub const fn dense(name: &'static str) -> Stage {
        Stage::new(TensorName::Top(name), Width::Hidden)
    }

    /// The last layer.
    pub const fn output(name: &'static str) -> Stage {
        Stage::new(TensorName::Top(name), Width::Outputs)
    }

    /// The last layer of masked language models: `name` is where it is when it has weights
    /// of its own.
    pub const fn decoder(name: &'static str, bias: Bias) -> Stage {
        Stage { tied: Tied::ByConfig, bias, ..Stage::output(name) }
    }

    /// The same with an activation.
    pub const fn then(self, activation: Applied) -> Stage {
        Stage { activation, ..self }
    }

    /// The same with a normalisation after it.
    pub const fn normalised(self, norm: &'static str) -> Stage {
        Stage { norm: Some(norm), ..self }
    }
}

/// Whether a layer's weights are those of the word embeddings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tied {
    /// They are its own.
    No,
    /// As long as `tie_word_embeddings` is not false, and the files do not hold others under its name.
    ByConfig,
    /// Whatever configuration and files say.
    Always,
}

/// Name of a layer of a head.
#[derive(Debug, Clone, Copy)]
pub enum TensorName {
    /// Below the encoder's prefix: `bert.pooler.dense`.
    Encoder(&'static str),
    /// At the top of the checkpoint: `classifier`.
    Top(&'static str),
}

impl TensorName {
    /// Full name in a checkpoint.
    pub fn name(&self, names: &Names) -> String {
        match self {
            TensorName::Encoder(name) => names.base(name),
            TensorName::Top(name) => (*name).to_owned(),
        }
    }
}

/// Width of a stage's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// As wide as the hidden vectors.
    Hidden,
    /// As wide as the embeddings.
    Embedding,
    /// One number for each label, word piece or whatever the head is about.
    Outputs,
    /// Two, whatever the labels.
    Pair,
}

/// Where the bias of a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bias {
    /// It has none.
    None,
    /// Beside its weights.
    Own,
    /// Beside its weights; under this name where it is not there.
    OrAt(&'static str),
    /// Beside its weights, if this key of `config.json` holds; its default.
    If(&'static str, bool),
    /// Under this name as a `[1, n]` tensor; zeros where it is missing.
    Row(&'static str),
}

/// The activation of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// None.
    None,
    /// This one.
    Always(Activation),
    /// That of the encoder's feed-forward networks.
    OfEncoder,
    /// What this key of `config.json` says; its default.
    Key(&'static str, Activation),
}

/// Standard deviation of new weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitStd {
    /// `initializer_range`.
    Range,
    /// ModernBERT: `initializer_range / √(2 · layers)`, cut off at three times that.
    ByDepth,
    /// ModernBERT: `1 / √hidden_size`, cut off at three times that.
    ByWidth,
}
