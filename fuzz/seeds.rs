//! Writes the seeds of the fuzz targets, `corpus/TARGET/NUMBER`, from the malformed corpus and the
//! golden models of the tests. To be run in this folder: `cargo run --bin seeds`.

#[path = "../tests/rust/malformed_corpus.rs"]
#[allow(dead_code)]
mod corpus;

use std::fs;
use std::path::Path;

use headwise::internals::weights::{INDEX_FILE, MODEL_FILE};
use headwise_fuzz::archive::Archive;
use headwise_fuzz::fixtures::{Folder, golden, header_of};
use headwise_fuzz::mutate::{PARTS, put_part};
use serde_json::Value;

/// Longest seed, in bytes. Larger ones only slow a fuzzer down.
const MOST_BYTES: usize = 1 << 16;

fn main() -> std::io::Result<()> {
    let malformed = corpus::cases().into_iter().map(|case| case.folder);
    for (number, mut folder) in malformed.chain(golden()).chain(other_tokenizers()).enumerate() {
        if let Some(weights) = folder.get_mut(MODEL_FILE) {
            *weights = header_of(weights).to_vec();
        }
        write("load", number, &Archive { options: 0, folder: folder.clone() }.pack())?;
        for (target, file) in [("header", MODEL_FILE), ("index", INDEX_FILE), ("config", "config.json")] {
            if let Some(contents) = folder.get(file) {
                write(target, number, contents)?;
            }
        }
    }
    Ok(())
}

/// The good model with every part of a tokenizer that mutations know of.
fn other_tokenizers() -> impl Iterator<Item = Folder> {
    let parts =
        PARTS.iter().flat_map(|(field, parts)| parts.as_array().into_iter().flatten().map(move |part| (field, part)));
    parts.filter_map(|(field, part)| {
        let mut folder = corpus::good();
        let mut tokenizer: Value = serde_json::from_slice(&folder["tokenizer.json"]).expect("JSON");
        put_part(&mut tokenizer, field, part.clone())?;
        folder.insert("tokenizer.json".into(), tokenizer.to_string().into());
        Some(folder)
    })
}

fn write(target: &str, number: usize, contents: &[u8]) -> std::io::Result<()> {
    let folder = Path::new("corpus").join(target);
    fs::create_dir_all(&folder)?;
    match contents.len() <= MOST_BYTES {
        true => fs::write(folder.join(number.to_string()), contents),
        false => Ok(()),
    }
}
