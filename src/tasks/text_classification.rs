//! Logits of a sequence-classification head to labels with scores, as
//! `transformers` `pipelines/text_classification.py` does it.

use serde::Serialize;

use crate::error::{Error, Result};
use crate::models::ProblemType;

/// A label and how much the model believes in it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Label {
    /// Name of the label.
    pub label: String,
    /// Its score, by the function that was applied.
    pub score: f32,
}

/// From logits to scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Scores of all labels sum to one.
    Softmax,
    /// Each score lies between 0 and 1, whatever the others are.
    Sigmoid,
    /// The raw logits.
    None,
}

/// What one call asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How many labels, best first; `None` for all.
    pub top_k: Option<usize>,
    /// In place of the function that the model was trained for.
    pub function_to_apply: Option<Function>,
    /// Whether texts that are too long are cut; an error otherwise.
    pub truncation: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { top_k: Some(1), function_to_apply: None, truncation: true }
    }
}

impl Function {
    const NAMES: &[(&str, Function)] =
        &[("softmax", Function::Softmax), ("sigmoid", Function::Sigmoid), ("none", Function::None)];

    /// What the model was trained for: nothing for a regression, sigmoid for several labels
    /// or a single one, softmax otherwise.
    pub fn of(problem_type: Option<ProblemType>, labels: usize) -> Self {
        match problem_type {
            Some(ProblemType::Regression) => Function::None,
            Some(ProblemType::MultiLabel) => Function::Sigmoid,
            _ if labels == 1 => Function::Sigmoid,
            _ => Function::Softmax,
        }
    }

    /// The function of this name.
    ///
    /// # Errors
    /// [`Error::Option`] that lists the names.
    pub fn parse(name: &str) -> Result<Self> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|&(_, function)| function).ok_or_else(|| Error::Option {
            option: "function_to_apply".into(),
            value: format!("{name:?}"),
            supported: Self::NAMES.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", "),
        })
    }

    /// The name that [`Function::parse`] knows.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, function)| *function == self).map_or("", |&(name, _)| name)
    }

    /// Scores of one row of logits, in the same order.
    pub fn apply(self, logits: &[f32]) -> Vec<f32> {
        match self {
            Function::None => logits.to_vec(),
            Function::Sigmoid => logits.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect(),
            Function::Softmax => {
                let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let powers: Vec<f32> = logits.iter().map(|x| (x - largest).exp()).collect();
                let sum: f32 = powers.iter().sum();
                powers.iter().map(|power| power / sum).collect()
            }
        }
    }
}

/// The best `top_k` labels, equal scores in the order of the labels.
pub fn rank(scores: &[f32], labels: &[String], top_k: Option<usize>) -> Vec<Label> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    order.truncate(top_k.unwrap_or(usize::MAX));
    let label = |index: usize| Label { label: labels[index].clone(), score: scores[index] };
    order.into_iter().map(label).collect()
}
