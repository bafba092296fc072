//! Headwise classifies text with the encoders of the Hugging Face Hub, straight from their
//! safetensors, in a browser or natively.
//!
//! ```text
//! text → text (tokens) → Batch → models (Encoder) → hidden vectors → heads → logits → tasks (labels)
//! bytes → weights (header, plan, filler) → nn (Linear, LayerNorm, …)
//! ```
//!
//! Start with [`classifier`]. Dependencies point one way: `web → classifier → tasks →
//! {models, heads, text} → nn → weights`.

pub mod classifier;
pub mod embedder;
mod error;
#[cfg(not(target_arch = "wasm32"))]
pub mod folder;
pub mod heads;
pub mod kernels;
pub mod limits;
pub mod models;
pub mod nn;
#[cfg(not(target_arch = "wasm32"))]
pub mod prune;
#[cfg(not(target_arch = "wasm32"))]
pub mod quantize;
pub mod tasks;
pub mod text;
#[cfg(target_arch = "wasm32")]
pub mod web;
pub mod weights;

pub use error::{Error, Result};
