//! Headwise understands text with the encoders of the Hugging Face Hub, straight from their safetensors, natively or in
//! a browser: what Python's pipelines answer, with Python's numbers.
//!
//! A [`Pipeline`] is a model with its tokenizer, opened from a folder as `git clone` leaves it, for one of the tasks of
//! [`TaskName`]. Inputs and options are JSON, named as in Python; each result is an [`Output`].
//!
//! ```
//! use headwise::{Pipeline, Precision, TaskName};
//! use serde_json::json;
//!
//! let pipeline = Pipeline::open("www/models/emotions", TaskName::TextClassification, Precision::Fp32)?;
//! let outputs = pipeline.run([json!("I love you so much.")], json!({"top_k": 2}))?;
//! println!("{}", json!(outputs));
//! # assert_eq!(json!(outputs)[0][0]["label"], "love");
//!
//! let folder = "tests/golden/tasks/wordpiece-qa";
//! let pipeline = Pipeline::open(folder, TaskName::QuestionAnswering, Precision::Fp32)?;
//! let question = json!({"question": "Who jumps?", "context": "The quick brown fox jumps."});
//! println!("{}", json!(pipeline.run([question], json!(null))?));
//! # Ok::<(), headwise::Error>(())
//! ```
//!
//! Many inputs are better started than run: [`Pipeline::start`] computes in slices and gives results as they come, an
//! error in the place of an input that has none. [`LoadOptions`] say how weights are held and how much memory they may
//! take; a [`Precision`] alone will do. Models by themselves are [`Model`]s, for the [`Tokens`] of a [`Tokenizer`] in a
//! [`Batch`].
//!
//! Whatever is wrong with a file, an option or an input is an [`Error`] that names it; bounds on what is read are in
//! [`limits`].

// Rooms are private; with the feature `internals` what they link to is public.
#![cfg_attr(not(feature = "internals"), allow(dead_code, unused_imports, rustdoc::private_intra_doc_links))]

mod architectures;
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod folder;
mod json;
#[allow(unsafe_code)]
mod kernels;
pub mod limits;
mod models;
mod named;
mod nn;
mod pipeline;
mod sentences;
mod tasks;
mod text;
mod text_model;
#[cfg(target_arch = "wasm32")]
mod web;
mod weights;

pub use architectures::HeadKind;
pub use error::{Error, Result};
pub use kernels::Precision;
pub use models::Model;
pub use pipeline::{AnyRun, Offsets, Output, Pipeline};
pub use tasks::TaskName;
pub use tasks::feature_extraction::Features;
pub use tasks::fill_mask::Filled;
pub use tasks::multiple_choice::Choice;
pub use tasks::question_answering::Answer;
pub use tasks::run::Read;
pub use tasks::text_classification::Label;
pub use tasks::text_ranking::Ranked;
pub use tasks::token_classification::{Entity, EntityLabel};
pub use tasks::zero_shot_classification::Classified;
pub use text::{Batch, Tokenizer, Tokens};
pub use weights::{LoadOptions, NewHead};

/// The rooms themselves, for the command line, tests and fuzzing. Nothing here is promised.
#[cfg(feature = "internals")]
pub mod internals {
    macro_rules! open {
        ($($room:ident)*) => {
            $(
                #[allow(missing_docs)]
                pub mod $room {
                    pub use crate::$room::*;
                }
            )*
        };
    }
    open!(architectures kernels models nn pipeline sentences tasks text text_model weights);
    #[cfg(not(target_arch = "wasm32"))]
    open!(folder);
}
