//! RoBERTa (Liu et al., 2019): BERT with positions that leave room for padding and a head
//! of its own. `transformers`: `models/roberta/modeling_roberta.py`.

use super::architecture::{Architecture, ConfigKeys, Number, Positions};
use super::bert;
use crate::heads::sequence;

/// Its classification checkpoints have no pooler.
pub const ROBERTA: Architecture = Architecture {
    model_types: &["roberta"],
    prefixes: &["roberta"],
    keys: ConfigKeys {
        vocab_size: Number { key: "vocab_size", default: 50_265 },
        pad_token_id: Number { key: "pad_token_id", default: 1 },
        ..bert::KEYS
    },
    positions: Positions::AfterPadding,
    sequence_head: sequence::DENSE_TANH,
    ..bert::BERT
};
