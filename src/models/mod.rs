//! Encoders and heads: a table per architecture, one interpreter for all, and the model that an
//! encoder and a head make together.

mod albert;
pub mod architecture;
mod attention;
mod bart;
mod bert;
mod config;
mod deberta_v2;
mod disentangled;
mod distance;
mod distilbert;
mod electra;
mod encoder;
mod encoder_decoder;
mod fields;
mod forward;
mod head;
mod ignorable;
mod layer;
mod loader;
mod model;
mod modernbert;
mod mpnet;
mod outputs;
mod quantization;
mod registry;
mod roberta;
mod rotary;
mod trace;
mod words;

pub use crate::heads::HeadKind;
pub use config::{Config, ProblemType};
pub use encoder::Encoder;
pub use fields::Fields;
pub use forward::Forward;
pub use head::Head;
pub use loader::Loader;
pub use model::Model;
pub use outputs::{Numbers, Output};
pub use quantization::{QUANTIZATION_FIELDS, int8_per_channel};
pub use registry::{ARCHITECTURES, supported_model_types};
pub use trace::{Stack, Trace};
