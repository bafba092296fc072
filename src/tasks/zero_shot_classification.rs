//! Labels that nobody trained for: a model of natural language inference says how well each follows from the text, as
//! `transformers` `pipelines/zero_shot_classification.py` asks it. The sequences of all labels of all texts share
//! batches.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::tasks::TaskName;
//! use headwise::internals::tasks::run::run;
//! use headwise::internals::tasks::zero_shot_classification::{Options, ZeroShotClassification};
//! use headwise::internals::text_model::TextModel;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-nli");
//! let model = Arc::new(TextModel::open(folder, TaskName::TextClassification, Precision::Fp32)?);
//! let candidate_labels = vec!["sport".into(), "arts".into(), "rain".into()];
//! let options = Options { candidate_labels, ..Options::default() };
//! let results = run(ZeroShotClassification::new(model, options)?, ["The dog runs in the rain.".into()])?;
//! println!("{} with {}", results[0].labels[0], results[0].scores[0]);
//! # assert_eq!(results[0].labels.len(), 3);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call_options::{CallOptions, OneOrMore, refused};
use super::run::{Task, logits_of_sequences};
use super::template::Template;
use super::text_classification::Function;
use super::{best_first, check_head};
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::models::Model;
use crate::text::{Batch, Shortened, Tokens};
use crate::text_model::TextModel;

const TEMPLATE: &str = "a text with {} where the label goes, and doubled braces for braces";

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The labels.
    pub candidate_labels: Vec<String>,
    /// A sentence that is true of a text with the label in place of `{}`, in the language of Python's `format`.
    pub hypothesis_template: String,
    /// Whether labels are judged each for itself; else their scores sum to one.
    pub multi_label: bool,
    /// Whether texts that are too long are cut; an error otherwise.
    pub truncation: bool,
}

impl Default for Options {
    fn default() -> Self {
        let hypothesis_template = "This example is {}.".into();
        Options { candidate_labels: Vec::new(), hypothesis_template, multi_label: false, truncation: true }
    }
}

impl Options {
    /// Reads the options of a call. Labels are an array, or a text with commas between them.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        let default = Options::default();
        if let Some(null @ Value::Null) = given.peek("hypothesis_template") {
            return Err(refused("hypothesis_template", null, TEMPLATE));
        }
        let labels = match given.texts("candidate_labels")? {
            None => Vec::new(),
            Some(OneOrMore::More(labels)) => labels,
            Some(OneOrMore::One(text)) => {
                text.split(',').map(str::trim).filter(|label| !label.is_empty()).map(str::to_owned).collect()
            }
        };
        Ok(Options {
            candidate_labels: labels,
            hypothesis_template: given.text("hypothesis_template")?.unwrap_or(default.hypothesis_template),
            multi_label: given.flag("multi_label")?.unwrap_or(false),
            truncation: given.flag("truncation")?.unwrap_or(true),
        })
    }
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Spelled")]
pub struct Sequence(pub String);

impl From<&str> for Sequence {
    fn from(text: &str) -> Self {
        Sequence(text.to_owned())
    }
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Spelled {
    Text(String),
    Object { sequence: String },
}

impl From<Spelled> for Sequence {
    fn from(spelled: Spelled) -> Self {
        match spelled {
            Spelled::Text(sequence) | Spelled::Object { sequence } => Sequence(sequence),
        }
    }
}

/// The labels of a text, best first.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classified {
    /// The text.
    pub sequence: String,
    /// The labels; of equal ones, later ones first, as in Python.
    pub labels: Vec<String>,
    /// The score of each.
    pub scores: Vec<f32>,
}

/// Labels that come with the request.
#[derive(Debug)]
pub struct ZeroShotClassification {
    model: Arc<TextModel>,
    options: Options,
    hypotheses: Vec<String>,
    entailment: usize,
}

