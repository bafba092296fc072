//! `headwise embed`

use std::path::Path;
use std::sync::Arc;

use headwise::Result;
use headwise::folder::load_embedder;
use headwise::weights::Choice;
use serde_json::json;

pub fn run(folder: &Path, precision: Choice, texts: Vec<String>) -> Result<()> {
    let embedder = Arc::new(load_embedder(folder, precision)?);
    for texts in super::texts_or_lines(texts)?.chunks(super::LINES) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        for (text, embedding) in texts.iter().zip(embedder.embed(&texts)?) {
            super::print_line(json!({"text": text, "embedding": embedding}))?;
        }
    }
    Ok(())
}
