//! The header of a safetensors file: a bounded reader of untrusted bytes. Bytes come in,
//! a table of tensors comes out; [`super::Load`] calls it.
//!
//! Format: an unsigned 64-bit little-endian length, that many bytes of JSON, in white space if the writer
//! liked it so, then the tensors' bytes without gaps. The `safetensors` crate is the oracle in tests; it is not
//! used here because on 32-bit targets it refuses tensors of 512 MiB and has no bound on
//! the header.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use crate::error::{Error, Result};
use crate::limits;

/// Bytes before the JSON: its length.
const LENGTH_BYTES: usize = 8;

/// One tensor of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Name in the file.
    pub name: String,
    /// Number type as the file spells it: `F32`, `F16`, `BF16`, `I64`, …
    pub dtype: String,
    /// Shape; empty for a scalar.
    pub shape: Vec<usize>,
    /// First byte, counted from the end of the header.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
}

/// The tensors of one file in the order of their bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Sorted by position; neighbours touch.
    pub entries: Vec<Entry>,
    /// Length of the whole file in bytes.
    pub file_bytes: u64,
}

impl Header {
    /// Bytes before the tensors.
    pub fn data_start(&self) -> u64 {
        self.file_bytes - self.entries.last().map_or(0, |entry| entry.end)
    }
}

/// Collects the bytes of a header as they arrive.
#[derive(Debug)]
pub struct HeaderReader {
    file: String,
    bytes: Vec<u8>,
}

impl HeaderReader {
    /// Starts reading `file`; the name is for messages only.
    pub fn new(file: &str) -> Self {
        HeaderReader { file: file.to_owned(), bytes: Vec::new() }
    }

    /// Takes from the front of `chunk` what belongs to the header. Returns the header once
    /// it is whole, and how many bytes of `chunk` were taken.
    ///
    /// # Errors
    /// [`Error::Safetensors`] as soon as a rule of the format is broken.
    pub fn push(&mut self, chunk: &[u8]) -> Result<(Option<Header>, usize)> {
        let mut taken = self.take(chunk, LENGTH_BYTES);
        let Some(length) = self.length()? else {
            return Ok((None, taken));
        };
        taken += self.take(&chunk[taken..], LENGTH_BYTES + length);
        if self.bytes.len() < LENGTH_BYTES + length {
            return Ok((None, taken));
        }
        let header = parse(&self.bytes[LENGTH_BYTES..]).map_err(|reason| self.malformed(reason))?;
        Ok((Some(header), taken))
    }

    /// The error for a file that ended within its header.
    pub fn ended(&self) -> Error {
        self.malformed(format!("it ends after {} bytes, within its header", self.bytes.len()))
    }

    fn take(&mut self, chunk: &[u8], up_to: usize) -> usize {
        let taken = up_to.saturating_sub(self.bytes.len()).min(chunk.len());
        self.bytes.extend_from_slice(&chunk[..taken]);
        taken
    }

    fn length(&self) -> Result<Option<usize>> {
        let Some(bytes) = self.bytes.first_chunk::<LENGTH_BYTES>() else {
            return Ok(None);
        };
        let length = u64::from_le_bytes(*bytes);
        if length > limits::HEADER_BYTES {
            let looks = match bytes {
                b"version " => " (the file looks like a Git LFS pointer, not like the weights)",
                [b'<', ..] => " (the file looks like an HTML page)",
                [b'P', b'K', ..] => " (the file looks like a PyTorch archive)",
                _ => "",
            };
            let limit = limits::HEADER_BYTES;
            return Err(self.malformed(format!("its header would have {length} bytes, more than {limit}{looks}")));
        }
        Ok(Some(length as usize))
    }

    fn malformed(&self, reason: String) -> Error {
        Error::Safetensors { file: self.file.clone(), reason }
    }
}

