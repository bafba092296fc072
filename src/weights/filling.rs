//! A parameter while its rows arrive: they are brought into the form in which they are kept, one by
//! one, and multiplied by their scales at the end.

use super::conversion::Conversion;
use super::convert::Dtype;
use super::declare::{Param, Target};
use super::plan::{New, Part, Placement};
use crate::kernels::{Matrix, Precision, StoredRow, Table, repeated};

/// A parameter while its rows arrive.
#[derive(Debug)]
pub(super) struct Filling {
    storage: Storage,
    /// How its rows are kept.
    form: Precision,
    rows: usize,
    columns: usize,
    /// Rows and scales that have not arrived.
    left: usize,
    /// What each row is to be multiplied by; empty where no file has scales. They wait until the
    /// last row is there: either may come first.
    scales: Vec<f32>,
}

#[derive(Debug)]
enum Storage {
    Matrix(Matrix, Param<Matrix>),
    Table(Table, Param<Table>),
    Vectors(Vec<f32>, Param<Vec<f32>>),
    /// Handed over to the model.
    Done,
}

impl Filling {
    /// Reserves the memory; `None` when there is not enough.
    pub(super) fn reserve(target: Target, precision: Precision) -> Option<Filling> {
        let (form, columns) = (target.form(precision), target.columns());
        let (storage, rows) = match target {
            Target::Matrix { parts, outputs, inputs, param } => {
                (Storage::Matrix(Matrix::reserve(form.kernel(), parts, outputs, inputs)?, param), parts * outputs)
            }
            Target::Table { rows, param, .. } => (Storage::Table(Table::reserve(form, rows, columns)?, param), rows),
            Target::Vectors { rows, param, .. } => {
                let elements = rows.checked_mul(columns)?;
                (Storage::Vectors(repeated(0.0, elements)?, param), rows)
            }
        };
        Some(Filling { storage, form, rows, columns, left: rows, scales: Vec::new() })
    }

    /// Waits for the scales of that many rows, too.
    pub(super) fn expect_scales(&mut self, rows: usize) {
        self.scales.resize(self.rows, 1.0);
        self.left += rows;
    }

    /// Writes the rows of a tensor that no file holds.
    pub(super) fn draw(&mut self, new: &New) {
        let mut numbers = new.numbers();
        let mut row = vec![0.0; self.columns];
        for index in 0..new.tensor.shape.iter().product::<usize>() / self.columns {
            row.fill_with(|| numbers.next().unwrap_or_default());
            self.write_row(new.tensor.row + index, &StoredRow::new(self.form, &row));
        }
    }

    /// Numbers that arrive together.
    pub(super) fn columns_of(&self, part: Part) -> usize {
        match part {
            Part::Rows | Part::ScaledRows => self.columns,
            Part::Scales => 1,
        }
    }

    /// Takes what a tensor has for a row. Whole numbers are kept as they are, never rounded again.
    pub(super) fn take(
        &mut self,
        placement: &Placement,
        row: usize,
        numbers: &[f32],
        conversion: Option<&mut Conversion>,
    ) {
        if placement.part == Part::Scales {
            self.scales[row] = numbers[0];
            return self.count();
        }
        let stored = match placement.dtype {
            Dtype::I8 => StoredRow::of_cells(self.form, numbers),
            _ => StoredRow::new(self.form, numbers),
        };
        if let Some(conversion) = conversion {
            conversion.row(&stored);
        }
        self.write_row(row, &stored);
    }

    fn write_row(&mut self, row: usize, stored: &StoredRow<'_>) {
        match &mut self.storage {
            Storage::Matrix(matrix, _) => matrix.write_row(row, stored),
            Storage::Table(table, _) => table.write_row(row, stored),
            Storage::Vectors(all, _) => all[row * self.columns..][..self.columns].copy_from_slice(stored.as_f32()),
            Storage::Done => {}
        }
        self.count();
    }

    /// Hands the parameter over to the model when all has arrived.
    fn count(&mut self) {
        self.left -= 1;
        if self.left > 0 {
            return;
        }
        let scales = std::mem::take(&mut self.scales).into_iter().enumerate();
        for (row, scale) in scales.filter(|(_, scale)| *scale != 1.0) {
            match &mut self.storage {
                Storage::Matrix(matrix, _) => matrix.rescale_row(row, scale),
                Storage::Table(table, _) => table.rescale_row(row, scale),
                Storage::Vectors(all, _) => {
                    all[row * self.columns..][..self.columns].iter_mut().for_each(|x| *x *= scale)
                }
                Storage::Done => {}
            }
        }
        match std::mem::replace(&mut self.storage, Storage::Done) {
            Storage::Matrix(matrix, param) => param.set(matrix),
            Storage::Table(table, param) => param.set(table),
            Storage::Vectors(all, param) => param.set(all),
            Storage::Done => {}
        }
    }
}
