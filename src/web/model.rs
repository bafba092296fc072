//! Models by themselves: token ids to raw outputs.

use std::sync::Arc;

use js_sys::{Array, Object, Reflect};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::error::to_js;
use super::info::Info;
use super::values::{Result, from_object, tensor, to_object};
use crate::models::{self, Model, Output, Trace};
use crate::text::Rows;

/// An encoder with a head, or without one.
#[wasm_bindgen]
#[derive(Debug)]
pub struct BareModel {
    inner: Arc<Model>,
}

impl From<Model> for BareModel {
    fn from(model: Model) -> Self {
        BareModel { inner: Arc::new(model) }
    }
}

/// Columns of `[rows, length]` numbers, row after row.
#[derive(Deserialize)]
struct JsRows {
    length: usize,
    choices: usize,
    input_ids: Vec<u32>,
    attention_mask: Option<Vec<u8>>,
    token_type_ids: Option<Vec<u32>>,
}

#[derive(Deserialize)]
struct JsForwardOptions {
    #[serde(default)]
    output_hidden_states: bool,
    #[serde(default)]
    output_attentions: bool,
}

impl From<JsRows> for Rows {
    fn from(JsRows { length, choices, input_ids, attention_mask, token_type_ids }: JsRows) -> Self {
        fn rows<T: Clone>(column: Vec<T>, length: usize) -> Vec<Vec<T>> {
            column.chunks(length.max(1)).map(<[T]>::to_vec).collect()
        }
        Rows {
            input_ids: rows(input_ids, length),
            attention_mask: attention_mask.map(|mask| rows(mask, length)),
            token_type_ids: token_type_ids.map(|types| rows(types, length)),
            choices,
        }
    }
}

#[wasm_bindgen]
impl BareModel {
    /// What is known of the model.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> Result<JsValue> {
        to_object(&Info::of_model(&self.inner, self.inner.config.max_length(None)))
    }

    /// Starts a call for `{length, choices, input_ids, attention_mask?, token_type_ids?}`; `options`:
    /// `{output_hidden_states?: boolean, output_attentions?: boolean}`.
    pub fn start(&self, rows: JsValue, options: JsValue) -> Result<Forward> {
        let rows: JsRows = from_object(rows)?;
        let options: JsForwardOptions = from_object(options)?;
        let trace = Trace {
            wants_hidden_states: options.output_hidden_states,
            wants_attentions: options.output_attentions,
            ..Trace::default()
        };
        let inner = models::Forward::new(self.inner.clone(), rows.into(), trace).map_err(to_js)?;
        Ok(Forward { inner })
    }
}

/// A call of a model under way.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Forward {
    inner: models::Forward,
}

#[wasm_bindgen]
impl Forward {
    /// Computes the next rows. Returns whether all are computed.
    pub fn step(&mut self) -> Result<bool> {
        self.inner.step().map_err(to_js)
    }

    /// Raw outputs by the names of `transformers`, each `{dims, data: Float32Array}` or an array of those; after the
    /// last step.
    pub fn finish(self) -> Result<JsValue> {
        let outputs = Object::new();
        for (name, output) in self.inner.finish() {
            let value = match output {
                Output::One(numbers) => tensor(&numbers.dims, &numbers.data)?,
                Output::Layers(layers) => {
                    let layers = layers.iter().map(|numbers| tensor(&numbers.dims, &numbers.data));
                    layers.collect::<Result<Array>>()?.into()
                }
            };
            Reflect::set(&outputs, &name.into(), &value)?;
        }
        Ok(outputs.into())
    }
}
