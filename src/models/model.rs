//! An encoder with or without a head, and what became of the checkpoint's tensors.

use candle_core::Tensor;

use super::config::{Config, generic_labels};
use super::encoder::Encoder;
use super::ignorable::IGNORABLE;
use crate::error::{Error, Result};
use crate::heads::{Head, Stage};
use crate::kernels::Precision;
use crate::text::Batch;
use crate::weights::{Checkpoint, Declarations, LoadOptions, Names, Plan, Section, Usage};

/// What is to be computed from the hidden vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadKind {
    /// Nothing: the bare encoder.
    Base,
    /// Sequence classification: one logit per label and text.
    Sequence,
}

impl HeadKind {
    /// Every kind.
    pub const ALL: &[HeadKind] = &[HeadKind::Base, HeadKind::Sequence];

    /// Name in messages and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            HeadKind::Base => "base",
            HeadKind::Sequence => "sequence",
        }
    }
}

/// A model whose weights are loaded, or about to be.
#[derive(Debug)]
pub struct Model {
    /// The configuration it was built from.
    pub config: Config,
    /// Names of the labels, one for each logit; empty for a bare encoder.
    pub labels: Vec<String>,
    /// What became of each tensor of the checkpoint.
    pub usage: Usage,
    /// How its matrices are kept.
    pub precision: Precision,
    /// Memory that the weights take, in bytes.
    pub weight_bytes: u64,
    encoder: Encoder,
    head: Option<Head>,
}

impl Model {
    /// Builds the model, still without weights, and the plan that fills them in.
    ///
    /// # Errors
    /// Whatever is wrong with the checkpoint's tensors: see [`Plan::new`]; [`Error::Config`]
    /// when the head has another number of labels than the configuration.
    pub fn plan(
        config: Config,
        checkpoint: &Checkpoint,
        kind: HeadKind,
        options: LoadOptions,
    ) -> Result<(Model, Plan)> {
        let names = Names::new(checkpoint, config.architecture.prefixes);
        let mut needs = Declarations::default();
        let encoder = Encoder::declare(&mut needs, &names, &config);
        let mut sections = vec![Section { head: None, needs }];
        let mut labels = Vec::new();
        let head = match stages(&config, kind) {
            None => None,
            Some(stages) => {
                labels = self::labels(&config, checkpoint, &names, stages, options)?;
                let mut needs = Declarations::default();
                let head = Head::declare(&mut needs, &names, stages, config.hidden_size, labels.len());
                sections.push(Section { head: Some(kind.name()), needs });
                Some(head)
            }
        };
        let plan = Plan::new(checkpoint, &names, sections, &IGNORABLE, options)?;
        let model = Model {
            labels,
            usage: plan.usage.clone(),
            precision: options.precision,
            weight_bytes: plan.weight_bytes(),
            config,
            encoder,
            head,
        };
        Ok((model, plan))
    }

    /// The encoder's output for every token of the batch: `[tokens, hidden]`.
    pub fn last_hidden_state(&self, batch: &Batch) -> Result<Tensor> {
        self.encoder.forward(batch)
    }

    /// Raw logits of each sequence of the batch: one row for each, one number per label.
    ///
    /// # Errors
    /// [`Error::MissingHead`] for a bare encoder.
    pub fn logits(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        let head = self.head.as_ref().ok_or_else(|| Error::MissingHead {
            head: HeadKind::Sequence.name().into(),
            missing: vec!["the model was loaded without a head".into()],
        })?;
        Ok(head.forward(&self.encoder.first_tokens(batch)?)?.to_vec2()?)
    }
}

fn stages(config: &Config, kind: HeadKind) -> Option<&'static [Stage]> {
    match kind {
        HeadKind::Base => None,
        HeadKind::Sequence => Some(config.architecture.sequence_head),
    }
}

/// The configuration's labels, checked against the rows of the head's last layer. Where the
/// configuration says nothing the rows count, and without rows either there are two, the
/// default that old files leave out. A new head has as many rows as there are labels.
fn labels(
    config: &Config,
    checkpoint: &Checkpoint,
    names: &Names,
    stages: &[Stage],
    options: LoadOptions,
) -> Result<Vec<String>> {
    let tensor = stages.last().map(|stage| format!("{}.weight", stage.linear.name(names)));
    let location = tensor.as_ref().and_then(|tensor| names.location(tensor));
    let rows = location.and_then(|location| checkpoint.entry(location).shape.first().copied());
    match (&config.labels, rows, tensor) {
        (Some(labels), Some(rows), Some(tensor)) if labels.len() != rows && options.new_head.is_none() => {
            Err(Error::Config {
                file: "config.json".into(),
                field: "id2label".into(),
                value: format!("{} labels", labels.len()),
                supported: format!("{rows} labels, the rows of {tensor}"),
            })
        }
        (Some(labels), ..) => Ok(labels.clone()),
        (None, rows, _) => Ok(generic_labels(rows.unwrap_or(2))),
    }
}
