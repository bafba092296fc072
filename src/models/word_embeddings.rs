//! Word embeddings, which files hold under one of several names, or under more than one: an encoder's, the decoder's
//! of a masked language model, BART's own three. As long as `tie_word_embeddings` is not false, any name may stand
//! for all. `transformers`: `PreTrainedModel.tie_weights` of `modeling_utils.py`.

use super::config::Config;
use crate::architectures::heads::{HeadKind, Tied};
use crate::architectures::words::{Body, Setting};
use crate::error::Result;
use crate::nn::Embedding;
use crate::weights::{Declarations, Names};

/// BART's tables: the one that the others are tied to, the decoder's, the encoder's.
pub(super) const SHARED: [&str; 3] = ["shared", "decoder.embed_tokens", "encoder.embed_tokens"];

/// The tables of word embeddings that are declared so far, and the names that they may have.
#[derive(Debug)]
pub struct WordEmbeddings<'a> {
    names: &'a Names,
    /// Full names of the tables that are tied: where a table is not there under its own name, the first of these that
    /// is there takes its place.
    tied: Vec<String>,
    /// The decoder's name among them, where there is no decoder in this load.
    of_other_head: Option<String>,
    /// Rows and columns of each.
    size: [usize; 2],
    /// By the names under which they are read.
    read: Vec<(String, Embedding)>,
}

impl<'a> WordEmbeddings<'a> {
    /// For a model with this head.
    ///
    /// # Errors
    /// [`crate::Error::Config`].
    pub fn new(names: &'a Names, config: &Config, head: HeadKind) -> Result<Self> {
        let mut tied = Vec::new();
        let mut of_other_head = None;
        if config.fields.flag(Setting::of("tie_word_embeddings", true))? {
            let own: &[&str] = match &config.architecture.body {
                Body::Encoder(table) => &[table.embeddings.word],
                Body::EncoderDecoder => &SHARED,
            };
            tied = own.iter().map(|name| weight(&names.base(name))).collect();
            let masked_lm = match config.architecture.heads.have(HeadKind::MaskedLm) {
                true => config.head_table(HeadKind::MaskedLm)?,
                false => None,
            };
            let last = masked_lm.and_then(|table| table.stages.last());
            if let Some(decoder) = last.filter(|stage| stage.tied == Tied::ByConfig) {
                let decoder = weight(&decoder.linear.name(names));
                if head == HeadKind::MaskedLm {
                    tied.insert(1, decoder);
                } else {
                    tied.push(decoder.clone());
                    of_other_head = Some(decoder);
                }
            }
        }
        Ok(WordEmbeddings {
            names,
            tied,
            of_other_head,
            size: [config.vocab_size, config.embedding_size],
            read: Vec::new(),
        })
    }

    /// Whether one table may take the place of another.
    pub fn are_tied(&self) -> bool {
        !self.tied.is_empty()
    }

    /// The table that was declared first: the encoder's.
    pub fn first(&mut self, needs: &mut Declarations, name: &str) -> Embedding {
        match self.read.first() {
            Some((_, words)) => words.clone(),
            None => self.declare(needs, name),
        }
    }

    /// The table called `name`, a full name without `.weight`: that tensor, or another one in its place. A table of
    /// its own is declared as one that may turn out to be a copy of the first.
    pub fn declare(&mut self, needs: &mut Declarations, name: &str) -> Embedding {
        let own = weight(name);
        let is_there = |name: &&String| self.names.location(name).is_some();
        let found =
            std::iter::once(&own).chain(&self.tied).find(is_there).or(self.tied.first()).unwrap_or(&own).clone();
        if let Some((_, words)) = self.read.iter().find(|(read, _)| *read == found) {
            return words.clone();
        }
        // In a file that is saved, the encoder's words do not bear the name of a head that is not there.
        let saved = if self.of_other_head.as_ref() == Some(&found) { self.tied[0].clone() } else { found.clone() };
        let [rows, columns] = self.size;
        let words = match self.read.first() {
            None => Embedding::declare_words(needs, saved, &found, rows, columns),
            Some((_, first)) => first.declare_copy(needs, saved, &found, rows),
        };
        self.read.push((found, words.clone()));
        words
    }
}

fn weight(name: &str) -> String {
    format!("{name}.weight")
}
