//! Scaled dot-product attention (Vaswani et al., 2017) within each sequence of a batch.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use candle_core::Tensor;

use super::norm::{Norm, ReadyNorm};
use super::ops;
use crate::error::Result;
use crate::kernels::attention::rotary::Rotary;
use crate::kernels::attention::{Attention, AttentionMask, Sequence, Vectors};
use crate::kernels::simd;

/// How the tokens of a batch attend in one layer.
#[derive(Debug, Clone, Copy)]
pub struct Attend<'a> {
    /// Heads, scale, and what is seen and added.
    pub attention: Attention<'a>,
    /// Normalise each head's query and key.
    pub norms: Option<&'a [Norm; 2]>,
    /// Turns queries and keys by their positions, after that.
    pub rotation: Option<&'a Rotary>,
}

/// What a layer's attention gave each key: for each sequence `[heads, queries, keys]`.
pub type Probabilities = Vec<Vec<f32>>;

/// `softmax(q·kᵀ·scale)·v` for each head, where every token sees tokens of its own sequence and
/// of no other.
///
/// `qkv`: `[tokens, (heads + 2·kv_heads)·size]`, the query, key and value of a token side by side, each made of
/// all its heads' vectors. `sequences`: ranges of rows that cover all rows. Returns
/// `[tokens, heads·size]`; `probabilities` takes what was given to whom.
pub fn self_attention(
    qkv: &Tensor,
    attend: &Attend<'_>,
    sequences: &[Range<usize>],
    probabilities: Option<&mut Probabilities>,
) -> Result<Tensor> {
    let (q, k, v) = attend.columns();
    let norms = attend.ready_norms()?;
    let positions: Vec<usize> = sequences.iter().flat_map(|rows| 0..rows.len()).collect();
    let whole = |rows: &Range<usize>| Sequence { keys: rows.clone(), queries: rows.clone(), position: 0 };
    let sequences: Vec<Sequence> = sequences.iter().map(whole).collect();
    let probabilities = RefCell::new(probabilities);
    ops::unary("attention", qkv, q.len(), |qkv| {
        let parts = [(&q, norms.map(|[norm, _]| norm)), (&k, norms.map(|[_, norm]| norm))];
        let qkv = attend.prepared(qkv, v.end, &parts, &positions);
        let part = |columns: &Range<usize>| Vectors { numbers: &qkv, stride: v.end, offset: columns.start };
        attend.run([part(&q), part(&k), part(&v)], &sequences, &mut probabilities.borrow_mut())
    })
}

/// The same where queries come from elsewhere: `q` `[queries, heads·size]`, `kv`
/// `[tokens, 2·kv_heads·size]`, and `sequences` that say which of them meet. Returns
/// `[queries, heads·size]`.
pub fn attention_between(
    q: &Tensor,
    kv: &Tensor,
    attend: &Attend<'_>,
    sequences: &[Sequence],
    probabilities: Option<&mut Probabilities>,
) -> Result<Tensor> {
    let (_, k, _) = attend.columns();
    let [all_queries, all_keys] = [0..k.start, 0..k.len()];
    let norms = attend.ready_norms()?;
    let asked: Vec<usize> = sequences.iter().flat_map(|one| one.position..one.position + one.queries.len()).collect();
    let positions: Vec<usize> = sequences.iter().flat_map(|one| 0..one.keys.len()).collect();
    let probabilities = RefCell::new(probabilities);
    ops::binary("attention-between", q, kv, |q, kv| {
        let stride = 2 * all_keys.end;
        let q = attend.prepared(q, all_queries.end, &[(&all_queries, norms.map(|[norm, _]| norm))], &asked);
        let kv = attend.prepared(kv, stride, &[(&all_keys, norms.map(|[_, norm]| norm))], &positions);
        let queries = Vectors { numbers: &q, stride: all_queries.end, offset: 0 };
        let part = |offset: usize| Vectors { numbers: &kv, stride, offset };
        attend.run([queries, part(0), part(all_keys.end)], sequences, &mut probabilities.borrow_mut())
    })
}

impl<'a> Attend<'a> {
    /// Attention of `heads` heads of `size` numbers to everything, scaled by one over the root of a head's size.
    pub fn plain(heads: usize, size: usize) -> Self {
        let (scale, mask) = (1.0 / (size as f32).sqrt(), AttentionMask::ALL);
        let attention = Attention { heads, kv_heads: heads, size, scale, mask, bias: None, relative: None };
        Attend { attention, norms: None, rotation: None }
    }

    /// Columns of the queries, keys and values of a token.
    fn columns(&self) -> (Range<usize>, Range<usize>, Range<usize>) {
        let Attention { heads, kv_heads, size, .. } = self.attention;
        let [keys, values, end] = [heads, heads + kv_heads, heads + 2 * kv_heads].map(|heads| heads * size);
        (0..keys, keys..values, values..end)
    }

    fn ready_norms(&self) -> Result<Option<[ReadyNorm<'a>; 2]>> {
        self.norms.map(|[query, key]| Ok([query.ready()?, key.ready()?])).transpose()
    }

    /// The rows, in whose `parts` each head's vector is normalised and then turned by the position of its row.
    fn prepared<'n>(
        &self,
        rows: &'n [f32],
        stride: usize,
        parts: &[(&Range<usize>, Option<ReadyNorm<'_>>)],
        positions: &[usize],
    ) -> Cow<'n, [f32]> {
        if self.norms.is_none() && self.rotation.is_none() {
            return Cow::Borrowed(rows);
        }
        let mut rows = rows.to_vec();
        for &(columns, norm) in parts {
            if let Some(norm) = norm {
                rows.chunks_exact_mut(stride).for_each(|row| norm.normalise_all(&mut row[columns.clone()]));
            }
            if let Some(rotation) = self.rotation {
                let (size, positions) = (self.attention.size, positions.iter().copied());
                rotation.rotate::<simd::Best>(&mut rows, stride, columns.clone(), size, positions);
            }
        }
        Cow::Owned(rows)
    }

    fn run(
        &self,
        [q, k, v]: [Vectors<'_>; 3],
        sequences: &[Sequence],
        probabilities: &mut Option<&mut Probabilities>,
    ) -> Vec<f32> {
        let Some(probabilities) = probabilities else {
            return self.attention.run::<simd::Best>(q, k, v, sequences);
        };
        let size = |one: &Sequence| self.attention.heads * one.queries.len() * one.keys.len();
        **probabilities = sequences.iter().map(|one| vec![0.0; size(one)]).collect();
        self.attention.run_with::<simd::Best>(q, k, v, sequences, |index, head, query, row| {
            let place = (head * sequences[index].queries.len() + query) * row.len();
            probabilities[index][place..place + row.len()].copy_from_slice(row);
        })
    }
}
