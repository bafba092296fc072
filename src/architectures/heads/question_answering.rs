//! Question answering: for every token a logit to be the first of the answer and one to be its
//! last.

use super::token::each_token;
use super::{HeadTable, Stage, token};

/// Most architectures: one layer.
pub const LINEAR: HeadTable = each_token(&[Stage::output("qa_outputs")]);

/// ModernBERT: as for tokens.
pub const PREDICTION_HEAD: HeadTable = token::PREDICTION_HEAD;
