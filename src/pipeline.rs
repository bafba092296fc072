//! The tasks by name, with options, inputs and results as JSON: what the command line and the browser call.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::models::{Config, Model};
use crate::sentences::embedder::TextEmbedder;
use crate::tasks::call_options::CallOptions;
use crate::tasks::feature_extraction::{FeatureExtraction, Features};
use crate::tasks::fill_mask::{FillMask, Filled};
use crate::tasks::multiple_choice::{Choice, MultipleChoice};
use crate::tasks::question_answering::{Answer, QuestionAnswering};
use crate::tasks::run::{Read, Run, Task};
use crate::tasks::text_classification::{Label, TextClassification};
use crate::tasks::text_ranking::{Ranked, TextRanking};
use crate::tasks::token_classification::{Entity, TokenClassification};
use crate::tasks::zero_shot_classification::{Classified, ZeroShotClassification};
use crate::tasks::{
    TaskName, Utf16, feature_extraction, fill_mask, multiple_choice, question_answering, text_classification,
    text_ranking, token_classification, zero_shot_classification,
};
use crate::text::{SmallFiles, Tokenizer};
use crate::text_model::TextModel;
use crate::weights::{Index, Load, LoadOptions};

/// A model for a task.
#[derive(Debug)]
pub struct Pipeline {
    /// The task.
    pub task: TaskName,
    model: ModelOf,
}

#[derive(Debug)]
enum ModelOf {
    Text(Arc<TextModel>),
    Embedder(Arc<TextEmbedder>),
}

/// What offsets of results count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offsets {
    /// Unicode code points, as in Python.
    Characters,
    /// Units of UTF-16, as in JavaScript.
    Utf16,
}

impl Pipeline {
    /// Starts the load of a model for a task from its small files: those that [`TaskName::small_files`] names, where they
    /// exist. `index` lists the files with its weights (of the encoder, if there are others). `labels` are those of a new
    /// head.
    ///
    /// # Errors
    /// Those of [`TextModel::load`] and [`TextEmbedder::load`]; [`Error::Config`] where the task names labels and some
    /// have no name.
    pub fn load(
        task: TaskName,
        files: &SmallFiles,
        index: Index,
        options: LoadOptions,
        labels: Option<Vec<String>>,
    ) -> Result<Load<Pipeline>> {
        if task == TaskName::FeatureExtraction {
            let load = TextEmbedder::load(files, index, options)?;
            return Ok(load.map(move |embedder| Ok(Pipeline { task, model: ModelOf::Embedder(Arc::new(embedder)) })));
        }
        let has_labels = labels.is_some();
        let load = TextModel::load(task.head(), files, index, options, labels)?;
        if !has_labels && matches!(task, TaskName::TextClassification | TaskName::TokenClassification) {
            Config::of(files)?.check_label_names()?;
        }
        Ok(load.map(move |model| Ok(Pipeline { task, model: ModelOf::Text(Arc::new(model)) })))
    }

    /// The encoder and its head.
    pub fn model(&self) -> &Model {
        match &self.model {
            ModelOf::Text(model) => &model.model,
            ModelOf::Embedder(embedder) => &embedder.model,
        }
    }

    /// The tokenizer that belongs to them.
    pub fn tokenizer(&self) -> &Tokenizer {
        match &self.model {
            ModelOf::Text(model) => &model.tokenizer,
            ModelOf::Embedder(embedder) => &embedder.tokenizer,
        }
    }

    /// What whoever uses the model should know of its files: sentences that begin in lower case.
    pub fn warnings(&self) -> Vec<String> {
        match &self.model {
            ModelOf::Embedder(embedder) => embedder.warnings(),
            ModelOf::Text(model) => {
                let of_task = match self.task {
                    TaskName::ZeroShotClassification => {
                        zero_shot_classification::no_entailment(&model.model).into_iter().collect()
                    }
                    TaskName::TextRanking => text_ranking::warnings(model),
                    _ => Vec::new(),
                };
                model.warnings().into_iter().chain(of_task).collect()
            }
        }
    }

    /// The function that a sequence classifier was trained for.
    pub fn function(&self) -> Option<text_classification::Function> {
        match (&self.model, self.task) {
            (ModelOf::Text(model), TaskName::TextClassification) => Some(model.function()),
            _ => None,
        }
    }

    /// The result of each input: see [`Pipeline::start`].
    ///
    /// # Errors
    /// Those of [`Pipeline::start`], and the first of an input.
    pub fn run(&self, inputs: impl IntoIterator<Item = Value>, options: Value) -> Result<Vec<Output>> {
        let mut run = self.start(inputs.into_iter().map(Ok), options, Offsets::Characters)?;
        while !run.step() {}
        std::iter::from_fn(|| run.ready()).map(|ready| Ok(ready?.0)).collect()
    }

