//! A row of weights in the form in which it is kept: made once, then packed into a matrix, put into
//! a table or written to a file.

use super::{Precision, half, int8};

/// A row as a [`Precision`] keeps it.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredRow<'a> {
    /// The numbers themselves.
    F32(&'a [f32]),
    /// The bits of f16, and the power of two to multiply them by ([`half::scale_f16`]).
    F16 {
        /// What is kept of each number.
        words: Vec<u16>,
        /// 1 unless a number is beyond f16's range.
        factor: f32,
    },
    /// Whole numbers, and the scale to multiply them by.
    Int8 {
        /// What is kept of each number.
        cells: Vec<i8>,
        /// NaN if a number is not finite.
        scale: f32,
    },
}

impl<'a> StoredRow<'a> {
    /// Brings a row into the form of `precision`: exactly, as f16, or as int8, off by half a scale
    /// at most.
    pub fn new(precision: Precision, numbers: &'a [f32]) -> Self {
        match precision {
            Precision::Fp32 => StoredRow::F32(numbers),
            Precision::Fp16 => {
                let factor = half::scale_f16(numbers);
                StoredRow::F16 { words: numbers.iter().map(|x| half::narrow_f16(x / factor)).collect(), factor }
            }
            Precision::Q8 => {
                let scale = int8::scale_of(numbers);
                StoredRow::Int8 { cells: numbers.iter().map(|&x| int8::quantize(x, scale)).collect(), scale }
            }
        }
    }

    /// The same for whole numbers from −128 to 127, which every form keeps exactly, with a scale of 1.
    pub fn of_cells(precision: Precision, numbers: &'a [f32]) -> Self {
        match precision {
            Precision::Q8 => StoredRow::Int8 { cells: numbers.iter().map(|&x| x as i8).collect(), scale: 1.0 },
            other => StoredRow::new(other, numbers),
        }
    }

    /// How many numbers there are.
    pub fn columns(&self) -> usize {
        match self {
            StoredRow::F32(numbers) => numbers.len(),
            StoredRow::F16 { words, .. } => words.len(),
            StoredRow::Int8 { cells, .. } => cells.len(),
        }
    }

    /// What the cells are to be multiplied by, in the compact forms.
    pub fn scale(&self) -> Option<f32> {
        match *self {
            StoredRow::F32(_) => None,
            StoredRow::F16 { factor, .. } => Some(factor),
            StoredRow::Int8 { scale, .. } => Some(scale),
        }
    }

    /// Appends the cells, little-endian.
    pub fn append_to(&self, bytes: &mut Vec<u8>) {
        match self {
            StoredRow::F32(numbers) => bytes.extend(numbers.iter().flat_map(|x| x.to_le_bytes())),
            StoredRow::F16 { words, .. } => bytes.extend(words.iter().flat_map(|word| word.to_le_bytes())),
            StoredRow::Int8 { cells, .. } => bytes.extend(cells.iter().map(|&cell| cell as u8)),
        }
    }

    /// The numbers of a row in f32.
    ///
    /// # Panics
    /// When it is kept otherwise; so do the following.
    pub fn as_f32(&self) -> &'a [f32] {
        match self {
            StoredRow::F32(numbers) => numbers,
            other => panic!("an f32 row was expected, not {other:?}"),
        }
    }

    /// Words and factor of a row in f16.
    pub fn as_f16(&self) -> (&[u16], f32) {
        match self {
            StoredRow::F16 { words, factor } => (words, *factor),
            other => panic!("an f16 row was expected, not {other:?}"),
        }
    }

    /// Cells and scale of a row in int8.
    pub fn as_int8(&self) -> (&[i8], f32) {
        match self {
            StoredRow::Int8 { cells, scale } => (cells, *scale),
            other => panic!("an int8 row was expected, not {other:?}"),
        }
    }
}
