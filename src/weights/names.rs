//! Tensor names: how a checkpoint spells what the model calls for.

use std::collections::HashMap;

use super::checkpoint::{Checkpoint, Location};
use super::header::Entry;

/// Spellings of old TensorFlow checkpoints, by the end of the name.
const ALIASES: &[(&str, &str)] = &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")];

/// Which tensors of a checkpoint are of no concern to a load.
#[derive(Debug, Clone, Copy)]
pub struct Ignorable {
    /// Ends of the names of buffers that carry no trained values.
    pub buffers: &'static [&'static str],
    /// Beginnings of the names of heads, without the encoder's prefix.
    pub heads: &'static [&'static str],
}

/// The names of a checkpoint: the prefix of its encoder, and where each tensor stands.
///
/// A full name is what `transformers` calls a tensor in a checkpoint with a head
/// (`bert.embeddings.LayerNorm.weight`), however the files spell it.
#[derive(Debug)]
pub struct Names {
    /// Before the encoder's names, in full names.
    prefix: String,
    /// Before the encoder's names, in these files; empty in those of a bare `…Model`.
    carried: String,
    /// By the name in the files, aliases resolved.
    locations: HashMap<String, Location>,
}

impl Names {
    /// Reads the names of `checkpoint`, in which each of `aliases` may stand for another part of a name. Its prefix is decided here, once for all files: the
    /// first of `prefixes` that any tensor carries, or none. The first of `prefixes` is the one
    /// in full names.
    pub fn new(checkpoint: &Checkpoint, prefixes: &[&str], aliases: &[(&str, &str)]) -> Self {
        let with_dot = |prefix: &&str| format!("{prefix}.");
        let is_carried = |start: &String| checkpoint.entries().any(|(_, entry)| entry.name.starts_with(start));
        let mut locations: HashMap<String, Location> = HashMap::new();
        for (location, Entry { name, .. }) in checkpoint.entries() {
            let new = canonical(name, aliases);
            // Where a file has both spellings, Python reads the old one.
            if new != *name || !locations.contains_key(&new) {
                locations.insert(new, location);
            }
        }
        Names {
            prefix: prefixes.first().map(with_dot).unwrap_or_default(),
            carried: prefixes.iter().map(with_dot).find(is_carried).unwrap_or_default(),
            locations,
        }
    }

    /// Full name of a tensor of the encoder.
    pub fn base(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// How these files spell a full name.
    pub fn spelled(&self, name: &str) -> String {
        match name.strip_prefix(&self.prefix) {
            Some(bare) => format!("{}{bare}", self.carried),
            None => name.to_owned(),
        }
    }

    /// Where the tensor with this full name stands. Single tensors may lack the prefix that others carry.
    pub fn location(&self, name: &str) -> Option<Location> {
        let bare = || self.locations.get(name.strip_prefix(&self.prefix)?);
        self.locations.get(&self.spelled(name)).or_else(bare).copied()
    }

    /// The first of several full names that the checkpoint has.
    pub fn first_of<'a>(&self, names: &'a [String]) -> Option<&'a String> {
        names.iter().find(|name| self.location(name).is_some())
    }

    /// Whether `name`, as a file spells it, may be left aside without a word.
    pub fn ignorable(&self, name: &str, ignorable: &Ignorable) -> bool {
        let bare = name.strip_prefix(&self.carried).unwrap_or(name);
        ignorable.buffers.iter().any(|end| name.ends_with(end))
            || ignorable.heads.iter().any(|start| bare.starts_with(start))
    }
}

fn canonical(name: &str, aliases: &[(&str, &str)]) -> String {
    for (old, new) in ALIASES {
        if let Some(stem) = name.strip_suffix(old) {
            return format!("{stem}{new}");
        }
    }
    let mut dotted = format!(".{name}.");
    for (other, own) in aliases.iter().map(|(other, own)| (format!(".{other}."), format!(".{own}."))) {
        if !dotted.contains(&own) {
            dotted = dotted.replacen(&other, &own, 1);
        }
    }
    dotted[1..dotted.len() - 1].to_owned()
}
