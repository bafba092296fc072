//! The time of each operation, for `bench profile` and `bench tasks`: a clock is handed down by who has one, and the
//! operations of `ops.rs` count by it.

use std::cell::{Cell, RefCell};

thread_local! {
    /// Gives milliseconds.
    static CLOCK: Cell<Option<fn() -> f64>> = const { Cell::new(None) };
    /// Milliseconds by operation.
    static TIMES: RefCell<Vec<(&'static str, f64)>> = const { RefCell::new(Vec::new()) };
}

/// Begins to count by a clock that gives milliseconds; forgets what was counted before.
pub fn count_by(clock: fn() -> f64) {
    CLOCK.set(Some(clock));
    TIMES.take();
}

/// Milliseconds by operation since [`count_by`] or the last call.
pub fn take_times() -> Vec<(&'static str, f64)> {
    TIMES.take()
}

/// Counts the time of `operation` under its name.
pub(super) fn timed<T>(name: &'static str, operation: impl FnOnce() -> T) -> T {
    let Some(clock) = CLOCK.get() else { return operation() };
    let start = clock();
    let result = operation();
    let took = clock() - start;
    TIMES.with_borrow_mut(|times| match times.iter_mut().find(|(known, _)| *known == name) {
        Some((_, sum)) => *sum += took,
        None => times.push((name, took)),
    });
    result
}
