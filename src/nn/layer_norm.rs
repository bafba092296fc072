//! Layer normalisation (Ba, Kiros and Hinton, 2016).

use candle_core::Tensor;

use super::ops;
use crate::error::Result;
use crate::kernels::{rows, simd};
use crate::weights::{Declarations, Initial, Param};

/// Normalises each row: `(x − mean) / √(variance + eps) · weight + bias`, with the biased
/// variance.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Param<Vec<f32>>,
    bias: Option<Param<Vec<f32>>>,
    eps: f32,
}

impl LayerNorm {
    /// Declares `{name}.weight` and perhaps `{name}.bias`, both `[size]`.
    pub fn declare(needs: &mut Declarations, name: &str, size: usize, eps: f64, bias: bool) -> Self {
        LayerNorm {
            weight: needs.vector(&[format!("{name}.weight")], size, Initial::Ones),
            bias: bias.then(|| needs.vector(&[format!("{name}.bias")], size, Initial::Zeros)),
            eps: eps as f32,
        }
    }

    /// `[rows, size]` → `[rows, size]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (weight, bias) = self.parameters()?;
        ops::unary("layer-norm", x, weight.len(), |x| {
            let mut out = vec![0.0; x.len()];
            for (x, out) in x.chunks_exact(weight.len()).zip(out.chunks_exact_mut(weight.len())) {
                rows::layer_norm::<simd::Best>(x, None, weight, bias, self.eps, out);
            }
            out
        })
    }

    /// Normalises `x + residual`, both `[rows, size]`.
    pub fn forward_residual(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        let (weight, bias) = self.parameters()?;
        ops::binary("residual-layer-norm", x, residual, |x, residual| {
            let size = weight.len();
            let mut out = vec![0.0; x.len()];
            let rows = x.chunks_exact(size).zip(residual.chunks_exact(size)).zip(out.chunks_exact_mut(size));
            for ((x, residual), out) in rows {
                rows::layer_norm::<simd::Best>(x, Some(residual), weight, bias, self.eps, out);
            }
            out
        })
    }

    fn parameters(&self) -> Result<(&[f32], Option<&[f32]>)> {
        let bias = self.bias.as_ref().map(Param::get).transpose()?;
        Ok((self.weight.get()?, bias.map(Vec::as_slice)))
    }
}
