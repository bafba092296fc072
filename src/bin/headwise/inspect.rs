//! `headwise inspect`: what a folder holds, from its configuration and the headers of its
//! weights alone.

use std::collections::BTreeMap;
use std::path::Path;

use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::{checkpoint, small_files};
use headwise::internals::models::{Config, Model};
use headwise::internals::weights::{Checkpoint, LoadOptions, Usage};
use headwise::{Error, Result};
use serde_json::{Map, Value, json};

pub fn run(folder: &Path) -> Result<()> {
    let config = Config::of(&small_files(folder)?)?;
    let checkpoint = checkpoint(folder)?;
    let heads = HeadKind::ALL.iter().map(|&kind| (kind.name().to_owned(), head(&config, &checkpoint, kind)));
    let report = json!({
        "model_type": config.model_type.name,
        "class": config.class,
        "labels": config.labels,
        "problem_type": config.problem_type.map(|kind| kind.name()),
        "max_length": config.max_length(None),
        "file_bytes": checkpoint.file_bytes(),
        "tensors": checkpoint.entries().count(),
        "parameters": parameters_by_dtype(&checkpoint),
        "heads": heads.collect::<Map<_, _>>(),
    });
    super::print_line(format_args!("{report:#}"))?;
    Ok(())
}

/// How many numbers the files hold in each number type.
fn parameters_by_dtype(checkpoint: &Checkpoint) -> BTreeMap<&str, usize> {
    let mut parameters = BTreeMap::new();
    for (_, entry) in checkpoint.entries() {
        *parameters.entry(entry.dtype.as_str()).or_default() += entry.shape.iter().product::<usize>();
    }
    parameters
}

/// Whether the folder can serve a head, and what becomes of its tensors then.
fn head(config: &Config, checkpoint: &Checkpoint, kind: HeadKind) -> Value {
    match Model::plan(config.clone(), checkpoint, kind, LoadOptions::default()) {
        Ok((model, _)) => {
            let Usage { encoder, head, ignored, unexpected, .. } = &model.usage;
            let numbers = |tensors: &[(String, u64)]| tensors.iter().map(|(_, numbers)| numbers).sum::<u64>();
            let names = |tensors: &[(String, u64)]| tensors.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            json!({
                "present": true,
                "encoder": {"tensors": encoder.len(), "parameters": numbers(encoder)},
                "head": {"tensors": names(head), "parameters": numbers(head)},
                "ignored": ignored,
                "unexpected": unexpected,
            })
        }
        Err(error) => {
            let missing = match &error {
                Error::MissingHead { missing, .. } | Error::MissingTensors { missing } => missing.as_slice(),
                _ => &[],
            };
            json!({"present": false, "code": error.code(), "reason": error.to_string(), "missing": missing})
        }
    }
}
