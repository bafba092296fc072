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
mod roberta;

pub use architecture::supported_model_types;
pub use config::{Config, ProblemType};
pub use encoder::Encoder;
pub use loader::Loader;
pub use model::{HeadKind, Model};
