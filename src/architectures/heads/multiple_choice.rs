//! Multiple choice: one logit for each choice, which is a text of its own; those of one question
//! are compared with each other.

use super::sequence::{CLASSIFIER, first_token};
use super::{Applied, HeadTable, Stage, sequence};
use crate::nn::Activation;

/// BERT, and RoBERTa too, which has a pooler here.
pub const POOLED: HeadTable = sequence::POOLED;

/// ALBERT.
pub const POOLED_BY_LINEAR: HeadTable = sequence::POOLED_BY_LINEAR;

/// DistilBERT.
pub const PRE_CLASSIFIER: HeadTable = sequence::PRE_CLASSIFIER;

/// DeBERTa.
pub const CONTEXT: HeadTable = sequence::CONTEXT;

/// ModernBERT.
pub const PREDICTION_HEAD: HeadTable = sequence::PREDICTION_HEAD;

/// ELECTRA.
pub const SUMMARY: HeadTable = HeadTable {
    refusals: &[("summary_type", &["\"first\""]), ("summary_use_proj", &["true"])],
    ..first_token(&[
        Stage::dense("sequence_summary.summary").then(Applied::Key("summary_activation", Activation::Gelu)),
        CLASSIFIER,
    ])
};
