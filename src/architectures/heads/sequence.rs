//! Sequence classification: one vector of the text through one or two layers. `hidden_size`
//! numbers in, one logit per label out.

use super::{Applied, Bias, HeadTable, InitStd, Reads, Stage, TensorName, Width};
use crate::nn::Activation;

/// BERT: the pooler, then the classifier.
pub const POOLED: HeadTable = first_token(&[POOLER, CLASSIFIER]);

/// ALBERT: the same under another name.
pub const POOLED_BY_LINEAR: HeadTable = first_token(&[POOLER_LINEAR, CLASSIFIER]);

/// RoBERTa: two layers of the head's own, on `<s>`.
pub const DENSE_TANH: HeadTable = first_token(&[
    Stage::dense("classifier.dense").then(Applied::Always(Activation::Tanh)),
    Stage::output("classifier.out_proj"),
]);

/// ELECTRA: the same with another activation, whatever the encoder's.
pub const DENSE_GELU: HeadTable = first_token(&[
    Stage::dense("classifier.dense").then(Applied::Always(Activation::Gelu)),
    Stage::output("classifier.out_proj"),
]);

/// DistilBERT: `pre_classifier` in place of a pooler.
pub const PRE_CLASSIFIER: HeadTable = first_token(&[PRE_CLASSIFIER_DENSE, CLASSIFIER]);

/// DeBERTa: a pooler at the top of the checkpoint.
pub const CONTEXT: HeadTable = first_token(&[CONTEXT_POOLER, CLASSIFIER]);

/// ModernBERT.
pub const PREDICTION_HEAD: HeadTable = HeadTable {
    reads: Reads::FirstTokenOrMean,
    stages: &[PREDICTION, PREDICTION_CLASSIFIER],
    refusals: &[],
    unless: None,
};

/// BART: on the last end-of-text token, which has seen all others.
pub const LAST_EOS: HeadTable = HeadTable {
    reads: Reads::LastEos,
    ..first_token(&[
        Stage::dense("classification_head.dense").then(Applied::Always(Activation::Tanh)),
        Stage::output("classification_head.out_proj"),
    ])
};

pub(super) const POOLER: Stage =
    Stage::new(TensorName::Encoder("pooler.dense"), Width::Hidden).then(Applied::Always(Activation::Tanh));

pub(super) const POOLER_LINEAR: Stage =
    Stage::new(TensorName::Encoder("pooler"), Width::Hidden).then(Applied::Always(Activation::Tanh));

pub(super) const PRE_CLASSIFIER_DENSE: Stage = Stage::dense("pre_classifier").then(Applied::Always(Activation::Relu));

pub(super) const CONTEXT_POOLER: Stage =
    Stage::dense("pooler.dense").then(Applied::Key("pooler_hidden_act", Activation::Gelu));

pub(super) const PREDICTION: Stage = Stage {
    bias: Bias::If("classifier_bias", false),
    init_std: InitStd::ByDepth,
    ..Stage::dense("head.dense").then(Applied::Key("classifier_activation", Activation::Gelu)).normalised("head.norm")
};

pub(super) const CLASSIFIER: Stage = Stage::output("classifier");

pub(super) const PREDICTION_CLASSIFIER: Stage = Stage { init_std: InitStd::ByWidth, ..CLASSIFIER };

/// A head that reads the first token.
pub(super) const fn first_token(stages: &'static [Stage]) -> HeadTable {
    HeadTable { reads: Reads::FirstToken, stages, refusals: &[], unless: None }
}
