//! Functions that are no instructions: `exp`, `erf`, `tanh`, and the activations over slices.
//!
//! All work on a [`Block`], four vectors at a time. A constant then serves four operations in a
//! row, and none of them waits for another: a browser loads vector constants anew at each use.
//! What is left of a slice is filled up to a whole block, so that a number's result does not
//! depend on where it stands.

use std::array::from_fn;
use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI, LOG2_E};

use super::simd::Simd;

/// Numbers of a block.
pub(super) const BLOCK: usize = 16;

/// Sixteen numbers in four vectors.
pub type Block<S> = [<S as Simd>::F; 4];

/// Added to a number of moderate size, it rounds the number to the nearest whole one, ties to
/// even, and leaves that in the lowest bits of the sum.
pub(super) const ROUND: f32 = 12_582_912.0;

/// An element-wise function between two linear layers. Formulas: `transformers`
/// `activations.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// `x/2 · (1 + erf(x/√2))`.
    Gelu,
    /// The same, but at most 10. (It never comes near −10.)
    GeluClipped,
    /// `x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³)))`.
    GeluTanh,
    /// `x · sigmoid(1.702·x)`.
    GeluSigmoid,
    /// `x · min(max(x + 3, 0), 6) / 6`.
    HardSwish,
    /// `(1 + erf((x − 0.707107) / (0.282095·√2))) / 2`.
    Laplace,
    /// `max(x, 0.01·x)`.
    LeakyRelu,
    /// `x`.
    Linear,
    /// `x · tanh(ln(1 + eˣ))`.
    Mish,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
    /// `max(x, 0)²`.
    ReluSquared,
    /// `1 / (1 + e⁻ˣ)`.
    Sigmoid,
    /// `x · sigmoid(x)`.
    Silu,
    /// `√ln(1 + eˣ)`.
    SqrtSoftplus,
    /// Hyperbolic tangent.
    Tanh,
}

/// Applies the function to every number.
pub fn activate<S: Simd>(function: Activation, numbers: &mut [f32]) {
    match function {
        Activation::Gelu => apply::<S>(numbers, gelu::<S>),
        Activation::GeluClipped => {
            apply::<S>(numbers, |x| gelu::<S>(x).map(|y| keep_nan::<S>(y, S::min(y, S::splat(10.0)))))
        }
        Activation::GeluTanh => apply::<S>(numbers, gelu_tanh::<S>),
        Activation::GeluSigmoid => apply::<S>(numbers, |x| logistic::<S>(x, scaled::<S>(x, 1.702))),
        Activation::HardSwish => apply::<S>(numbers, |x| {
            let gate = relu6::<S>(x.map(|x| S::add(x, S::splat(3.0))));
            from_fn(|i| S::mul(x[i], S::mul(gate[i], S::splat(1.0 / 6.0))))
        }),
        Activation::Laplace => apply::<S>(numbers, laplace::<S>),
        Activation::LeakyRelu => apply::<S>(numbers, |x| x.map(|x| S::max(x, S::mul(x, S::splat(0.01))))),
        Activation::Linear => {}
        Activation::Mish => apply::<S>(numbers, mish::<S>),
        Activation::Relu => apply::<S>(numbers, relu::<S>),
        Activation::Relu6 => apply::<S>(numbers, relu6::<S>),
        Activation::ReluSquared => apply::<S>(numbers, |x| relu::<S>(x).map(|x| S::mul(x, x))),
        Activation::Sigmoid => apply::<S>(numbers, |x| logistic::<S>([S::splat(1.0); 4], x)),
        Activation::Silu => apply::<S>(numbers, |x| logistic::<S>(x, x)),
        Activation::SqrtSoftplus => apply::<S>(numbers, |x| softplus::<S>(x).map(S::sqrt)),
        Activation::Tanh => apply::<S>(numbers, tanh::<S>),
    }
}

/// `out ·= x`
pub fn multiply_assign<S: Simd>(out: &mut [f32], x: &[f32]) {
    update::<S, 1>(out, [x], 0.0, |product, [x]| from_fn(|i| S::mul(product[i], x[i])));
}

