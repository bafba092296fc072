//! The interface to JavaScript: bindings without logic. Options and results cross as plain
//! objects, weights as typed arrays that are read window by window.

pub mod auto;
#[cfg(feature = "bench")]
pub mod bench;
mod error;
mod hash;
mod panic;

use candle_core::Tensor;
use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use wasm_bindgen::prelude::*;

use crate::architectures::HeadKind;
use crate::kernels::simd::{Best, Simd};
use crate::limits;
use crate::models::{Config, Model};
use crate::pipeline::{self, AnyRun, Offsets, Output};
use crate::sentences::modules::MODULES_FILE;
use crate::tasks::TaskName;
use crate::tasks::run::Read;
use crate::text::{AskedFiles, Batch, SmallFiles, is_wanted};
use crate::weights::{Choice, INDEX_FILE, Index, Load, LoadOptions, NewHead};
use auto::BareModel;
use error::{invalid_argument, to_js};

/// The same `Result` towards JavaScript.
type Result<T> = std::result::Result<T, JsValue>;

/// Names, within the model's folder, of the small files that a load for a task looks for, the encoder's configuration
/// before any other. `asked` are those that it has looked for: an object from names to `Uint8Array`s, or to undefined
/// where there is no such file. What they leave open is not named before it is known.
#[wasm_bindgen]
pub fn small_files(task: &str, asked: &Object) -> Result<Vec<String>> {
    let asked = read_asked(asked)?;
    let modules = asked.get(MODULES_FILE).and_then(Option::as_deref);
    let names = TaskName::parse(task).and_then(|task| task.small_files(modules)).map_err(to_js)?;
    Ok(names.into_iter().filter(|name| is_wanted(name, &asked)).collect())
}

/// Files by name. Contents only of those that name others: a tokenizer is large.
fn read_asked(files: &Object) -> Result<AskedFiles> {
    let read = |entry: JsValue| {
        let entry: Array = entry.unchecked_into();
        let name = entry.get(0).as_string().ok_or_else(|| invalid_argument("a file has no name"))?;
        let telling = name == MODULES_FILE || name.ends_with("config.json");
        let contents = entry.get(1).dyn_into::<Uint8Array>().ok();
        Ok((name, contents.map(|bytes| if telling { bytes.to_vec() } else { Vec::new() })))
    };
    Object::entries(files).iter().map(read).collect()
}

/// A load under way: small files first, then the files of weights chunk by chunk.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Loader {
    inner: Load<JsValue>,
    window: Vec<u8>,
}

#[wasm_bindgen]
impl Loader {
    /// Reads the small files: an object from file names to `Uint8Array`s. With
    /// `model.safetensors.index.json` among them the weights are in the files that it lists, else in
    /// `model.safetensors`. `options`: `{task?: string, head?: string, dtype?: 'auto' | 'fp32' | 'fp16' | 'q8',
    /// max_memory?: number, new_head?: {labels: string[], seed?: number}, convert?: boolean}`. With the name of a head it
    /// is the load of a model without its tokenizer, else of a pipeline; its task is text classification unless said
    /// otherwise.
    #[wasm_bindgen(constructor)]
    pub fn new(files: &Object, options: JsValue) -> Result<Loader> {
        let options: JsLoadOptions =
            if options.is_undefined() { JsLoadOptions::default() } else { from_object(options)? };
        let (small_files, index) = read_files(files)?;
        let inner = match options.head.clone() {
            Some(head) => options.load_model(&head, &small_files, index)?,
            None => options.load_pipeline(&small_files, index)?,
        };
        Ok(Loader { inner, window: vec![0; limits::WINDOW_BYTES] })
    }

    /// Names of the files with the weights, within the model's folder.
    #[wasm_bindgen(getter)]
    pub fn files(&self) -> Vec<String> {
        self.inner.files().to_vec()
    }

