//! What tokens are called, and the text that they stand for.

use std::collections::HashMap;

use tokenizers::{Decoder, ModelWrapper};

use super::guard::guarded;
use super::marked::without_marks;
use super::model::Model;
use super::special::SpecialTokens;
use super::tokenizer::Tokenizer;
use crate::error::{Error, Result};

impl Tokenizer {
    /// The special tokens by their roles.
    pub fn special(&self) -> SpecialTokens {
        self.special
    }

    /// The id of a token of the vocabulary, spelled as it is there.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The token of an id, spelled as in the vocabulary; empty if there is none.
    pub fn token(&self, id: u32) -> String {
        self.inner.id_to_token(id).unwrap_or_default()
    }

    /// All tokens, spelled as in the vocabulary, with their ids.
    pub fn vocabulary(&self) -> HashMap<String, u32> {
        self.inner.get_vocab(true)
    }

    /// Ids of the pieces of a text, without special tokens.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the tokenizer cannot represent the text.
    pub fn pieces(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = guarded(|| self.inner.encode_fast(text, false).map_err(Error::tokenizer))?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The text that these ids stand for.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the tokenizer's decoder fails.
    pub fn decode(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        let text = match self.inner.get_model() {
            // The spelling of an unknown token stands for ids that no piece has, too, and those are not skipped.
            Model::Marked(_) => {
                let added = self.inner.get_added_vocabulary().get_added_tokens_decoder();
                let is_special = |id: &u32| added.get(id).is_some_and(|token| token.special);
                let kept = ids.iter().filter(|id| !(skip_special_tokens && is_special(id)));
                self.join(kept.map(|&id| self.token(id)).collect())?
            }
            _ => guarded(|| self.inner.decode(ids, skip_special_tokens).map_err(Error::tokenizer))?,
        };
        let bytes = matches!(self.inner.get_model(), Model::Other(ModelWrapper::BPE(_)));
        Ok(if self.clean_up && !bytes { without_spaces_before_punctuation(&text) } else { text })
    }

    /// The text that these tokens, spelled as in the vocabulary, stand for.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the tokenizer's decoder fails.
    pub fn join(&self, tokens: Vec<String>) -> Result<String> {
        let Some(decoder) = self.inner.get_decoder() else {
            return Ok(self.unmarked(tokens.join(" ")));
        };
        guarded(|| decoder.decode(tokens).map_err(Error::tokenizer))
    }

    /// Joined tokens without what marks that a word goes on.
    fn unmarked(&self, joined: String) -> String {
        match self.inner.get_model() {
            Model::Marked(_) => without_marks(&joined),
            _ => joined,
        }
    }

    /// Whether tokens that continue a word are spelled with a prefix, such as `##`.
    pub fn marks_continuations(&self) -> bool {
        let prefix = match self.inner.get_model() {
            Model::Other(ModelWrapper::WordPiece(model)) => Some(&model.continuing_subword_prefix),
            Model::Other(ModelWrapper::BPE(model)) => model.continuing_subword_prefix.as_ref(),
            _ => None,
        };
        prefix.is_some_and(|prefix| !prefix.is_empty())
    }
}

/// What `clean_up_tokenization` of `transformers` does.
fn without_spaces_before_punctuation(text: &str) -> String {
    const CHANGES: [(&str, &str); 10] = [
        (" .", "."),
        (" ?", "?"),
        (" !", "!"),
        (" ,", ","),
        (" ' ", "'"),
        (" n't", "n't"),
        (" 'm", "'m"),
        (" 's", "'s"),
        (" 've", "'ve"),
        (" 're", "'re"),
    ];
    CHANGES.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
