//! Fills the parameters of a plan from the bytes of a file, in the order of the file and in
//! pieces of any size.

use candle_core::{Device, Tensor};

use super::declare::{Param, Target};
use super::header::{Entry, Header};
use super::plan::{Placement, Plan};
use crate::error::{Error, Result};

/// The widest stored number: how many bytes of one may have to wait for the next piece.
const WIDEST: usize = 4;

/// A parameter while its numbers arrive.
#[derive(Debug)]
struct Filling {
    numbers: Vec<f32>,
    arrived: usize,
    shape: Vec<usize>,
    param: Param,
}

/// Takes the bytes behind the header.
#[derive(Debug)]
pub struct Filler {
    file: String,
    header_bytes: u64,
    entries: Vec<(Entry, Option<Placement>)>,
    fillings: Vec<Filling>,
    /// Index of the entry that the next byte belongs to.
    current: usize,
    /// Bytes taken, counted from the end of the header.
    position: u64,
    /// The beginning of a number whose end has not arrived.
    split: ([u8; WIDEST], usize),
}

impl Filler {
    /// Reserves the memory of all parameters.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] when there is not enough.
    pub fn new(file: &str, header: Header, plan: Plan) -> Result<Filler> {
        let needed = plan.weight_bytes();
        let data_bytes = header.entries.last().map_or(0, |entry| entry.end);
        let fillings = plan.targets.into_iter().map(|target| reserve(target).ok_or(Error::OutOfMemory { needed }));
        Ok(Filler {
            file: file.to_owned(),
            header_bytes: header.file_bytes - data_bytes,
            fillings: fillings.collect::<Result<_>>()?,
            entries: header.entries.into_iter().zip(plan.placements).collect(),
            current: 0,
            position: 0,
            split: ([0; WIDEST], 0),
        })
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when there are more than the header promises.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<()> {
        while !chunk.is_empty() {
            let Some((entry, placement)) = self.entries.get(self.current) else {
                return Err(self.wrong_length(chunk.len() as u64));
            };
            let left = entry.end - self.position;
            let (bytes, rest) = chunk.split_at(chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
            let (start, placement) = (entry.start, placement.clone());
            if let Some(placement) = placement {
                self.fill(&placement, start, bytes)?;
            }
            self.position += bytes.len() as u64;
            self.skip_finished();
            chunk = rest;
        }
        Ok(())
    }

    /// Ends the load.
    ///
    /// # Errors
    /// [`Error::Incomplete`] when bytes are missing.
    pub fn finish(mut self) -> Result<()> {
        self.skip_finished();
        match self.current == self.entries.len() {
            true => Ok(()),
            false => Err(self.wrong_length(0)),
        }
    }

    /// Converts `bytes`, which follow those that came before, into their parameter.
    fn fill(&mut self, placement: &Placement, start: u64, mut bytes: &[u8]) -> Result<()> {
        let width = placement.dtype.bytes();
        let filling = &mut self.fillings[placement.target];
        let before = (self.position - start) as usize;
        let mut index = placement.offset + before / width;
        let (split, held) = &mut self.split;
        if *held > 0 {
            let (first, rest) = bytes.split_at(bytes.len().min(width - *held));
            split[*held..*held + first.len()].copy_from_slice(first);
            *held += first.len();
            bytes = rest;
            if *held < width {
                return Ok(());
            }
            placement.dtype.widen(&split[..width], &mut filling.numbers[index..=index]);
            filling.arrived += 1;
            index += 1;
            *held = 0;
        }
        let whole = bytes.len() / width;
        let (numbers, tail) = bytes.split_at(whole * width);
        placement.dtype.widen(numbers, &mut filling.numbers[index..index + whole]);
        filling.arrived += whole;
        split[..tail.len()].copy_from_slice(tail);
        *held = tail.len();
        filling.complete()
    }

    fn skip_finished(&mut self) {
        while self.entries.get(self.current).is_some_and(|(entry, _)| entry.end <= self.position) {
            self.current += 1;
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

impl Filling {
    /// Hands the numbers over to the model as soon as the last one arrived.
    fn complete(&mut self) -> Result<()> {
        if self.arrived == self.shape.iter().product::<usize>() && !self.numbers.is_empty() {
            let numbers = std::mem::take(&mut self.numbers);
            self.param.set(Tensor::from_vec(numbers, self.shape.as_slice(), &Device::Cpu)?);
        }
        Ok(())
    }
}

fn reserve(target: Target) -> Option<Filling> {
    let Target { shape, param } = target;
    let elements = shape.iter().try_fold(1_usize, |product, &size| product.checked_mul(size))?;
    let mut numbers = Vec::new();
    numbers.try_reserve_exact(elements).ok()?;
    numbers.resize(elements, 0.0);
    Some(Filling { numbers, arrived: 0, shape, param })
}