/// `eˣ`, within 1.5 units of the last place up to 88.37, then within 6; infinite above 88.73.
/// Zero below −87.69; results between that and −87.34 are subnormal and lose digits. NaN stays.
///
/// `eˣ = 2ⁿ·eʳ` with `|r| ≤ ln 2 / 2`, and `eʳ` by the polynomial of Cephes' `expf`.
#[inline(always)]
pub fn exp<S: Simd>(x: Block<S>) -> Block<S> {
    /// ln 2 in two parts; the first has so few digits that its products with `n` are exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const COEFFICIENTS: [f32; 6] = [0.5, 0.166_666_65, 4.166_579_6e-2, 8.333_452e-3, 1.398_2e-3, 1.987_569_1e-4];
    // Rounds to n and leaves n + 127, the exponent of 2ⁿ, in the lowest bits.
    const SHIFT: f32 = ROUND + 127.0;
    let all = x;
    let x = x.map(|x| S::max(S::min(x, S::splat(89.0)), S::splat(-88.0)));
    let shifted = x.map(|x| S::madd(x, S::splat(LOG2_E), S::splat(SHIFT)));
    // 2¹²⁸ is no number: above 88.37, r grows beyond ln 2 / 2 instead.
    let shifted = shifted.map(|n| S::min(n, S::splat(SHIFT + 127.0)));
    let n = shifted.map(|n| S::sub(n, S::splat(SHIFT)));
    let r: Block<S> = from_fn(|i| S::madd(n[i], S::splat(-LN_2[0]), x[i]));
    let r: Block<S> = from_fn(|i| S::madd(n[i], S::splat(-LN_2[1]), r[i]));
    let tail = polynomial::<S, 6>(r, COEFFICIENTS);
    let e: Block<S> = from_fn(|i| S::madd(tail[i], S::mul(r[i], r[i]), r[i]));
    from_fn(|i| {
        let power = S::from_bits(S::shl::<23>(S::to_bits(shifted[i])));
        keep_nan::<S>(all[i], S::mul(S::add(e[i], S::splat(1.0)), power))
    })
}

/// The error function, within 5e-7. `erf(±0) = ±0`; exactly ±1 from 4.2 on. NaN stays.
#[inline(always)]
pub fn erf<S: Simd>(x: Block<S>) -> Block<S> {
    // Relative error 2e-8 before rounding, fitted on 0..3.93.
    const NUMERATOR: [f32; 6] =
        [FRAC_2_SQRT_PI, 0.190_783_58, 5.279_025_4e-2, 3.779_598_7e-3, 2.848_084_3e-4, 2.041_973_4e-6];
    const DENOMINATOR: [f32; 6] = [1.0, 0.502_410_3, 0.114_257_42, 1.499_741_6e-2, 1.165_210_3e-3, 3.800_409_5e-5];
    odd_ratio::<S, 6>(x, 4.2, NUMERATOR, DENOMINATOR)
}

/// Hyperbolic tangent, within 5e-7. `tanh(±0) = ±0`; exactly ±1 from 9.8 on. NaN stays.
#[inline(always)]
pub fn tanh<S: Simd>(x: Block<S>) -> Block<S> {
    // Relative error 2e-8 before rounding, fitted on 0..9.02.
    const NUMERATOR: [f32; 5] = [1.0, 0.133_797_2, 3.494_036_2e-3, 2.058_350_8e-5, 1.331_910_5e-8];
    const DENOMINATOR: [f32; 5] = [1.0, 0.467_130_33, 2.587_108e-2, 3.283_095_4e-4, 7.762_033_6e-7];
    odd_ratio::<S, 5>(x, 9.8, NUMERATOR, DENOMINATOR)
}

