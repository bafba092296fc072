//! RoBERTa (Liu et al., 2019) and the models that share its code: BERT with positions that
//! leave room for padding and heads of its own. `transformers`:
//! `models/roberta/modeling_roberta.py`.

use super::bert;
use super::heads::{Heads, masked_lm, sequence};
use super::words::{
    Architecture, Body, ConfigKeys, EmbeddingTable, EncoderTable, ModelType, PositionTable, Positions, Setting,
};

/// Its classification checkpoints have no pooler.
pub const ROBERTA: Architecture = Architecture {
    model_types: &[ModelType { name: "roberta", class: "Roberta" }],
    prefixes: &["roberta"],
    keys: ConfigKeys { vocab_size: Setting::of("vocab_size", 50_265), ..KEYS },
    body: Body::Encoder(&ENCODER),
    heads: HEADS,
    ..bert::BERT
};

/// The same with other defaults.
pub const XLM_ROBERTA: Architecture = Architecture {
    model_types: &[
        ModelType { name: "xlm-roberta", class: "XLMRoberta" },
        ModelType { name: "camembert", class: "Camembert" },
    ],
    keys: KEYS,
    ..ROBERTA
};

/// The same under another prefix.
pub const DATA2VEC_TEXT: Architecture = Architecture {
    model_types: &[ModelType { name: "data2vec-text", class: "Data2VecText" }],
    prefixes: &["data2vec_text"],
    keys: KEYS,
    ..ROBERTA
};

pub(super) const KEYS: ConfigKeys = ConfigKeys { pad_token_id: Setting::of("pad_token_id", Some(1)), ..bert::KEYS };

pub(super) const EMBEDDINGS: EmbeddingTable = EmbeddingTable {
    position: Some(PositionTable { rule: Positions::AfterPadding, ..bert::POSITIONS }),
    ..bert::EMBEDDINGS
};

const ENCODER: EncoderTable = EncoderTable { embeddings: EMBEDDINGS, ..bert::ENCODER };

pub(super) const HEADS: Heads =
    Heads { sequence: Some(&sequence::DENSE_TANH), masked_lm: Some(&masked_lm::LM_HEAD), ..bert::HEADS };
