//! The tensors of a model: one safetensors file, or several that hold a part each.

use std::collections::HashMap;

use super::header::{Entry, Header};
use crate::error::{Error, Result};
use crate::limits;

/// Name of the file with the weights, where there is one.
pub const MODEL_FILE: &str = "model.safetensors";

/// Name of the list of files, where there are several.
pub const INDEX_FILE: &str = "model.safetensors.index.json";

/// Where a tensor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Number of the file.
    pub file: usize,
    /// Index into [`Header::entries`] of that file.
    pub entry: usize,
}

/// The files of a model with their headers.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    files: Vec<(String, Header)>,
}

impl Checkpoint {
    /// Puts files together, by their names.
    ///
    /// # Errors
    /// [`Error::Config`] when a tensor stands in two files; [`Error::Safetensors`] when there
    /// are too many tensors.
    pub fn new(files: Vec<(String, Header)>) -> Result<Self> {
        let mut homes = HashMap::new();
        for (file, header) in &files {
            for entry in &header.entries {
                if let Some(other) = homes.insert(&entry.name, file) {
                    return Err(Error::Config {
                        file: INDEX_FILE.into(),
                        field: entry.name.clone(),
                        value: format!("in {other} and in {file}"),
                        supported: "each tensor in one file".into(),
                    });
                }
            }
            if homes.len() > limits::TENSORS {
                let reason = format!("with it there are more than {} tensors", limits::TENSORS);
                return Err(Error::Safetensors { file: file.clone(), reason });
            }
        }
        Ok(Checkpoint { files })
    }

    /// Names of the files and their headers, in the order of [`Location::file`].
    pub fn files(&self) -> &[(String, Header)] {
        &self.files
    }

    /// The tensor at a location of this checkpoint.
    pub fn entry(&self, location: Location) -> &Entry {
        &self.files[location.file].1.entries[location.entry]
    }

    /// Every tensor, file by file in the order of the bytes.
    pub fn entries(&self) -> impl Iterator<Item = (Location, &Entry)> {
        self.files.iter().enumerate().flat_map(|(file, (_, header))| {
            header.entries.iter().enumerate().map(move |(entry, tensor)| (Location { file, entry }, tensor))
        })
    }

    /// Length of all files in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().map(|(_, header)| header.file_bytes).sum()
    }
}
