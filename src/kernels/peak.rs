//! The peak of the processor, to compare kernels with: loops of a build's best instructions on registers alone. Only
//! `bench kernels` calls them.

use std::hint::black_box;

#[cfg(target_feature = "relaxed-simd")]
use super::int8::AddDot as Form;
use super::int8::Dot;
#[cfg(not(target_feature = "relaxed-simd"))]
use super::int8::WideDot as Form;
use super::simd::{Best, Simd};

/// Independent sums: enough to hide how long an instruction takes.
const SUMS: usize = 12;

/// `8 · SUMS · times` multiply-adds in f32.
pub fn f32(times: usize) -> f32 {
    // Different values, lest the compiler compute one sum in place of twelve.
    let mut sums: [_; SUMS] = std::array::from_fn(|sum| Best::splat(black_box(sum as f32)));
    let [a, b] = [Best::splat(black_box(0.999)), Best::splat(black_box(1e-6))];
    for _ in 0..times {
        for _ in 0..2 {
            sums.iter_mut().for_each(|sum| *sum = Best::madd(*sum, a, b));
        }
    }
    sums.iter().map(|&sum| Best::to_array(sum)[0]).sum()
}

/// `2 · SUMS · 4 · GROUP · times` products of the int8 instruction; returns that number for one time. The sums are
/// multiplied, as a product that does not change would be computed once.
pub fn int8(times: usize) -> f64 {
    let bytes = black_box([3_i8; 16]);
    // SAFETY: sixteen weights can be read, and no form takes more.
    let weights = unsafe { Form::weights(bytes.as_ptr()) };
    let mut sums: [_; SUMS] = std::array::from_fn(|sum| <Form as Dot>::S::splat_i(black_box(sum as i32)));
    for _ in 0..times {
        for _ in 0..2 {
            sums.iter_mut().for_each(|sum| *sum = Form::dot(weights, *sum, *sum));
        }
    }
    black_box(sums);
    (2 * SUMS * 4 * Form::GROUP) as f64
}
