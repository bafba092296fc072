//! A table that files may hold under several names, as they hold word embeddings: beside the encoder's there is often
//! the decoder's of a masked language model, and most often both are the same numbers. It is kept once, rows that
//! arrive a second time are compared, and only when one differs does the copy become a table of its own. The numbers
//! that a model computes are the same either way; only memory is not.

use std::sync::Arc;

use super::declare::Param;
use super::memory::Budget;
use super::scales::Scales;
use crate::error::Result;
use crate::kernels::{Precision, StoredRow, Table};

/// Tables that were equal so far, and those that were not.
#[derive(Debug)]
pub(super) struct Tables {
    shared: Table,
    bytes: u64,
    sides: Vec<Side>,
}

/// One tensor, and the parameter that it fills.
#[derive(Debug)]
struct Side {
    param: Param<Table>,
    /// How many rows have arrived; they come in order.
    rows: usize,
    scales: Scales,
    /// Its numbers, once they differ from those of the others.
    own: Option<Table>,
}

impl Tables {
    /// Reserves the memory of one table; `None` when there is not enough.
    pub(super) fn reserve(form: Precision, rows: usize, columns: usize, param: Param<Table>) -> Option<Self> {
        let shared = Table::reserve(form, rows, columns)?;
        Some(Tables { shared, bytes: Table::bytes_of(form, rows, columns), sides: vec![Side::new(param)] })
    }

    pub(super) fn expect_copy(&mut self, param: Param<Table>) {
        self.sides.push(Side::new(param));
    }

    pub(super) fn scales(&mut self, side: usize) -> &mut Scales {
        &mut self.sides[side].scales
    }

    /// Keeps the next row of a side.
    pub(super) fn write_row(
        &mut self,
        side: usize,
        row: usize,
        stored: &StoredRow<'_>,
        budget: &mut Budget,
    ) -> Result<()> {
        let sharing = self.sides.iter().filter(|other| other.own.is_none());
        let is_first = sharing.map(|other| other.rows).max().is_none_or(|rows| row >= rows);
        let this = &mut self.sides[side];
        this.rows = row + 1;
        if this.own.is_none() && !is_first && !self.shared.holds(row, stored) {
            this.own = Some(budget.copy(&self.shared, self.bytes)?);
        }
        match &mut this.own {
            Some(own) => own.write_row(row, stored),
            None if is_first => self.shared.write_row(row, stored),
            None => {}
        }
        Ok(())
    }

    /// Hands over what has arrived. Tables with scales are the same if those are, too; and where one has scales and
    /// another not, that is seen here.
    pub(super) fn finish(self, budget: &mut Budget) -> Result<()> {
        let Tables { shared, bytes, mut sides } = self;
        let mut of_shared = None;
        for side in sides.iter_mut().filter(|side| side.own.is_none()) {
            let scales = of_shared.get_or_insert_with(|| side.scales.clone());
            if *scales != side.scales {
                side.own = Some(budget.copy(&shared, bytes)?);
            }
        }
        let shared = Arc::new(scaled(shared, &of_shared.unwrap_or_default()));
        for Side { param, scales, own, .. } in sides {
            param.set(match own.map(|own| scaled(own, &scales)) {
                Some(own) if own != *shared => Arc::new(own),
                Some(_) => {
                    budget.planned -= bytes;
                    shared.clone()
                }
                None => shared.clone(),
            });
        }
        Ok(())
    }
}

impl Side {
    fn new(param: Param<Table>) -> Self {
        Side { param, rows: 0, scales: Scales::default(), own: None }
    }
}

fn scaled(mut table: Table, scales: &Scales) -> Table {
    scales.each().for_each(|(row, scale)| table.rescale_row(row, scale));
    table
}
