//! The interface to JavaScript: bindings without logic. Options and results cross as plain
//! objects, weights as typed arrays that are read window by window.

#[cfg(feature = "bench")]
pub mod bench;
mod error;
mod hash;
mod panic;

use std::sync::Arc;

use candle_core::Tensor;
use js_sys::{Array, Object, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::classifier;
use crate::kernels::simd::{Best, Simd};
use crate::limits;
use crate::tasks::text_classification::{Function, Label, Options};
use crate::text::{Batch, Input, SmallFiles, Tokens};
use crate::weights::{Choice, INDEX_FILE, Index, LoadOptions, NewHead};
use error::{invalid_argument, to_js};

/// The same `Result` towards JavaScript.
type Result<T> = std::result::Result<T, JsValue>;

/// A load under way: small files first, then the files of weights chunk by chunk.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Loader {
    inner: classifier::ClassifierLoader,
    names: Vec<String>,
    window: Vec<u8>,
}

#[wasm_bindgen]
impl Loader {
    /// Reads the small files: an object from file names to `Uint8Array`s. With
    /// `model.safetensors.index.json` among them the weights are in the files that it lists, else in
    /// `model.safetensors`. `options`:
    /// `{dtype?: 'auto' | 'fp32' | 'fp16' | 'q8', max_memory?: number, new_head?: {labels: string[],
    /// seed?: number}, convert?: boolean}`.
    #[wasm_bindgen(constructor)]
    pub fn new(files: &Object, options: JsValue) -> Result<Loader> {
        let options: JsLoadOptions =
            if options.is_undefined() { JsLoadOptions::default() } else { from_object(options)? };
        #[cfg(target_feature = "relaxed-simd")]
        crate::kernels::int8::measure_by(|| now());
        let mut small_files = SmallFiles::default();
        let mut index = Index::single_file();
        for entry in Object::entries(files) {
            let entry: Array = entry.unchecked_into();
            let name = entry.get(0).as_string().ok_or_else(|| invalid_argument("a file has no name"))?;
            let contents: Uint8Array =
                entry.get(1).dyn_into().map_err(|_| invalid_argument(&format!("{name} is not a Uint8Array")))?;
            match name.as_str() {
                INDEX_FILE => index = Index::parse(&contents.to_vec()).map_err(to_js)?,
                _ => small_files.insert(name, contents.to_vec()),
            }
        }
        let new_head = options.new_head.as_ref().map(|wish| NewHead { seed: wish.seed.into() });
        let (precision, max_memory, convert) = (options.precision()?, options.max_memory, options.convert);
        let load_options = LoadOptions { precision, max_memory, new_head, convert };
        let labels = options.new_head.map(|wish| wish.labels);
        let names = index.files().to_vec();
        let inner = classifier::ClassifierLoader::new(&small_files, index, load_options, labels);
        Ok(Loader { inner: inner.map_err(to_js)?, names, window: vec![0; limits::WINDOW_BYTES] })
    }

    /// Names of the files with the weights.
    #[wasm_bindgen(getter)]
    pub fn files(&self) -> Vec<String> {
        self.names.clone()
    }

    /// Takes the next bytes of a file, by its place in `files`.
    pub fn push(&mut self, file: usize, chunk: &Uint8Array) -> Result<()> {
        let length = chunk.length();
        for start in (0..length).step_by(self.window.len()) {
            let piece = chunk.subarray(start, length.min(start + self.window.len() as u32));
            let bytes = &mut self.window[..piece.length() as usize];
            piece.copy_to(bytes);
            self.inner.push(file, bytes).map_err(to_js)?;
        }
        Ok(())
    }

    /// Length of a file in bytes, once its header has been read.
    pub fn file_bytes(&self, file: usize) -> Option<f64> {
        self.inner.file_bytes(file).map(|bytes| bytes as f64)
    }

    /// Length of the file that `take_converted` gives piece by piece, once all headers have been read;
    /// undefined where `convert` is not set, or where it would not be smaller than what is loaded.
    #[wasm_bindgen(getter)]
    pub fn converted_bytes(&self) -> Option<f64> {
        self.inner.converted_bytes().map(|bytes| bytes as f64)
    }

