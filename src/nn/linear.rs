//! Linear layers: `y = x·Wᵀ + b`, and an activation behind it if there is one.

use std::ops::Range;

use candle_core::Tensor;

use super::{Activation, ops};
use crate::error::Result;
use crate::kernels::{Epilogue, Matrix};
use crate::weights::{Declarations, Initial, Param};

/// One layer, or several of equal size that read the same rows: its *parts*.
#[derive(Debug)]
pub struct Linear {
    weight: Param<Matrix>,
    bias: Param<Vec<f32>>,
    activation: Option<Activation>,
    parts: usize,
}

impl Linear {
    /// Declares `{name}.weight` `[outputs, inputs]` and `{name}.bias` `[outputs]`.
    pub fn declare(needs: &mut Declarations, name: String, inputs: usize, outputs: usize) -> Self {
        Self::declare_stacked(needs, &[name], inputs, outputs)
    }

    /// Declares several layers as one: their outputs stand side by side.
    pub fn declare_stacked(needs: &mut Declarations, names: &[String], inputs: usize, outputs: usize) -> Self {
        let all = |end: &str| names.iter().map(|name| format!("{name}.{end}")).collect::<Vec<_>>();
        Linear {
            weight: needs.matrix(&all("weight"), names.len(), outputs, inputs),
            bias: needs.vector(&all("bias"), outputs, Initial::Zeros),
            activation: None,
            parts: names.len(),
        }
    }

    /// The same with an activation.
    pub fn with_activation(self, activation: Option<Activation>) -> Self {
        Linear { activation, ..self }
    }

    /// `[rows, inputs]` → `[rows, parts · outputs]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_parts(x, 0..self.parts)
    }

    /// `[rows, inputs]` → the columns of some parts only.
    pub fn forward_parts(&self, x: &Tensor, parts: Range<usize>) -> Result<Tensor> {
        let (weight, bias) = (self.weight.get()?, self.bias.get()?);
        let outputs = weight.outputs();
        let bias = Some(&bias[parts.start * outputs..parts.end * outputs]);
        let epilogue = Epilogue { bias, activation: self.activation, gated: false };
        ops::unary("linear", x, parts.len() * outputs, |x| weight.multiply(x, parts.clone(), epilogue))
    }
}
