//! A tokenizer by itself, called as in Python: nothing is cut, and special tokens are added, unless the caller says
//! otherwise.

use super::cut::{Cut, Overflow, Shortened};
use super::tokenizer::{Tokenizer, Tokens};
use crate::error::Result;
use tokenizers::PostProcessor;

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Call {
    /// What gives way when there are more than `max_length` tokens; `None` to cut nothing.
    pub truncation: Option<Shortened>,
    /// Most tokens of a sequence; by default what the tokenizer's files allow.
    pub max_length: Option<usize>,
    /// Whether special tokens are added.
    pub add_special_tokens: bool,
}

impl Default for Call {
    fn default() -> Self {
        Call { truncation: None, max_length: None, add_special_tokens: true }
    }
}

impl Tokenizer {
    /// Tokenizes a text or a pair.
    ///
    /// # Errors
    /// Those of [`Tokenizer::encode_cut`].
    pub fn call(&self, text: &str, pair: Option<&str>, call: &Call) -> Result<Tokens> {
        let most = match call.truncation {
            Some(_) => call.max_length.unwrap_or(self.max_length()),
            None => usize::MAX,
        };
        // The cut counts special tokens, which are taken out again below.
        let added = self.inner.get_post_processor().map_or(0, |processor| processor.added_tokens(pair.is_some()));
        let cut = Cut {
            max_length: if call.add_special_tokens { most } else { most.saturating_add(added) },
            shortened: call.truncation.unwrap_or(Shortened::Longest),
            overflow: Overflow::Dropped,
        };
        let tokens = self.encode_cut(text, pair, &cut)?.swap_remove(0);
        Ok(if call.add_special_tokens { tokens } else { without_special_tokens(tokens) })
    }

    /// Whether the model reads the token types that the tokenizer gives; they are all zero otherwise.
    pub fn gives_token_types(&self) -> bool {
        self.token_types
    }

    /// The same with the token types that its files state, whether the model reads them or not, as Python gives them on
    /// request.
    pub fn with_token_types(mut self) -> Self {
        self.token_types = true;
        self
    }
}

fn without_special_tokens(tokens: Tokens) -> Tokens {
    let places: Vec<usize> =
        (0..tokens.input_ids.len()).filter(|&token| tokens.sequence_ids[token].is_some()).collect();
    Tokens {
        input_ids: places.iter().map(|&token| tokens.input_ids[token]).collect(),
        token_type_ids: places.iter().map(|&token| tokens.token_type_ids[token]).collect(),
        offsets: places.iter().map(|&token| tokens.offsets[token]).collect(),
        sequence_ids: places.iter().map(|&token| tokens.sequence_ids[token]).collect(),
        word_ids: places.iter().map(|&token| tokens.word_ids[token]).collect(),
        kept: tokens.kept,
    }
}
