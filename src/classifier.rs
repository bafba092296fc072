//! Text to scores, on one page. What a newcomer reads first:
//!
//! 1. the [`Tokenizer`] turns each text into token ids;
//! 2. a [`Batch`] lays several of them end to end;
//! 3. the [`Model`] computes hidden vectors of the tokens and, from what its head reads of
//!    them, one logit per label;
//! 4. [`tasks::text_classification`](crate::tasks::text_classification) turns logits into
//!    labels with scores.

use std::sync::Arc;

use crate::error::{Error, Result};
use crate::limits;
use crate::models::{Config, HeadKind, Loader, Model};
use crate::tasks::text_classification::{Function, Label, Options, rank};
use crate::text::{Batch, Input, SmallFiles, Tokenizer, Tokens};
use crate::weights::{Index, LoadOptions};

/// A sequence-classification model and its tokenizer.
#[derive(Debug)]
pub struct TextClassifier {
    /// The encoder and its head.
    pub model: Model,
    /// The tokenizer that belongs to them.
    pub tokenizer: Tokenizer,
}

/// A classifier whose weights are still to come.
#[derive(Debug)]
pub struct ClassifierLoader {
    tokenizer: Tokenizer,
    loader: Loader,
}

impl ClassifierLoader {
    /// Reads the small files of a model whose weights are in the files of `index`. `labels` take
    /// the place of those of the configuration: they are for a new head.
    ///
    /// # Errors
    /// Those of [`Config::parse`] and [`Tokenizer::from_files`].
    pub fn new(files: &SmallFiles, index: Index, options: LoadOptions, labels: Option<Vec<String>>) -> Result<Self> {
        let mut config = Config::parse(files.config()?)?;
        if let Some(labels) = labels {
            config = config.with_labels(labels)?;
        }
        let tokenizer = Tokenizer::from_files(files, config.type_vocab_size)?;
        let max_length = config.max_length(tokenizer.model_max_length());
        let tokenizer = tokenizer.truncate_to(max_length)?;
        let loader = Loader::new(config, HeadKind::Sequence, options, index);
        Ok(ClassifierLoader { tokenizer, loader })
    }

    /// Takes the next bytes of a file of the index, by its number there.
    ///
    /// # Errors
    /// Those of [`Loader::push`].
    pub fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        self.loader.push(file, chunk)
    }

    /// Length of a file of the index in bytes, known once its header is.
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn file_bytes(&self, file: usize) -> Option<u64> {
        self.loader.file_bytes(file)
    }

    /// Length of the file that [`ClassifierLoader::take_converted`] gives: see
    /// [`Loader::converted_bytes`].
    pub fn converted_bytes(&self) -> Option<u64> {
        self.loader.converted_bytes()
    }

    /// What has come of the checkpoint in the precision of the load: see [`Loader::take_converted`].
    pub fn take_converted(&mut self) -> Vec<u8> {
        self.loader.take_converted()
    }

    /// The classifier, after the last byte.
    ///
    /// # Errors
    /// Those of [`Loader::finish`].
    pub fn finish(self) -> Result<TextClassifier> {
        Ok(TextClassifier { model: self.loader.finish()?, tokenizer: self.tokenizer })
    }
}

impl TextClassifier {
    /// Labels with scores for each input, best first.
    ///
    /// # Errors
    /// Those of [`Run::new`] and [`Run::step`].
    pub fn classify(self: &Arc<Self>, inputs: &[Input], options: Options) -> Result<Vec<Vec<Label>>> {
        let mut run = Run::new(self.clone(), inputs, options)?;
        while !run.step()? {}
        Ok(run.results)
    }

    /// The function that the model was trained for.
    pub fn function(&self) -> Function {
        Function::of(self.model.config.problem_type, self.model.labels.len())
    }
}

/// One request, computed in slices of some [`limits::SLICE_TOKENS`] tokens, so that whoever
/// runs it can attend to other things in between.
#[derive(Debug)]
pub struct Run {
    classifier: Arc<TextClassifier>,
    options: Options,
    /// All inputs, tokenized.
    pub tokens: Vec<Tokens>,
    /// Results of the inputs that are done, in their order.
    pub results: Vec<Vec<Label>>,
}

impl Run {
    /// Tokenizes the inputs.
    ///
    /// # Errors
    /// [`Error::Input`] naming the input that cannot be classified; [`Error::Option`].
    pub fn new(classifier: Arc<TextClassifier>, inputs: &[Input], options: Options) -> Result<Self> {
        if options.top_k == Some(0) {
            return Err(Error::Option {
                option: "top_k".into(),
                value: "0".into(),
                supported: "a positive whole number, or nothing for all labels".into(),
            });
        }
        let tokenizer = &classifier.tokenizer;
        let tokens = inputs.iter().enumerate();
        let tokens = tokens.map(|(index, input)| tokenizer.encode_input(index, input, options.truncation));
        Ok(Run { tokens: tokens.collect::<Result<_>>()?, classifier, options, results: Vec::new() })
    }

    /// Computes the next slice. Returns whether all inputs are done.
    ///
    /// # Errors
    /// [`Error::NonFinite`] when the weights are damaged, [`Error::Input`] when the tokenizer is
    /// that of another model.
    pub fn step(&mut self) -> Result<bool> {
        if self.results.len() == self.tokens.len() {
            return Ok(true);
        }
        let model = &self.classifier.model;
        let function = self.options.function_to_apply.unwrap_or(self.classifier.function());
        let first = self.results.len();
        let logits = model.forward(&next_slice(&self.tokens[first..])).map_err(|error| error.behind(first))?;
        for (row, logits) in logits.to_vec2::<f32>()?.iter().enumerate() {
            if !logits.iter().all(|logit| logit.is_finite()) {
                return Err(Error::NonFinite { input: first + row });
            }
            self.results.push(rank(&function.apply(logits), &model.labels, self.options.top_k));
        }
        Ok(self.results.len() == self.tokens.len())
    }
}

/// A batch of the first of the inputs that are left: one at least, else as many as
/// [`limits::SLICE_TOKENS`] allows.
pub(crate) fn next_slice(left: &[Tokens]) -> Batch {
    let mut batch = Batch::default();
    for tokens in left {
        if !batch.sequences.is_empty() && batch.tokens() + tokens.input_ids.len() > limits::SLICE_TOKENS {
            break;
        }
        batch.push(&tokens.input_ids, &tokens.token_type_ids);
    }
    batch
}