/// `x · numerator(x²) / denominator(x²)`, between −1 and 1. At `limit` it must exceed 1 by more
/// than rounding can take away, so that large numbers give exactly ±1. Positive coefficients
/// alone keep digits from cancelling.
#[inline(always)]
fn odd_ratio<S: Simd, const N: usize>(x: Block<S>, limit: f32, numerator: [f32; N], denominator: [f32; N]) -> Block<S> {
    let all = x;
    let x = clamp::<S>(x, limit);
    let square = x.map(|x| S::mul(x, x));
    // Multiplied before the denominator is begun, so that x need not be kept in a register.
    let numerator = polynomial::<S, N>(square, numerator);
    let numerator: Block<S> = from_fn(|i| S::mul(x[i], numerator[i]));
    let denominator = polynomial::<S, N>(square, denominator);
    let ratio = clamp::<S>(from_fn(|i| S::div(numerator[i], denominator[i])), 1.0);
    from_fn(|i| keep_nan::<S>(all[i], ratio[i]))
}

/// `ln(1 + eˣ) = max(x, 0) + ln(1 + t)` with `t = e^−|x|`, and the logarithm by the series of
/// `2·artanh(t / (2 + t))`, which `t ≤ 1` keeps short.
#[inline(always)]
fn softplus<S: Simd>(x: Block<S>) -> Block<S> {
    const SERIES: [f32; 7] = [2.0, 2.0 / 3.0, 2.0 / 5.0, 2.0 / 7.0, 2.0 / 9.0, 2.0 / 11.0, 2.0 / 13.0];
    let t = exp::<S>(scaled::<S>(x.map(S::abs), -1.0));
    let s = t.map(|t| S::div(t, S::add(t, S::splat(2.0))));
    let series = polynomial::<S, 7>(s.map(|s| S::mul(s, s)), SERIES);
    let positive = relu::<S>(x);
    from_fn(|i| S::madd(s[i], series[i], positive[i]))
}

/// `tanh(ln(1 + e)) = n / (n + 2)` with `n = e·(e + 2)` and `e = eˣ`; from 20 on it is 1.
#[inline(always)]
fn mish<S: Simd>(x: Block<S>) -> Block<S> {
    let e = exp::<S>(x.map(|x| S::min(x, S::splat(20.0))));
    from_fn(|i| {
        let n = S::mul(e[i], S::add(e[i], S::splat(2.0)));
        S::mul(x[i], S::div(n, S::add(n, S::splat(2.0))))
    })
}

#[expect(clippy::approx_constant, reason = "the mean is rounded in the definition")]
#[inline(always)]
fn laplace<S: Simd>(x: Block<S>) -> Block<S> {
    const MEAN: f32 = 0.707_107;
    /// One over `√2` times the deviation.
    const SLOPE: f32 = FRAC_1_SQRT_2 / 0.282_095;
    let erf = erf::<S>(x.map(|x| S::mul(S::sub(x, S::splat(MEAN)), S::splat(SLOPE))));
    erf.map(|erf| S::madd(erf, S::splat(0.5), S::splat(0.5)))
}

#[inline(always)]
fn relu6<S: Simd>(x: Block<S>) -> Block<S> {
    x.map(|x| keep_nan::<S>(x, S::min(S::max(x, S::splat(0.0)), S::splat(6.0))))
}

#[inline(always)]
fn relu<S: Simd>(x: Block<S>) -> Block<S> {
    x.map(|x| keep_nan::<S>(x, S::max(x, S::splat(0.0))))
}

#[inline(always)]
fn gelu<S: Simd>(x: Block<S>) -> Block<S> {
    let erf = erf::<S>(scaled::<S>(x, FRAC_1_SQRT_2));
    from_fn(|i| {
        let half = S::mul(x[i], S::splat(0.5));
        S::madd(half, erf[i], half)
    })
}

/// `(1 + tanh u) / 2 = 1 / (1 + e⁻²ᵘ)`, which keeps its digits where tanh is near −1.
#[inline(always)]
fn gelu_tanh<S: Simd>(x: Block<S>) -> Block<S> {
    /// `2·√(2/π)`
    const SLOPE: f32 = 1.595_769;
    let u = x.map(|x| {
        let square = S::mul(x, x);
        S::mul(x, S::madd(square, S::splat(SLOPE * 0.044_715), S::splat(SLOPE)))
    });
    logistic::<S>(x, u)
}

