//! Architectures as data: a file per family, in the words of [`words`], and their heads in [`heads`]. Read by the
//! interpreters in `models`. Never computes.

mod albert;
mod bart;
mod bert;
mod deberta_v2;
mod distilbert;
mod electra;
mod gte;
pub mod heads;
mod modernbert;
mod mpnet;
mod nomic_bert;
mod qwen3;
mod registry;
mod roberta;
pub mod words;

pub use heads::HeadKind;
pub use registry::{ARCHITECTURES, find, supported_model_types};
