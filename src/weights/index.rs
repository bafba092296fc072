//! Which files make up a checkpoint: `model.safetensors` alone, or the shards that
//! `model.safetensors.index.json` lists.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::checkpoint::{Checkpoint, INDEX_FILE, MODEL_FILE};
use crate::error::{Error, Result};
use crate::limits;

/// The files of a checkpoint, and which tensor is to be found in which.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    files: Vec<String>,
    /// Tensors with the number of their file, in the order of the list.
    tensors: Vec<(String, usize)>,
}

impl Index {
    /// A checkpoint of one file, [`MODEL_FILE`].
    pub fn single_file() -> Self {
        Index { files: vec![MODEL_FILE.into()], tensors: Vec::new() }
    }

    /// Reads [`INDEX_FILE`].
    ///
    /// # Errors
    /// [`Error::Config`] when it is not such a list, is beyond a bound, or names a file that is
    /// not a plain `*.safetensors` beside it.
    pub fn parse(json: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct File {
            weight_map: Map<String, Value>,
        }
        if json.len() > limits::INDEX_BYTES {
            let supported = format!("up to {} bytes", limits::INDEX_BYTES);
            return Err(invalid("the file", format!("{} bytes", json.len()), &supported));
        }
        let File { weight_map } = serde_json::from_slice(json)
            .map_err(|error| invalid("the file", format!("unreadable ({error})"), "an object with a weight_map"))?;
        if weight_map.is_empty() || weight_map.len() > limits::TENSORS {
            let supported = format!("1 to {}", limits::TENSORS);
            return Err(invalid("weight_map", format!("{} tensors", weight_map.len()), &supported));
        }
        let mut homes = Vec::with_capacity(weight_map.len());
        for (tensor, home) in weight_map {
            match home {
                Value::String(file) if is_plain(&file) => homes.push((tensor, file)),
                other => {
                    let shown = other.to_string().chars().take(80).collect();
                    return Err(invalid(&tensor, shown, "the name of a .safetensors file in the same folder"));
                }
            }
        }
        let names: BTreeSet<&String> = homes.iter().map(|(_, file)| file).collect();
        if names.len() > limits::SHARDS {
            return Err(invalid("weight_map", format!("{} files", names.len()), &format!("up to {}", limits::SHARDS)));
        }
        let files: Vec<String> = names.into_iter().cloned().collect();
        let number = |file: String| files.binary_search(&file).unwrap_or_default();
        let tensors = homes.into_iter().map(|(tensor, file)| (tensor, number(file))).collect();
        Ok(Index { files, tensors })
    }

    /// Names of the files, sorted.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Checks that each tensor of the list stands in the file that the list names.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first tensor that does not.
    pub fn check(&self, checkpoint: &Checkpoint) -> Result<()> {
        let homes: HashMap<&str, usize> =
            checkpoint.entries().map(|(location, entry)| (entry.name.as_str(), location.file)).collect();
        for (tensor, file) in &self.tensors {
            let home = homes.get(tensor.as_str()).copied();
            if home != Some(*file) {
                let place = home.map_or("in no file".into(), |home| format!("in {}", self.files[home]));
                return Err(invalid(tensor, place, &format!("in {}, as the list says", self.files[*file])));
            }
        }
        Ok(())
    }
}

/// Whether `file` can only mean a file of this kind in the same folder, on any system and in
/// any address.
fn is_plain(file: &str) -> bool {
    file.len() <= limits::FILE_NAME_BYTES
        && file.ends_with(".safetensors")
        && !file.starts_with('.')
        && file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn invalid(field: &str, value: String, supported: &str) -> Error {
    Error::Config { file: INDEX_FILE.into(), field: field.into(), value, supported: supported.into() }
}
