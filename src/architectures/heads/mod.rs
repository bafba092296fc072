//! Heads: from the encoder's hidden vectors to logits. A head is data: which vectors it reads,
//! and the [`Stage`]s they pass through; [`crate::models::Head`] interprets it. Logits always
//! leave raw.

pub mod masked_lm;
pub mod multiple_choice;
pub mod question_answering;
pub mod sequence;
pub mod token;
pub mod words;

pub use words::{Applied, Bias, HeadTable, Heads, InitStd, Reads, Stage, TensorName, Tied, Width};

use crate::named::named;

/// What is to be computed from the hidden vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadKind {
    /// Nothing: the bare encoder.
    Base,
    /// Sequence classification: one logit per label and text.
    Sequence,
    /// Token classification: one logit per label and token.
    Token,
    /// Question answering: for each token a logit to be the first of the answer, and one to be
    /// its last.
    QuestionAnswering,
    /// Multiple choice: one logit for each choice.
    MultipleChoice,
    /// Masked language modelling: for each token one logit per word piece.
    MaskedLm,
}

// In messages and on the command line.
named!(HeadKind {
    Base => "base",
    Sequence => "sequence",
    Token => "token",
    QuestionAnswering => "qa",
    MultipleChoice => "multiple-choice",
    MaskedLm => "masked-lm",
});

impl HeadKind {
    /// What the names of its classes in `transformers` end with.
    pub fn class_suffix(self) -> &'static str {
        match self {
            HeadKind::Base => "Model",
            HeadKind::Sequence => "ForSequenceClassification",
            HeadKind::Token => "ForTokenClassification",
            HeadKind::QuestionAnswering => "ForQuestionAnswering",
            HeadKind::MultipleChoice => "ForMultipleChoice",
            HeadKind::MaskedLm => "ForMaskedLM",
        }
    }

    /// The head that a class of `transformers` has; `None` of a bare encoder, and of classes that are not known.
    pub fn of_class(class: &str) -> Option<HeadKind> {
        let mut kinds = HeadKind::ALL.iter().copied().filter(|&kind| kind != HeadKind::Base);
        kinds.find(|kind| class.ends_with(kind.class_suffix()))
    }
}
