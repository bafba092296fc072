//! `headwise forward`: token ids in, raw outputs out, for comparison with Python.

use std::path::Path;

use headwise::Result;
use headwise::folder::load_model;
use headwise::kernels::Precision;
use headwise::models::HeadKind;
use headwise::text::Rows;
use headwise::weights::LoadOptions;
use serde::Deserialize;
use serde_json::json;

use super::file_error;

/// The file of `--inputs`.
#[derive(Deserialize)]
struct InputFile {
    inputs: Rows,
}

pub fn run(folder: &Path, kind: HeadKind, precision: Precision, path: &Path) -> Result<()> {
    let text = std::fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    let InputFile { inputs } = serde_json::from_str(&text).map_err(|error| file_error(path, error))?;
    let batch = inputs.to_batch().map_err(|reason| file_error(path, reason))?;
    let model = load_model(folder, kind, LoadOptions { precision, ..LoadOptions::default() })?;
    let output = match kind {
        HeadKind::Base => {
            let hidden = model.last_hidden_state(&batch)?.to_vec2::<f32>()?;
            json!({"last_hidden_state": inputs.unflatten(&hidden)})
        }
        HeadKind::Sequence => json!({"logits": model.logits(&batch)?}),
    };
    println!("{output}");
    Ok(())
}
