//! Keeps the text of a panic: after the trap that follows, nothing else can tell what
//! happened.

use std::sync::Mutex;

use wasm_bindgen::prelude::wasm_bindgen;

static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Runs when the module is instantiated.
#[wasm_bindgen(start)]
fn install() {
    std::panic::set_hook(Box::new(|info| {
        if let Ok(mut last) = LAST.lock() {
            *last = Some(info.to_string());
        }
        console_error_panic_hook::hook(info);
    }));
}

/// Text of the last panic, once.
#[wasm_bindgen]
pub fn take_panic() -> Option<String> {
    LAST.lock().ok()?.take()
}
