//! Fills the parameters of a plan from the bytes of its files, each in order and in pieces of
//! any size, one file after the other or by turns. What is held of a file is one row.

use super::checkpoint::{Checkpoint, Location};
use super::conversion::Conversion;
use super::declare::Target;
use super::header::{Entry, Header};
use super::memory::{Budget, reservable};
use super::pending::PendingParam;
use super::plan::{Part, Placement, Plan};
use super::stored_type::StoredType;
use crate::error::{Error, Result};

/// The row that is arriving.
#[derive(Debug, Default)]
struct Row {
    numbers: Vec<f32>,
    /// The beginning of a number whose end has not arrived.
    split: Vec<u8>,
}

/// What a conversion takes of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Its bytes.
    Copied,
    /// Its rows, in another form.
    Converted,
    /// Nothing: it stands in another file as well.
    Not,
}

/// One file while its bytes behind the header arrive.
#[derive(Debug)]
struct Stream {
    file: String,
    header_bytes: u64,
    entries: Vec<(Entry, Option<Placement>)>,
    /// What of them a conversion takes.
    kept: Vec<Kept>,
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
    pending: Vec<PendingParam>,
    conversion: Option<Conversion>,
    budget: Budget,
    /// Number of the file that is converted.
    current: usize,
    /// What arrived of the files behind it, before their turn.
    beginnings: Vec<Vec<u8>>,
}

impl Filler {
    /// Reserves the memory of all parameters and draws those that are new.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when there is not enough: how much could be reserved.
    pub fn new(checkpoint: &Checkpoint, plan: Plan) -> Result<Filler> {
        let (needed, precision) = (plan.weight_bytes(), plan.precision);
        let mut budget = plan.budget();
        let available = reservable(plan.blocks());
        let short = Error::OutOfMemory { needed, available };
        if available < needed {
            return Err(short);
        }
        let conversion = if plan.convert { Conversion::new(checkpoint, &plan) } else { None };
        let kept = |location| match plan.narrower(location) {
            _ if checkpoint.is_copy(location) => Kept::Not,
            Some(_) if conversion.is_some() => Kept::Converted,
            _ => Kept::Copied,
        };
        let streams = checkpoint.files().iter().enumerate().map(|(number, (file, header))| {
            let locations = (0..header.entries.len()).map(|entry| Location { file: number, entry });
            Stream::new(file, header, &plan.placements[number], locations.map(kept).collect())
        });
        let streams = streams.collect();
        let reserve = |target| PendingParam::reserve(target, precision).ok_or_else(|| short.clone());
        let mut pending = plan.targets.iter().map(reserve).collect::<Result<Vec<_>>>()?;
        for (target, filled) in plan.targets.iter().enumerate() {
            if let Target::Copy { rows, param, .. } = filled {
                pending[plan.home(target).0].expect_copy(*rows, param.clone());
            }
        }
        for (location, entry) in checkpoint.entries() {
            let placement = plan.placements[location.file][location.entry].as_ref();
            if let Some(placement) = placement.filter(|placement| placement.part == Part::Scales) {
                let all = plan.targets[placement.target].rows();
                pending[placement.target].expect_scales(placement.side, entry.shape[0], all);
            }
        }
        for new in &plan.new {
            pending[new.tensor.target].draw(new, &mut budget)?;
        }
        let beginnings = vec![Vec::new(); checkpoint.files().len()];
        Ok(Filler { streams, pending, conversion, budget, current: 0, beginnings })
    }

    /// Takes what has arrived of all files behind their headers.
    ///
    /// # Errors
    /// Those of [`Filler::push`].
    pub fn begin(&mut self, beginnings: &[&[u8]]) -> Result<()> {
        if self.conversion.is_none() {
            return beginnings.iter().enumerate().try_for_each(|(file, bytes)| self.push(file, bytes));
        }
        for (later, bytes) in self.beginnings.iter_mut().zip(beginnings).skip(1) {
            later.extend_from_slice(bytes);
        }
        self.push(0, beginnings[0])
    }

