//! Fills the parameters of a plan from the bytes of its files, each in order and in pieces of
//! any size, one file after the other or by turns. What is held of a file is one row.

use super::checkpoint::Checkpoint;
use super::convert::Dtype;
use super::declare::{Param, Target, table_precision};
use super::header::{Entry, Header};
use super::memory::reservable;
use super::plan::{New, Placement, Plan};
use crate::error::{Error, Result};
use crate::kernels::{Matrix, Precision, Table, repeated};

/// A parameter while its rows arrive.
#[derive(Debug)]
struct Filling {
    storage: Storage,
    columns: usize,
    rows_left: usize,
}

#[derive(Debug)]
enum Storage {
    Matrix(Matrix, Param<Matrix>),
    Table(Table, Param<Table>),
    Vectors(Vec<f32>, Param<Vec<f32>>),
    /// Handed over to the model.
    Done,
}

/// The row that is arriving.
#[derive(Debug, Default)]
struct Row {
    numbers: Vec<f32>,
    /// The beginning of a number whose end has not arrived.
    split: Vec<u8>,
}

/// One file while its bytes behind the header arrive.
#[derive(Debug)]
struct Stream {
    file: String,
    header_bytes: u64,
    entries: Vec<(Entry, Option<Placement>)>,
    /// Index of the entry that the next byte belongs to.
    current: usize,
    /// Bytes taken, counted from the end of the header.
    position: u64,
    row: Row,
    rows_of_entry: usize,
}

/// Takes the bytes behind the headers.
#[derive(Debug)]
pub struct Filler {
    streams: Vec<Stream>,
    fillings: Vec<Filling>,
}

impl Filler {
    /// Reserves the memory of all parameters and draws those that are new.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when there is not enough: how much could be reserved.
    pub fn new(checkpoint: &Checkpoint, plan: Plan) -> Result<Filler> {
        let (needed, precision) = (plan.weight_bytes(), plan.precision);
        let available = reservable(plan.blocks());
        let short = Error::OutOfMemory { needed, available };
        if available < needed {
            return Err(short);
        }
        let reserve = |target| Filling::reserve(target, precision).ok_or_else(|| short.clone());
        let mut fillings = plan.targets.into_iter().map(reserve).collect::<Result<Vec<_>>>()?;
        for new in plan.new {
            fillings[new.tensor.target].draw(&new);
        }
        let files = checkpoint.files().iter().zip(plan.placements);
        let streams = files.map(|((file, header), placements)| Stream::new(file, header, placements)).collect();
        Ok(Filler { streams, fillings })
    }

    /// Takes the next bytes of a file.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when there are more than its header promises.
    pub fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        self.streams[file].push(chunk, &mut self.fillings)
    }

    /// Ends the load.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when bytes are missing.
    pub fn finish(self) -> Result<()> {
        self.streams.into_iter().try_for_each(Stream::finish)
    }
}

impl Stream {
    fn new(file: &str, header: &Header, placements: Vec<Option<Placement>>) -> Self {
        Stream {
            file: file.to_owned(),
            header_bytes: header.data_start(),
            entries: header.entries.iter().cloned().zip(placements).collect(),
            current: 0,
            position: 0,
            row: Row::default(),
            rows_of_entry: 0,
        }
    }

