//! Writes what a plan reads, and what it draws, as one safetensors file.

use std::cmp::Reverse;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde_json::{Map, Value, json};

use super::checkpoint::{Checkpoint, Location};
use super::plan::{New, Plan};

/// A tensor to be written.
struct Tensor<'a> {
    name: &'a str,
    dtype: &'a str,
    shape: &'a [usize],
    bytes: u64,
    source: Source<'a>,
}

/// Where the bytes of a tensor come from.
enum Source<'a> {
    File(Location),
    New(&'a New),
}

/// Writes one file with every tensor of `checkpoint` that `plan` reads, byte for byte, and
/// those it draws, in F32; all under their full names ([`super::Names`]), which is how
/// `transformers` names them. Tensors that the plan leaves aside are left out. `sources` are
/// the checkpoint's files. The layout is that of the `safetensors` crate: the widest types
/// first, then by name.
///
/// # Errors
/// Those of reading and writing.
pub fn write_checkpoint<S: Read + Seek>(
    checkpoint: &Checkpoint,
    plan: &Plan,
    sources: &mut [S],
    target: &mut impl Write,
) -> io::Result<()> {
    let mut tensors: Vec<Tensor> = read(checkpoint, plan).chain(plan.new.iter().map(Tensor::new)).collect();
    tensors.sort_by_key(|tensor| (Reverse(rank(tensor.dtype)), tensor.name));
    target.write_all(&header(&tensors))?;
    for tensor in &tensors {
        match tensor.source {
            Source::File(location) => {
                let header = &checkpoint.files()[location.file].1;
                let source = &mut sources[location.file];
                source.seek(SeekFrom::Start(header.data_start() + checkpoint.entry(location).start))?;
                if io::copy(&mut source.take(tensor.bytes), target)? < tensor.bytes {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
            Source::New(new) => new.numbers().try_for_each(|number| target.write_all(&number.to_le_bytes()))?,
        }
    }
    Ok(())
}

fn read<'a>(checkpoint: &'a Checkpoint, plan: &'a Plan) -> impl Iterator<Item = Tensor<'a>> {
    checkpoint.entries().filter_map(|(location, entry)| {
        let placement = plan.placement(location)?;
        Some(Tensor {
            name: &placement.name,
            dtype: &entry.dtype,
            shape: &entry.shape,
            bytes: entry.end - entry.start,
            source: Source::File(location),
        })
    })
}

impl<'a> Tensor<'a> {
    fn new(new: &'a New) -> Self {
        let shape = &new.tensor.shape;
        let bytes = (shape.iter().product::<usize>() * size_of::<f32>()) as u64;
        Tensor { name: &new.tensor.name, dtype: "F32", shape, bytes, source: Source::New(new) }
    }
}

/// Place of a type among those that a plan reads, from the narrowest.
fn rank(dtype: &str) -> Option<usize> {
    ["F16", "BF16", "F32"].iter().position(|&known| known == dtype)
}

/// The length of the JSON and the JSON, with spaces up to a multiple of eight bytes.
fn header(tensors: &[Tensor]) -> Vec<u8> {
    let mut table = Map::new();
    table.insert("__metadata__".into(), json!({"format": "pt"}));
    let mut start = 0;
    for tensor in tensors {
        let end = start + tensor.bytes;
        let entry: Value = json!({"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [start, end]});
        table.insert(tensor.name.to_owned(), entry);
        start = end;
    }
    let json = Value::Object(table).to_string();
    let padded = json.len().next_multiple_of(8);
    let mut bytes = (padded as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    bytes.resize(8 + padded, b' ');
    bytes
}
