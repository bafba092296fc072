//! A model for a task, and its requests.

use js_sys::{Array, Object, Reflect};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::error::{invalid_argument, to_js};
use super::info::Info;
use super::values::{Result, from_object, numbers, tensor, to_object};
use crate::pipeline::{self, AnyRun, Offsets, Output};
use crate::tasks::run::Read;
use crate::text::Batch;

/// A loaded model with its tokenizer, for a task.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Pipeline {
    inner: pipeline::Pipeline,
}

impl From<pipeline::Pipeline> for Pipeline {
    fn from(inner: pipeline::Pipeline) -> Self {
        Pipeline { inner }
    }
}

#[wasm_bindgen]
impl Pipeline {
    /// What is known of the model.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> Result<JsValue> {
        to_object(&Info::of_pipeline(&self.inner))
    }

    /// The encoder's output for every token, for sequences as in `logits`: rows of `hidden_size`
    /// numbers.
    pub fn last_hidden_state(&self, input_ids: &[u32], lengths: &[u32]) -> Result<Vec<f32>> {
        let hidden = self.inner.model().last_hidden_state(&batch_of(input_ids, lengths)?);
        numbers(&hidden.map_err(to_js)?)
    }

    /// Raw logits of token ids: sequences of the given lengths end to end, token types zero.
    /// Rows of one number per label.
    pub fn logits(&self, input_ids: &[u32], lengths: &[u32]) -> Result<Vec<f32>> {
        numbers(&self.inner.model().forward(&batch_of(input_ids, lengths)?).map_err(to_js)?)
    }

    /// Starts a request: an array of inputs in the form of the task, and its options by Python's names.
    pub fn start(&self, inputs: JsValue, options: JsValue) -> Result<Run> {
        let inputs: Vec<Value> = from_object(inputs)?;
        let options: Value = from_object(options)?;
        let inner = self.inner.start(inputs.into_iter().map(Ok), options, Offsets::Utf16).map_err(to_js)?;
        Ok(Run { inner, results: Array::new(), inputs: Vec::new() })
    }
}

fn batch_of(input_ids: &[u32], lengths: &[u32]) -> Result<Batch> {
    let mut batch = Batch::default();
    let mut rest = input_ids;
    for &length in lengths {
        let (ids, others) = rest.split_at_checked(length as usize).ok_or_else(|| invalid_argument("too few ids"))?;
        batch.push(ids, &vec![0; ids.len()]);
        rest = others;
    }
    Ok(batch)
}

/// One request under way.
#[wasm_bindgen]
pub struct Run {
    inner: Box<dyn AnyRun>,
    results: Array,
    inputs: Vec<Read>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Run").field("inputs", &self.inputs).finish_non_exhaustive()
    }
}

#[wasm_bindgen]
impl Run {
    /// Computes the next slice. Returns whether all inputs are done. The first input without a result is an error, and
    /// ends the request.
    pub fn step(&mut self) -> Result<bool> {
        let done = self.inner.step();
        while let Some(ready) = self.inner.ready() {
            let (output, read) = ready.map_err(to_js)?;
            self.results.push(&result(&output)?);
            self.inputs.push(read);
        }
        Ok(done)
    }

    /// `{results, inputs}`, after the last step.
    pub fn finish(self) -> Result<JsValue> {
        let finished = Object::new();
        Reflect::set(&finished, &"results".into(), &self.results)?;
        Reflect::set(&finished, &"inputs".into(), &to_object(&self.inputs)?)?;
        Ok(finished.into())
    }
}

/// A result as an object; vectors as `{dims, data: Float32Array}`.
fn result(output: &Output) -> Result<JsValue> {
    let Output::Features(features) = output else {
        return to_object(output);
    };
    tensor(&features.dims, &features.data)
}
