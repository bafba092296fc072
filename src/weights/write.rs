//! Writes safetensors files: what a plan reads and draws, a file without some of its rows, or one
//! whose matrices are in a compact form.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};

use serde_json::{Map, Value, json};

use super::checkpoint::{Checkpoint, Location};
use super::header::{Entry, Header};
use super::plan::{New, Plan, SCALE};
use super::stored_type::StoredType;
use crate::kernels::Precision;
use crate::kernels::half::overflows_f16;

/// A tensor to be written.
struct Tensor<'a> {
    name: Cow<'a, str>,
    dtype: &'a str,
    shape: Vec<usize>,
    bytes: u64,
    source: Source<'a>,
}

/// Where the bytes of a tensor come from: a file, from that byte on, or nowhere yet.
enum Source<'a> {
    File { file: usize, start: u64 },
    Rows { file: usize, start: u64, rows: &'a [u32] },
    Cells { file: usize, rows: Rows, precision: Precision },
    Scales { file: usize, rows: Rows, precision: Precision },
    New(&'a New),
}

/// The rows of a matrix in a file.
#[derive(Clone, Copy)]
struct Rows {
    start: u64,
    dtype: StoredType,
    count: usize,
    columns: usize,
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
    sort(&mut tensors);
    write(&tensors, sources, target)
}

/// Writes one file with every tensor of `checkpoint`, those at `matrices` in the form of `precision`,
/// the others byte for byte: F16 without factors, so that a matrix with a number beyond its range
/// stays as it is; or I8, with the scales `…_scale` `[rows, 1]` in F32. `sources` are the checkpoint's
/// files. Nothing is held but a row: what needs all of a matrix reads it twice. Returns the names of
/// the matrices that stay as they are.
///
/// # Errors
/// Those of reading and writing.
pub fn write_compact<S: Read + Seek>(
    checkpoint: &Checkpoint,
    matrices: &[Location],
    precision: Precision,
    sources: &mut [S],
    target: &mut impl Write,
) -> io::Result<Vec<String>> {
    let (mut tensors, mut unchanged) = (Vec::new(), Vec::new());
    for (location, entry) in checkpoint.entries() {
        let whole = Tensor::of_file(entry, location.file, &checkpoint.files()[location.file].1);
        let rows = matrices.contains(&location).then(|| whole.rows()).flatten();
        match rows {
            None => tensors.push(whole),
            Some(rows) if precision == Precision::Fp16 && !rows.fit_f16(&mut sources[location.file])? => {
                unchanged.push(entry.name.clone());
                tensors.push(whole);
            }
            Some(rows) => {
                tensors.extend((precision == Precision::Q8).then(|| whole.scales(location.file, rows, precision)));
                tensors.push(whole.cells(location.file, rows, precision));
            }
        }
    }
    sort(&mut tensors);
    write(&tensors, sources, target)?;
    Ok(unchanged)
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
    let mut end = 0;
    let entry = |Tensor { name, dtype, shape, bytes, .. }: &Tensor| {
        let start = end;
        end += bytes;
        Entry { name: name.to_string(), dtype: (*dtype).to_owned(), shape: shape.clone(), start, end }
    };
    target.write_all(&header(&tensors.iter().map(entry).collect::<Vec<_>>()))?;
    for tensor in tensors {
        match tensor.source {
            Source::File { file, start } => copy(&mut sources[file], start, tensor.bytes, target)?,
            Source::Rows { file, start, rows } => {
                let row_bytes = tensor.bytes / rows.len() as u64;
                for &row in rows {
                    copy(&mut sources[file], start + u64::from(row) * row_bytes, row_bytes, target)?;
                }
            }
            Source::Cells { file, rows, precision } => {
                let mut bytes = Vec::new();
                rows.each(&mut sources[file], |numbers| {
                    bytes.clear();
                    rows.dtype.stored(precision, numbers).append_to(&mut bytes);
                    target.write_all(&bytes)
                })?;
            }
            Source::Scales { file, rows, precision } => rows.each(&mut sources[file], |numbers| {
                let scale = rows.dtype.stored(precision, numbers).scale().unwrap_or(1.0);
                target.write_all(&scale.to_le_bytes())
            })?,
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
        let name = Cow::from(plan.placement(location)?.name.as_str());
        Some(Tensor { name, ..Tensor::of_file(entry, location.file, &checkpoint.files()[location.file].1) })
    })
}

impl<'a> Tensor<'a> {
    fn of_file(entry: &'a Entry, file: usize, header: &Header) -> Self {
        Tensor {
            name: Cow::from(entry.name.as_str()),
            dtype: &entry.dtype,
            shape: entry.shape.clone(),
            bytes: entry.end - entry.start,
            source: Source::File { file, start: header.data_start() + entry.start },
        }
    }

    fn new(new: &'a New) -> Self {
        let shape = new.tensor.shape.clone();
        let bytes = (shape.iter().product::<usize>() * size_of::<f32>()) as u64;
        let name = Cow::from(new.tensor.name.as_str());
        Tensor { name, dtype: "F32", shape, bytes, source: Source::New(new) }
    }

    /// The rows of a matrix of numbers; `None` for other tensors.
    fn rows(&self) -> Option<Rows> {
        match (&self.source, self.shape.as_slice(), StoredType::parse(self.dtype)?) {
            (&Source::File { start, .. }, &[count, columns], dtype) => Some(Rows { start, dtype, count, columns }),
            _ => None,
        }
    }

    /// The same in the form of `precision`, without its scales.
    fn cells(&self, file: usize, rows: Rows, precision: Precision) -> Self {
        let dtype = StoredType::of(precision);
        Tensor {
            name: self.name.clone(),
            dtype: dtype.name(),
            shape: self.shape.clone(),
            bytes: (rows.count * rows.columns * dtype.bytes()) as u64,
            source: Source::Cells { file, rows, precision },
        }
    }

    /// The scales of the same in the form of `precision`.
    fn scales(&self, file: usize, rows: Rows, precision: Precision) -> Self {
        Tensor {
            name: format!("{}{SCALE}", self.name).into(),
            dtype: StoredType::F32.name(),
            shape: vec![rows.count, 1],
            bytes: (rows.count * size_of::<f32>()) as u64,
            source: Source::Scales { file, rows, precision },
        }
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

impl Rows {
    /// Passes on each row in f32.
    fn each(self, source: &mut (impl Read + Seek), mut take: impl FnMut(&[f32]) -> io::Result<()>) -> io::Result<()> {
        source.seek(SeekFrom::Start(self.start))?;
        let mut source = BufReader::new(source);
        let (mut bytes, mut numbers) = (vec![0; self.columns * self.dtype.bytes()], vec![0.0; self.columns]);
        for _ in 0..self.count {
            source.read_exact(&mut bytes)?;
            self.dtype.widen(&bytes, &mut numbers);
            take(&numbers)?;
        }
        Ok(())
    }

    /// Whether every finite number is so as f16.
    fn fit_f16(self, source: &mut (impl Read + Seek)) -> io::Result<bool> {
        let mut fit = true;
        self.each(source, |numbers| {
            fit &= !numbers.iter().any(|&x| overflows_f16(x));
            Ok(())
        })?;
        Ok(fit)
    }
}

/// The widest types first, so that every number stands at a multiple of its width, then by name.
fn sort(tensors: &mut [Tensor]) {
    tensors.sort_by(|a, b| (Reverse(rank(a.dtype)), &a.name).cmp(&(Reverse(rank(b.dtype)), &b.name)));
}

/// Place of a type in the order of the `safetensors` crate, from the narrowest.
fn rank(dtype: &str) -> Option<usize> {
    const ORDER: &[&str] = &[
        "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64",
    ];
    ORDER.iter().position(|&known| known == dtype)
}

/// The header of a file with these tensors: the length of the JSON and the JSON, with spaces up to a
/// multiple of eight bytes.
pub(super) fn header(entries: &[Entry]) -> Vec<u8> {
    let mut table = Map::new();
    table.insert("__metadata__".into(), json!({"format": "pt"}));
    for Entry { name, dtype, shape, start, end } in entries {
        table.insert(name.clone(), json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]}));
    }
    let json = Value::Object(table).to_string();
    let padded = json.len().next_multiple_of(8);
    let mut bytes = (padded as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    bytes.resize(8 + padded, b' ');
    bytes
}
