//! f16, a form of storage: weights are narrowed once and widened where they are used.

use super::math::{BLOCK, filled, store, unfill};
use super::simd::Simd;

/// Sign, and the bits of an infinite f32.
const SIGN: i32 = 0x8000;
const INFINITE: i32 = 0x7f80_0000;

/// The nearest f16, ties to even; infinite beyond 65 504, see [`overflows_f16`] and [`scale_f16`].
pub fn narrow_f16(x: f32) -> u16 {
    half::f16::from_f32(x).to_bits()
}

/// Whether a number is finite, and as f16 it is not.
pub fn overflows_f16(x: f32) -> bool {
    x.is_finite() && half::f16::from_f32(x).is_infinite()
}

/// The smallest power of two, from 1 on, by which a row must be divided so that all its finite
/// numbers are so as f16. Dividing and multiplying by it is exact, and beside the largest number
/// those that fall below f16's range weigh less than 2⁻⁴⁰.
pub fn scale_f16(row: &[f32]) -> f32 {
    let largest = row.iter().filter(|x| x.is_finite()).fold(0.0_f32, |largest, x| largest.max(x.abs()));
    let mut scale = 1.0;
    while overflows_f16(largest / scale) {
        scale *= 2.0;
    }
    scale
}

/// The f32 of every f16, exactly.
pub fn widen_f16<S: Simd>(from: &[u16], to: &mut [f32]) {
    assert_eq!(from.len(), to.len());
    let ((blocks, rest), (to, rest_to)) = (from.as_chunks::<BLOCK>(), to.as_chunks_mut::<BLOCK>());
    for (to, block) in to.iter_mut().zip(blocks) {
        widen_block::<S>(block, to);
    }
    if !rest.is_empty() {
        let mut wide = [0.0; BLOCK];
        widen_block::<S>(&filled(rest, 0), &mut wide);
        unfill(wide, rest_to);
    }
}

/// The numbers of a row whose words are to be multiplied by `scale` and then by `factor`.
pub fn rescaled<S: Simd>(words: &[u16], scale: f32, factor: f32) -> Vec<f32> {
    let mut numbers = vec![0.0; words.len()];
    widen_f16::<S>(words, &mut numbers);
    numbers.iter_mut().for_each(|x| *x = *x * scale * factor);
    numbers
}

#[inline(always)]
fn widen_block<S: Simd>(from: &[u16; BLOCK], to: &mut [f32; BLOCK]) {
    // SAFETY: each vector takes its four of the sixteen numbers.
    let halves = std::array::from_fn(|i| unsafe { S::load_u16(from.as_ptr().add(4 * i)) });
    store::<S>(to, halves.map(widen::<S>));
}

/// Exponent and mantissa move to where f32 has them, and the exponent's bias is corrected.
///
/// A number with the smallest exponent has no leading 1, but now reads as if: `(1 + m)·2⁻¹⁵`
/// instead of `m·2⁻¹⁴`. Twice the number less 2⁻¹⁴ is right, and for all others larger than the
/// number itself. This way no subnormal f32 comes up; processors compute slowly with those.
#[inline(always)]
fn widen<S: Simd>(half: S::I) -> S::F {
    /// 2⁻¹⁴, the smallest normal f16.
    const NORMAL: f32 = 6.103_515_6e-5;
    let magnitude = S::shl::<13>(S::and(half, S::splat_i(SIGN - 1)));
    let number = S::from_bits(S::add_i(magnitude, S::splat_i((127 - 15) << 23)));
    let number = S::min(number, S::madd(number, S::splat(2.0), S::splat(-NORMAL)));
    // The largest exponent means infinite or NaN; so far it has become 2¹⁶.
    let infinite = S::and(S::lt(S::splat(65_504.0), number), S::splat_i(INFINITE));
    let sign = S::shl::<16>(S::and(half, S::splat_i(SIGN)));
    S::from_bits(S::or(S::or(S::to_bits(number), infinite), sign))
}
