//! Normalisation: layer normalisation (Ba, Kiros and Hinton, 2016), and division by the root mean square (Zhang and
//! Sennrich, 2019).

use candle_core::Tensor;

use super::ops;
use crate::error::Result;
use crate::kernels::{rows, simd};
use crate::weights::{Declarations, Initial, Param};

/// What normalises a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NormKind {
    /// `(x − mean) / √(variance + eps) · weight + bias`, with the biased variance; perhaps without a bias.
    Layer {
        /// Whether there is a bias.
        bias: bool,
    },
    /// `x / √(mean of x² + eps) · weight`.
    Rms,
}

/// Normalises each row.
#[derive(Debug)]
pub struct Norm {
    weight: Param<Vec<f32>>,
    bias: Option<Param<Vec<f32>>>,
    eps: f32,
    kind: NormKind,
}

/// The same with its weights at hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReadyNorm<'a> {
    weight: &'a [f32],
    bias: Option<&'a [f32]>,
    eps: f32,
    kind: NormKind,
}

impl Norm {
    /// Declares `{name}.weight` and perhaps `{name}.bias`, both `[size]`.
    pub fn declare(needs: &mut Declarations, name: &str, size: usize, eps: f64, kind: NormKind) -> Self {
        let has_bias = kind == NormKind::Layer { bias: true };
        Norm {
            weight: needs.vector(&[format!("{name}.weight")], size, Initial::Ones),
            bias: has_bias.then(|| needs.vector(&[format!("{name}.bias")], size, Initial::Zeros)),
            eps: eps as f32,
            kind,
        }
    }

    /// `[rows, size]` → `[rows, size]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let norm = self.ready()?;
        let size = norm.weight.len();
        ops::unary("norm", x, size, |x| {
            let mut out = vec![0.0; x.len()];
            for (x, out) in x.chunks_exact(size).zip(out.chunks_exact_mut(size)) {
                norm.normalise(x, None, out);
            }
            out
        })
    }

    /// Normalises `x + residual`, both `[rows, size]`.
    pub fn forward_residual(&self, x: &Tensor, residual: &Tensor) -> Result<Tensor> {
        let norm = self.ready()?;
        let size = norm.weight.len();
        ops::binary("residual-norm", x, residual, |x, residual| {
            let mut out = vec![0.0; x.len()];
            let rows = x.chunks_exact(size).zip(residual.chunks_exact(size)).zip(out.chunks_exact_mut(size));
            for ((x, residual), out) in rows {
                norm.normalise(x, Some(residual), out);
            }
            out
        })
    }

    pub(super) fn ready(&self) -> Result<ReadyNorm<'_>> {
        let bias = self.bias.as_ref().map(Param::get).transpose()?;
        Ok(ReadyNorm { weight: self.weight.get()?, bias: bias.map(Vec::as_slice), eps: self.eps, kind: self.kind })
    }
}

impl ReadyNorm<'_> {
    /// Normalises each of the vectors that lie side by side.
    pub(super) fn normalise_all(&self, vectors: &mut [f32]) {
        for vector in vectors.chunks_exact_mut(self.weight.len()) {
            let x = vector.to_vec();
            self.normalise(&x, None, vector);
        }
    }

    fn normalise(&self, x: &[f32], residual: Option<&[f32]>, out: &mut [f32]) {
        match self.kind {
            NormKind::Layer { .. } => {
                rows::layer_norm::<simd::Best>(x, residual, self.weight, self.bias, self.eps, out);
            }
            NormKind::Rms => rows::rms_norm::<simd::Best>(x, residual, self.weight, self.eps, out),
        }
    }
}
