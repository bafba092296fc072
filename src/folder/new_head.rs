//! A model with a new head, saved as one that can be trained further.

use std::io::Write;
use std::path::Path;

use super::copy::copy_tokenizer;
use super::files::{io_error, refuse_model, write_whole};
use super::weights::{checkpoint, open_whole};
use crate::architectures::HeadKind;
use crate::error::Result;
use crate::models::{Config, Model};
use crate::weights::{LoadOptions, MODEL_FILE, NewHead, write_checkpoint};

/// Writes the model of the folder `source` with a new head to the folder `target`: a copy of
/// the tokenizer's files, a `model.safetensors` of the encoder and the head as
/// [`LoadOptions::new_head`] gives them, to the bit (see [`write_checkpoint`]), and
/// `config_json`. Whatever the source has beside that, other heads' tensors above all, is left
/// out. A file that is cut off never carries its final name, and without `config.json`, which
/// comes last, the folder is no model. Returns the names of the tensors that are new.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) when `target` holds a model already, or a file cannot be read or written;
/// those of [`checkpoint`] and [`Model::plan`].
pub fn save_new_head(
    source: &Path,
    target: &Path,
    config_json: &str,
    kind: HeadKind,
    new_head: NewHead,
) -> Result<Vec<String>> {
    refuse_model(target)?;
    let checkpoint = checkpoint(source)?;
    let options = LoadOptions { new_head: Some(new_head), ..LoadOptions::default() };
    let (model, plan) = Model::plan(Config::parse(config_json.as_bytes())?, &checkpoint, kind, options)?;
    let mut weights = Vec::new();
    for (name, header) in checkpoint.files() {
        weights.push(open_whole(source, name, header)?);
    }
    std::fs::create_dir_all(target).map_err(|error| io_error(target, &error))?;
    copy_tokenizer(source, target)?;
    write_whole(&target.join(MODEL_FILE), |out| write_checkpoint(&checkpoint, &plan, &mut weights, out))?;
    write_whole(&target.join("config.json"), |out| out.write_all(config_json.as_bytes()))?;
    Ok(model.usage.new)
}
