//! A model without the word pieces that some texts never use: most of a multilingual model is
//! word embeddings. For these texts it computes the same numbers, to the bit.

use std::io::Write;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::files::{io_error, refuse_model, small_files, write_whole};
use super::weights::{checkpoint, open_whole};
use crate::architectures::HeadKind;
use crate::error::Result;
use crate::models::{Config, Model};
use crate::text::prune::{Pruned, renumbered};
use crate::text::{SMALL_FILES, prune as tokenizer};
use crate::weights::{Checkpoint, Entry, INDEX_FILE, LoadOptions, MODEL_FILE, SCALE, write_rows};

/// Ids that configurations name by default (padding, beginning and end): these pieces keep their
/// ids, so that what a file leaves unsaid stays true.
const FIRST: u32 = 4;

/// How the names of tensors end that have a row for each word piece: word embeddings, and the
/// decoders of masked language models.
const TABLES: &[&str] = &[
    "word_embeddings.weight",
    "tok_embeddings.weight",
    "embed_tokens.weight",
    "shared.weight",
    "decoder.weight",
    "decoder.bias",
    "predictions.bias",
    "lm_head.weight",
    "lm_head.bias",
    "vocab_projector.weight",
    "vocab_projector.bias",
    "final_logits_bias",
];

/// Writes the model of the folder `source` to the folder `target`, in the same files, without
/// what `texts` do not need: see [`tokenizer::prune`]. Tensors pass through one row at a time.
/// `config.json` comes last; without it the folder is no model.
///
/// # Errors
/// [`crate::Error::Io`] when `target` holds a model already, or a file cannot be read or
/// written; [`crate::Error::Tokenizer`]; those of [`checkpoint`] and [`Model::plan`].
pub fn prune(source: &Path, target: &Path, texts: &[&str]) -> Result<Pruned> {
    refuse_model(target)?;
    let files = small_files(source)?;
    let config = Config::parse(files.config()?)?;
    let whole = checkpoint(source)?;
    let mut fields = config.fields.all().clone();
    let special: Vec<u32> = token_ids(&mut fields).iter().filter_map(|id| id.as_u64()?.try_into().ok()).collect();
    let pruned = tokenizer::prune(&files, texts, FIRST.max(reserved(&config)), &special)?;
    // The tokenizer may have more pieces than the model has rows, or fewer.
    let rows = &pruned.kept[..pruned.kept.partition_point(|&id| (id as usize) < config.vocab_size)];
    for id in token_ids(&mut fields) {
        if let Some(new) = renumbered(id, &pruned.kept) {
            *id = new;
        }
    }
    fields.insert("vocab_size".into(), rows.len().into());
    let config_json = format!("{:#}\n", Value::Object(fields));
    let new_config = Config::parse(config_json.as_bytes())?;

    std::fs::create_dir_all(target).map_err(|error| io_error(target, &error))?;
    for name in SMALL_FILES {
        if let Some(contents) = pruned.files.get(name) {
            write_whole(&target.join(name), |out| out.write_all(contents))?;
        }
    }
    for (name, header) in whole.files() {
        let file = open_whole(source, name, header)?;
        let axis = |entry: &Entry| axis(entry, config.vocab_size);
        write_whole(&target.join(name), |out| write_rows(header, rows, axis, file, out))?;
    }
    if whole.files().iter().all(|(name, _)| name != MODEL_FILE) {
        let new_bytes = |entry: &Entry| match axis(entry, config.vocab_size) {
            Some(_) => (entry.end - entry.start) / config.vocab_size as u64 * rows.len() as u64,
            None => entry.end - entry.start,
        };
        write_index(source, target, whole.entries().map(|(_, entry)| new_bytes(entry)).sum())?;
    }
    check(&config, &whole, &new_config, &checkpoint(target)?)?;
    write_whole(&target.join("config.json"), |out| out.write_all(config_json.as_bytes()))?;
    Ok(pruned)
}

/// Where positions count from the padding id, that must not change, nor what is before it.
fn reserved(config: &Config) -> u32 {
    match config.usable_positions {
        Some(usable) if usable < config.max_positions => config.pad_token_id as u32 + 1,
        _ => 0,
    }
}

/// The ids of tokens that a configuration names.
fn token_ids(fields: &mut Map<String, Value>) -> Vec<&mut Value> {
    let named = fields.iter_mut().filter(|(key, _)| key.ends_with("_token_id"));
    named
        .flat_map(|(_, value)| match value {
            Value::Array(ids) => ids.iter_mut().collect(),
            id => vec![id],
        })
        .collect()
}

/// The axis of a tensor that has a row for each word piece.
fn axis(entry: &Entry, vocab_size: usize) -> Option<usize> {
    let axis = entry.shape.iter().position(|&size| size != 1)?;
    let name = entry.name.strip_suffix(SCALE).unwrap_or(&entry.name);
    (entry.shape[axis] == vocab_size && TABLES.iter().any(|end| name.ends_with(end))).then_some(axis)
}

/// The list of files, which stay the same, for tensors of that many bytes.
fn write_index(source: &Path, target: &Path, total_size: u64) -> Result<()> {
    let path = source.join(INDEX_FILE);
    let text = std::fs::read(&path).map_err(|error| io_error(&path, &error))?;
    let mut list: Value = serde_json::from_slice(&text).map_err(|error| io_error(&path, &error.into()))?;
    list["metadata"] = json!({"total_size": total_size});
    write_whole(&target.join(INDEX_FILE), |out| out.write_all(format!("{list:#}\n").as_bytes()))
}

/// Whatever could be loaded from the source can be loaded from the target.
fn check(config: &Config, whole: &Checkpoint, new_config: &Config, new: &Checkpoint) -> Result<()> {
    let plan =
        |config: &Config, checkpoint, kind| Model::plan(config.clone(), checkpoint, kind, LoadOptions::default());
    let heads = HeadKind::ALL.iter().filter(|&&kind| plan(config, whole, kind).is_ok());
    heads.copied().try_for_each(|kind| plan(new_config, new, kind).map(drop))
}
