//! All tests of the crate in one program, which is linked once; those that need no files of the system run in a browser
//! as well.

#[cfg(not(target_arch = "wasm32"))]
mod classification;
#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
mod command_line;
mod common;
#[cfg(not(target_arch = "wasm32"))]
mod config;
#[cfg(not(target_arch = "wasm32"))]
mod conversion;
#[cfg(not(target_arch = "wasm32"))]
mod documents;
#[cfg(not(target_arch = "wasm32"))]
mod embedding;
#[cfg(not(target_arch = "wasm32"))]
mod face;
#[cfg(not(target_arch = "wasm32"))]
mod floors;
mod golden;
mod kernels;
mod kernels_math;
mod malformed;
mod malformed_corpus;
#[cfg(not(target_arch = "wasm32"))]
mod new_head;
mod precision;
#[cfg(all(feature = "cli", not(target_arch = "wasm32")))]
mod prune;
#[cfg(not(target_arch = "wasm32"))]
mod quantize;
#[cfg(not(target_arch = "wasm32"))]
mod shards;
mod tasks;
#[cfg(not(target_arch = "wasm32"))]
mod tokenizers;
#[cfg(not(target_arch = "wasm32"))]
mod weights;
mod words;

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
