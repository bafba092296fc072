//! Which of the small files are to be looked for, one after the other: the names of those that were asked for in, with
//! their contents where they tell of others. Called by whoever fetches or reads a model's files. Never reads a vocabulary.

use std::collections::BTreeMap;

use super::class::{Form, Found};
use super::files::{SMALL_FILES, SmallFiles};

/// Those that hold a vocabulary: what tokenizers were before they were one file.
const VOCABULARIES: &[&str] = SMALL_FILES.split_at(5).1;

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
    if let Some(config) = contents("config.json") {
        files.insert("config.json".to_owned(), config);
    }
    let settings = contents("tokenizer_config.json").and_then(|settings| serde_json::from_slice(&settings).ok());
    Found::of(&files, &settings.unwrap_or_default()).class().form == Form::Marked
}

/// Whether `tokenizer_config.json` lists the added tokens.
fn states_added_tokens(settings: &[u8]) -> bool {
    let settings = serde_json::from_slice::<serde_json::Value>(settings);
    settings.is_ok_and(|settings| settings.get("added_tokens_decoder").is_some())
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
