//! Table lookup.

use std::borrow::Cow;

use candle_core::{Device, Tensor};

use crate::error::{Error, Result};
use crate::kernels::{Table, rows, simd};
use crate::weights::{Declarations, Param};

/// One vector for each id.
#[derive(Debug, Clone)]
pub struct Embedding {
    table: Param<Table>,
    size: usize,
}

impl Embedding {
    /// Declares `{name}.weight`, `[ids, size]`.
    pub fn declare(needs: &mut Declarations, name: &str, ids: usize, size: usize) -> Self {
        Embedding { table: needs.table(format!("{name}.weight"), ids, size, false), size }
    }

    /// A table so large that it is kept in the precision of the matrices: the tensor `name`, which stands at `at`.
    pub fn declare_words(needs: &mut Declarations, name: String, at: &str, ids: usize, size: usize) -> Self {
        let table = needs.table(name, ids, size, true);
        needs.found_at(at);
        Embedding { table, size }
    }

    /// Another tensor, which most often holds the same vectors.
    pub fn declare_copy(&self, needs: &mut Declarations, name: String, at: &str, ids: usize) -> Self {
        let table = needs.copy(name, ids, self.size, &self.table);
        needs.found_at(at);
        Embedding { table, size: self.size }
    }

    /// The vectors of all ids, `[ids, size]`.
    pub fn table(&self) -> Param<Table> {
        self.table.clone()
    }

    /// Numbers of a vector.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The vector of an id.
    ///
    /// # Errors
    /// [`Error::Internal`] when there is none.
    pub fn vector(&self, id: u32) -> Result<Cow<'_, [f32]>> {
        let table = self.table.get()?;
        let beyond = || format!("id {id} lies beyond a table of {} rows", table.rows());
        table.row(id as usize).ok_or_else(|| Error::Internal { reason: beyond() })
    }
}

/// For each token the sum of its vectors from all tables: `[tokens, size]`. Each table comes
/// with one id per token.
pub fn sum_of_embeddings(tables: &[(&Embedding, &[u32])]) -> Result<Tensor> {
    let (first, ids) = tables[0];
    let mut sums = Vec::with_capacity(ids.len() * first.size);
    for (token, &id) in ids.iter().enumerate() {
        let start = sums.len();
        sums.extend_from_slice(&first.vector(id)?);
        for (table, ids) in &tables[1..] {
            rows::add_assign::<simd::Best>(&mut sums[start..], &table.vector(ids[token])?);
        }
    }
    Ok(Tensor::from_vec(sums, (ids.len(), first.size), &Device::Cpu)?)
}