    /// Takes the next bytes of a file.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when there are more than its header promises; [`Error::Option`] when the
    /// checkpoint is converted and it is the turn of another file; [`Error::OutOfMemory`] when tables turn out to
    /// differ that most often are the same, and there is no memory for both.
    pub fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        if self.conversion.is_some() && file > self.current && !chunk.is_empty() {
            let value = format!("true, but {} arrived before its turn", self.streams[file].file);
            let supported = "files that arrive one after the other".into();
            return Err(Error::Option { option: "convert".into(), value, supported });
        }
        self.push_in_turn(file, chunk)?;
        while self.streams[self.current].is_whole() && self.current + 1 < self.streams.len() {
            self.current += 1;
            let beginning = std::mem::take(&mut self.beginnings[self.current]);
            self.push_in_turn(self.current, &beginning)?;
        }
        Ok(())
    }

    fn push_in_turn(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        self.streams[file].push(chunk, &mut self.pending, self.conversion.as_mut(), &mut self.budget)
    }

    /// Length of the checkpoint in the precision of the load, where that was asked for and is smaller.
    pub fn converted_bytes(&self) -> Option<u64> {
        self.conversion.as_ref().map(|conversion| conversion.file_bytes)
    }

    /// What has come of that since the last call: a safetensors file that loads to the same bits, with
    /// any head of the source.
    pub fn take_converted(&mut self) -> Vec<u8> {
        self.conversion.as_mut().map(Conversion::take).unwrap_or_default()
    }

    /// Ends the load. Returns the bytes that the weights take: as many as planned, and those of tables that were
    /// thought to be copies.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when bytes are missing.
    pub fn finish(self) -> Result<u64> {
        self.streams.into_iter().try_for_each(Stream::finish)?;
        Ok(self.budget.planned)
    }
}

impl Stream {
    fn new(file: &str, header: &Header, placements: &[Option<Placement>], kept: Vec<Kept>) -> Self {
        Stream {
            file: file.to_owned(),
            header_bytes: header.data_start(),
            entries: header.entries.iter().cloned().zip(placements.iter().cloned()).collect(),
            kept,
            current: 0,
            position: 0,
            row: Row::default(),
            rows_of_entry: 0,
        }
    }

    /// Takes the next bytes; passes them on to `conversion`, in its form those that it converts.
    fn push(
        &mut self,
        mut chunk: &[u8],
        pending: &mut [PendingParam],
        mut conversion: Option<&mut Conversion>,
        budget: &mut Budget,
    ) -> Result<()> {
        // At the beginning there may be tensors without bytes.
        self.skip_finished();
        while !chunk.is_empty() {
            let Some((entry, placement)) = self.entries.get(self.current) else {
                return Err(self.wrong_length(chunk.len() as u64));
            };
            let left = usize::try_from(entry.end - self.position).unwrap_or(usize::MAX);
            let (bytes, rest) = chunk.split_at(chunk.len().min(left));
            let kept = self.kept[self.current];
            if let Some(placement) = placement {
                let pending = &mut pending[placement.target];
                let columns = pending.columns_of(placement.part);
                let mut of_rows = conversion.as_deref_mut().filter(|_| kept == Kept::Converted);
                self.row.take(bytes, placement.dtype, columns, |numbers| {
                    let row = placement.order.row(placement.row + self.rows_of_entry);
                    self.rows_of_entry += 1;
                    pending.take(placement, row, numbers, of_rows.as_deref_mut(), budget)
                })?;
            }
            self.position += bytes.len() as u64;
            if let Some(conversion) = &mut conversion {
                match kept {
                    Kept::Converted if self.position == entry.end => conversion.end_tensor(),
                    Kept::Converted | Kept::Not => {}
                    Kept::Copied => conversion.copy(bytes),
                }
            }
            self.skip_finished();
            chunk = rest;
        }
        Ok(())
    }

    fn finish(self) -> Result<()> {
        match self.is_whole() {
            true => Ok(()),
            false => Err(self.wrong_length(0)),
        }
    }

    /// Whether all bytes have arrived.
    fn is_whole(&self) -> bool {
        self.entries.last().is_none_or(|(entry, _)| entry.end == self.position)
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
    fn take(
        &mut self,
        mut bytes: &[u8],
        dtype: StoredType,
        columns: usize,
        mut pass_on: impl FnMut(&[f32]) -> Result<()>,
    ) -> Result<()> {
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
                pass_on(&self.numbers)?;
                self.numbers.clear();
            }
        }
        Ok(())
    }
}
