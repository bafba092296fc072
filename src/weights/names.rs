//! Tensor names: how the file spells what the model calls for.

use std::collections::HashMap;

use super::header::Header;

/// Spellings of old TensorFlow checkpoints, by the end of the name.
const ALIASES: &[(&str, &str)] = &[("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")];

/// Which tensors of a file are of no concern to a load.
#[derive(Debug, Clone, Copy)]
pub struct Ignorable {
    /// Ends of the names of buffers that carry no trained values.
    pub buffers: &'static [&'static str],
    /// Beginnings of the names of heads, without the encoder's prefix.
    pub heads: &'static [&'static str],
}

/// The names of one file: the prefix of its encoder, and where each tensor stands.
#[derive(Debug)]
pub struct Names {
    prefix: String,
    positions: HashMap<String, usize>,
}

impl Names {
    /// Reads the names of `header`. The prefix is decided here, once for the whole file: the
    /// first of `prefixes` that any tensor carries, or none (a bare `…Model` has none).
    pub fn new(header: &Header, prefixes: &[&str]) -> Self {
        let carried = |prefix: &&&str| {
            let start = format!("{prefix}.");
            header.entries.iter().any(|entry| entry.name.starts_with(&start))
        };
        let prefix = prefixes.iter().find(carried).map_or(String::new(), |prefix| format!("{prefix}."));
        let names = header.entries.iter().map(|entry| canonical(&entry.name));
        Names { prefix, positions: names.zip(0..).collect() }
    }

    /// Full name of a tensor of the encoder.
    pub fn base(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// Index into [`Header::entries`] of the tensor with this full name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// Whether `name`, as the file spells it, may be left aside without a word.
    pub fn ignorable(&self, name: &str, ignorable: &Ignorable) -> bool {
        let bare = name.strip_prefix(&self.prefix).unwrap_or(name);
        ignorable.buffers.iter().any(|end| name.ends_with(end))
            || ignorable.heads.iter().any(|start| bare.starts_with(start))
    }
}

fn canonical(name: &str) -> String {
    for (old, new) in ALIASES {
        if let Some(stem) = name.strip_suffix(old) {
            return format!("{stem}{new}");
        }
    }
    name.to_owned()
}