    /// What has come since the last call of one safetensors file that loads to the same model;
    /// undefined if nothing has.
    pub fn take_converted(&mut self) -> Option<Uint8Array> {
        let bytes = self.inner.take_converted();
        (!bytes.is_empty()).then(|| Uint8Array::from(bytes.as_slice()))
    }

    /// The classifier, after the last byte.
    pub fn finish(self) -> Result<TextClassifier> {
        let inner = self.inner.finish().map_err(to_js)?;
        Ok(TextClassifier { inner: Arc::new(inner) })
    }
}

/// Uses a form of the int8 dot product, `'add'` or `'pair'`, instead of measuring which one is
/// faster. To be called before the first load in `q8`.
#[cfg(target_feature = "relaxed-simd")]
#[wasm_bindgen]
pub fn set_dot_form(form: &str) -> Result<()> {
    use crate::kernels::int8::{Form, force};
    match form {
        "add" => force(Form::Add),
        "pair" => force(Form::Pair),
        other => return Err(invalid_argument(&format!("dot form {other}"))),
    }
    Ok(())
}

#[derive(Default, Deserialize)]
struct JsLoadOptions {
    dtype: Option<String>,
    max_memory: Option<u64>,
    new_head: Option<JsNewHead>,
    #[serde(default)]
    convert: bool,
}

#[derive(Deserialize)]
struct JsNewHead {
    labels: Vec<String>,
    #[serde(default)]
    seed: u32,
}

impl JsLoadOptions {
    fn precision(&self) -> Result<Choice> {
        let dtype = self.dtype.as_deref().unwrap_or("auto");
        Choice::parse(dtype).ok_or_else(|| invalid_argument(&format!("dtype {dtype}")))
    }
}

#[cfg(any(target_feature = "relaxed-simd", feature = "bench"))]
#[wasm_bindgen]
extern "C" {
    /// Milliseconds.
    #[wasm_bindgen(js_namespace = performance)]
    fn now() -> f64;
}

/// A loaded model with its tokenizer.
#[wasm_bindgen]
#[derive(Debug)]
pub struct TextClassifier {
    inner: Arc<classifier::TextClassifier>,
}

#[derive(Serialize)]
struct Info<'a> {
    model_type: &'a str,
    architecture: Option<&'a str>,
    labels: &'a [String],
    problem_type: Option<&'a str>,
    function_to_apply: &'a str,
    max_length: usize,
    dtype: &'a str,
    dtype_reason: &'a str,
    variant: &'a str,
    kernel: &'a str,
    parameters: u64,
    memory: u64,
    encoder: EncoderInfo,
    head: HeadInfo<'a>,
    ignored: &'a [String],
    unexpected: &'a [String],
}

#[derive(Serialize)]
struct EncoderInfo {
    tensors: usize,
    parameters: u64,
}

#[derive(Serialize)]
struct HeadInfo<'a> {
    tensors: Vec<&'a str>,
    new: &'a [String],
    parameters: u64,
}

#[derive(Deserialize)]
struct JsInput {
    text: String,
    text_pair: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsOptions {
    /// Absent: one; null: all.
    #[serde(default = "one")]
    top_k: Option<usize>,
    function_to_apply: Option<String>,
    truncation: Option<bool>,
}

fn one() -> Option<usize> {
    Some(1)
}

#[wasm_bindgen]
impl TextClassifier {
    /// What is known of the model.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> Result<JsValue> {
        let model = &self.inner.model;
        let usage = &model.usage;
        let parameters = |tensors: &[(String, u64)]| tensors.iter().map(|(_, parameters)| parameters).sum();
        let encoder = EncoderInfo { tensors: usage.encoder.len(), parameters: parameters(&usage.encoder) };
        let head = HeadInfo {
            tensors: usage.head.iter().map(|(name, _)| name.as_str()).collect(),
            new: &usage.new,
            parameters: parameters(&usage.head),
        };
        to_object(&Info {
            model_type: model.config.model_type.name,
            architecture: model.config.class.as_deref(),
            labels: &model.labels,
            problem_type: model.config.problem_type.map(|kind| kind.name()),
            function_to_apply: self.inner.function().name(),
            max_length: self.inner.tokenizer.max_length(),
            dtype: model.precision.name(),
            dtype_reason: model.precision_reason.name(),
            variant: <Best as Simd>::NAME,
            kernel: model.precision.kernel().name(),
            parameters: encoder.parameters + head.parameters,
            memory: model.weight_bytes,
            encoder,
            head,
            ignored: &usage.ignored,
            unexpected: &usage.unexpected,
        })
    }

