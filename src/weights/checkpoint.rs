//! The tensors of a model: one safetensors file, or several that hold a part each.

use std::collections::{BTreeSet, HashMap};

use super::header::{Entry, Header};
use super::index::Index;
use crate::error::{Error, Result};
use crate::limits;

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
    /// Second copies of tensors, which do not count.
    copies: BTreeSet<Location>,
}

impl Checkpoint {
    /// Puts files together that nobody has listed: [`Checkpoint::listed`] without a list.
    ///
    /// # Errors
    /// Those of [`Checkpoint::listed`].
    pub fn new(files: Vec<(String, Header)>) -> Result<Self> {
        Self::listed(files, &Index::single_file())
    }

    /// Puts the files of `index` together, by their names. What a file holds counts, whether the list knows of it or
    /// has it elsewhere. Of a tensor in several files that one counts which the list names, else the one in the last
    /// of them.
    ///
    /// # Errors
    /// [`Error::Safetensors`] when there are too many tensors.
    pub fn listed(files: Vec<(String, Header)>, index: &Index) -> Result<Self> {
        let mut homes: HashMap<&str, Location> = HashMap::new();
        let mut copies = BTreeSet::new();
        for (number, (file, header)) in files.iter().enumerate() {
            for (entry, Entry { name, .. }) in header.entries.iter().enumerate() {
                let location = Location { file: number, entry };
                let home = homes.entry(name).or_insert(location);
                if *home != location {
                    let stays = index.file_of(name) == Some(home.file);
                    copies.insert(if stays { location } else { std::mem::replace(home, location) });
                }
            }
            if homes.len() > limits::TENSORS {
                let reason = format!("with it there are more than {} tensors", limits::TENSORS);
                return Err(Error::Safetensors { file: file.clone(), reason });
            }
        }
        Ok(Checkpoint { files, copies })
    }

    /// Names of the files and their headers, in the order of [`Location::file`].
    pub fn files(&self) -> &[(String, Header)] {
        &self.files
    }

    /// The tensor at a location of this checkpoint.
    pub fn entry(&self, location: Location) -> &Entry {
        &self.files[location.file].1.entries[location.entry]
    }

    /// Every tensor once, file by file in the order of the bytes.
    pub fn entries(&self) -> impl Iterator<Item = (Location, &Entry)> {
        let all = self.files.iter().enumerate().flat_map(|(file, (_, header))| {
            header.entries.iter().enumerate().map(move |(entry, tensor)| (Location { file, entry }, tensor))
        });
        all.filter(|(location, _)| !self.is_copy(*location))
    }

    /// Whether the tensor at a location is a second copy of one that counts.
    pub fn is_copy(&self, location: Location) -> bool {
        self.copies.contains(&location)
    }

    /// Names of the tensors that stand in several files.
    pub fn copied(&self) -> Vec<String> {
        let names: BTreeSet<&String> = self.copies.iter().map(|&location| &self.entry(location).name).collect();
        names.into_iter().cloned().collect()
    }

    /// Length of all files in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.files.iter().map(|(_, header)| header.file_bytes).sum()
    }
}
