//! The special tokens of a tokenizer by their roles.

use std::collections::HashSet;

use super::added_tokens::StatedTokens;
use super::class::Class;
use super::model::Inner;

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
    /// A role has the token that a file states. Else it has the one of the class, or a usual one, whichever the files
    /// mark as special or the post-processor uses; else the one of the class, if the vocabulary has it. `padding` is
    /// the token that `tokenizer.json` fills up with.
    pub(super) fn read(stated: &StatedTokens, class: &Class, tokenizer: &Inner, padding: Option<&str>) -> Self {
        let added = tokenizer.get_added_tokens_decoder();
        let mut marked: HashSet<u32> = added.into_iter().filter(|(_, token)| token.special).map(|(id, _)| id).collect();
        marked.extend(tokenizer.encode_fast("", true).iter().flat_map(|encoding| encoding.get_ids()));
        let id = |token: &str| tokenizer.token_to_id(token);
        let role = |key: &str, usual: [&str; 2]| {
            if stated.is_null(key) {
                return None;
            }
            if let Some(token) = stated.stated(key) {
                return id(&token.content);
            }
            let of_class = class.token(key).or(padding.filter(|_| key == "pad_token"));
            let all = of_class.into_iter().chain(usual).filter_map(id);
            let is_marked = |id: &u32| marked.contains(id);
            all.into_iter().find(is_marked).or_else(|| of_class.and_then(id))
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
