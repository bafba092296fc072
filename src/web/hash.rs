//! SHA-256 of a file that arrives in chunks: browsers hash only what is whole.

use std::fmt::Write;

use js_sys::Uint8Array;
use sha2::Digest;
use wasm_bindgen::prelude::*;

use super::values::{Result, in_windows};

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
    pub fn update(&mut self, chunk: &Uint8Array) -> Result<()> {
        in_windows(chunk, &mut self.window, |bytes| {
            self.inner.update(bytes);
            Ok(())
        })
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
