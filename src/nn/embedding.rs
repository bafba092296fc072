//! Table lookup.

use candle_core::{Device, Tensor};

use crate::error::{Error, Result};
use crate::kernels::{rows, simd};
use crate::weights::{Declarations, Param};

/// One vector for each id.
#[derive(Debug)]
pub struct Embedding {
    table: Param<Vec<f32>>,
    size: usize,
}

impl Embedding {
    /// Declares `{name}.weight`, `[ids, size]`.
    pub fn declare(needs: &mut Declarations, name: &str, ids: usize, size: usize) -> Self {
        Embedding { table: needs.table(format!("{name}.weight"), ids, size), size }
    }

    /// The vectors of all ids, `[ids, size]`.
    pub fn table(&self) -> Param<Vec<f32>> {
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
    pub fn vector(&self, id: u32) -> Result<&[f32]> {
        let table = self.table.get()?;
        let ids = table.len() / self.size;
        let vector = table.chunks_exact(self.size).nth(id as usize);
        vector.ok_or_else(|| Error::Internal { reason: format!("id {id} lies beyond a table of {ids} rows") })
    }
}

/// For each token the sum of its vectors from all tables: `[tokens, size]`. Each table comes
/// with one id per token.
pub fn sum_of_embeddings(tables: &[(&Embedding, &[u32])]) -> Result<Tensor> {
    let (first, ids) = tables[0];
    let mut sums = Vec::with_capacity(ids.len() * first.size);
    for (token, &id) in ids.iter().enumerate() {
        let start = sums.len();
        sums.extend_from_slice(first.vector(id)?);
        for (table, ids) in &tables[1..] {
            rows::add_assign::<simd::Best>(&mut sums[start..], table.vector(ids[token])?);
        }
    }
    Ok(Tensor::from_vec(sums, (ids.len(), first.size), &Device::Cpu)?)
}
