//! Layer normalisation (Ba, Kiros and Hinton, 2016).

use candle_core::Tensor;

use crate::error::Result;
use crate::weights::{Declarations, Param};

/// Normalises each row: `(x − mean) / √(variance + eps) · weight + bias`, with the biased
/// variance.
#[derive(Debug)]
pub struct LayerNorm {
    weight: Param,
    bias: Param,
    eps: f32,
}

impl LayerNorm {
    /// Declares `{name}.weight` and `{name}.bias`, both `[size]`.
    pub fn declare(needs: &mut Declarations, name: String, size: usize, eps: f64) -> Self {
        LayerNorm {
            weight: needs.tensor(format!("{name}.weight"), &[size]),
            bias: needs.tensor(format!("{name}.bias"), &[size]),
            eps: eps as f32,
        }
    }

    /// `[rows, size]` → `[rows, size]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        Ok(candle_nn::ops::layer_norm(x, self.weight.get()?, self.bias.get()?, self.eps)?)
    }
}