    /// Starts a request. Options are an object with the names that Python gives them, or null; inputs look as the task
    /// says, and an error among them comes out at its place.
    ///
    /// # Errors
    /// Those of the task's options, and of its request to this model.
    pub fn start<'a, I: Iterator<Item = Result<Value>> + 'a>(
        &self,
        inputs: I,
        options: Value,
        offsets: Offsets,
    ) -> Result<Box<dyn AnyRun + 'a>> {
        let form = self.task.form();
        let model = match &self.model {
            ModelOf::Text(model) => model.clone(),
            ModelOf::Embedder(embedder) => {
                let options = read(options, feature_extraction::Options::read)?;
                let task = FeatureExtraction::new(embedder.clone(), options)?;
                return Ok(erased(task, inputs, form, offsets, Output::Features));
            }
        };
        Ok(match self.task {
            TaskName::TextClassification => {
                let task = TextClassification::new(model, read(options, text_classification::Options::read)?)?;
                erased(task, inputs, form, offsets, Output::Labels)
            }
            TaskName::ZeroShotClassification => {
                let task = ZeroShotClassification::new(model, read(options, zero_shot_classification::Options::read)?)?;
                erased(task, inputs, form, offsets, Output::Classified)
            }
            TaskName::TokenClassification => {
                let task = TokenClassification::new(model, read(options, token_classification::Options::read)?)?;
                erased(task, inputs, form, offsets, Output::Entities)
            }
            TaskName::QuestionAnswering => {
                let task = QuestionAnswering::new(model, read(options, question_answering::Options::read)?)?;
                erased(task, inputs, form, offsets, Output::Answers)
            }
            TaskName::FillMask => {
                let task = FillMask::new(model, read(options, fill_mask::Options::read)?)?;
                erased(task, inputs, form, offsets, Output::Filled)
            }
            TaskName::MultipleChoice => {
                let task = MultipleChoice::new(model, read(options, multiple_choice::Options::read)?)?;
                erased(task, inputs, form, offsets, Output::Choices)
            }
            TaskName::TextRanking => {
                let task = TextRanking::new(model, read(options, text_ranking::Options::read)?)?;
                erased(task, inputs, form, offsets, Output::Ranked)
            }
            TaskName::FeatureExtraction => return Err(Error::Internal { reason: "an embedder was expected".into() }),
        })
    }
}

/// The result of an input, whatever the task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// Of text classification.
    Labels(Vec<Label>),
    /// Of zero-shot classification.
    Classified(Classified),
    /// Of token classification.
    Entities(Vec<Entity>),
    /// Of question answering.
    Answers(Vec<Answer>),
    /// Of fill-mask, for each mask.
    Filled(Vec<Vec<Filled>>),
    /// Of feature extraction.
    Features(Features),
    /// Of multiple choice.
    Choices(Vec<Choice>),
    /// Of text ranking.
    Ranked(Vec<Ranked>),
}

/// A [`Run`] of any task.
pub trait AnyRun {
    /// See [`Run::step`].
    fn step(&mut self) -> bool;

    /// See [`Run::ready`].
    fn ready(&mut self) -> Option<Result<(Output, Read)>>;
}

struct Erased<T: Task, I> {
    run: Run<T, I>,
    offsets: Offsets,
    wrap: fn(T::Output) -> Output,
}

impl<T: Task, I: Iterator<Item = Result<T::Input>>> AnyRun for Erased<T, I> {
    fn step(&mut self) -> bool {
        self.run.step()
    }

    fn ready(&mut self) -> Option<Result<(Output, Read)>> {
        let done = self.run.ready()?;
        Some(done.map(|mut done| {
            if self.offsets == Offsets::Utf16 {
                T::count_in_utf16(&done.input, &mut done.output);
                count_in_utf16(T::texts(&done.input), &mut done.read);
            }
            ((self.wrap)(done.output), done.read)
        }))
    }
}

fn erased<'a, T>(
    task: T,
    inputs: impl Iterator<Item = Result<Value>> + 'a,
    form: &'static str,
    offsets: Offsets,
    wrap: fn(T::Output) -> Output,
) -> Box<dyn AnyRun + 'a>
where
    T: Task<Input: DeserializeOwned> + 'a,
{
    let inputs = inputs.map(move |input| {
        let input = serde_json::from_value(input?);
        input.map_err(|_| Error::Input { input: 0, reason: format!("an input of this task is {form}") })
    });
    Box::new(Erased { run: Run::new(task, inputs), offsets, wrap })
}

fn read<T>(options: Value, read: fn(&mut CallOptions) -> Result<T>) -> Result<T> {
    let mut given = CallOptions::new(options)?;
    let options = read(&mut given)?;
    // Python's pipelines compute in batches of a size, with helpers; here neither changes a result.
    given.count("batch_size")?;
    given.tokens("num_workers")?;
    given.finish()?;
    Ok(options)
}

fn count_in_utf16((text, pair): (&str, Option<&str>), read: &mut Read) {
    read.text_end = Utf16::of(text).at(read.text_end);
    read.text_pair_end = pair.zip(read.text_pair_end).map(|(pair, end)| Utf16::of(pair).at(end));
}
