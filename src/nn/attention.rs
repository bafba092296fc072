//! Scaled dot-product attention (Vaswani et al., 2017) within each sequence of a batch.

use std::ops::Range;

use candle_core::Tensor;
use candle_nn::ops::softmax_last_dim;

use crate::error::Result;

/// `softmax(q·kᵀ/√size)·v` for each head, where every token sees all tokens of its own
/// sequence and no other.
///
/// `qkv`: `[tokens, 3·hidden]`, the query, key and value of a token side by side, each made
/// of `heads` vectors. `sequences`: ranges of rows that cover all rows. Returns
/// `[tokens, hidden]`.
pub fn self_attention(qkv: &Tensor, heads: usize, sequences: &[Range<usize>]) -> Result<Tensor> {
    let hidden = qkv.dim(1)? / 3;
    let size = hidden / heads;
    let scale = 1.0 / (size as f64).sqrt();
    let mut outputs = Vec::with_capacity(sequences.len());
    for sequence in sequences {
        let rows = qkv.narrow(0, sequence.start, sequence.len())?;
        let head_major = |part: usize| {
            let columns = rows.narrow(1, part * hidden, hidden)?;
            columns.reshape((sequence.len(), heads, size))?.transpose(0, 1)?.contiguous()
        };
        let (q, k, v) = (head_major(0)?, head_major(1)?, head_major(2)?);
        let scores = (q.matmul(&k.t()?)? * scale)?;
        let mixed = softmax_last_dim(&scores)?.matmul(&v)?;
        outputs.push(mixed.transpose(0, 1)?.reshape((sequence.len(), hidden))?);
    }
    Ok(Tensor::cat(&outputs, 0)?)
}
