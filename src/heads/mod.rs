//! Heads: from the encoder's hidden vectors to logits. A head is data, a list of
//! [`Stage`]s; logits always leave raw.

pub mod sequence;

use candle_core::Tensor;

use crate::error::Result;
use crate::nn::{Activation, Linear};
use crate::weights::{Declarations, Names};

/// One linear layer of a head and what follows it.
#[derive(Debug)]
pub struct Stage {
    /// Where the layer's tensors stand.
    pub linear: Place,
    /// How many numbers it gives.
    pub width: Width,
    /// What is applied to them.
    pub activation: Option<Activation>,
}

/// Name of a layer of a head.
#[derive(Debug)]
pub enum Place {
    /// Below the encoder's prefix: `bert.pooler.dense`.
    Encoder(&'static str),
    /// At the top of the checkpoint: `classifier`.
    Top(&'static str),
}

/// Width of a stage's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// As wide as the hidden vectors.
    Hidden,
    /// One number for each label.
    Labels,
}

impl Place {
    /// Full name in a checkpoint.
    pub fn name(&self, names: &Names) -> String {
        match self {
            Place::Encoder(name) => names.base(name),
            Place::Top(name) => (*name).to_owned(),
        }
    }
}

/// The stages of a head with their weights.
#[derive(Debug)]
pub struct Head {
    stages: Vec<Linear>,
}

impl Head {
    /// Declares the tensors of `stages`.
    pub fn declare(
        needs: &mut Declarations,
        names: &Names,
        stages: &[Stage],
        hidden_size: usize,
        labels: usize,
    ) -> Self {
        let layer = |stage: &Stage| {
            let outputs = match stage.width {
                Width::Hidden => hidden_size,
                Width::Labels => labels,
            };
            let linear = Linear::declare(needs, stage.linear.name(names), hidden_size, outputs);
            linear.with_activation(stage.activation)
        };
        Head { stages: stages.iter().map(layer).collect() }
    }

    /// `[rows, hidden]` → `[rows, labels]`.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for stage in &self.stages {
            x = stage.forward(&x)?;
        }
        Ok(x)
    }
}
