//! Headwise classifies text with the encoders of the Hugging Face Hub, straight from their
//! safetensors, in a browser or natively.
//!
//! ```text
//! text → text (tokens) → Batch → models (Encoder) → hidden vectors → heads → logits → tasks (results)
//! bytes → weights (header, plan, filler) → nn (Linear, LayerNorm, …)
//! ```
//!
//! Start with [`pipeline`]. Dependencies point one way: `web → tasks → pipeline →
//! {models, heads, text} → nn → weights`.

pub mod embedder;
mod error;
#[cfg(not(target_arch = "wasm32"))]
pub mod folder;
pub mod heads;
pub mod kernels;
pub mod limits;
pub mod models;
pub mod nn;
pub mod pipeline;
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
