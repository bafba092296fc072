//! A model's answer to many rows, computed some at a time, so that whoever waits for it can attend to other things in
//! between, and activations take no more memory than those of a slice.

use std::ops::Range;
use std::sync::Arc;

use super::model::Model;
use super::outputs::Output;
use super::trace::Trace;
use crate::error::{Error, Result};
use crate::limits;
use crate::text::Rows;

/// A call of a model under way: see [`Model::outputs`].
#[derive(Debug)]
pub struct Forward {
    model: Arc<Model>,
    rows: Rows,
    trace: Trace,
    /// How many rows are computed.
    done: usize,
    outputs: Vec<(String, Output)>,
}

impl Forward {
    /// A call with rows of one length; `trace` says what is wanted beside the result.
    ///
    /// # Errors
    /// [`Error::Input`] naming the row that differs in length.
    pub fn new(model: Arc<Model>, rows: Rows, trace: Trace) -> Result<Self> {
        let length = rows.length();
        match rows.input_ids.iter().position(|row| row.len() != length) {
            Some(input) => Err(Error::Input { input, reason: "the rows differ in length".into() }),
            None => Ok(Forward { model, rows, trace, done: 0, outputs: Vec::new() }),
        }
    }

    /// Computes the next rows. Returns whether all are computed.
    ///
    /// # Errors
    /// Those of [`Model::outputs`], which end the call.
    pub fn step(&mut self) -> Result<bool> {
        let next = self.next();
        let Trace { wants_hidden_states, wants_attentions, .. } = self.trace;
        let trace = Trace { wants_hidden_states, wants_attentions, ..Trace::default() };
        let outputs = self.model.outputs(&self.rows.part(next.clone()), trace);
        let outputs = outputs.map_err(|error| error.behind(next.start))?;
        match self.outputs.is_empty() {
            true => self.outputs = outputs,
            false => {
                for ((_, all), (_, more)) in self.outputs.iter_mut().zip(outputs) {
                    all.append(more);
                }
            }
        }
        self.done = next.end;
        Ok(self.done == self.rows.input_ids.len())
    }

    /// The outputs for all rows, after the last step.
    pub fn finish(self) -> Vec<(String, Output)> {
        self.outputs
    }

    /// The rows of one question, or as many as [`limits::SLICE_TOKENS`] allows.
    fn next(&self) -> Range<usize> {
        let together = self.rows.choices.max(1);
        let questions = limits::SLICE_TOKENS / (together * self.rows.length()).max(1);
        let end = self.done + together * questions.max(1);
        self.done..end.min(self.rows.input_ids.len())
    }
}
