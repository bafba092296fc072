//! The special tokens of a tokenizer by their roles.

use serde_json::{Map, Value};

use super::added_tokens::content;
use super::files::SmallFiles;

/// Ids of special tokens; `None` for roles that no token plays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SpecialTokens {
    /// Stands first in a sequence.
    pub cls: Option<u32>,
    /// Stands for a word that is to be guessed.
    pub mask: Option<u32>,
    /// Fills up rows.
    pub pad: Option<u32>,
    /// Stands between two texts.
    pub sep: Option<u32>,
    /// Stands for what is not in the vocabulary.
    pub unknown: Option<u32>,
}

impl SpecialTokens {
    /// Reads `tokenizer_config.json`, which is `settings`, then `special_tokens_map.json`. A role that neither file
    /// mentions has the token that nearly all tokenizers give it, if the vocabulary has that.
    pub(super) fn read(files: &SmallFiles, settings: &Map<String, Value>, id: impl Fn(&str) -> Option<u32>) -> Self {
        let map = files.get("special_tokens_map.json").and_then(|json| serde_json::from_slice(json).ok());
        let map: Map<String, Value> = map.unwrap_or_default();
        let role = |key: &str, usual: [&str; 2]| {
            let stated = settings.get(key).or_else(|| map.get(key)).and_then(content);
            stated.map_or_else(|| usual.into_iter().find_map(&id), &id)
        };
        SpecialTokens {
            cls: role("cls_token", ["[CLS]", "<s>"]),
            mask: role("mask_token", ["[MASK]", "<mask>"]),
            pad: role("pad_token", ["[PAD]", "<pad>"]),
            sep: role("sep_token", ["[SEP]", "</s>"]),
            unknown: role("unk_token", ["[UNK]", "<unk>"]),
        }
    }
}
