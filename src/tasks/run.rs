//! Text to results, on one page. What a newcomer reads first:
//!
//! 1. a [`Task`] says which sequences of tokens an input becomes: one for a text, several for a long
//!    one that is read in windows, one for each label that is to be compared with it;
//! 2. [`Run`] lays sequences end to end, whichever inputs they are of, to a [`Batch`] of some
//!    [`limits::SLICE_TOKENS`] tokens;
//! 3. the [`Model`] computes hidden vectors of the tokens and, from what its head reads of them,
//!    logits; the task keeps what it needs of them;
//! 4. when all sequences of an input are computed, the task makes its result of them.
//!
//! Tasks are in [`tasks`](crate::tasks).

use std::collections::VecDeque;
use std::fmt::Debug;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::limits;
use crate::models::Model;
use crate::text::{Batch, Tokens};

/// What is to be done with inputs: a model, and the options of a request, already checked.
pub trait Task {
    /// One input.
    type Input: Debug;
    /// Its result.
    type Output: Debug;
    /// What is kept of a sequence until all of its input are computed.
    type Computed: Debug;

    /// The text of an input, and the second one of a pair.
    fn texts(input: &Self::Input) -> (&str, Option<&str>);

    /// The sequences that an input becomes.
    ///
    /// # Errors
    /// [`Error::Input`], as if it were the first, when there is no answer to the input.
    fn encode(&self, input: &Self::Input) -> Result<Vec<Tokens>>;

    /// Runs the model on some sequences, of one input or of several, and keeps what is needed of each.
    ///
    /// # Errors
    /// [`Error::NonFinite`] and [`Error::Input`] with the number of the sequence, when the model is damaged or the
    /// tokenizer that of another one.
    fn compute(&self, batch: &Batch) -> Result<Vec<Self::Computed>>;

    /// The result for an input: `computed` is in the order of `tokens`.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the tokenizer cannot spell its tokens.
    fn finish(&self, input: &Self::Input, tokens: &[Tokens], computed: Vec<Self::Computed>) -> Result<Self::Output>;

    /// Turns offsets within a result from characters to units of UTF-16, as JavaScript counts.
    fn count_in_utf16(_input: &Self::Input, _output: &mut Self::Output) {}
}

/// An input with its result.
#[derive(Debug)]
pub struct Done<T: Task> {
    /// The input.
    pub input: T::Input,
    /// Its result.
    pub output: T::Output,
    /// How much of the input the model has read.
    pub read: Read,
}

/// How an input was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Read {
    /// Tokens of all its sequences, special ones included.
    pub tokens: usize,
    /// Whether something was cut away.
    pub truncated: bool,
    /// Where the part of the text ends that all sequences have, in characters.
    pub text_end: usize,
    /// The same for the second text of a pair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text_pair_end: Option<usize>,
}

impl Read {
    /// What `tokens` hold of a text, or of a pair.
    fn of(tokens: &[Tokens], pair: bool) -> Self {
        let kept = || tokens.iter().map(|tokens| &tokens.kept);
        Read {
            tokens: tokens.iter().map(|tokens| tokens.input_ids.len()).sum(),
            truncated: kept().any(|kept| kept.truncated),
            text_end: kept().map(|kept| kept.text_end).min().unwrap_or(0),
            text_pair_end: kept().filter_map(|kept| kept.text_pair_end).min().filter(|_| pair),
        }
    }
}

/// A request, computed in slices, so that whoever runs it can attend to other things in between. It is an iterator
/// over results, in the order of the inputs. Inputs are taken as they are needed: memory does not grow with their
/// number. An input that has no result is an error at its place, and the others go on.
#[derive(Debug)]
pub struct Run<T: Task, I> {
    task: T,
    /// Those that have not been taken; `None` when there are none.
    inputs: Option<I>,
    /// Inputs that have been taken and not been given back, in their order.
    under_way: VecDeque<Result<UnderWay<T>>>,
    /// How many have been given back.
    done: usize,
}

/// A tokenized input.
#[derive(Debug)]
struct UnderWay<T: Task> {
    input: T::Input,
    tokens: Vec<Tokens>,
    /// Of the first of its sequences.
    computed: Vec<T::Computed>,
}

impl<T: Task, I: Iterator<Item = Result<T::Input>>> Run<T, I> {
    /// A run over inputs; an error among them comes out at its place.
    pub fn new(task: T, inputs: impl IntoIterator<IntoIter = I>) -> Self {
        Run { task, inputs: Some(inputs.into_iter()), under_way: VecDeque::new(), done: 0 }
    }

    /// Computes the next slice. Returns whether all inputs are computed.
    pub fn step(&mut self) -> bool {
        self.take_inputs();
        let (mut batch, mut owners) = (Batch::default(), Vec::new());
        let waiting = self.under_way.iter().enumerate().flat_map(|(place, input)| {
            let left = input.as_ref().map_or(&[][..], |input| &input.tokens[input.computed.len()..]);
            left.iter().map(move |tokens| (place, tokens))
        });
        for (place, tokens) in waiting {
            if !push_within_slice(&mut batch, tokens) {
                break;
            }
            owners.push(place);
        }
        if !owners.is_empty() {
            self.compute(&batch, &owners);
        }
        self.take_inputs();
        self.inputs.is_none() && self.under_way.iter().all(|input| input.as_ref().map_or(true, UnderWay::is_computed))
    }

