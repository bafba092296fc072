//! Token ids, types and offsets of Python, from `tests/golden/generate_tokenizers.py`.

use std::path::{Path, PathBuf};

use headwise::Error;
use headwise::folder::small_files;
use headwise::text::{Input, SmallFiles, Tokenizer};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    text_pair: Option<String>,
    max_length: Option<usize>,
    ids: Vec<u32>,
    type_ids: Vec<u32>,
    offsets: Vec<(usize, usize)>,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/tokenizers").join(name)
}

fn agrees_with_python(name: &str, files: &SmallFiles) {
    let expected = std::fs::read(folder(name).join("expected.json")).expect("expected ids");
    let expected: Expected = serde_json::from_slice(&expected).expect("readable ids");
    for Case { text, text_pair, max_length, ids, type_ids, offsets } in expected.cases {
        let mut tokenizer = Tokenizer::from_files(files, 2).expect("a tokenizer");
        if let Some(max_length) = max_length {
            tokenizer = tokenizer.truncate_to(max_length).expect("room for a text");
        }
        let input = Input { text, text_pair };
        let tokens = tokenizer.encode(&input).expect("tokens");
        let about = format!("{name} {max_length:?} {:.60?} {:?}", input.text, input.text_pair);
        assert_eq!(tokens.input_ids, ids, "{about}");
        assert_eq!(tokens.token_type_ids, type_ids, "{about}");
        assert_eq!(tokens.offsets, offsets, "{about}");
    }
}

#[test]
fn tokenizer_json_gives_the_ids_of_python() {
    for name in ["wordpiece", "bpe"] {
        agrees_with_python(name, &small_files(&folder(name)).expect("files"));
    }
}

#[test]
fn vocabularies_give_the_ids_of_python() {
    for name in ["wordpiece", "wordpiece-cased", "bpe"] {
        let files = small_files(&folder(name)).expect("files");
        let mut slow = SmallFiles::default();
        for file in ["tokenizer_config.json", "special_tokens_map.json", "vocab.txt", "vocab.json", "merges.txt"] {
            if let Some(contents) = files.get(file) {
                slow.insert(file.into(), contents.to_vec());
            }
        }
        agrees_with_python(name, &slow);
    }
}

#[test]
fn stated_settings_win_over_tokenizer_json() {
    let with = |name: &str, settings: &str| {
        let mut files = small_files(&folder(name)).expect("files");
        files.insert("tokenizer_config.json".into(), settings.as_bytes().to_vec());
        Tokenizer::from_files(&files, 2).expect("a tokenizer")
    };
    let ids = |tokenizer: Tokenizer, text: &str| tokenizer.encode(&Input::from(text)).expect("tokens").input_ids;
    let silent = || with("wordpiece", "{}");
    assert_eq!(ids(silent(), "The Dog"), ids(silent(), "the dog"));
    let cased = || with("wordpiece", r#"{"do_lower_case": false}"#);
    assert_ne!(ids(cased(), "The Dog"), ids(cased(), "the dog"));
    let accents = || with("wordpiece", r#"{"strip_accents": false}"#);
    assert_ne!(ids(accents(), "café"), ids(accents(), "cafe"));
    let prefixed = || with("bpe", r#"{"add_prefix_space": true}"#);
    assert_eq!(ids(prefixed(), "dog"), ids(with("bpe", "{}"), " dog"));
}

#[test]
fn what_is_kept_of_a_long_text_is_told_in_characters() {
    let tokenizer = Tokenizer::from_files(&small_files(&folder("wordpiece")).expect("files"), 2).expect("a tokenizer");
    let tokenizer = tokenizer.truncate_to(8).expect("room for a text");
    let text = "the dog 🎉 and the fox and the dog and the fox";
    let whole = tokenizer.encode(&Input::from("the dog")).expect("tokens").kept;
    assert_eq!((whole.truncated, whole.text_end), (false, 7));
    let tokens = tokenizer.encode(&Input::from(text)).expect("tokens");
    assert_eq!(tokens.input_ids.len(), 8);
    assert!(tokens.kept.truncated);
    assert_eq!(tokens.kept.text_end, tokens.offsets[6].1);
    let pair = tokenizer.encode(&Input { text: text.into(), text_pair: Some("the fox".into()) }).expect("tokens");
    assert!(pair.kept.truncated && pair.kept.text_end < tokens.kept.text_end);
    let refused = tokenizer.encode_input(3, &Input::from(text), false).expect_err("too long");
    assert!(matches!(refused, Error::Input { input: 3, reason } if reason.contains("8 tokens")));
    let tiny = tokenizer.truncate_to(3).expect("room for one token");
    assert_eq!(tiny.encode(&Input::from(text)).expect("tokens").input_ids.len(), 3);
    let pair = Input { text: text.into(), text_pair: Some("the fox".into()) };
    assert_eq!(tiny.encode(&pair).expect_err("no room").code(), "tokenizer");
    assert_eq!(tiny.truncate_to(2).expect_err("no room").code(), "tokenizer");
}