/// Reads the JSON and checks everything that the tensors' bytes rely on.
fn parse(json: &[u8]) -> std::result::Result<Header, String> {
    let mut entries = serde_json::from_slice::<Table>(json).map_err(|error| format!("its header: {error}"))?.0;
    entries.sort_by_key(|entry| (entry.start, entry.end));
    let mut position = 0;
    for entry in &entries {
        if entry.start != position || entry.end < entry.start {
            let Entry { name, start, end, .. } = entry;
            return Err(format!("tensor {name} lies at bytes {start}..{end}, expected to begin at {position}"));
        }
        let stated = entry.end - entry.start;
        match byte_length(entry)? {
            length if length != stated => {
                let Entry { name, dtype, shape, .. } = entry;
                return Err(format!(
                    "tensor {name} of type {dtype} and shape {shape:?} takes {length} bytes, not {stated}"
                ));
            }
            _ => position = entry.end,
        }
    }
    let file_bytes = (LENGTH_BYTES + json.len()) as u64;
    let file_bytes = file_bytes.checked_add(position).ok_or("its length overflows")?;
    Ok(Header { entries, file_bytes })
}

/// Bytes that a tensor takes by its type and shape. Types are those of safetensors 0.8; whether one can be read is
/// asked only of tensors that are needed.
fn byte_length(entry: &Entry) -> std::result::Result<u64, String> {
    let Entry { name, dtype, shape, .. } = entry;
    let bits: u64 = match dtype.as_str() {
        "F64" | "I64" | "U64" | "C64" => 64,
        "F32" | "I32" | "U32" => 32,
        "F16" | "BF16" | "I16" | "U16" => 16,
        "I8" | "U8" | "BOOL" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" | "F8_E4M3FNUZ" | "F8_E5M2FNUZ" => 8,
        "F6_E2M3" | "F6_E3M2" => 6,
        "F4" => 4,
        _ => return Err(format!("tensor {name} is of the type {dtype}, which is not known")),
    };
    let length = shape.iter().try_fold(bits, |product, &size| product.checked_mul(size as u64));
    let length = length.ok_or_else(|| format!("tensor {name} has shape {shape:?}, whose size overflows"))?;
    match length.is_multiple_of(8) {
        true => Ok(length / 8),
        false => Err(format!("tensor {name} of type {dtype} and shape {shape:?} does not take whole bytes")),
    }
}

/// The JSON object of the header, read entry by entry so that bounds and duplicates are
/// found while it is read.
struct Table(Vec<Entry>);

/// What the JSON says of one tensor.
#[derive(Deserialize)]
struct Description {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl<'de> Deserialize<'de> for Table {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct TableVisitor;
        impl<'de> Visitor<'de> for TableVisitor {
            type Value = Table;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Table, A::Error> {
                let mut entries = Vec::new();
                let mut names = HashSet::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(serde::de::Error::custom(format!("{name} stands twice")));
                    }
                    if names.len() > limits::TENSORS {
                        return Err(serde::de::Error::custom(format!("more than {} tensors", limits::TENSORS)));
                    }
                    if name == "__metadata__" {
                        // Nothing here is of use, but what is no text is refused everywhere.
                        map.next_value::<Option<HashMap<String, String>>>()?;
                        continue;
                    }
                    entries.push(entry(name, map.next_value()?)?);
                }
                Ok(Table(entries))
            }
        }
        deserializer.deserialize_map(TableVisitor)
    }
}

fn entry<E: serde::de::Error>(name: String, description: Description) -> std::result::Result<Entry, E> {
    let Description { dtype, shape, data_offsets } = description;
    let sizes = shape.iter().map(|&size| usize::try_from(size)).collect::<std::result::Result<_, _>>();
    let Ok(shape) = sizes else {
        return Err(E::custom(format!("tensor {name} has shape {shape:?}, more than can be addressed")));
    };
    let (start, end) = data_offsets;
    Ok(Entry { name, dtype, shape, start, end })
}
