//! candle tensors to slices for the kernels and back, as custom operations. They have no
//! backward pass: what is to be trained uses candle's own operations.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, Layout, Shape, Tensor};

use crate::error::Result;

/// A kernel of one tensor: its name, the width of a row of its result, and what it computes.
struct Unary<F>(&'static str, usize, F);

/// A kernel of two tensors: its name and what it computes.
struct Binary<F>(&'static str, F);

/// Applies `kernel` to the numbers of `x`, which lie without gaps; the result has `width` columns.
pub fn unary(name: &'static str, x: &Tensor, width: usize, kernel: impl Fn(&[f32]) -> Vec<f32>) -> Result<Tensor> {
    Ok(x.apply_op1_no_bwd(&Unary(name, width, kernel))?)
}

/// Applies `kernel` to the numbers of `x` and `y`; the result has the shape of `x`.
pub fn binary(
    name: &'static str,
    x: &Tensor,
    y: &Tensor,
    kernel: impl Fn(&[f32], &[f32]) -> Vec<f32>,
) -> Result<Tensor> {
    Ok(x.apply_op2_no_bwd(y, &Binary(name, kernel))?)
}

impl<F: Fn(&[f32]) -> Vec<f32>> CustomOp1 for Unary<F> {
    fn name(&self) -> &'static str {
        self.0
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> candle_core::Result<(CpuStorage, Shape)> {
        let x = numbers(storage, layout)?;
        let out = timed(self.0, || (self.2)(x));
        let rows = out.len() / self.1;
        Ok((CpuStorage::F32(out), (rows, self.1).into()))
    }
}

impl<F: Fn(&[f32], &[f32]) -> Vec<f32>> CustomOp2 for Binary<F> {
    fn name(&self) -> &'static str {
        self.0
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        x_layout: &Layout,
        y: &CpuStorage,
        y_layout: &Layout,
    ) -> candle_core::Result<(CpuStorage, Shape)> {
        let (x, y) = (numbers(x, x_layout)?, numbers(y, y_layout)?);
        let out = timed(self.0, || (self.1)(x, y));
        Ok((CpuStorage::F32(out), x_layout.shape().clone()))
    }
}

#[cfg(feature = "bench")]
use super::profile::timed;

#[cfg(not(feature = "bench"))]
fn timed<T>(_: &str, operation: impl FnOnce() -> T) -> T {
    operation()
}

fn numbers<'a>(storage: &'a CpuStorage, layout: &Layout) -> candle_core::Result<&'a [f32]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        candle_core::bail!("a kernel was given a tensor with gaps");
    };
    Ok(&storage.as_slice::<f32>()?[start..end])
}