    /// Takes the next bytes of a file, by its place in `files`.
    pub fn push(&mut self, file: usize, chunk: &Uint8Array) -> Result<()> {
        in_windows(chunk, &mut self.window, |bytes| self.inner.push(file, bytes))
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

    /// The `Pipeline` or the `BareModel`, after the last byte.
    pub fn finish(self) -> Result<JsValue> {
        self.inner.finish().map_err(to_js)
    }
}

/// Small files by name, and the index that may be among them.
fn read_files(files: &Object) -> Result<(SmallFiles, Index)> {
    let mut small_files = SmallFiles::default();
    let mut index = Index::single_file();
    for entry in Object::entries(files) {
        let entry: Array = entry.unchecked_into();
        let name = entry.get(0).as_string().ok_or_else(|| invalid_argument("a file has no name"))?;
        let contents: Uint8Array =
            entry.get(1).dyn_into().map_err(|_| invalid_argument(&format!("{name} is not a Uint8Array")))?;
        // The encoder of sentence-transformers may lie in a folder of its own.
        match name.rsplit('/').next() {
            Some(INDEX_FILE) => index = Index::parse(&contents.to_vec()).map_err(to_js)?,
            _ => small_files.insert(name, contents.to_vec()),
        }
    }
    Ok((small_files, index))
}

/// Copies a chunk into memory piece by piece.
fn in_windows(
    chunk: &Uint8Array,
    window: &mut [u8],
    mut take: impl FnMut(&[u8]) -> crate::error::Result<()>,
) -> Result<()> {
    let length = chunk.length();
    for start in (0..length).step_by(window.len()) {
        let piece = chunk.subarray(start, length.min(start + window.len() as u32));
        let bytes = &mut window[..piece.length() as usize];
        piece.copy_to(bytes);
        take(bytes).map_err(to_js)?;
    }
    Ok(())
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
    task: Option<String>,
    head: Option<String>,
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
    fn load_pipeline(self, files: &SmallFiles, index: Index) -> Result<Load<JsValue>> {
        let options = self.load_options()?;
        let task = self.task.as_deref().map_or(Ok(TaskName::TextClassification), TaskName::parse).map_err(to_js)?;
        let labels = self.new_head.map(|wish| wish.labels);
        let load = pipeline::Pipeline::load(task, files, index, options, labels).map_err(to_js)?;
        Ok(load.map(|inner| Ok(Pipeline { inner }.into())))
    }

    fn load_model(self, head: &str, files: &SmallFiles, index: Index) -> Result<Load<JsValue>> {
        let head = HeadKind::ALL.iter().find(|kind| kind.name() == head);
        let head = *head.ok_or_else(|| invalid_argument("there is no such head"))?;
        let mut config = Config::of(files).map_err(to_js)?;
        let options = self.load_options()?;
        if let Some(wish) = self.new_head {
            config = config.with_labels(wish.labels).map_err(to_js)?;
        }
        Ok(Model::load(config, head, options, index).map(|model| Ok(BareModel::from(model).into())))
    }

    fn load_options(&self) -> Result<LoadOptions> {
        #[cfg(target_feature = "relaxed-simd")]
        crate::kernels::int8::measure_by(now);
        let new_head = self.new_head.as_ref().map(|wish| NewHead { seed: wish.seed.into() });
        let (precision, max_memory, convert) = (self.precision()?, self.max_memory, self.convert);
        Ok(LoadOptions { precision, max_memory, new_head, convert })
    }

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

/// A loaded model with its tokenizer, for a task.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Pipeline {
    inner: pipeline::Pipeline,
}

#[derive(Serialize)]
struct Info<'a> {
    task: Option<&'a str>,
    model_type: &'a str,
    architecture: Option<&'a str>,
    labels: &'a [String],
    problem_type: Option<&'a str>,
    function_to_apply: Option<&'a str>,
    max_length: usize,
    mask_token: Option<String>,
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
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct EncoderInfo {
    tensors: usize,
    parameters: u64,
}

#[derive(Serialize)]
struct HeadInfo<'a> {
    kind: &'a str,
    /// What `config.json` says that the checkpoint was made for.
    stated: Option<&'a str>,
    tensors: Vec<&'a str>,
    new: &'a [String],
    parameters: u64,
}

impl<'a> Info<'a> {
    fn new(model: &'a Model, max_length: usize) -> Self {
        let usage = &model.usage;
        let parameters = |tensors: &[(String, u64)]| tensors.iter().map(|(_, parameters)| parameters).sum();
        let encoder = EncoderInfo { tensors: usage.encoder.len(), parameters: parameters(&usage.encoder) };
        let head = HeadInfo {
            kind: model.kind.name(),
            stated: model.config.class.as_deref().and_then(HeadKind::of_class).map(HeadKind::name),
            tensors: usage.head.iter().map(|(name, _)| name.as_str()).collect(),
            new: &usage.new,
            parameters: parameters(&usage.head),
        };
        Info {
            task: None,
            model_type: model.config.model_type.name,
            architecture: model.config.class.as_deref(),
            labels: &model.labels,
            problem_type: model.config.problem_type.map(|kind| kind.name()),
            function_to_apply: None,
            max_length,
            mask_token: None,
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
            warnings: model.warnings(),
        }
    }
}

#[wasm_bindgen]
impl Pipeline {
    /// What is known of the model.
    #[wasm_bindgen(getter)]
    pub fn info(&self) -> Result<JsValue> {
        let tokenizer = self.inner.tokenizer();
        to_object(&Info {
            task: Some(self.inner.task.name()),
            function_to_apply: self.inner.function().map(|function| function.name()),
            mask_token: tokenizer.special().mask.map(|mask| tokenizer.token(mask)),
            warnings: self.inner.warnings(),
            ..Info::new(self.inner.model(), tokenizer.max_length())
        })
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
pub struct Run {
    inner: Box<dyn AnyRun>,
    results: Array,
    inputs: Vec<InputInfo>,
}

impl std::fmt::Debug for Run {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Run").field("inputs", &self.inputs).finish_non_exhaustive()
    }
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

impl From<Read> for InputInfo {
    fn from(Read { tokens, truncated, text_end, text_pair_end }: Read) -> Self {
        InputInfo { tokens, truncated, text_end, text_pair_end }
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
            self.inputs.push(read.into());
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

fn tensor(dims: &[usize], data: &[f32]) -> Result<JsValue> {
    let object = Object::new();
    Reflect::set(&object, &"dims".into(), &to_object(&dims)?)?;
    Reflect::set(&object, &"data".into(), &Float32Array::from(data))?;
    Ok(object.into())
}

fn to_object(value: &impl Serialize) -> Result<JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| invalid_argument(&error.to_string()))
}

fn from_object<T: for<'de> Deserialize<'de>>(value: JsValue) -> Result<T> {
    serde_wasm_bindgen::from_value(value).map_err(|error| invalid_argument(&error.to_string()))
}
