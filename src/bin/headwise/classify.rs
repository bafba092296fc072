//! `headwise classify`

use std::path::Path;
use std::sync::Arc;

use headwise::Result;
use headwise::internals::tasks::TaskName;
use headwise::internals::tasks::text_classification::{Label, Options};
use headwise::internals::text::Input;
use headwise::internals::text_model::TextModel;
use headwise::internals::weights::Choice;
use serde::Serialize;

#[derive(Serialize)]
struct Classified<'a> {
    text: &'a str,
    labels: Vec<Label>,
}

pub fn run(folder: &Path, top_k: usize, precision: Choice, texts: Vec<String>) -> Result<()> {
    let classifier = Arc::new(TextModel::open(folder, TaskName::TextClassification, precision)?);
    super::warn(folder, &classifier.warnings());
    let options = Options { top_k: (top_k > 0).then_some(top_k), ..Options::default() };
    for texts in super::texts_or_lines(texts)?.chunks(super::LINES) {
        let inputs: Vec<Input> = texts.iter().map(|text| Input::from(text.as_str())).collect();
        for (text, labels) in texts.iter().zip(classifier.classify(&inputs, options.clone())?) {
            super::print_json(&Classified { text, labels })?;
        }
    }
    Ok(())
}
