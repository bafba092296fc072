//! Encoders: a table per architecture, one interpreter for all, and the model that an
//! encoder and a head make together.

pub mod architecture;
mod bert;
mod config;
mod distilbert;
mod encoder;
mod ignorable;
mod loader;
mod model;
mod registry;
mod roberta;

pub use config::{Config, ProblemType};
pub use encoder::Encoder;
pub use loader::Loader;
pub use model::{HeadKind, Model};
pub use registry::supported_model_types;
