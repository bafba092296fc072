//! Which files make up a checkpoint: `model.safetensors` alone, or the shards that
//! `model.safetensors.index.json` lists.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::error::Result;
use crate::{json, limits};

/// Name of the file with the weights, where there is one.
pub const MODEL_FILE: &str = "model.safetensors";

/// Name of the list of files, where there are several.
pub const INDEX_FILE: &str = "model.safetensors.index.json";

/// The files of a checkpoint, and which tensor is to be found in which.
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    files: Vec<String>,
    /// Number of the file of each tensor.
    homes: HashMap<String, usize>,
}

impl Index {
    /// A checkpoint of one file, [`MODEL_FILE`].
    pub fn single_file() -> Self {
        Self::of(MODEL_FILE.into())
    }

    /// A checkpoint of one file.
    pub fn of(file: String) -> Self {
        Index { files: vec![file], homes: HashMap::new() }
    }

    /// Reads [`INDEX_FILE`].
    ///
    /// # Errors
    /// [`crate::Error::Config`] when it is not such a list, is beyond a bound, or names a file that is
    /// no `*.safetensors` in the same folder or below it.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let invalid = |field: &str, value: &str, supported: &str| json::invalid(INDEX_FILE, field, value, supported);
        let mut fields = json::object(INDEX_FILE, json, limits::INDEX_BYTES)?;
        let weight_map = match fields.remove("weight_map") {
            Some(Value::Object(weight_map)) => weight_map,
            other => {
                let value = other.map_or("missing".into(), |value| value.to_string());
                return Err(invalid("weight_map", &value, "an object from the names of tensors to files"));
            }
        };
        if weight_map.is_empty() || weight_map.len() > limits::TENSORS {
            let supported = format!("1 to {}", limits::TENSORS);
            return Err(invalid("weight_map", &format!("{} tensors", weight_map.len()), &supported));
        }
        let mut homes = Vec::with_capacity(weight_map.len());
        for (tensor, home) in weight_map {
            match home {
                Value::String(file) if is_within(plain(&file)) => homes.push((tensor, plain(&file).to_owned())),
                other => {
                    let supported = "the name of a .safetensors file in the same folder or below it";
                    return Err(invalid(&tensor, &other.to_string(), supported));
                }
            }
        }
        let names: BTreeSet<&String> = homes.iter().map(|(_, file)| file).collect();
        if names.len() > limits::SHARDS {
            return Err(invalid("weight_map", &format!("{} files", names.len()), &format!("up to {}", limits::SHARDS)));
        }
        let files: Vec<String> = names.into_iter().cloned().collect();
        let number = |file: String| files.binary_search(&file).unwrap_or_default();
        let homes = homes.into_iter().map(|(tensor, file)| (tensor, number(file))).collect();
        Ok(Index { files, homes })
    }

    /// Names of the files, sorted: paths with `/` between folders, in any letters. Who makes an address of one has to
    /// encode what is between the slashes.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Number of the file that the list names for a tensor.
    pub fn file_of(&self, tensor: &str) -> Option<usize> {
        self.homes.get(tensor).copied()
    }
}

/// A path without what only says that it begins here.
fn plain(file: &str) -> &str {
    file.trim_start_matches("./")
}

/// Whether `file` can only mean a file of this kind in the same folder or below it, on any system.
fn is_within(file: &str) -> bool {
    let is_name = |name: &str| !["", ".", ".."].contains(&name) && name.len() <= limits::FILE_NAME_BYTES;
    file.ends_with(".safetensors")
        && file.split('/').all(is_name)
        && !file.contains(|c: char| c.is_control() || c == '\\' || c == ':')
}
