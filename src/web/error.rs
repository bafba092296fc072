//! Errors as JavaScript sees them: an `Error` with `name`, `code` and `details`.

use js_sys::Reflect;
use serde::Serialize;
use wasm_bindgen::JsValue;

use crate::error::Error;

/// A JavaScript error with the code and the fields of `error`.
pub fn to_js(error: Error) -> JsValue {
    let details = error.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
    js_error(&error.to_string(), error.code(), details.unwrap_or(JsValue::NULL))
}

/// For values of the wrong form from JavaScript, which the package checks beforehand.
pub fn invalid_argument(reason: &str) -> JsValue {
    js_error(reason, "option", JsValue::from(js_sys::Object::new()))
}

fn js_error(message: &str, code: &str, details: JsValue) -> JsValue {
    let error = JsValue::from(js_sys::Error::new(message));
    for (key, value) in [("name", "HeadwiseError".into()), ("code", code.into()), ("details", details)] {
        // Setting a property of a fresh object cannot fail.
        let _ = Reflect::set(&error, &key.into(), &value);
    }
    error
}
