//! What crosses to JavaScript and back: objects, files, tensors, and chunks of bytes.

use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use super::error::{invalid_argument, to_js};
use crate::text::SmallFiles;
use crate::weights::{INDEX_FILE, Index};

/// The same `Result` towards JavaScript.
pub type Result<T> = std::result::Result<T, JsValue>;

/// Small files by name, and the index that may be among them.
pub fn read_files(files: &Object) -> Result<(SmallFiles, Index)> {
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
pub fn in_windows(
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

/// `{dims, data: Float32Array}`.
pub fn tensor(dims: &[usize], data: &[f32]) -> Result<JsValue> {
    let object = Object::new();
    Reflect::set(&object, &"dims".into(), &to_object(&dims)?)?;
    Reflect::set(&object, &"data".into(), &Float32Array::from(data))?;
    Ok(object.into())
}

/// A value as a plain object.
pub fn to_object(value: &impl Serialize) -> Result<JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&serializer).map_err(|error| invalid_argument(&error.to_string()))
}

/// A value out of a plain object.
pub fn from_object<T: for<'de> Deserialize<'de>>(value: JsValue) -> Result<T> {
    serde_wasm_bindgen::from_value(value).map_err(|error| invalid_argument(&error.to_string()))
}
