//! The leaves every model is made of. candle tensors go in and come out; how the numbers
//! are computed is decided here and nowhere above. Rows are tokens: a batch is one
//! `[tokens, hidden]` matrix, and only attention knows where its sequences begin.

mod activation;
mod attention;
mod embedding;
mod layer_norm;
mod linear;

pub use activation::Activation;
pub use attention::self_attention;
pub use embedding::Embedding;
pub use layer_norm::LayerNorm;
pub use linear::Linear;
