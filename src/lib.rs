//! Headwise classifies text with the encoders of the Hugging Face Hub, straight from their
//! safetensors, in a browser or natively.
//!
//! ```text
//! text → text (tokens) → Batch → models (encoder, head) → logits → tasks (results)
//! bytes → weights (Load: headers, plan, filler) → nn (Linear, Norm, …)
//! ```
//!
//! ```
//! use std::path::Path;
//!
//! use headwise::kernels::Precision;
//! use headwise::pipeline::{Offsets, Pipeline};
//! use headwise::tasks::TaskName;
//! use serde_json::{Value, json};
//!
//! let task = TaskName::TextClassification;
//! let pipeline = Pipeline::open(Path::new("www/models/emotions"), task, Precision::Fp32)?;
//! let texts = [Ok(json!("I love you so much."))];
//! let mut run = pipeline.start(texts.into_iter(), Value::Null, Offsets::Characters)?;
//! while !run.step() {}
//! let (labels, _) = run.ready().expect("the only result")?;
//! println!("{}", json!(labels));
//! # assert_eq!(json!(labels)[0]["label"], "love");
//! # Ok::<(), headwise::Error>(())
//! ```
//!
//! [`pipeline`] has the tasks by their names, with options, inputs and results as JSON; [`tasks`] has them as types, each
//! with an example.

pub mod architectures;
mod error;
#[cfg(not(target_arch = "wasm32"))]
pub mod folder;
mod json;
#[allow(unsafe_code)]
pub mod kernels;
pub mod limits;
pub mod models;
mod named;
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
