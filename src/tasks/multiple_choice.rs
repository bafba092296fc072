//! The best of several endings of a text: each is read with the text, and their logits are compared. There is no such
//! pipeline in `transformers`; the classes are `…ForMultipleChoice`.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::tasks::TaskName;
//! use headwise::internals::tasks::run::run;
//! use headwise::internals::tasks::multiple_choice::{MultipleChoice, Options, Prompt};
//! use headwise::internals::text_model::TextModel;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-multiple-choice");
//! let model = Arc::new(TextModel::open(folder, TaskName::MultipleChoice, Precision::Fp32)?);
//! let choices = vec!["in the rain.".into(), "over the fox.".into()];
//! let prompt = Prompt { prompt: "The dog runs".into(), choices };
//! let results = run(MultipleChoice::new(model, Options::default())?, [prompt])?;
//! println!("{} with {}", results[0][0].choice, results[0][0].score);
//! # assert_eq!(results[0].len(), 2);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call_options::CallOptions;
use super::run::{Task, logits_of_sequences};
use super::text_classification::Function;
use super::{best_first, check_head, positive};
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::text::{Batch, Shortened, Tokens};
use crate::text_model::TextModel;

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many choices, best first; `None` for all.
    pub top_k: Option<usize>,
    /// Whether pairs that are too long are cut, the longer text first; an error otherwise.
    pub truncation: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { top_k: None, truncation: true }
    }
}

impl Options {
    /// Reads the options of a call.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        Ok(Options { top_k: given.count("top_k")?, truncation: given.flag("truncation")?.unwrap_or(true) })
    }
}

/// A text and how it may go on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompt {
    /// The text.
    pub prompt: String,
    /// What is to be chosen from.
    pub choices: Vec<String>,
}

/// One of the choices.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Choice {
    /// Its place among those that were given.
    pub index: usize,
    /// Its text.
    pub choice: String,
    /// Its probability; those of all choices sum to one.
    pub score: f32,
}

/// Choices.
#[derive(Debug)]
pub struct MultipleChoice {
    model: Arc<TextModel>,
    options: Options,
}

impl MultipleChoice {
    /// A request to a model with a multiple-choice head.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn new(model: Arc<TextModel>, options: Options) -> Result<Self> {
        check_head(&model.model, HeadKind::MultipleChoice)?;
        positive("top_k", options.top_k)?;
        Ok(MultipleChoice { model, options })
    }
}

impl Task for MultipleChoice {
    type Input = Prompt;
    type Output = Vec<Choice>;
    type Computed = Vec<f32>;

    fn texts(input: &Prompt) -> (&str, Option<&str>) {
        (&input.prompt, None)
    }

    fn encode(&self, input: &Prompt) -> Result<Vec<Tokens>> {
        if input.choices.is_empty() {
            return Err(Error::Input { input: 0, reason: "there are no choices".into() });
        }
        let tokenizer = &self.model.tokenizer;
        let cut = tokenizer.cut(Shortened::Longest, self.options.truncation);
        tokenizer.encode_pairs(&input.prompt, &input.choices, &cut)
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        logits_of_sequences(&self.model.model, batch)
    }

    fn finish(&self, input: &Prompt, _: &[Tokens], logits: Vec<Vec<f32>>) -> Result<Vec<Choice>> {
        let scores = Function::Softmax.apply(&logits.concat());
        let choice = |index: usize| Choice { index, choice: input.choices[index].clone(), score: scores[index] };
        Ok(best_first(&scores, self.options.top_k).into_iter().map(choice).collect())
    }
}
