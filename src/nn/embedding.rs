//! Table lookup.

use candle_core::Tensor;

use crate::error::Result;
use crate::weights::{Declarations, Param};

/// One vector for each id.
#[derive(Debug)]
pub struct Embedding {
    table: Param,
}

impl Embedding {
    /// Declares `{name}.weight`, `[ids, size]`.
    pub fn declare(needs: &mut Declarations, name: String, ids: usize, size: usize) -> Self {
        Embedding { table: needs.tensor(format!("{name}.weight"), &[ids, size]) }
    }

    /// `[rows]` of ids → `[rows, size]`. An id beyond the table is an error.
    pub fn forward(&self, ids: &Tensor) -> Result<Tensor> {
        Ok(self.table.get()?.index_select(ids, 0)?)
    }
}
