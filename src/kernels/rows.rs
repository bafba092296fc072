//! What is done to one row at a time: softmax, normalisation, sums, quantisation.
//!
//! A sum over a row has sixteen partial sums, number `i` going to sum `i mod 16`, which are then
//! added in a fixed order: the result depends on the row alone. All functions let NaN pass on to
//! their results.

use std::array::from_fn;

use super::math::{BLOCK, Block, ROUND, exp, filled, load, unfill, update};
use super::simd::{Simd, largest, sum};

/// The largest quantised number: seven bits.
const LEVELS: f32 = 127.0;

/// Turns scores into probabilities, in place.
pub fn softmax<S: Simd>(row: &mut [f32]) {
    let share = exponentials::<S>(row, 1.0);
    update::<S, 0>(row, [], 0.0, |x, _| x.map(|x| S::mul(x, S::splat(share))));
}

/// Replaces each `x` by `exp(scale · (x − largest))` and returns one over their sum: what is
/// missing for a softmax. `scale` is positive.
pub fn exponentials<S: Simd>(row: &mut [f32], scale: f32) -> f32 {
    let least = [S::splat(f32::NEG_INFINITY); 4];
    let most = fold::<S, _>(row, f32::NEG_INFINITY, least, |most, x| each(most, x, S::max));
    let most = S::splat(largest::<S>(across(most, S::max)));
    let mut sums = S::splat(0.0);
    update::<S, 0>(row, [], f32::NEG_INFINITY, |x, _| {
        let e = exp::<S>(x.map(|x| S::mul(S::sub(x, most), S::splat(scale))));
        sums = S::add(sums, across(e, S::add));
        e
    });
    1.0 / sum::<S>(sums)
}

/// `out = (y − mean) / √(variance + eps) · weight + bias` with `y = x + residual`.
pub fn layer_norm<S: Simd>(
    x: &[f32],
    residual: Option<&[f32]>,
    weight: &[f32],
    bias: Option<&[f32]>,
    eps: f32,
    out: &mut [f32],
) {
    let length = out.len() as f32;
    let mut sums = zeros::<S>();
    add_into::<S>(x, residual, out, |y| sums = each(sums, y, S::add));
    let mean = total::<S>(sums) / length;
    // From the deviations, not from the sum of squares, which cancels when the mean is large.
    let squares = fold::<S, _>(out, mean, zeros::<S>(), |sums, y| {
        let deviations = y.map(|y| S::sub(y, S::splat(mean)));
        from_fn(|i| S::madd(deviations[i], deviations[i], sums[i]))
    });
    let (mean, factor) = (S::splat(mean), S::splat(1.0 / (total::<S>(squares) / length + eps).sqrt()));
    let normal = |y| S::mul(S::sub(y, mean), factor);
    match bias {
        None => update::<S, 1>(out, [weight], 0.0, |y, [w]| from_fn(|i| S::mul(normal(y[i]), w[i]))),
        Some(bias) => {
            update::<S, 2>(out, [weight, bias], 0.0, |y, [w, b]| from_fn(|i| S::madd(normal(y[i]), w[i], b[i])));
        }
    }
}

/// `out = y / √(mean of y² + eps) · weight` with `y = x + residual`.
pub fn rms_norm<S: Simd>(x: &[f32], residual: Option<&[f32]>, weight: &[f32], eps: f32, out: &mut [f32]) {
    let length = out.len() as f32;
    let mut squares = zeros::<S>();
    add_into::<S>(x, residual, out, |y| squares = from_fn(|i| S::madd(y[i], y[i], squares[i])));
    let factor = S::splat(1.0 / (total::<S>(squares) / length + eps).sqrt());
    update::<S, 1>(out, [weight], 0.0, |y, [w]| from_fn(|i| S::mul(S::mul(y[i], factor), w[i])));
}

/// `out += x`
pub fn add_assign<S: Simd>(out: &mut [f32], x: &[f32]) {
    update::<S, 1>(out, [x], 0.0, |sum, [x]| each(sum, x, S::add));
}

