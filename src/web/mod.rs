//! The interface to JavaScript: bindings without logic. Options and results cross as plain objects, weights as typed
//! arrays that are read window by window. Called by the generated JavaScript alone.

#[cfg(feature = "bench")]
mod bench;
#[cfg(any(target_feature = "relaxed-simd", feature = "bench"))]
mod clock;
mod error;
mod hash;
mod info;
mod loader;
mod model;
mod panic;
mod pipeline;
mod tokenizer;
mod values;
