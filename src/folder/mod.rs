//! Models in a folder on disk, as `huggingface_hub` or `git clone` leaves them: a folder in, an opened model out, or a
//! folder with another one. Called by the command line, tests and native programs. Never reads a text, and is not there in
//! a browser.

mod copy;
mod files;
mod new_head;
mod open;
pub mod prune;
pub mod quantize;
mod weights;

pub use files::small_files;
pub use new_head::save_new_head;
pub use weights::{checkpoint, index};
