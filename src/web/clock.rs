//! The clock of a window, a worker, or Node.

use js_sys::Reflect;
use wasm_bindgen::JsCast;
use web_sys::Performance;

/// Milliseconds since some moment; 0 where there is no clock.
pub fn now() -> f64 {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).ok();
    performance.map_or(0.0, |performance| performance.unchecked_into::<Performance>().now())
}
