//! A panic inside the `tokenizers` crate ends the call that met it, and nothing else. What is known to panic is refused
//! beforehand (`sound.rs`); this is for the rest.
//!
//! Natively the panic is caught and becomes an error. WebAssembly cannot go on after one, but its hook (`web/panic.rs`)
//! asks here whether it came from within a tokenizer.

use std::cell::Cell;

use crate::error::Result;

thread_local! {
    /// How many guarded calls this thread is in.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Whether this thread is inside a tokenizer.
pub fn is_active() -> bool {
    DEPTH.get() > 0
}

/// Runs calls into the crate.
///
/// # Errors
/// Those of `call`, and [`crate::Error::Tokenizer`] with the words of a panic.
pub fn guarded<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    DEPTH.set(DEPTH.get() + 1);
    let outcome = caught(call);
    DEPTH.set(DEPTH.get() - 1);
    outcome
}

#[cfg(panic = "unwind")]
fn caught<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    // A tokenizer is only read, but for its cache, which is written when a word is whole.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Err(crate::Error::tokenizer(format!("it panicked: {}", text.unwrap_or("without a word"))))
    })
}

#[cfg(not(panic = "unwind"))]
fn caught<T>(call: impl FnOnce() -> Result<T>) -> Result<T> {
    call()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_only_its_call() {
        let panicked = guarded::<()>(|| guarded(|| panic!("index {} is out of bounds", 7)));
        let panicked = panicked.expect_err("a panic");
        assert_eq!(panicked.code(), "tokenizer");
        assert!(panicked.to_string().contains("it panicked: index 7 is out of bounds"), "{panicked}");
        assert!(!is_active());
        assert!(guarded(|| Ok(is_active())).expect("an answer"));
    }
}
