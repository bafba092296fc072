//! From text to batches of token ids.

mod batch;
mod charsmap;
mod files;
mod overrides;
pub mod prune;
mod rows;
mod slow;
mod sound;
mod tokenizer;

pub use batch::Batch;
pub use files::{SMALL_FILES, SmallFiles};
pub use rows::Rows;
pub use tokenizer::{Input, Kept, Tokenizer, Tokens};
