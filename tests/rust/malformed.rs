//! The malformed corpus: every case ends in its error, natively and in a browser.

use crate::malformed_corpus::{Case, cases, classify, good};
use headwise::Error;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Longest message. What a file says is quoted in part.
const MESSAGE_BYTES: usize = 4_000;

#[test]
fn every_malformed_model_ends_in_its_error() {
    let wrong: Vec<String> = cases().iter().filter_map(complaint).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_corpus_is_large_and_its_model_is_good() {
    assert!(cases().len() >= 60);
    for chunk in [1, 1_000, usize::MAX] {
        assert!(classify(&good(), chunk).expect("labels")[0].score > 0.3);
    }
}

/// What is wrong with the outcome of a case.
fn complaint(case: &Case) -> Option<String> {
    let Case { folder, code, words } = case;
    let mut outcomes = [usize::MAX, 1_000].map(|chunk| classify(folder, chunk)).into_iter();
    let (whole, pieces) = (outcomes.next()?, outcomes.next()?);
    if whole != pieces {
        return Some(format!("{code} {words}: {whole:?}, but in pieces {pieces:?}"));
    }
    let Err(error) = whole else {
        return Some(format!("{code} {words}: it classifies"));
    };
    let message = error.to_string();
    let as_expected = error.code() == *code && message.contains(words.as_str()) && message.len() <= MESSAGE_BYTES;
    (!as_expected || !lists_files(&error, case)).then(|| format!("{code} {words}: {} {message:.300}", error.code()))
}

/// An error in building the tokenizer lists the files that there are.
fn lists_files(error: &Error, case: &Case) -> bool {
    let Error::Tokenizer { files, .. } = error else {
        return true;
    };
    let found = case.folder.keys().filter(|name| *name != "config.json" && !name.ends_with(".safetensors"));
    files.is_empty() || files.iter().eq(found)
}
