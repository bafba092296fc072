//! Scaled dot-product attention (Vaswani et al., 2017) within each sequence of a batch.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use candle_core::Tensor;

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
    /// Turns queries and keys by their positions.
    pub rotation: Option<&'a Rotary>,
}

/// What a layer's attention gave each key: for each sequence `[heads, queries, keys]`.
pub type Probabilities = Vec<Vec<f32>>;

/// `softmax(q·kᵀ·scale)·v` for each head, where every token sees tokens of its own sequence and
/// of no other.
///
/// `qkv`: `[tokens, 3·hidden]`, the query, key and value of a token side by side, each made of
/// all heads' vectors. `sequences`: ranges of rows that cover all rows. Returns
/// `[tokens, hidden]`; `probabilities` takes what was given to whom.
pub fn self_attention(
    qkv: &Tensor,
    attend: &Attend<'_>,
    sequences: &[Range<usize>],
    probabilities: Option<&mut Probabilities>,
) -> Result<Tensor> {
    let hidden = qkv.dim(1)? / 3;
    let positions: Vec<usize> = sequences.iter().flat_map(|rows| 0..rows.len()).collect();
    let whole = |rows: &Range<usize>| Sequence { keys: rows.clone(), queries: rows.clone(), position: 0 };
    let sequences: Vec<Sequence> = sequences.iter().map(whole).collect();
    let probabilities = RefCell::new(probabilities);
    ops::unary("attention", qkv, hidden, |qkv| {
        let qkv = attend.turned(qkv, 3 * hidden, &[0, hidden], &positions);
        let part = |part: usize| Vectors { numbers: &qkv, stride: 3 * hidden, offset: part * hidden };
        attend.run([part(0), part(1), part(2)], &sequences, &mut probabilities.borrow_mut())
    })
}

/// The same where queries come from elsewhere: `q` `[queries, hidden]`, `kv`
/// `[tokens, 2·hidden]`, and `sequences` that say which of them meet. Returns
/// `[queries, hidden]`.
pub fn attention_between(
    q: &Tensor,
    kv: &Tensor,
    attend: &Attend<'_>,
    sequences: &[Sequence],
    probabilities: Option<&mut Probabilities>,
) -> Result<Tensor> {
    let hidden = q.dim(1)?;
    let asked: Vec<usize> = sequences.iter().flat_map(|one| one.position..one.position + one.queries.len()).collect();
    let positions: Vec<usize> = sequences.iter().flat_map(|one| 0..one.keys.len()).collect();
    let probabilities = RefCell::new(probabilities);
    ops::binary("attention-between", q, kv, |q, kv| {
        let q = attend.turned(q, hidden, &[0], &asked);
        let kv = attend.turned(kv, 2 * hidden, &[0], &positions);
        let queries = Vectors { numbers: &q, stride: hidden, offset: 0 };
        let part = |part: usize| Vectors { numbers: &kv, stride: 2 * hidden, offset: part * hidden };
        attend.run([queries, part(0), part(1)], sequences, &mut probabilities.borrow_mut())
    })
}

impl<'a> Attend<'a> {
    /// Attention to everything, scaled by one over the root of a head's size.
    pub fn plain(heads: usize, hidden: usize) -> Self {
        let size = hidden / heads;
        let scale = 1.0 / (size as f32).sqrt();
        let attention = Attention { heads, size, scale, mask: AttentionMask::All, bias: None, relative: None };
        Attend { attention, rotation: None }
    }

    /// The rows with the vectors at `offsets` turned by the position of their row.
    fn turned<'n>(&self, rows: &'n [f32], stride: usize, offsets: &[usize], positions: &[usize]) -> Cow<'n, [f32]> {
        let Some(rotation) = self.rotation else {
            return Cow::Borrowed(rows);
        };
        let mut rows = rows.to_vec();
        for &offset in offsets {
            rotation.rotate::<simd::Best>(&mut rows, stride, offset, self.attention.heads, positions.iter().copied());
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
