//! Tables to look rows up in: kept in few bytes, widened row by row where they are read.

use std::borrow::Cow;

use super::simd::Best;
use super::{Precision, StoredRow, half, repeated};

/// Rows of equal length, each of which is read as f32.
#[derive(Debug, PartialEq)]
pub struct Table {
    columns: usize,
    cells: Cells,
    /// For each row of a compact form what its cells are to be multiplied by.
    scales: Vec<f32>,
}

#[derive(Debug, PartialEq)]
enum Cells {
    F32(Vec<f32>),
    F16(Vec<u16>),
    Int8(Vec<i8>),
}

impl Table {
    /// Reserves memory for a table `[rows, columns]`. `None` when there is not enough.
    pub fn reserve(precision: Precision, rows: usize, columns: usize) -> Option<Table> {
        let cells = rows.checked_mul(columns)?;
        let (cells, scales) = match precision {
            Precision::Fp32 => (Cells::F32(repeated(0.0, cells)?), Vec::new()),
            Precision::Fp16 => (Cells::F16(repeated(0, cells)?), repeated(0.0, rows)?),
            Precision::Q8 => (Cells::Int8(repeated(0, cells)?), repeated(0.0, rows)?),
        };
        Some(Table { columns, cells, scales })
    }

    /// Bytes that a table of this size takes.
    pub fn bytes_of(precision: Precision, rows: usize, columns: usize) -> u64 {
        let row = match precision {
            Precision::Fp32 => columns * size_of::<f32>(),
            Precision::Fp16 => columns * size_of::<u16>() + size_of::<f32>(),
            Precision::Q8 => columns + size_of::<f32>(),
        };
        rows as u64 * row as u64
    }

    /// Keeps a row, which is in the form of the table.
    pub fn write_row(&mut self, row: usize, stored: &StoredRow<'_>) {
        let place = row * self.columns..(row + 1) * self.columns;
        match &mut self.cells {
            Cells::F32(all) => all[place].copy_from_slice(stored.as_f32()),
            Cells::F16(all) => {
                let (words, factor) = stored.as_f16();
                all[place].copy_from_slice(words);
                self.scales[row] = factor;
            }
            Cells::Int8(all) => {
                let (cells, scale) = stored.as_int8();
                all[place].copy_from_slice(cells);
                self.scales[row] = scale;
            }
        }
    }

    /// Whether it keeps exactly this row, which is in the form of the table.
    pub fn holds(&self, row: usize, stored: &StoredRow<'_>) -> bool {
        let place = row * self.columns..(row + 1) * self.columns;
        match &self.cells {
            Cells::F32(all) => all[place] == *stored.as_f32(),
            Cells::F16(all) => (&all[place], self.scales[row]) == stored.as_f16(),
            Cells::Int8(all) => (&all[place], self.scales[row]) == stored.as_int8(),
        }
    }

    /// The same once more. `None` when there is not enough memory.
    pub fn copied(&self) -> Option<Table> {
        Some(Table {
            columns: self.columns,
            cells: match &self.cells {
                Cells::F32(all) => Cells::F32(copied(all)?),
                Cells::F16(all) => Cells::F16(copied(all)?),
                Cells::Int8(all) => Cells::Int8(copied(all)?),
            },
            scales: copied(&self.scales)?,
        })
    }

    /// Multiplies a row that is kept by a factor.
    pub fn rescale_row(&mut self, row: usize, factor: f32) {
        let place = row * self.columns..(row + 1) * self.columns;
        match &mut self.cells {
            Cells::F32(all) => all[place].iter_mut().for_each(|x| *x *= factor),
            Cells::F16(all) => {
                let numbers = half::rescaled::<Best>(&all[place], self.scales[row], factor);
                self.write_row(row, &StoredRow::new(Precision::Fp16, &numbers));
            }
            Cells::Int8(_) => self.scales[row] *= factor,
        }
    }

    /// A row, as f32; `None` beyond the last one.
    pub fn row(&self, row: usize) -> Option<Cow<'_, [f32]>> {
        if row >= self.rows() {
            return None;
        }
        let cells = row * self.columns..(row + 1) * self.columns;
        Some(match &self.cells {
            Cells::F32(all) => Cow::Borrowed(&all[cells]),
            Cells::F16(all) => {
                let mut wide = vec![0.0; self.columns];
                half::widen_f16::<Best>(&all[cells], &mut wide);
                wide.iter_mut().for_each(|x| *x *= self.scales[row]);
                Cow::Owned(wide)
            }
            Cells::Int8(all) => all[cells].iter().map(|&x| f32::from(x) * self.scales[row]).collect(),
        })
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        let cells = match &self.cells {
            Cells::F32(all) => all.len(),
            Cells::F16(all) => all.len(),
            Cells::Int8(all) => all.len(),
        };
        cells / self.columns
    }

    /// Length of a row.
    pub fn columns(&self) -> usize {
        self.columns
    }
}

fn copied<T: Copy>(all: &[T]) -> Option<Vec<T>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(all.len()).ok()?;
    copy.extend_from_slice(all);
    Some(copy)
}