    /// Computes sequences of the inputs at `owners`. When one of them fails, its input does, and the others wait for
    /// the next slice.
    fn compute(&mut self, batch: &Batch, owners: &[usize]) {
        match self.task.compute(batch) {
            Ok(computed) => {
                for (&place, computed) in owners.iter().zip(computed) {
                    if let Ok(input) = &mut self.under_way[place] {
                        input.computed.push(computed);
                    }
                }
            }
            Err(error) => {
                let place = owners[error.input().unwrap_or(0)];
                self.under_way[place] = Err(error.with_input(self.done + place));
            }
        }
    }

    /// The next result, if it is there.
    pub fn ready(&mut self) -> Option<Result<Done<T>>> {
        if let Ok(input) = self.under_way.front()?
            && !input.is_computed()
        {
            return None;
        }
        let input = self.under_way.pop_front()?;
        self.done += 1;
        Some(input.and_then(|UnderWay { input, tokens, computed }| {
            let output =
                self.task.finish(&input, &tokens, computed).map_err(|error| error.with_input(self.done - 1))?;
            Ok(Done { output, read: Read::of(&tokens, T::texts(&input).1.is_some()), input })
        }))
    }

    /// Takes and tokenizes inputs until there is enough for a slice.
    fn take_inputs(&mut self) {
        let left = |input: &Result<UnderWay<T>>| input.as_ref().map_or(0, UnderWay::tokens_left);
        let mut tokens: usize = self.under_way.iter().map(left).sum();
        while tokens < limits::SLICE_TOKENS
            && self.under_way.len() < limits::SLICE_TOKENS
            && let Some(inputs) = &mut self.inputs
        {
            let Some(input) = inputs.next() else {
                self.inputs = None;
                return;
            };
            let place = self.done + self.under_way.len();
            let input = input.and_then(|input| self.encode(input)).map_err(|error| error.with_input(place));
            tokens += left(&input);
            self.under_way.push_back(input);
        }
    }

    fn encode(&self, input: T::Input) -> Result<UnderWay<T>> {
        let tokens = self.task.encode(&input)?;
        match tokens.iter().any(|tokens| tokens.input_ids.is_empty()) {
            true => {
                Err(Error::Input { input: 0, reason: "the text has no tokens, and this tokenizer adds none".into() })
            }
            false => Ok(UnderWay { input, tokens, computed: Vec::new() }),
        }
    }
}

impl<T: Task> UnderWay<T> {
    fn is_computed(&self) -> bool {
        self.computed.len() == self.tokens.len()
    }

    /// Tokens of the sequences that are not computed; of as many as a slice can hold.
    fn tokens_left(&self) -> usize {
        let left = self.tokens[self.computed.len()..].iter().take(limits::SLICE_TOKENS);
        left.map(|tokens| tokens.input_ids.len()).sum()
    }
}

impl<T: Task, I: Iterator<Item = Result<T::Input>>> Iterator for Run<T, I> {
    type Item = Result<Done<T>>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(done) = self.ready() {
                return Some(done);
            }
            if self.step() && self.under_way.is_empty() {
                return None;
            }
        }
    }
}

/// The result of each input.
///
/// # Errors
/// [`Error::Input`] naming the first input that cannot be used; [`Error::NonFinite`] when the weights are damaged.
pub fn run<T: Task>(task: T, inputs: impl IntoIterator<Item = T::Input>) -> Result<Vec<T::Output>> {
    Run::new(task, inputs.into_iter().map(Ok)).map(|done| Ok(done?.output)).collect()
}

/// Appends a sequence if the batch is empty, or stays within [`limits::SLICE_TOKENS`].
fn push_within_slice(batch: &mut Batch, tokens: &Tokens) -> bool {
    let fits = batch.sequences.is_empty() || batch.tokens() + tokens.input_ids.len() <= limits::SLICE_TOKENS;
    if fits {
        batch.push(&tokens.input_ids, &tokens.token_type_ids);
    }
    fits
}

/// Logits of each sequence: one row, or of a head that reads each token one for each, end to end.
pub(crate) fn logits_of_sequences(model: &Model, batch: &Batch) -> Result<Vec<Vec<f32>>> {
    let logits = model.forward(batch)?;
    let width = logits.dim(1)?;
    let numbers = logits.flatten_all()?.to_vec1::<f32>()?;
    let logits = |(sequence, rows): (usize, &std::ops::Range<usize>)| {
        let rows = if model.is_per_token() { rows.clone() } else { sequence..sequence + 1 };
        let logits = numbers[rows.start * width..rows.end * width].to_vec();
        match logits.iter().all(|logit| logit.is_finite()) {
            true => Ok(logits),
            false => Err(Error::NonFinite { input: sequence }),
        }
    };
    batch.sequences.iter().enumerate().map(logits).collect()
}
