//! Question answering: for every token a logit to be the first of the answer and one to be its
//! last.

use super::token::each_token;
use super::{HeadTable, Stage, Width, token};

/// Most architectures: one layer.
pub const LINEAR: HeadTable = each_token(&[Stage::output("qa_outputs")]);

/// BART and decoders: the same, whatever the labels are.
pub const PAIR: HeadTable = each_token(&[Stage { width: Width::Pair, ..Stage::output("qa_outputs") }]);

/// ModernBERT: as for tokens.
pub const PREDICTION_HEAD: HeadTable = token::PREDICTION_HEAD;
