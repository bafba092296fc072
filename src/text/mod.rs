//! From text to batches of token ids.

mod batch;
mod charsmap;
mod files;
mod model;
mod overrides;
pub mod prune;
mod rows;
mod sentencepiece;
mod slow;
mod slow_unigram;
mod sound;
mod tokenizer;
mod trie;
mod unigram;

pub use batch::Batch;
pub use files::{SMALL_FILES, SmallFiles};
pub use rows::Rows;
pub use tokenizer::{Input, Kept, Tokenizer, Tokens};