impl ZeroShotClassification {
    /// A request to a model with a sequence head for inference: one of its labels begins with “entail”, else the last
    /// one counts.
    ///
    /// # Errors
    /// [`Error::Option`] when the model has another head, there are no labels, or the template has no place for them;
    /// [`Error::Config`] when `label2id` gives no label of the head.
    pub fn new(model: Arc<TextModel>, options: Options) -> Result<Self> {
        check_head(&model.model, HeadKind::Sequence)?;
        let refuse = |option: &str, value: &str, supported: &str| {
            Err(Error::Option { option: option.into(), value: value.into(), supported: supported.into() })
        };
        if options.candidate_labels.is_empty() {
            return refuse("candidate_labels", "empty", "at least one label");
        }
        let template = match Template::parse(&options.hypothesis_template) {
            Ok(template) => template,
            Err(reason) => {
                let value = format!("{:?} ({reason})", options.hypothesis_template);
                return refuse("hypothesis_template", &value, TEMPLATE);
            }
        };
        let hypotheses = options.candidate_labels.iter().map(|label| template.with(label)).collect();
        let entailment = entailment(&model.model)?;
        Ok(ZeroShotClassification { model, options, hypotheses, entailment })
    }

    /// Scores of the labels from the logits of each.
    fn scores(&self, logits: &[Vec<f32>]) -> Vec<f32> {
        if !self.options.multi_label && logits.len() > 1 {
            let entailments: Vec<f32> = logits.iter().map(|logits| logits[self.entailment]).collect();
            return Function::Softmax.apply(&entailments);
        }
        let of_label = |logits: &Vec<f32>| {
            let contradiction = if self.entailment == 0 { logits.len() - 1 } else { 0 };
            Function::Softmax.apply(&[logits[contradiction], logits[self.entailment]])[1]
        };
        logits.iter().map(of_label).collect()
    }
}

impl Task for ZeroShotClassification {
    type Input = Sequence;
    type Output = Classified;
    type Computed = Vec<f32>;

    fn texts(input: &Sequence) -> (&str, Option<&str>) {
        (&input.0, None)
    }

    /// The text with each hypothesis; only the text gives way.
    fn encode(&self, input: &Sequence) -> Result<Vec<Tokens>> {
        if input.0.is_empty() {
            return Err(Error::Input { input: 0, reason: "the text is empty".into() });
        }
        let tokenizer = &self.model.tokenizer;
        let cut = tokenizer.cut(Shortened::First, self.options.truncation);
        tokenizer.encode_pairs(&input.0, &self.hypotheses, &cut)
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        logits_of_sequences(&self.model.model, batch)
    }

    fn finish(&self, input: &Sequence, _: &[Tokens], logits: Vec<Vec<f32>>) -> Result<Classified> {
        let mut scores = self.scores(&logits);
        scores.reverse();
        let last = scores.len() - 1;
        let order = best_first(&scores, None);
        let label = |&place: &usize| self.options.candidate_labels[last - place].clone();
        Ok(Classified {
            sequence: input.0.clone(),
            labels: order.iter().map(label).collect(),
            scores: order.iter().map(|&place| scores[place]).collect(),
        })
    }
}

/// A warning where no label says that a hypothesis follows.
pub(crate) fn no_entailment(model: &Model) -> Option<String> {
    let last = model.labels.last().filter(|_| stated_entailment(model).is_none())?;
    Some(format!(
        "no label begins with “entail”, so {last:?}, the last one, counts as that. Is it a model of inference?"
    ))
}

/// The label that says that a hypothesis follows, or the last one.
fn entailment(model: &Model) -> Result<usize> {
    let labels = model.labels.len();
    let Some(id) = stated_entailment(model) else {
        return Ok(labels - 1);
    };
    // Python counts from the end, too.
    let place = id.as_i64().map(|id| if id < 0 { id + labels as i64 } else { id });
    let place = place.and_then(|place| usize::try_from(place).ok()).filter(|&place| place < labels);
    place.ok_or_else(|| Error::Config {
        file: "config.json".into(),
        field: "label2id".into(),
        value: format!("{id} for the label that begins with “entail”"),
        supported: format!("a whole number below {labels}, the number of labels"),
    })
}

/// What `label2id` says of that label: it counts in its own order, as in Python. Without it the names tell.
fn stated_entailment(model: &Model) -> Option<Value> {
    let says_so = |label: &String| label.to_lowercase().starts_with("entail");
    match model.config.fields.get("label2id").and_then(|ids| ids.as_object()) {
        Some(ids) => ids.iter().find(|(label, _)| says_so(label)).map(|(_, id)| id.clone()),
        None => model.labels.iter().position(says_so).map(Value::from),
    }
}
