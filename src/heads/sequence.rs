//! Sequence classification: the first token's vector through one or two layers. `hidden_size`
//! numbers in, one logit per label out.

use super::{Place, Stage, Width};
use crate::nn::Activation;

/// BERT: the pooler, then the classifier.
pub const POOLED: &[Stage] = &[
    Stage { linear: Place::Encoder("pooler.dense"), width: Width::Hidden, activation: Some(Activation::Tanh) },
    CLASSIFIER,
];

/// RoBERTa: two layers of the head's own, on `<s>`.
pub const DENSE_TANH: &[Stage] = &[
    Stage { linear: Place::Top("classifier.dense"), width: Width::Hidden, activation: Some(Activation::Tanh) },
    Stage { linear: Place::Top("classifier.out_proj"), width: Width::Labels, activation: None },
];

/// DistilBERT: `pre_classifier` in place of a pooler.
pub const PRE_CLASSIFIER: &[Stage] = &[
    Stage { linear: Place::Top("pre_classifier"), width: Width::Hidden, activation: Some(Activation::Relu) },
    CLASSIFIER,
];

const CLASSIFIER: Stage = Stage { linear: Place::Top("classifier"), width: Width::Labels, activation: None };
