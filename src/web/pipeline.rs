//! A model for a task, and its requests.

use js_sys::{Array, Object, Reflect};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::error::to_js;
use super::info::Info;
use super::values::{Result, from_object, tensor, to_object};
use crate::pipeline::{self, AnyRun, Offsets, Output};
use crate::tasks::run::Read;

/// A loaded model with its tokenizer, for a task.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Pipeline {
    pub(super) inner: pipeline::Pipeline,
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

    /// Starts a request: an array of inputs in the form of the task, and its options by Python's names.
    pub fn start(&self, inputs: JsValue, options: JsValue) -> Result<Run> {
        let inputs: Vec<Value> = from_object(inputs)?;
        let options: Value = from_object(options)?;
        let inner = self.inner.start(inputs.into_iter().map(Ok), options, Offsets::Utf16).map_err(to_js)?;
        Ok(Run { inner, results: Array::new(), inputs: Vec::new() })
    }
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