/// `x / (1 + e⁻ᵘ)`
#[inline(always)]
fn logistic<S: Simd>(x: Block<S>, u: Block<S>) -> Block<S> {
    let e = exp::<S>(scaled::<S>(u, -1.0));
    from_fn(|i| S::div(x[i], S::add(e[i], S::splat(1.0))))
}

/// `y`, or NaN where `x` is: what `min` and `max` do not promise. All bits set are a NaN.
#[inline(always)]
fn keep_nan<S: Simd>(x: S::F, y: S::F) -> S::F {
    S::from_bits(S::or(S::to_bits(y), S::is_nan(x)))
}

#[inline(always)]
fn scaled<S: Simd>(x: Block<S>, factor: f32) -> Block<S> {
    x.map(|x| S::mul(x, S::splat(factor)))
}

#[inline(always)]
fn clamp<S: Simd>(x: Block<S>, limit: f32) -> Block<S> {
    x.map(|x| S::max(S::min(x, S::splat(limit)), S::splat(-limit)))
}

/// `c₀ + c₁·x + c₂·x² + …`
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(x: Block<S>, coefficients: [f32; N]) -> Block<S> {
    let mut sum = [S::splat(coefficients[N - 1]); 4];
    for &coefficient in coefficients[..N - 1].iter().rev() {
        sum = from_fn(|i| S::madd(sum[i], x[i], S::splat(coefficient)));
    }
    sum
}

/// Loads a block.
#[inline(always)]
pub(super) fn load<S: Simd>(from: &[f32; BLOCK]) -> Block<S> {
    // SAFETY: each vector takes its four of the sixteen numbers.
    from_fn(|i| unsafe { S::load(from.as_ptr().add(4 * i)) })
}

/// Stores a block.
#[inline(always)]
pub(super) fn store<S: Simd>(to: &mut [f32; BLOCK], block: Block<S>) {
    for (i, x) in block.into_iter().enumerate() {
        // SAFETY: each vector takes its four of the sixteen numbers.
        unsafe { S::store(to.as_mut_ptr().add(4 * i), x) }
    }
}

/// A last block that is not whole, filled up. Number by number: a copy of variable length is a
/// call in WebAssembly, and costs more than a block of `exp`.
#[inline(always)]
pub(super) fn filled<T: Copy>(rest: &[T], filler: T) -> [T; BLOCK] {
    from_fn(|i| rest.get(i).copied().unwrap_or(filler))
}

/// The inverse of [`filled`].
#[inline(always)]
pub(super) fn unfill<T: Copy>(block: [T; BLOCK], rest: &mut [T]) {
    for (i, number) in block.into_iter().enumerate() {
        if let Some(place) = rest.get_mut(i) {
            *place = number;
        }
    }
}

#[inline(always)]
fn apply<S: Simd>(numbers: &mut [f32], f: impl Fn(Block<S>) -> Block<S>) {
    update::<S, 0>(numbers, [], 0.0, |x, _| f(x));
}

/// Replaces the numbers of `out`, block by block, by what `f` makes of them and of the numbers
/// at the same places of `others`. Where a last block is filled up, `f` sees `filler`.
#[inline(always)]
pub fn update<S: Simd, const N: usize>(
    out: &mut [f32],
    others: [&[f32]; N],
    filler: f32,
    mut f: impl FnMut(Block<S>, [Block<S>; N]) -> Block<S>,
) {
    let others = others.map(|other| {
        assert_eq!(other.len(), out.len());
        other.as_chunks::<BLOCK>()
    });
    let (blocks, rest) = out.as_chunks_mut::<BLOCK>();
    for (i, block) in blocks.iter_mut().enumerate() {
        let x = load::<S>(block);
        store::<S>(block, f(x, others.map(|(blocks, _)| load::<S>(&blocks[i]))));
    }
    if !rest.is_empty() {
        let mut block = filled(rest, filler);
        let x = load::<S>(&block);
        store::<S>(&mut block, f(x, others.map(|(_, rest)| load::<S>(&filled(rest, filler)))));
        unfill(block, rest);
    }
}
