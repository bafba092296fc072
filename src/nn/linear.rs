//! Linear layers: `y = x·Wᵀ + b`, and an activation after it if there is one.

use std::ops::Range;

use candle_core::Tensor;

use super::{Activation, Embedding, ops};
use crate::error::Result;
use crate::kernels::{Epilogue, Matrix, Table, matrix};
use crate::weights::{Declarations, Initial, Param, RowOrder};

/// One layer, or several of equal size that read the same rows: its *parts*.
#[derive(Debug)]
pub struct Linear {
    weight: Weight,
    bias: Option<Param<Vec<f32>>>,
    activation: Option<Activation>,
    gated: bool,
    parts: usize,
}

#[derive(Debug)]
enum Weight {
    Packed(Param<Matrix>),
    /// A table `[outputs, inputs]` that is looked up elsewhere.
    Table(Param<Table>),
}

impl Linear {
    /// Declares `{name}.weight` `[outputs, inputs]`; without a bias.
    pub fn declare(needs: &mut Declarations, name: &str, inputs: usize, outputs: usize) -> Self {
        Self::declare_parts(needs, &[name.to_owned()], 1, inputs, outputs)
    }

    /// Declares several layers as one, their outputs side by side: as many tensors as there are
    /// names, each of which holds an equal share of the parts.
    pub fn declare_parts(
        needs: &mut Declarations,
        names: &[String],
        parts: usize,
        inputs: usize,
        outputs: usize,
    ) -> Self {
        let weight = needs.matrix(&ending(names, "weight"), parts, outputs, inputs);
        Linear::of_parts(weight, parts)
    }

    /// The same of tensors that hold a share each, whose rows are in an order of their own.
    pub fn declare_shares(
        needs: &mut Declarations,
        shares: &[(String, usize)],
        order: RowOrder,
        inputs: usize,
        outputs: usize,
        bias: bool,
    ) -> Self {
        let named =
            |end: &str| shares.iter().map(|(name, parts)| (format!("{name}.{end}"), *parts)).collect::<Vec<_>>();
        let weight = needs.matrix_of_shares(&named("weight"), order, outputs, inputs);
        let linear = Linear::of_parts(weight, shares.iter().map(|(_, parts)| parts).sum());
        if bias { linear.with_bias(needs.vector_of_shares(&named("bias"), order, outputs)) } else { linear }
    }

    fn of_parts(weight: Param<Matrix>, parts: usize) -> Self {
        Linear { weight: Weight::Packed(weight), bias: None, activation: None, gated: false, parts }
    }

    /// A layer whose weights `[outputs, inputs]` are loaded otherwise.
    pub fn of(weight: Param<Matrix>) -> Self {
        Linear::of_parts(weight, 1)
    }

    /// A layer whose weights are the vectors of `embedding`: one output for each id.
    pub fn tied(embedding: &Embedding) -> Self {
        Linear { weight: Weight::Table(embedding.table()), bias: None, activation: None, gated: false, parts: 1 }
    }

    /// Whether its weights are looked up elsewhere.
    pub fn is_tied(&self) -> bool {
        matches!(self.weight, Weight::Table(_))
    }

    /// The same with the biases `{name}.bias`, each an equal share of all outputs of a row.
    pub fn with_biases(self, needs: &mut Declarations, names: &[String], outputs: usize) -> Self {
        let length = self.parts * outputs / names.len();
        self.with_bias(needs.vector(&ending(names, "bias"), length, Initial::Zeros))
    }

    /// The same with a bias, one number for each output of a row.
    pub fn with_bias(self, bias: Param<Vec<f32>>) -> Self {
        Linear { bias: Some(bias), ..self }
    }

    /// The same with an activation.
    pub fn with_activation(self, activation: Option<Activation>) -> Self {
        Linear { activation, ..self }
    }

    /// A gated linear unit: of two parts, the activated first one is multiplied with the second.
    pub fn gated(self) -> Self {
        Linear { gated: true, ..self }
    }

    /// `[rows, inputs]` → `[rows, parts · outputs]`, or `[rows, outputs]` if it is gated.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.forward_parts(x, 0..self.parts)
    }

    /// `[rows, inputs]` → the columns of some parts only.
    pub fn forward_parts(&self, x: &Tensor, parts: Range<usize>) -> Result<Tensor> {
        let bias = self.bias.as_ref().map(Param::get).transpose()?;
        let share = bias.map_or(0, |bias| bias.len() / self.parts);
        let bias = bias.map(|bias| &bias[parts.start * share..parts.end * share]);
        let epilogue = Epilogue { bias, activation: self.activation, gated: self.gated };
        match &self.weight {
            Weight::Packed(weight) => {
                let weight = weight.get()?;
                let width = if self.gated { weight.outputs() } else { parts.len() * weight.outputs() };
                ops::unary("linear", x, width, |x| weight.multiply(x, parts.clone(), epilogue))
            }
            Weight::Table(table) => {
                let table = table.get()?;
                ops::unary("tied-linear", x, table.rows(), |x| matrix::multiply_unpacked(x, table, epilogue))
            }
        }
    }
}

fn ending(names: &[String], end: &str) -> Vec<String> {
    names.iter().map(|name| format!("{name}.{end}")).collect()
}
