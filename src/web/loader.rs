//! Loads: small files, and weights chunk by chunk.

use js_sys::{Array, Object, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use super::error::{invalid_argument, to_js};
use super::model::BareModel;
use super::pipeline::Pipeline;
use super::values::{Result, from_object, in_windows, read_files};
use crate::architectures::HeadKind;
use crate::models::{Config, Model};
use crate::sentences::modules::MODULES_FILE;
use crate::tasks::TaskName;
use crate::text::{AskedFiles, SmallFiles, is_wanted};
use crate::weights::{Choice, Index, Load, LoadOptions, NewHead};
use crate::{limits, pipeline};

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
        Ok(load.map(|inner| Ok(Pipeline::from(inner).into())))
    }

    fn load_model(self, head: &str, files: &SmallFiles, index: Index) -> Result<Load<JsValue>> {
        let head = HeadKind::parse(head);
        let head = head.ok_or_else(|| invalid_argument("there is no such head"))?;
        let mut config = Config::of(files).map_err(to_js)?;
        let options = self.load_options()?;
        if let Some(wish) = self.new_head {
            config = config.with_labels(wish.labels).map_err(to_js)?;
        }
        Ok(Model::load(config, head, options, index).map(|model| Ok(BareModel::from(model).into())))
    }

    fn load_options(&self) -> Result<LoadOptions> {
        #[cfg(target_feature = "relaxed-simd")]
        crate::kernels::int8::measure_by(super::clock::now);
        let new_head = self.new_head.as_ref().map(|wish| NewHead { seed: wish.seed.into() });
        let (precision, max_memory, convert) = (self.precision()?, self.max_memory, self.convert);
        Ok(LoadOptions { precision, max_memory, new_head, convert })
    }

    fn precision(&self) -> Result<Choice> {
        let dtype = self.dtype.as_deref().unwrap_or("auto");
        Choice::parse(dtype).ok_or_else(|| invalid_argument(&format!("dtype {dtype}")))
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