    fn push(&mut self, mut chunk: &[u8], fillings: &mut [Filling]) -> Result<()> {
        while !chunk.is_empty() {
            let Some((entry, placement)) = self.entries.get(self.current) else {
                return Err(self.wrong_length(chunk.len() as u64));
            };
            let left = usize::try_from(entry.end - self.position).unwrap_or(usize::MAX);
            let (bytes, rest) = chunk.split_at(chunk.len().min(left));
            if let Some(placement) = placement {
                let filling = &mut fillings[placement.target];
                let first = placement.row;
                self.row.take(bytes, placement.dtype, filling.columns, |numbers| {
                    filling.write_row(first + self.rows_of_entry, numbers);
                    self.rows_of_entry += 1;
                });
            }
            self.position += bytes.len() as u64;
            self.skip_finished();
            chunk = rest;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<()> {
        self.skip_finished();
        match self.current == self.entries.len() {
            true => Ok(()),
            false => Err(self.wrong_length(0)),
        }
    }

    fn skip_finished(&mut self) {
        while self.entries.get(self.current).is_some_and(|(entry, _)| entry.end <= self.position) {
            self.current += 1;
            self.rows_of_entry = 0;
        }
    }

    fn wrong_length(&self, more: u64) -> Error {
        let data_bytes = self.entries.last().map_or(0, |(entry, _)| entry.end);
        Error::Incomplete {
            file: self.file.clone(),
            expected: self.header_bytes + data_bytes,
            got: self.header_bytes + self.position + more,
        }
    }
}

impl Row {
    /// Widens `bytes` and passes on every row of `columns` numbers that they complete.
    fn take(&mut self, mut bytes: &[u8], dtype: Dtype, columns: usize, mut pass_on: impl FnMut(&[f32])) {
        let width = dtype.bytes();
        while !bytes.is_empty() {
            if self.split.is_empty() && bytes.len() >= width {
                let count = (columns - self.numbers.len()).min(bytes.len() / width);
                let (numbers, rest) = bytes.split_at(count * width);
                let arrived = self.numbers.len();
                self.numbers.resize(arrived + count, 0.0);
                dtype.widen(numbers, &mut self.numbers[arrived..]);
                bytes = rest;
            } else {
                let (first, rest) = bytes.split_at(bytes.len().min(width - self.split.len()));
                self.split.extend_from_slice(first);
                bytes = rest;
                if self.split.len() == width {
                    let mut number = [0.0];
                    dtype.widen(&self.split, &mut number);
                    self.numbers.extend(number);
                    self.split.clear();
                }
            }
            if self.numbers.len() == columns {
                pass_on(&self.numbers);
                self.numbers.clear();
            }
        }
    }
}

impl Filling {
    fn reserve(target: Target, precision: Precision) -> Option<Filling> {
        Some(match target {
            Target::Matrix { parts, outputs, inputs, param } => Filling {
                storage: Storage::Matrix(Matrix::reserve(precision.kernel(), parts, outputs, inputs)?, param),
                columns: inputs,
                rows_left: parts * outputs,
            },
            Target::Table { rows, columns, compact, param } => Filling {
                storage: Storage::Table(Table::reserve(table_precision(compact, precision), rows, columns)?, param),
                columns,
                rows_left: rows,
            },
            Target::Vectors { rows, columns, param } => {
                let elements = rows.checked_mul(columns)?;
                Filling { storage: Storage::Vectors(repeated(0.0, elements)?, param), columns, rows_left: rows }
            }
        })
    }

    /// Writes the rows of a tensor that no file holds.
    fn draw(&mut self, new: &New) {
        let mut numbers = new.numbers();
        let mut row = vec![0.0; self.columns];
        for index in 0..new.tensor.shape.iter().product::<usize>() / self.columns {
            row.fill_with(|| numbers.next().unwrap_or_default());
            self.write_row(new.tensor.row + index, &row);
        }
    }

    /// Keeps a row; hands the parameter over to the model when it was the last.
    fn write_row(&mut self, row: usize, numbers: &[f32]) {
        match &mut self.storage {
            Storage::Matrix(matrix, _) => matrix.write_row(row, numbers),
            Storage::Table(table, _) => table.write_row(row, numbers),
            Storage::Vectors(all, _) => all[row * self.columns..][..self.columns].copy_from_slice(numbers),
            Storage::Done => {}
        }
        self.rows_left -= 1;
        if self.rows_left == 0 {
            match std::mem::replace(&mut self.storage, Storage::Done) {
                Storage::Matrix(matrix, param) => param.set(matrix),
                Storage::Table(table, param) => param.set(table),
                Storage::Vectors(all, param) => param.set(all),
                Storage::Done => {}
            }
        }
    }
}
