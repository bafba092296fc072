//! Keeps what is known of a panic: after the trap that follows, nothing else can tell what happened.

use std::sync::Mutex;

use serde::Serialize;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::text::in_tokenizer;

/// A panic, as JavaScript sees it.
#[derive(Serialize)]
struct Panic {
    message: String,
    /// Whether it came from within a tokenizer: the files or a text are at fault, not the engine.
    tokenizer: bool,
}

static LAST: Mutex<Option<Panic>> = Mutex::new(None);

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
fn install() {
    std::panic::set_hook(Box::new(|info| {
        if let Ok(mut last) = LAST.lock() {
            *last = Some(Panic { message: info.to_string(), tokenizer: in_tokenizer() });
        }
        web_sys::console::error_1(&info.to_string().into());
    }));
}

/// The last panic, `{message, tokenizer}`, once.
#[wasm_bindgen]
pub fn take_panic() -> JsValue {
    let last = LAST.lock().ok().and_then(|mut last| last.take());
    last.and_then(|panic| super::values::to_object(&panic).ok()).unwrap_or(JsValue::UNDEFINED)
}
