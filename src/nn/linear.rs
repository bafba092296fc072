//! A linear layer: `y = x·Wᵀ + b`.

use candle_core::Tensor;

use crate::error::Result;
use crate::weights::{Declarations, Param};

/// A weight `[out, in]` and a bias `[out]`, as PyTorch stores them.
#[derive(Debug)]
pub struct Linear {
    weight: Param,
    bias: Param,
}

impl Linear {
    /// Declares `{name}.weight` and `{name}.bias`.
    pub fn declare(needs: &mut Declarations, name: String, inputs: usize, outputs: usize) -> Self {
        Self::declare_stacked(needs, &[name], inputs, outputs)
    }

    /// Declares several layers that read the same rows as one: their outputs, `outputs` wide
    /// each, stand side by side.
    pub fn declare_stacked(needs: &mut Declarations, names: &[String], inputs: usize, outputs: usize) -> Self {
        let all = |end: &str| names.iter().map(|name| format!("{name}.{end}")).collect::<Vec<_>>();
        Linear {
            weight: needs.stacked(&all("weight"), &[outputs, inputs]),
            bias: needs.stacked(&all("bias"), &[outputs]),
        }
    }

    /// `[rows, in]` → `[rows, out]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let product = x.matmul(&self.weight.get()?.t()?)?;
        Ok(product.broadcast_add(self.bias.get()?)?)
    }
}
