//! `headwise embed`

use std::path::Path;
use std::sync::Arc;

use headwise::Result;
use headwise::internals::sentences::embedder::TextEmbedder;
use headwise::internals::weights::Choice;
use serde::Serialize;

#[derive(Serialize)]
struct Embedded<'a> {
    text: &'a str,
    embedding: Vec<f32>,
}

pub fn run(folder: &Path, precision: Choice, texts: Vec<String>) -> Result<()> {
    let embedder = Arc::new(TextEmbedder::open(folder, precision)?);
    super::warn(folder, &embedder.warnings());
    for texts in super::texts_or_lines(texts)?.chunks(super::LINES) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for (text, embedding) in texts.iter().zip(embedder.embed(&texts)?) {
            super::print_json(&Embedded { text, embedding })?;
        }
    }
    Ok(())
}
