//! The small files of a model: everything but its weights, by name.

use std::collections::BTreeMap;

use super::adapter;
use super::class::{Form, Found};
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

/// Those that hold a vocabulary: what tokenizers were before they were one file.
const VOCABULARIES: &[&str] = SMALL_FILES.split_at(5).1;

/// What `sentence-transformers` says of a model, beside its `config.json`.
pub const SENTENCE_TRANSFORMERS: &str = "config_sentence_transformers.json";

/// The configuration of an adapter, which may be there in place of a model, or beside one.
pub const ADAPTER_FILE: &str = "adapter_config.json";

/// Files that were looked for, with their contents where they exist.
pub type AskedFiles = BTreeMap<String, Option<Vec<u8>>>;

/// Whether a file is to be looked for, as far as those tell that were asked for already. A `tokenizer.json` stands for
/// all vocabularies, but where the class has no fast form; files of added tokens count where `tokenizer_config.json` has
/// no `added_tokens_decoder` (`transformers`: `tokenization_utils_base.py`).
pub fn is_wanted(name: &str, asked: &AskedFiles) -> bool {
    let start = name.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, name) = name.split_at(start);
    let beside = |other: &str| asked.get(&format!("{folder}{other}"));
    match name {
        "special_tokens_map.json" | "added_tokens.json" => beside("tokenizer_config.json")
            .is_some_and(|settings| !settings.as_deref().is_some_and(states_added_tokens)),
        _ if VOCABULARIES.contains(&name) => beside("tokenizer.json")
            .is_some_and(|json| json.is_none() || (is_marked(name) && has_marked_class(&beside))),
        _ => true,
    }
}

/// Whether a file is a vocabulary of [`Form::Marked`].
fn is_marked(name: &str) -> bool {
    matches!(name, "vocab.txt" | "bpe.codes")
}

/// Whether the class that the files beside state is of that form.
fn has_marked_class<'a>(beside: &dyn Fn(&str) -> Option<&'a Option<Vec<u8>>>) -> bool {
    let contents = |name: &str| beside(name)?.clone();
    let mut files = SmallFiles::default();
    files.0.extend(contents("config.json").map(|config| ("config.json".to_owned(), config)));
    let settings = contents("tokenizer_config.json").and_then(|settings| serde_json::from_slice(&settings).ok());
    Found::of(&files, &settings.unwrap_or_default()).class().form == Form::Marked
}

/// Whether `tokenizer_config.json` lists the added tokens.
fn states_added_tokens(settings: &[u8]) -> bool {
    let settings = serde_json::from_slice::<serde_json::Value>(settings);
    settings.is_ok_and(|settings| settings.get("added_tokens_decoder").is_some())
}

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The files of a folder that are wanted after some were asked for.
    fn wanted(folder: &str, asked: &[(&str, Option<&str>)]) -> Vec<&'static str> {
        let path = |name: &str| format!("{folder}{name}");
        let contents = |text: Option<&str>| text.map(|text| text.as_bytes().to_vec());
        let asked = asked.iter().map(|&(name, text)| (path(name), contents(text))).collect();
        SMALL_FILES.iter().copied().filter(|name| is_wanted(&path(name), &asked)).collect()
    }

    #[test]
    fn files_are_wanted_once_it_is_known_that_they_count() {
        let first = ["config.json", "tokenizer.json", "tokenizer_config.json"];
        let and_added = [first.as_slice(), &["special_tokens_map.json", "added_tokens.json"]].concat();
        let states = Some(r#"{"added_tokens_decoder": {}}"#);
        for folder in ["", "0_Transformer/"] {
            assert_eq!(wanted(folder, &[]), first);
            assert_eq!(wanted(folder, &[("tokenizer.json", Some("{}")), ("tokenizer_config.json", states)]), first);
            assert_eq!(
                wanted(folder, &[("tokenizer.json", Some("{}")), ("tokenizer_config.json", Some("{}"))]),
                and_added
            );
            assert_eq!(wanted(folder, &[("tokenizer.json", Some("{}")), ("tokenizer_config.json", None)]), and_added);
            assert_eq!(wanted(folder, &[("tokenizer.json", None), ("tokenizer_config.json", None)]), SMALL_FILES);
            let vocabularies = [first.as_slice(), VOCABULARIES].concat();
            assert_eq!(wanted(folder, &[("tokenizer.json", None), ("tokenizer_config.json", states)]), vocabularies);
        }
        assert_eq!(VOCABULARIES.first(), Some(&"vocab.txt"));
    }
}