    /// The encoder's output for every token, for sequences as in `logits`: rows of `hidden_size`
    /// numbers.
    pub fn last_hidden_state(&self, input_ids: &[u32], lengths: &[u32]) -> Result<Vec<f32>> {
        let hidden = self.inner.model.last_hidden_state(&batch_of(input_ids, lengths)?);
        numbers(&hidden.map_err(to_js)?)
    }

    /// Raw logits of token ids: sequences of the given lengths end to end, token types zero.
    /// Rows of one number per label.
    pub fn logits(&self, input_ids: &[u32], lengths: &[u32]) -> Result<Vec<f32>> {
        numbers(&self.inner.model.forward(&batch_of(input_ids, lengths)?).map_err(to_js)?)
    }

    /// Tokenizes an array of `{text, text_pair?}`; `options` as in the JavaScript API.
    pub fn start(&self, inputs: JsValue, options: JsValue) -> Result<Run> {
        let inputs: Vec<JsInput> = from_object(inputs)?;
        let inputs = inputs.into_iter().map(|JsInput { text, text_pair }| Input { text, text_pair });
        let inputs: Vec<Input> = inputs.collect();
        let options: JsOptions = from_object(options)?;
        let function = options.function_to_apply.map(|name| Function::parse(&name));
        let options = Options {
            top_k: options.top_k,
            function_to_apply: function.transpose().map_err(to_js)?,
            truncation: options.truncation.unwrap_or(true),
        };
        let inner = classifier::Run::new(self.inner.clone(), &inputs, options).map_err(to_js)?;
        let inputs = inputs.iter().zip(&inner.tokens).map(|(input, tokens)| InputInfo::new(input, tokens)).collect();
        Ok(Run { inner, inputs })
    }
}

fn numbers(x: &Tensor) -> Result<Vec<f32>> {
    x.flatten_all().and_then(|flat| flat.to_vec1()).map_err(|error| to_js(error.into()))
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
#[derive(Debug)]
pub struct Run {
    inner: classifier::Run,
    inputs: Vec<InputInfo>,
}

/// What was read of one input; ends in UTF-16 units, as JavaScript counts.
#[derive(Debug, Serialize)]
struct InputInfo {
    tokens: usize,
    truncated: bool,
    text_end: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    text_pair_end: Option<usize>,
}

#[derive(Serialize)]
struct Finished<'a> {
    results: &'a [Vec<Label>],
    inputs: &'a [InputInfo],
}

#[wasm_bindgen]
impl Run {
    /// Computes the next slice. Returns whether all inputs are done.
    pub fn step(&mut self) -> Result<bool> {
        self.inner.step().map_err(to_js)
    }

    /// `{results, inputs}`, after the last step.
    pub fn finish(self) -> Result<JsValue> {
        to_object(&Finished { results: &self.inner.results, inputs: &self.inputs })
    }
}

impl InputInfo {
    fn new(input: &Input, tokens: &Tokens) -> Self {
        let units = |text: &str, characters: usize| text.chars().take(characters).map(char::len_utf16).sum();
        let kept = &tokens.kept;
        let pair_end = input.text_pair.as_deref().zip(kept.text_pair_end);
        InputInfo {
            tokens: tokens.input_ids.len(),
            truncated: kept.truncated,
            text_end: units(&input.text, kept.text_end),
            text_pair_end: pair_end.map(|(pair, end)| units(pair, end)),
        }
    }
}

fn to_object(value: &impl Serialize) -> Result<JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| invalid_argument(&error.to_string()))
}

fn from_object<T: for<'de> Deserialize<'de>>(value: JsValue) -> Result<T> {
    serde_wasm_bindgen::from_value(value).map_err(|error| invalid_argument(&error.to_string()))
}