/// Quantises to seven bits: `x ≈ scale · (q − zero_point)` with `q` in 0..=127, off by half a
/// `scale` at most, and 0 exactly. Returns `scale` and `zero_point`.
///
/// Every instruction set gives the same bits. If a number is not finite, or their range, the
/// scale is NaN. If all are zero (below 1e-36), it is zero.
pub fn quantize_row<S: Simd>(row: &[f32], out: &mut [u8]) -> (f32, i32) {
    assert_eq!(row.len(), out.len());
    let (least, most) = range::<S>(row);
    let scale = (most - least) / LEVELS;
    if !scale.is_finite() || scale < f32::MIN_POSITIVE {
        out.fill(0);
        return (if scale.is_finite() { 0.0 } else { f32::NAN }, 0);
    }
    let inverse = LEVELS / (most - least);
    let zero_point = (-least * inverse).round_ties_even();
    let quantize = |x: Block<S>| {
        x.map(|x| {
            let sum = S::add(S::mul(x, S::splat(inverse)), S::splat(ROUND + zero_point));
            // Both ends may have been rounded up: 63.5 + 63.5 is 128 then.
            S::and(S::to_bits(S::min(sum, S::splat(ROUND + LEVELS))), S::splat_i(0x7f))
        })
    };
    let store = |to: &mut [u8; BLOCK], x: &[f32; BLOCK]| {
        // SAFETY: sixteen bytes, and seven bits in each lane.
        unsafe { S::store_u8(to.as_mut_ptr(), quantize(load::<S>(x))) }
    };
    let ((blocks, rest), (to, rest_to)) = (row.as_chunks::<BLOCK>(), out.as_chunks_mut::<BLOCK>());
    for (to, x) in to.iter_mut().zip(blocks) {
        store(to, x);
    }
    if !rest.is_empty() {
        let mut bytes = [0; BLOCK];
        store(&mut bytes, &filled(rest, 0.0));
        unfill(bytes, rest_to);
    }
    (scale, zero_point as i32)
}

/// The smallest and the largest of the numbers and 0; NaN if one is not finite.
fn range<S: Simd>(row: &[f32]) -> (f32, f32) {
    let zeros = zeros::<S>();
    let (least, most, strange) = fold::<S, _>(row, 0.0, (zeros, zeros, zeros), |(least, most, strange), x| {
        // Zero for all but infinity and NaN, which `min` and `max` may overlook.
        let zero = x.map(|x| S::mul(x, S::splat(0.0)));
        (each(least, x, S::min), each(most, x, S::max), each(strange, zero, S::add))
    });
    let strange = total::<S>(strange);
    let [a, b, c, d] = S::to_array(across(least, S::min));
    (a.min(b).min(c.min(d)) + strange, largest::<S>(across(most, S::max)) + strange)
}

/// `out = x + residual`, shown to `see` block by block, the last one filled up with zeros.
#[inline(always)]
fn add_into<S: Simd>(x: &[f32], residual: Option<&[f32]>, out: &mut [f32], mut see: impl FnMut(Block<S>)) {
    let mut seen = |y| {
        see(y);
        y
    };
    match residual {
        None => update::<S, 1>(out, [x], 0.0, |_, [x]| seen(x)),
        Some(residual) => update::<S, 2>(out, [x, residual], 0.0, |_, [x, residual]| seen(each(x, residual, S::add))),
    }
}

/// Combines the blocks of a row one after the other, the last one filled up.
#[inline(always)]
fn fold<S: Simd, T>(row: &[f32], filler: f32, first: T, f: impl Fn(T, Block<S>) -> T) -> T {
    let (blocks, rest) = row.as_chunks::<BLOCK>();
    let folded = blocks.iter().fold(first, |folded, block| f(folded, load::<S>(block)));
    if rest.is_empty() { folded } else { f(folded, load::<S>(&filled(rest, filler))) }
}

/// Sum of a block, in one fixed order.
#[inline(always)]
fn total<S: Simd>(block: Block<S>) -> f32 {
    sum::<S>(across(block, S::add))
}

/// One vector of four.
#[inline(always)]
fn across<F: Copy>([a, b, c, d]: [F; 4], f: impl Fn(F, F) -> F) -> F {
    f(f(a, c), f(b, d))
}

#[inline(always)]
fn each<F: Copy>(a: [F; 4], b: [F; 4], f: impl Fn(F, F) -> F) -> [F; 4] {
    from_fn(|i| f(a[i], b[i]))
}

#[inline(always)]
fn zeros<S: Simd>() -> Block<S> {
    [S::splat(0.0); 4]
}
