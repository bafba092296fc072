//! `headwise forward`: token ids in, raw outputs out, for comparison with Python.

use std::path::Path;

use headwise::Result;
use headwise::folder::load_model;
use headwise::models::{HeadKind, Model, Trace};
use headwise::text::Rows;
use headwise::weights::LoadOptions;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::file_error;

/// The file of `--inputs`.
#[derive(Deserialize)]
struct InputFile {
    inputs: Rows,
}

pub fn run(folder: &Path, kind: HeadKind, options: LoadOptions, path: &Path, mut trace: Trace) -> Result<()> {
    let text = std::fs::read_to_string(path).map_err(|error| file_error(path, error))?;
    let InputFile { inputs } = serde_json::from_str(&text).map_err(|error| file_error(path, error))?;
    let batch = inputs.to_batch().map_err(|reason| file_error(path, reason))?;
    let model = load_model(folder, kind, options)?;
    let rows = model.forward_traced(&batch, &mut trace)?.to_vec2::<f32>()?;
    let mut outputs = outputs(&model, &inputs, &rows);
    if kind == HeadKind::Base
        && let Some(encoded) = model.encode(&batch)?
    {
        outputs.insert("encoder_last_hidden_state".into(), json!(inputs.unflatten(&encoded.to_vec2()?)));
    }
    for (stack, x) in &trace.hidden_states {
        append(&mut outputs, format!("{}hidden_states", stack.prefix()), json!(inputs.unflatten(&x.to_vec2()?)));
    }
    for (stack, probabilities) in &trace.attentions {
        let pairs: usize = batch.sequences.iter().map(|sequence| sequence.len().pow(2)).sum();
        let heads = probabilities.iter().map(Vec::len).sum::<usize>() / pairs.max(1);
        let name = format!("{}attentions", stack.prefix());
        append(&mut outputs, name, json!(inputs.unflatten_pairs(probabilities, heads)));
    }
    println!("{}", Value::Object(outputs));
    Ok(())
}

/// The result under the names of `transformers`.
fn outputs(model: &Model, inputs: &Rows, rows: &[Vec<f32>]) -> Map<String, Value> {
    let column = |column: usize| -> Value {
        let pick = |row: Vec<Vec<f32>>| row.iter().map(|logits| logits[column]).collect::<Vec<_>>();
        json!(inputs.unflatten(rows).into_iter().map(pick).collect::<Vec<_>>())
    };
    let named = match model.kind {
        HeadKind::Base => vec![("last_hidden_state", json!(inputs.unflatten(rows)))],
        HeadKind::Sequence => vec![("logits", json!(rows))],
        HeadKind::Token | HeadKind::MaskedLm => vec![("logits", json!(inputs.unflatten(rows)))],
        HeadKind::QuestionAnswering => vec![("start_logits", column(0)), ("end_logits", column(1))],
        HeadKind::MultipleChoice => {
            let questions = rows.chunks(inputs.choices.max(1)).map(<[Vec<f32>]>::concat);
            vec![("logits", json!(questions.collect::<Vec<_>>()))]
        }
    };
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Adds a layer's value to the list of this name.
fn append(outputs: &mut Map<String, Value>, name: String, value: Value) {
    if let Value::Array(layers) = outputs.entry(name).or_insert_with(|| json!([])) {
        layers.push(value);
    }
}
