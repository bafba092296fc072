//! A parameter while its rows arrive: they are brought into the form in which they are kept, one by
//! one, and multiplied by their scales at the end.

use super::conversion::Conversion;
use super::declare::{Param, Target};
use super::memory::Budget;
use super::plan::{New, Part, Placement};
use super::scales::Scales;
use super::tables::Tables;
use crate::error::Result;
use crate::kernels::{Matrix, Precision, StoredRow, Table, repeated};

/// A parameter while its rows arrive; a table with those that may be copies of it.
#[derive(Debug)]
pub(super) struct PendingParam {
    storage: Storage,
    /// How its rows are kept.
    form: Precision,
    columns: usize,
    /// Rows and scales that have not arrived.
    left: usize,
}

#[derive(Debug)]
enum Storage {
    Matrix(Matrix, Scales, Param<Matrix>),
    Table(Tables),
    Vectors(Vec<f32>, Scales, Param<Vec<f32>>),
    /// Handed over to the model, or filled elsewhere.
    Done,
}

impl PendingParam {
    /// Reserves the memory; `None` when there is not enough.
    pub(super) fn reserve(target: &Target, precision: Precision) -> Option<PendingParam> {
        let (form, columns) = (target.form(precision), target.columns());
        let (storage, left) = match target {
            &Target::Matrix { parts, outputs, inputs, ref param } => {
                let matrix = Matrix::reserve(form.kernel(), parts, outputs, inputs)?;
                (Storage::Matrix(matrix, Scales::default(), param.clone()), parts * outputs)
            }
            &Target::Table { rows, ref param, .. } => {
                (Storage::Table(Tables::reserve(form, rows, columns, param.clone())?), rows)
            }
            &Target::Vectors { rows, ref param, .. } => {
                let elements = rows.checked_mul(columns)?;
                (Storage::Vectors(repeated(0.0, elements)?, Scales::default(), param.clone()), rows)
            }
            Target::Copy { .. } => (Storage::Done, 0),
        };
        Some(PendingParam { storage, form, columns, left })
    }

    /// Waits for the rows of a table that may be a copy, too.
    pub(super) fn expect_copy(&mut self, rows: usize, param: Param<Table>) {
        if let Storage::Table(tables) = &mut self.storage {
            tables.expect_copy(param);
            self.left += rows;
        }
    }

    /// Waits for the scales of that many of `all` rows, too.
    pub(super) fn expect_scales(&mut self, side: usize, rows: usize, all: usize) {
        if let Some(scales) = self.scales(side) {
            scales.expect(all);
            self.left += rows;
        }
    }

    /// Writes the rows of a tensor that no file holds.
    ///
    /// # Errors
    /// Those of [`PendingParam::take`].
    pub(super) fn draw(&mut self, new: &New, budget: &mut Budget) -> Result<()> {
        let mut numbers = new.numbers();
        let mut row = vec![0.0; self.columns];
        for index in 0..new.tensor.shape.iter().product::<usize>() / self.columns {
            row.fill_with(|| numbers.next().unwrap_or_default());
            self.write_row(new.tensor.side, new.tensor.row + index, &StoredRow::new(self.form, &row), budget)?;
        }
        Ok(())
    }

    /// Numbers that arrive together.
    pub(super) fn columns_of(&self, part: Part) -> usize {
        match part {
            Part::Rows | Part::ScaledRows => self.columns,
            Part::Scales => 1,
        }
    }

    /// Takes what a tensor has for a row. Whole numbers are kept as they are, never rounded again.
    ///
    /// # Errors
    /// [`crate::Error::OutOfMemory`] when a table turns out to be no copy of another, and there is no memory for
    /// both.
    pub(super) fn take(
        &mut self,
        placement: &Placement,
        row: usize,
        numbers: &[f32],
        conversion: Option<&mut Conversion>,
        budget: &mut Budget,
    ) -> Result<()> {
        if placement.part == Part::Scales {
            if let Some(scales) = self.scales(placement.side) {
                scales.set(row, numbers[0]);
            }
            return self.count(budget);
        }
        let stored = placement.dtype.stored(self.form, numbers);
        if let Some(conversion) = conversion {
            conversion.row(&stored);
        }
        self.write_row(placement.side, row, &stored, budget)
    }

    fn write_row(&mut self, side: usize, row: usize, stored: &StoredRow<'_>, budget: &mut Budget) -> Result<()> {
        match &mut self.storage {
            Storage::Matrix(matrix, ..) => matrix.write_row(row, stored),
            Storage::Table(tables) => tables.write_row(side, row, stored, budget)?,
            Storage::Vectors(all, ..) => all[row * self.columns..][..self.columns].copy_from_slice(stored.as_f32()),
            Storage::Done => {}
        }
        self.count(budget)
    }

    fn scales(&mut self, side: usize) -> Option<&mut Scales> {
        match &mut self.storage {
            Storage::Matrix(_, scales, _) | Storage::Vectors(_, scales, _) => Some(scales),
            Storage::Table(tables) => Some(tables.scales(side)),
            Storage::Done => None,
        }
    }

    /// Hands the parameter over to the model when all has arrived.
    fn count(&mut self, budget: &mut Budget) -> Result<()> {
        self.left -= 1;
        if self.left > 0 {
            return Ok(());
        }
        match std::mem::replace(&mut self.storage, Storage::Done) {
            Storage::Matrix(mut matrix, scales, param) => {
                scales.each().for_each(|(row, scale)| matrix.rescale_row(row, scale));
                param.set(matrix.into());
            }
            Storage::Table(tables) => tables.finish(budget)?,
            Storage::Vectors(mut all, scales, param) => {
                for (row, scale) in scales.each() {
                    all[row * self.columns..][..self.columns].iter_mut().for_each(|x| *x *= scale);
                }
                param.set(all.into());
            }
            Storage::Done => {}
        }
        Ok(())
    }
}
