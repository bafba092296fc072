//! Writes safetensors files: what a plan reads and draws, or a file without some of its rows.

use std::cmp::Reverse;
use std::io::{self, Read, Seek, SeekFrom, Write};

use serde_json::{Map, Value, json};

use super::checkpoint::Checkpoint;
use super::header::{Entry, Header};
use super::plan::{New, Plan};

/// A tensor to be written.
struct Tensor<'a> {
    name: &'a str,
    dtype: &'a str,
    shape: Vec<usize>,
    bytes: u64,
    source: Source<'a>,
}

/// Where the bytes of a tensor come from: a file, from that byte on, or nowhere yet.
enum Source<'a> {
    File { file: usize, start: u64 },
    Rows { file: usize, start: u64, rows: &'a [u32] },
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
    write(&tensors, sources, target)
}

/// Copies the file `source`, which begins with `header`, and keeps of some tensors only these
/// `rows`, which ascend: of those for which `axis` gives the axis of the rows. The axes before
/// it have a size of one.
///
/// # Errors
/// Those of reading and writing.
pub fn write_rows<S: Read + Seek>(
    header: &Header,
    rows: &[u32],
    axis: impl Fn(&Entry) -> Option<usize>,
    source: S,
    target: &mut impl Write,
) -> io::Result<()> {
    let tensor = |entry| {
        let whole = Tensor::of_file(entry, 0, header);
        match axis(entry) {
            Some(axis) => whole.with_rows(rows, axis),
            None => whole,
        }
    };
    write(&header.entries.iter().map(tensor).collect::<Vec<_>>(), &mut [source], target)
}

fn write<S: Read + Seek>(tensors: &[Tensor], sources: &mut [S], target: &mut impl Write) -> io::Result<()> {
    target.write_all(&header(tensors))?;
    for tensor in tensors {
        match tensor.source {
            Source::File { file, start } => copy(&mut sources[file], start, tensor.bytes, target)?,
            Source::Rows { file, start, rows } => {
                let row_bytes = tensor.bytes / rows.len() as u64;
                for &row in rows {
                    copy(&mut sources[file], start + u64::from(row) * row_bytes, row_bytes, target)?;
                }
            }
            Source::New(new) => new.numbers().try_for_each(|number| target.write_all(&number.to_le_bytes()))?,
        }
    }
    Ok(())
}

/// Copies that many bytes from a place of the source.
fn copy(source: &mut (impl Read + Seek), start: u64, bytes: u64, target: &mut impl Write) -> io::Result<()> {
    source.seek(SeekFrom::Start(start))?;
    match io::copy(&mut source.take(bytes), target)? < bytes {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(()),
    }
}

fn read<'a>(checkpoint: &'a Checkpoint, plan: &'a Plan) -> impl Iterator<Item = Tensor<'a>> {
    checkpoint.entries().filter_map(|(location, entry)| {
        let name = &plan.placement(location)?.name;
        Some(Tensor { name, ..Tensor::of_file(entry, location.file, &checkpoint.files()[location.file].1) })
    })
}

impl<'a> Tensor<'a> {
    fn of_file(entry: &'a Entry, file: usize, header: &Header) -> Self {
        Tensor {
            name: &entry.name,
            dtype: &entry.dtype,
            shape: entry.shape.clone(),
            bytes: entry.end - entry.start,
            source: Source::File { file, start: header.data_start() + entry.start },
        }
    }

    fn new(new: &'a New) -> Self {
        let shape = new.tensor.shape.clone();
        let bytes = (shape.iter().product::<usize>() * size_of::<f32>()) as u64;
        Tensor { name: &new.tensor.name, dtype: "F32", shape, bytes, source: Source::New(new) }
    }

    /// The same with only these rows.
    fn with_rows(mut self, rows: &'a [u32], axis: usize) -> Self {
        if let Source::File { file, start } = self.source {
            self.source = Source::Rows { file, start, rows };
            self.bytes = self.bytes / self.shape[axis] as u64 * rows.len() as u64;
            self.shape[axis] = rows.len();
        }
        self
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
