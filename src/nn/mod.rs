//! The leaves every model is made of. candle tensors go in and come out; the kernels compute.
//! Rows are tokens: a batch is one `[tokens, hidden]` matrix, and only attention and convolution
//! know where its sequences begin.

mod activation;
mod attention;
mod convolution;
mod embedding;
mod linear;
mod norm;
mod ops;
#[cfg(feature = "bench")]
pub mod profile;
mod rows;
mod torch;

pub use crate::kernels::math::Activation;
pub use activation::{activation_named, activation_names};
pub use attention::{Attend, Probabilities, attention_between, self_attention};
pub use convolution::Convolution;
pub use embedding::{Embedding, sum_of_embeddings};
pub use linear::Linear;
pub use norm::{Norm, NormKind};
pub use ops::unary;
pub use rows::{add, chosen_rows, mean_of_sequences, scaled, unit_rows};
pub use torch::TorchActivation;
