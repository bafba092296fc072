//! From the bytes of a safetensors file to the weights of a model.
//!
//! A model *declares* the tensors it needs ([`Declarations`]) and keeps an empty [`Param`]
//! for each. The [`header`] of the file and those declarations give a [`Plan`]: for each
//! tensor of the file, where its numbers go. The [`Filler`] then takes the bytes in the
//! order of the file, converts them window by window and fills the parameters. No tensor
//! is ever held in its stored form.

pub mod convert;
mod declare;
mod fill;
pub mod header;
mod names;
mod plan;

pub use convert::Dtype;
pub use declare::{Declarations, Param};
pub use fill::Filler;
pub use header::{Header, HeaderReader};
pub use names::{Ignorable, Names};
pub use plan::{Plan, Section, Usage};
