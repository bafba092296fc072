//! Convolution along the tokens of each sequence.

use std::ops::Range;

use candle_core::Tensor;

use super::{Activation, Linear, ops};
use crate::error::Result;
use crate::weights::Declarations;

/// For each token a linear layer of itself and its neighbours, with zeros beyond the ends of
/// its sequence.
#[derive(Debug)]
pub struct Convolution {
    linear: Linear,
    reach: usize,
}

impl Convolution {
    /// Declares `{name}.weight` `[size, size, width]` and `{name}.bias` `[size]`; `width` is odd.
    pub fn declare(
        needs: &mut Declarations,
        name: &str,
        size: usize,
        width: usize,
        activation: Option<Activation>,
    ) -> Self {
        let weight = needs.matrix_of_shape(&format!("{name}.weight"), &[size, size, width], size, size * width);
        let linear = Linear::of(weight).with_biases(needs, &[name.to_owned()], size);
        Convolution { linear: linear.with_activation(activation), reach: width / 2 }
    }

    /// `[tokens, size]` → `[tokens, size]`.
    pub fn forward(&self, x: &Tensor, sequences: &[Range<usize>]) -> Result<Tensor> {
        let (size, width) = (x.dim(1)?, 2 * self.reach + 1);
        let gathered = ops::unary("neighbours", x, size * width, |x| {
            let mut gathered = vec![0.0; x.len() * width];
            for rows in sequences {
                for row in rows.clone() {
                    let to = &mut gathered[row * size * width..][..size * width];
                    let near = row.saturating_sub(self.reach).max(rows.start)..rows.end.min(row + self.reach + 1);
                    for other in near {
                        let tap = other + self.reach - row;
                        let from = &x[other * size..][..size];
                        for (cell, number) in to[tap..].iter_mut().step_by(width).zip(from) {
                            *cell = *number;
                        }
                    }
                }
            }
            gathered
        })?;
        self.linear.forward(&gathered)
    }
}
