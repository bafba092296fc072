//! Encoders and heads: a table per architecture, one interpreter for all, and the model that an
//! encoder and a head make together.

mod attention;
mod config;
mod disentangled;
mod distance;
mod encoder;
mod encoder_decoder;
mod fields;
mod forward;
mod head;
mod ignorable;
mod layer;
mod load;
mod model;
mod outputs;
mod quantization;
mod rotary;
mod trace;
mod window;
mod word_embeddings;

pub use config::{Config, ProblemType};
pub use encoder::Encoder;
pub use fields::Fields;
pub use forward::Forward;
pub use head::Head;
pub use model::Model;
pub use outputs::{Numbers, Output};
pub use quantization::{QUANTIZATION_FIELDS, int8_per_channel};
pub use trace::{Stack, Trace};
