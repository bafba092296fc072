//! From the bytes of safetensors files to the weights of a model.
//!
//! A model *declares* the tensors it needs ([`Declarations`]) and keeps an empty [`Param`]
//! for each. The files of a [`Checkpoint`], one or those of an [`Index`], have a [`header`]
//! each; headers and declarations give a [`Plan`]: for each tensor of the files, where its
//! numbers go. The [`Filler`] then takes the bytes of each file in order, converts them window
//! by window and fills the parameters. A [`Load`] is all of that, from the first byte to the last. No tensor is ever held in its stored form. A tensor with another
//! one beside it whose name ends with [`SCALE`] is multiplied by that, row by row. What a head
//! needs and no file holds is drawn, if that was asked for ([`NewHead`]).

mod checkpoint;
mod choice;
mod conversion;
mod declare;
mod fill;
pub mod header;
mod index;
mod load;
mod memory;
mod names;
mod new_head;
mod pending;
mod plan;
mod scales;
pub mod stored_type;
mod tables;
mod write;

pub use checkpoint::{Checkpoint, Location};
pub use choice::{Choice, Reason};
pub use declare::{Declarations, Param, RowOrder};
pub use fill::Filler;
pub use header::{Entry, Header, HeaderReader};
pub use index::{INDEX_FILE, Index, MODEL_FILE};
pub use load::Load;
pub use names::{Ignorable, Names};
pub use new_head::{Initial, Initializer, NewHead};
pub use plan::{Compact, LoadOptions, Plan, SCALE, Section, Usage};
pub use stored_type::StoredType;
pub use write::{write_checkpoint, write_compact, write_rows};
