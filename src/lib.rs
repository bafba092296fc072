//! Headwise classifies text with the encoders of the Hugging Face Hub, straight from their
//! safetensors, in a browser or natively.
//!
//! ```text
//! text → text (tokens) → Batch → models (Encoder) → hidden vectors → heads → logits → tasks (results)
//! bytes → weights (header, plan, filler) → nn (Linear, Norm, …)
//! ```
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::folder::load_classifier;
//! use headwise::kernels::Precision;
//! use headwise::tasks::text_classification::Options;
//!
//! let model = Arc::new(load_classifier(Path::new("www/models/emotions"), Precision::Fp32)?);
//! let labels = model.classify(&["I love you so much.".into()], Options::default())?;
//! println!("{} with {}", labels[0][0].label, labels[0][0].score);
//! # assert_eq!(labels[0][0].label, "love");
//! # Ok::<(), headwise::Error>(())
//! ```
//!
//! The other tasks are in [`tasks`], each with an example, and by their names in [`tasks::any`]. To read the code, start
//! with [`pipeline`]. Dependencies point one way: `web → tasks → pipeline →
//! {models, heads, text} → nn → weights`.

pub mod architectures;
mod error;
#[cfg(not(target_arch = "wasm32"))]
pub mod folder;
#[allow(unsafe_code)]
pub mod kernels;
pub mod limits;
pub mod models;
pub mod nn;
pub mod pipeline;
pub mod sentences;
pub mod tasks;
pub mod text;
pub mod text_model;
#[cfg(target_arch = "wasm32")]
pub mod web;
pub mod weights;

pub use error::{Error, Result};
