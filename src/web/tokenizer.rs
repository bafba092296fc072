//! Tokenizers by themselves: texts to token ids and back.

use js_sys::{Array, Object};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use super::error::{invalid_argument, to_js};
use super::values::{Result, from_object, read_files, to_object};
use crate::models::Config;
use crate::text::{Call, Shortened, Tokenizer};

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

    /// The tokens by their ids, with a hole where an id has none.
    pub fn vocabulary(&self) -> Array {
        let tokens = Array::new();
        for (token, id) in self.inner.vocabulary() {
            tokens.set(id, token.into());
        }
        tokens
    }

    /// The text that these ids stand for.
    pub fn decode(&self, ids: &[u32], skip_special_tokens: bool) -> Result<String> {
        self.inner.decode(ids, skip_special_tokens).map_err(to_js)
    }
}
