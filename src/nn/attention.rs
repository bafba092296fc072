//! Scaled dot-product attention (Vaswani et al., 2017) within each sequence of a batch.

use std::ops::Range;

use candle_core::Tensor;

use super::ops;
use crate::error::Result;
use crate::kernels::attention::{Attention, Sequence, Sight, Vectors};
use crate::kernels::simd;

/// `softmax(q·kᵀ/√size)·v` for each head, where every token sees all tokens of its own
/// sequence and no other.
///
/// `qkv`: `[tokens, 3·hidden]`, the query, key and value of a token side by side, each made
/// of `heads` vectors. `sequences`: ranges of rows that cover all rows. Returns
/// `[tokens, hidden]`.
pub fn self_attention(qkv: &Tensor, heads: usize, sequences: &[Range<usize>]) -> Result<Tensor> {
    let hidden = qkv.dim(1)? / 3;
    let all = |rows: &Range<usize>| Sequence { keys: rows.clone(), queries: rows.clone(), position: 0 };
    let sequences: Vec<Sequence> = sequences.iter().map(all).collect();
    ops::unary("attention", qkv, hidden, |qkv| {
        let part = |part: usize| Vectors { numbers: qkv, stride: 3 * hidden, offset: part * hidden };
        plain(heads, hidden).run::<simd::Best>(part(0), part(1), part(2), &sequences)
    })
}

/// The same for the first token of each sequence only: `q` `[sequences, hidden]`, `kv`
/// `[tokens, 2·hidden]`; returns `[sequences, hidden]`.
pub fn attention_of_first_tokens(q: &Tensor, kv: &Tensor, heads: usize, sequences: &[Range<usize>]) -> Result<Tensor> {
    let hidden = q.dim(1)?;
    let first =
        |(row, keys): (usize, &Range<usize>)| Sequence { keys: keys.clone(), queries: row..row + 1, position: 0 };
    let sequences: Vec<Sequence> = sequences.iter().enumerate().map(first).collect();
    ops::binary("attention-of-first-tokens", q, kv, |q, kv| {
        let queries = Vectors { numbers: q, stride: hidden, offset: 0 };
        let part = |part: usize| Vectors { numbers: kv, stride: 2 * hidden, offset: part * hidden };
        plain(heads, hidden).run::<simd::Best>(queries, part(0), part(1), &sequences)
    })
}

fn plain<'a>(heads: usize, hidden: usize) -> Attention<'a> {
    let size = hidden / heads;
    Attention { heads, size, scale: 1.0 / (size as f32).sqrt(), sight: Sight::All, bias: None, relative: None }
}
