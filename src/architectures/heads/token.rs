//! Token classification: every token's vector through the same layers. `hidden_size` numbers
//! in, one logit per label out.

use super::sequence::{CLASSIFIER, PREDICTION, PREDICTION_CLASSIFIER};
use super::{HeadTable, Reads, Stage};

/// Most architectures: one layer.
pub const LINEAR: HeadTable = each_token(&[CLASSIFIER]);

/// ModernBERT.
pub const PREDICTION_HEAD: HeadTable = each_token(&[PREDICTION, PREDICTION_CLASSIFIER]);

/// A head that reads each token for itself.
pub(in crate::architectures) const fn each_token(stages: &'static [Stage]) -> HeadTable {
    HeadTable { reads: Reads::EachToken, stages, refusals: &[], unless: None }
}
