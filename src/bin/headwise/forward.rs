//! `headwise forward`: token ids in, raw outputs out, for comparison with Python.

use std::path::Path;

use headwise::Result;
use headwise::internals::architectures::HeadKind;
use headwise::internals::models::Model;
use headwise::internals::models::{Numbers, Output, Trace};
use headwise::internals::text::Rows;
use headwise::internals::weights::LoadOptions;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::file_error;

/// The file of `--inputs`.
#[derive(Deserialize)]
struct InputFile {
    inputs: Rows,
}

pub fn run(folder: &Path, kind: HeadKind, options: LoadOptions, path: &Path, trace: Trace) -> Result<()> {
    let text = std::fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    let InputFile { inputs } = serde_json::from_str(&text).map_err(|error| file_error(path, error))?;
    let model = Model::open(folder, kind, options)?;
    super::warn(folder, &model.warnings());
    let outputs = model.outputs(&inputs, trace)?.into_iter().map(|(name, output)| {
        let value = match output {
            Output::One(numbers) => nested(&numbers),
            Output::Layers(layers) => layers.iter().map(nested).collect(),
        };
        (name, value)
    });
    super::print_line(Value::Object(outputs.collect::<Map<_, _>>()))?;
    Ok(())
}

/// Numbers as arrays of arrays.
fn nested(numbers: &Numbers) -> Value {
    let outer = numbers.dims.iter().skip(1).rev();
    outer.fold(json!(numbers.data), |list, &size| match list {
        Value::Array(list) => list.chunks(size.max(1)).map(|chunk| Value::Array(chunk.to_vec())).collect(),
        other => other,
    })
}
