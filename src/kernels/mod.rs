//! Dense math: what the time of a model goes into. Nothing here knows of models, and `unsafe`
//! is allowed nowhere else.
//!
//! **Products.** [`matrix`] packs weights once, when they are loaded, into panels of eight
//! columns, and multiplies rows with them. A number format is a [`Kernel`]: [`float`] in f32 or
//! f16, [`int8`] in seven by eight bits. **Tables** ([`table`]) have the same formats, to be looked
//! up; both are made of [`StoredRow`]s. **Attention** ([`attention`]) uses the tiles of products; [`attention::rotary`]
//! turns its queries and keys by their positions. **Rows** ([`rows`]) are normalised, summed, softmaxed and quantised;
//! [`math`] has the functions that do not exist as instructions. All are written once against
//! [`simd::Simd`].
//!
//! Every number is computed by the same operations in the same order wherever it stands: a
//! row's result never depends on its neighbours.

pub mod attention;
pub mod float;
pub mod half;
pub mod int8;
pub mod math;
pub mod matrix;
#[cfg(all(feature = "bench", target_feature = "simd128"))]
pub mod peak;
pub mod rows;
pub mod simd;
mod stored;
pub mod table;

pub use matrix::{Epilogue, Kernel, Matrix};
pub use stored::StoredRow;
pub use table::Table;

use crate::named::named;

/// How weights are kept in memory. Arithmetic is in f32, but for the products of `Q8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// As f32: exact.
    #[default]
    Fp32,
    /// As f16: half the memory. Weights beyond its range keep its accuracy ([`half::scale_f16`]).
    Fp16,
    /// As int8 with a scale for each output, or row of a table; activations are quantised as they come.
    Q8,
}

named!(Precision {
    Fp32 => "fp32",
    Fp16 => "fp16",
    Q8 => "q8",
});

impl Precision {
    /// The fastest kernel of this build.
    pub fn kernel(self) -> &'static dyn Kernel {
        match self {
            Precision::Fp32 => &float::F32::<simd::Best>::KERNEL,
            Precision::Fp16 => &float::F16::<simd::Best>::KERNEL,
            Precision::Q8 => int8::best(),
        }
    }
}

/// `length` times the same; `None` when there is not enough memory.
pub(crate) fn repeated<T: Copy>(value: T, length: usize) -> Option<Vec<T>> {
    let mut all = Vec::new();
    all.try_reserve_exact(length).ok()?;
    all.resize(length, value);
    Some(all)
}

/// Every kernel of this build, the reference of each number format first.
pub const KERNELS: &[&dyn Kernel] = &[
    &float::F32::<simd::Scalar>::KERNEL,
    &float::F16::<simd::Scalar>::KERNEL,
    &int8::Int8::<int8::ScalarDot>::KERNEL,
    #[cfg(target_feature = "simd128")]
    &float::F32::<simd::Plain>::KERNEL,
    #[cfg(target_feature = "simd128")]
    &float::F16::<simd::Plain>::KERNEL,
    #[cfg(target_feature = "simd128")]
    &int8::Int8::<int8::WideDot>::KERNEL,
    #[cfg(target_feature = "relaxed-simd")]
    &float::F32::<simd::Relaxed>::KERNEL,
    #[cfg(target_feature = "relaxed-simd")]
    &float::F16::<simd::Relaxed>::KERNEL,
    #[cfg(target_feature = "relaxed-simd")]
    &int8::Int8::<int8::AddDot>::KERNEL,
    #[cfg(target_feature = "relaxed-simd")]
    &int8::Int8::<int8::PairDot>::KERNEL,
];
