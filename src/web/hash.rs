//! SHA-256 of a file that arrives in chunks: browsers hash only what is whole.

use std::fmt::Write;

use js_sys::Uint8Array;
use sha2::Digest;
use wasm_bindgen::prelude::*;

/// Bytes that are hashed at a time.
const WINDOW: usize = 1 << 16;

/// A hash under way.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Sha256 {
    inner: sha2::Sha256,
    window: Vec<u8>,
}

#[wasm_bindgen]
impl Sha256 {
    /// The hash of nothing.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Sha256 {
        Sha256 { inner: sha2::Sha256::new(), window: vec![0; WINDOW] }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, chunk: &Uint8Array) {
        let length = chunk.length();
        for start in (0..length).step_by(WINDOW) {
            let piece = chunk.subarray(start, length.min(start + WINDOW as u32));
            let bytes = &mut self.window[..piece.length() as usize];
            piece.copy_to(bytes);
            self.inner.update(bytes);
        }
    }

    /// The hash in hexadecimal.
    pub fn digest(self) -> String {
        self.inner.finalize().iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}
