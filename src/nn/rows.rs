//! What happens to rows beside the layers: some are chosen, added, scaled, averaged, made unit vectors. candle has all of
//! it, but each of its operations brings a loop for every number type it knows: a tenth of the module for these few.

use std::ops::Range;

use candle_core::Tensor;

use super::ops;
use crate::error::Result;
use crate::kernels::{rows, simd};

/// The least length that a vector is divided by: that of `torch.nn.functional.normalize`.
const LEAST_LENGTH: f32 = 1e-12;

/// The rows of `x` with these numbers: `[any, size]` → `[chosen, size]`.
pub fn chosen_rows(x: &Tensor, chosen: &[usize]) -> Result<Tensor> {
    let size = x.dim(1)?;
    ops::unary("rows", x, size, |x| chosen.iter().flat_map(|row| &x[row * size..][..size]).copied().collect())
}

/// `x + y`, both `[rows, size]`.
pub fn add(x: &Tensor, y: &Tensor) -> Result<Tensor> {
    ops::binary("add", x, y, |x, y| {
        let mut sums = x.to_vec();
        rows::add_assign::<simd::Best>(&mut sums, y);
        sums
    })
}

/// `x · factor`, `[rows, size]`.
pub fn scaled(x: &Tensor, factor: f32) -> Result<Tensor> {
    ops::unary("scale", x, x.dim(1)?, |x| x.iter().map(|number| number * factor).collect())
}

/// The mean of the rows of each sequence: `[tokens, size]` → `[sequences, size]`.
pub fn mean_of_sequences(x: &Tensor, sequences: &[Range<usize>]) -> Result<Tensor> {
    let size = x.dim(1)?;
    ops::unary("mean", x, size, |x| {
        let mut means = vec![0.0; sequences.len() * size];
        for (mean, rows) in means.chunks_exact_mut(size).zip(sequences) {
            for row in x[rows.start * size..rows.end * size].chunks_exact(size) {
                rows::add_assign::<simd::Best>(mean, row);
            }
            let share = 1.0 / rows.len() as f32;
            mean.iter_mut().for_each(|number| *number *= share);
        }
        means
    })
}

/// Each row divided by its length, or by 1e-12 if that is smaller: `[rows, size]`.
pub fn unit_rows(x: &Tensor) -> Result<Tensor> {
    let size = x.dim(1)?;
    ops::unary("unit", x, size, |x| {
        let mut out = x.to_vec();
        for row in out.chunks_exact_mut(size) {
            let length = row.iter().map(|number| number * number).sum::<f32>().sqrt().max(LEAST_LENGTH);
            row.iter_mut().for_each(|number| *number /= length);
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;

    /// The operations of candle that these stand for.
    #[test]
    fn rows_are_those_of_candle() -> Result<()> {
        let numbers = |count| (0..count).map(|i| ((i * 37 % 101) as f32 - 50.0) / 7.0).collect::<Vec<_>>();
        let x = Tensor::from_vec(numbers(35), (7, 5), &Device::Cpu)?;
        let y = x.affine(0.37, 1.0)?;
        let same = |ours: Tensor, candles: Tensor| -> Result<()> {
            assert_eq!(ours.dims(), candles.dims());
            let difference = (ours - candles)?.abs()?.max_all()?.to_scalar::<f32>()?;
            assert!(difference < 1e-6, "{difference}");
            Ok(())
        };
        let chosen = Tensor::from_vec(vec![6_u32, 0, 3], 3, &Device::Cpu)?;
        same(chosen_rows(&x, &[6, 0, 3])?, x.index_select(&chosen, 0)?)?;
        same(add(&x, &y)?, (&x + &y)?)?;
        same(scaled(&x, 1.5)?, (&x * 1.5)?)?;
        let means = [x.narrow(0, 0, 2)?.mean_keepdim(0)?, x.narrow(0, 2, 5)?.mean_keepdim(0)?];
        same(mean_of_sequences(&x, &[0..2, 2..7])?, Tensor::cat(&means, 0)?)?;
        same(unit_rows(&x)?, x.broadcast_div(&x.sqr()?.sum_keepdim(1)?.sqrt()?.maximum(1e-12)?)?)?;
        let zeros = x.zeros_like()?;
        same(unit_rows(&zeros)?, zeros)
    }
}
