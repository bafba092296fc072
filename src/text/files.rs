//! The small files of a model: everything but its weights, by name.

use std::collections::BTreeMap;

use super::adapter;
use crate::error::{Error, Result};
use crate::limits;

/// Names of the files that a load looks for, beside the weights.
pub const SMALL_FILES: &[&str] = &[
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "bpe.codes",
    "sentencepiece.bpe.model",
    "spiece.model",
    "spm.model",
];

/// What `sentence-transformers` says of a model, beside its `config.json`.
pub const SENTENCE_TRANSFORMERS: &str = "config_sentence_transformers.json";

/// The configuration of an adapter, which may be there in place of a model, or beside one.
pub const ADAPTER_FILE: &str = "adapter_config.json";

/// Contents of those that exist.
#[derive(Debug, Clone, Default)]
pub struct SmallFiles(BTreeMap<String, Vec<u8>>);

impl SmallFiles {
    /// Adds a file.
    pub fn insert(&mut self, name: String, contents: Vec<u8>) {
        self.0.insert(name, contents);
    }

    /// The files of a folder within this one: those that a model and its tokenizer consist of.
    pub fn of_folder(&self, folder: &str) -> SmallFiles {
        let find = |&name: &&str| {
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            self.get(&path).map(|contents| (name.to_owned(), contents.to_vec()))
        };
        SmallFiles(SMALL_FILES.iter().chain(&[ADAPTER_FILE]).filter_map(find).collect())
    }

    /// `config.json`.
    ///
    /// # Errors
    /// [`Error::Config`] when it is missing; [`Error::Adapter`] when there is an adapter in its place.
    pub fn config(&self) -> Result<&[u8]> {
        self.get("config.json").ok_or_else(|| match self.get(ADAPTER_FILE) {
            Some(json) => adapter::alone(ADAPTER_FILE, json),
            None => Error::Config {
                file: "config.json".into(),
                field: "the file".into(),
                value: "missing".into(),
                supported: "a folder with a config.json".into(),
            },
        })
    }

    /// Contents of the file, if it is there.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// An [`Error::Tokenizer`] that lists the tokenizer files that are there.
    pub fn tokenizer_error(&self, reason: impl Into<String>) -> Error {
        let files = self.0.keys().filter(|name| *name != "config.json");
        Error::Tokenizer { reason: reason.into(), files: files.cloned().collect() }
    }

    /// Contents of a tokenizer file, if it is there.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when it is too large.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<&[u8]>> {
        let most = limits::TOKENIZER_BYTES;
        match self.get(name) {
            Some(contents) if contents.len() > most => {
                Err(self.tokenizer_error(format!("{name} has {} bytes, more than {most}", contents.len())))
            }
            contents => Ok(contents),
        }
    }

    /// A tokenizer file as text, if it is there.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when it is too large or not UTF-8.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>> {
        let text = self.bytes(name)?.map(std::str::from_utf8).transpose();
        text.map_err(|error| self.tokenizer_error(format!("{name} is not UTF-8: {error}")))
    }
}
