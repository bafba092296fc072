//! The leaves every model is made of. candle tensors go in and come out; the kernels compute.
//! Rows are tokens: a batch is one `[tokens, hidden]` matrix, and only attention knows where
//! its sequences begin.

mod activation;
mod attention;
mod embedding;
mod layer_norm;
mod linear;
mod ops;

pub use crate::kernels::math::Activation;
pub use activation::{activation_named, activation_names};
pub use attention::{attention_of_first_tokens, self_attention};
pub use embedding::{Embedding, sum_of_embeddings};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
