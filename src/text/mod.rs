//! From text to batches of token ids.

pub(crate) mod adapter;
mod added_tokens;
mod advice;
mod batch;
mod call;
mod charsmap;
mod class;
mod cut;
mod decode;
mod encode;
mod files;
mod guard;
mod marked;
mod model;
mod overrides;
pub mod prune;
mod rows;
mod sentencepiece;
mod slow;
mod slow_marked;
mod slow_unigram;
mod sound;
mod special;
mod tokenizer;
mod trie;
mod tweet;
mod unigram;

pub use batch::Batch;
pub use call::Call;
pub use cut::{Cut, Overflow, Shortened};
pub use files::{ADAPTER_FILE, AskedFiles, SENTENCE_TRANSFORMERS, SMALL_FILES, SmallFiles, is_wanted};
pub use guard::is_active as in_tokenizer;
pub use rows::Rows;
pub use special::SpecialTokens;
pub use tokenizer::{Input, Kept, Tokenizer, Tokens};
