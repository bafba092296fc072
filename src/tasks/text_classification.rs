//! Logits of a sequence-classification head to labels with scores, as
//! `transformers` `pipelines/text_classification.py` does it.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::tasks::TaskName;
//! use headwise::internals::tasks::text_classification::Options;
//! use headwise::internals::text_model::TextModel;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-topics");
//! let classifier = Arc::new(TextModel::open(folder, TaskName::TextClassification, Precision::Fp32)?);
//! let options = Options { top_k: None, ..Options::default() };
//! let results = classifier.classify(&["What a wonderful morning!".into()], options)?;
//! println!("{} with {}", results[0][0].label, results[0][0].score);
//! # assert_eq!(results[0].len(), 3);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::call_options::CallOptions;
use super::run::{Task, logits_of_sequences, run};
use super::{best_first, check_head, encode_within, positive};
use crate::architectures::HeadKind;
use crate::error::Result;
use crate::models::ProblemType;
use crate::named::named;
use crate::text::{Batch, Input, Tokens};
use crate::text_model::TextModel;

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
    /// Most tokens that are read of a text; as many as the model can by default.
    pub max_length: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options { top_k: Some(1), function_to_apply: None, truncation: true, max_length: None }
    }
}

impl Options {
    /// Reads the options of a call. No `top_k` is one label, null all of them.
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option).
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        let all = given.peek("top_k") == Some(&Value::Null);
        let top_k = given.count("top_k")?.or((!all).then_some(1));
        let function_to_apply = given.choice("function_to_apply", Function::NAMES)?;
        given.no_padding()?;
        Ok(Options {
            top_k,
            function_to_apply,
            truncation: given.truncation()?,
            max_length: given.count("max_length")?,
        })
    }
}

/// Labels of texts, or of pairs of texts.
#[derive(Debug)]
pub struct TextClassification {
    model: Arc<TextModel>,
    function: Function,
    options: Options,
}

impl TextClassification {
    /// A request to a model with a sequence head.
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option); [`Error::Config`](crate::Error::Config) where a label has no name.
    pub fn new(model: Arc<TextModel>, options: Options) -> Result<Self> {
        check_head(&model.model, HeadKind::Sequence)?;
        model.model.config.check_label_names()?;
        positive("top_k", options.top_k)?;
        let function = options.function_to_apply.unwrap_or_else(|| model.function());
        Ok(TextClassification { model, function, options })
    }
}

impl Task for TextClassification {
    type Input = Input;
    type Output = Vec<Label>;
    type Computed = Vec<f32>;

    fn texts(input: &Input) -> (&str, Option<&str>) {
        (&input.text, input.text_pair.as_deref())
    }

    fn encode(&self, input: &Input) -> Result<Vec<Tokens>> {
        encode_within(&self.model.tokenizer, input, self.options.truncation, self.options.max_length)
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        logits_of_sequences(&self.model.model, batch)
    }

    fn finish(&self, _: &Input, _: &[Tokens], logits: Vec<Vec<f32>>) -> Result<Vec<Label>> {
        Ok(rank(&self.function.apply(&logits.concat()), &self.model.model.labels, self.options.top_k))
    }
}

impl TextModel {
    /// Labels with scores for each input, best first. The model is one with a sequence head.
    ///
    /// # Errors
    /// [`Error::Option`](crate::Error::Option); [`Error::Input`](crate::Error::Input) naming the input that cannot be
    /// classified; [`Error::NonFinite`](crate::Error::NonFinite) when the weights are damaged.
    pub fn classify(self: &Arc<Self>, inputs: &[Input], options: Options) -> Result<Vec<Vec<Label>>> {
        run(TextClassification::new(self.clone(), options)?, inputs.iter().cloned())
    }

    /// The function that the model was trained for.
    pub fn function(&self) -> Function {
        Function::of(self.model.config.problem_type, self.model.labels.len())
    }
}

named!(Function {
    Softmax => "softmax",
    Sigmoid => "sigmoid",
    None => "none",
});

impl Function {
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
    let label = |index: usize| Label { label: labels[index].clone(), score: scores[index] };
    best_first(scores, top_k).into_iter().map(label).collect()
}
