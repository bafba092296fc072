//! Models and tokenizers by themselves: token ids to raw outputs, and texts to token ids and back.

use std::sync::Arc;

use js_sys::{Array, Object, Reflect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::error::{invalid_argument, to_js};
use super::{Info, Result, from_object, read_files, tensor, to_object};
use crate::models::{self, Config, Model, Output, Trace};
use crate::text::{Call, Rows, Shortened, Tokenizer};

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
        to_object(&Info::new(&self.inner, self.inner.config.max_length(None)))
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

/// A tokenizer without a model.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TextTokenizer {
    inner: Tokenizer,
    pads_left: bool,
    /// Whether the model reads token types.
    reads_types: bool,
}

#[derive(Serialize)]
struct TokenizerInfo<'a> {
    model_max_length: Option<usize>,
    padding_side: &'static str,
    token_type_ids: bool,
    /// Whether an empty text makes a pair, too.
    empty_pairs: bool,
    special: Specials,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct Specials {
    cls: Option<Special>,
    mask: Option<Special>,
    pad: Option<Special>,
    sep: Option<Special>,
    unk: Option<Special>,
}

#[derive(Serialize)]
struct Special {
    id: u32,
    token: String,
}

#[derive(Deserialize)]
struct JsPair {
    text: String,
    text_pair: Option<String>,
}

#[derive(Deserialize)]
struct JsCall {
    /// Or false.
    truncation: Option<Value>,
    max_length: Option<usize>,
    add_special_tokens: Option<bool>,
}

impl JsCall {
    fn read(self) -> Result<Call> {
        let truncation = match self.truncation {
            None | Some(Value::Null | Value::Bool(false)) => None,
            Some(value) => Some(match value.as_str() {
                Some("longest_first") => Shortened::Longest,
                Some("only_first") => Shortened::First,
                Some("only_second") => Shortened::Second,
                _ => return Err(invalid_argument(&format!("truncation {value}"))),
            }),
        };
        let add_special_tokens = self.add_special_tokens.unwrap_or(true);
        Ok(Call { truncation, max_length: self.max_length, add_special_tokens })
    }
}

#[derive(Serialize)]
struct Encoded {
    input_ids: Vec<u32>,
    token_type_ids: Vec<u32>,
}

#[wasm_bindgen]
impl TextTokenizer {
    /// Reads the small files of a model. Without a `config.json` nothing is known of the model's limits.
    #[wasm_bindgen(constructor)]
    pub fn new(files: &Object) -> Result<TextTokenizer> {
        let (files, _) = read_files(files)?;
        let config = files.get("config.json").map(Config::parse).transpose().map_err(to_js)?;
        let types = config.as_ref().map_or(2, |config| config.type_vocab_size);
        let mut inner = Tokenizer::from_files(&files, types).map_err(to_js)?;
        if let Some(config) = &config {
            let length = config.longest(&inner);
            inner = inner.with_model_max_length(length);
        }
        let pads_left = inner.pads_left();
        let reads_types = inner.gives_token_types();
        Ok(TextTokenizer { inner: inner.with_token_types(), pads_left, reads_types })
    }

    /// What is known of the tokenizer.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> Result<JsValue> {
        let special = self.inner.special();
        let named = |id: Option<u32>| id.map(|id| Special { id, token: self.inner.token(id) });
        to_object(&TokenizerInfo {
            model_max_length: self.inner.model_max_length(),
            padding_side: if self.pads_left { "left" } else { "right" },
            token_type_ids: self.reads_types,
            empty_pairs: self.inner.is_slow(),
            special: Specials {
                cls: named(special.cls),
                mask: named(special.mask),
                pad: named(special.pad),
                sep: named(special.sep),
                unk: named(special.unknown),
            },
            warnings: self.inner.warnings(),
        })
    }

    /// Token ids of an array of `{text, text_pair?}`, `{input_ids, token_type_ids}` each; `options`: `{truncation?:
    /// false | 'longest_first' | 'only_first' | 'only_second', max_length?: number, add_special_tokens?: boolean}`.
    pub fn encode(&self, inputs: JsValue, options: JsValue) -> Result<JsValue> {
        let inputs: Vec<JsPair> = from_object(inputs)?;
        let call = from_object::<JsCall>(options)?.read()?;
        let encode = |(number, input): (usize, &JsPair)| {
            let tokens = self.inner.call(&input.text, input.text_pair.as_deref(), &call);
            let tokens = tokens.map_err(|error| to_js(error.with_input(number)))?;
            Ok(Encoded { input_ids: tokens.input_ids, token_type_ids: tokens.token_type_ids })
        };
        to_object(&inputs.iter().enumerate().map(encode).collect::<Result<Vec<_>>>()?)
    }

    /// The text that these ids stand for.
    pub fn decode(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        self.inner.decode(ids, skip_special_tokens).map_err(to_js)
    }
}
