//! Element-wise functions, rows and f16 of every instruction set of the build, against f64.

use headwise::internals::kernels::half::{narrow_f16, overflows_f16, widen_f16};
use headwise::internals::kernels::math::{Activation, Block, activate, erf, exp, multiply_assign, tanh, update};
use headwise::internals::kernels::rows::{add_assign, exponentials, layer_norm, quantize_row, rms_norm, softmax};
#[cfg(target_feature = "simd128")]
use headwise::internals::kernels::simd::Plain;
#[cfg(target_feature = "relaxed-simd")]
use headwise::internals::kernels::simd::Relaxed;
use headwise::internals::kernels::simd::{Scalar, Simd};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A test for each instruction set.
macro_rules! on_every_instruction_set {
    ($($check:ident),* $(,)?) => {$(
        #[test]
        fn $check() {
            checks::$check::<Scalar>();
            #[cfg(target_feature = "simd128")]
            checks::$check::<Plain>();
            #[cfg(target_feature = "relaxed-simd")]
            checks::$check::<Relaxed>();
        }
    )*};
}

on_every_instruction_set!(
    functions_are_accurate,
    functions_are_right_at_the_ends,
    activations_are_accurate,
    a_result_does_not_depend_on_its_place,
    softmax_is_a_distribution,
    rows_are_normalised,
    quantisation_keeps_half_a_step,
    strange_rows_are_quantised_safely,
    every_f16_is_widened,
);

mod checks {
    use super::*;

    pub fn functions_are_accurate<S: Simd>() {
        let ulps = |y: f32, exact: f64| (f64::from(y) - exact).abs() / ulp(exact);
        for (bound, range) in [(1.5, -87.33..88.37), (6.0, 88.37..88.722)] {
            let error = |x, y, exact| if range.contains(&x) { ulps(y, exact) } else { 0.0 };
            assert_at_most("exp", bound, worst::<S>(exp::<S>, f64::exp, error));
        }
        let absolute = |_: f32, y: f32, exact: f64| (f64::from(y) - exact).abs();
        assert_at_most("erf", 5e-7, worst::<S>(erf::<S>, exact_erf, absolute));
        assert_at_most("tanh", 5e-7, worst::<S>(tanh::<S>, f64::tanh, absolute));
    }

    pub fn functions_are_right_at_the_ends<S: Simd>() {
        let (infinity, nan) = (f32::INFINITY, f32::NAN);
        let x = [0.0, -0.0, 88.73, -88.0, 1e30, -1e30, infinity, -infinity];
        assert_eq!(map::<S>(&x, exp::<S>), [1.0, 1.0, infinity, 0.0, infinity, 0.0, infinity, 0.0]);
        let x = [10.0, -10.0, f32::MAX, f32::MIN, infinity, -infinity];
        for function in [erf::<S>, tanh::<S>] {
            assert_eq!(map::<S>(&x, function), [1.0, -1.0, 1.0, -1.0, 1.0, -1.0]);
            let zeros = map::<S>(&[0.0, -0.0], function);
            assert_eq!([zeros[0].to_bits(), zeros[1].to_bits()], [0, 1 << 31]);
        }
        for function in [exp::<S>, erf::<S>, tanh::<S>] {
            assert!(map::<S>(&[nan], function)[0].is_nan());
        }
        for function in ACTIVATIONS {
            let mut x = [nan, -1e30, 1e30, infinity];
            activate::<S>(function, &mut x);
            let [low, high, top] = match function {
                Activation::Tanh => [-1.0, 1.0, 1.0],
                Activation::Sigmoid | Activation::Laplace => [0.0, 1.0, 1.0],
                Activation::Relu6 => [0.0, 6.0, 6.0],
                Activation::GeluClipped => [0.0, 10.0, 10.0],
                Activation::ReluSquared => [0.0, infinity, infinity],
                Activation::SqrtSoftplus => [0.0, 1e15, infinity],
                Activation::LeakyRelu => [-1e28, 1e30, infinity],
                Activation::Linear => [-1e30, 1e30, infinity],
                _ => [0.0, 1e30, infinity],
            };
            assert!(x[0].is_nan(), "{function:?}");
            assert_eq!(x[1..], [low, high, top], "{function:?}");
        }
    }

    #[allow(unsafe_code)]
    pub fn activations_are_accurate<S: Simd>() {
        for function in ACTIVATIONS {
            let of_block = |x: Block<S>| {
                let mut numbers: [[f32; 4]; 4] = x.map(S::to_array);
                activate::<S>(function, numbers.as_flattened_mut());
                // SAFETY: four numbers each.
                numbers.map(|numbers| unsafe { S::load(numbers.as_ptr()) })
            };
            let error = |x: f32, y: f32, exact: f64| {
                // Beyond f32, a result is infinite.
                let difference = if y == exact as f32 { 0.0 } else { (f64::from(y) - exact).abs() };
                difference / f64::from(x).abs().max(exact.abs()).max(1.0)
            };
            let error = worst::<S>(of_block, |x| exact(function, x), error);
            assert_at_most(&format!("{function:?}"), 5e-7, error);
        }
    }

    pub fn a_result_does_not_depend_on_its_place<S: Simd>() {
        let all = random(200, 3.0);
        for function in ACTIVATIONS {
            let mut whole = all.clone();
            activate::<S>(function, &mut whole);
            for length in 0..=70 {
                let (start, end) = (length / 3, length / 3 + length);
                let mut part = all[start..end].to_vec();
                activate::<S>(function, &mut part);
                assert_eq!(part, whole[start..end], "{function:?}, {length}");
                let up = &all[100..100 + length];
                let mut gated = part.to_vec();
                multiply_assign::<S>(&mut gated, up);
                let expected: Vec<f32> = part.iter().zip(up).map(|(x, up)| x * up).collect();
                assert_eq!(gated, expected, "{function:?}, {length}");
            }
        }
    }

    pub fn softmax_is_a_distribution<S: Simd>() {
        for length in (1..=70).chain([512]) {
            let scores = random(length, 20.0);
            let exact = |scale: f64| -> Vec<f64> {
                let largest = scores.iter().fold(f64::MIN, |a, &b| a.max(f64::from(b)));
                let e: Vec<f64> = scores.iter().map(|&x| ((f64::from(x) - largest) * scale).exp()).collect();
                let sum: f64 = e.iter().sum();
                e.iter().map(|e| e / sum).collect()
            };
            let mut row = scores.clone();
            softmax::<S>(&mut row);
            assert_at_most("softmax", 5e-7, largest_difference(&row, &exact(1.0)));
            assert_at_most("its sum", 5e-7, (row.iter().map(|&x| f64::from(x)).sum::<f64>() - 1.0).abs());
            let mut row = scores.clone();
            let share = exponentials::<S>(&mut row, 0.125);
            let weights: Vec<f32> = row.iter().map(|x| x * share).collect();
            assert_at_most("exponentials", 5e-7, largest_difference(&weights, &exact(0.125)));
        }
        let mut masked = [1.0, f32::NEG_INFINITY, 1.0];
        softmax::<S>(&mut masked);
        assert_eq!(masked, [0.5, 0.0, 0.5]);
        let mut poisoned = random(20, 1.0);
        poisoned[17] = f32::NAN;
        softmax::<S>(&mut poisoned);
        assert!(poisoned.iter().all(|x| x.is_nan()));
        softmax::<S>(&mut []);
    }

    pub fn rows_are_normalised<S: Simd>() {
        let eps = 1e-5;
        for length in (1..=70).chain([384, 768]) {
            // A large mean, as in real hidden states: cancellation must not show.
            let x: Vec<f32> = random(length, 1.0).iter().map(|x| x + 10.0).collect();
            let [residual, weight, bias] =
                [length + 1, length + 2, length + 3].map(|seed| random(seed, 1.0)[..length].to_vec());
            let mut sum = x.clone();
            add_assign::<S>(&mut sum, &residual);
            let expected: Vec<f32> = x.iter().zip(&residual).map(|(x, y)| x + y).collect();
            assert_eq!(sum, expected);

            for (residual, y) in [(None, &x), (Some(&residual[..]), &sum)] {
                let y: Vec<f64> = y.iter().map(|&y| y.into()).collect();
                let mean_of = |f: &dyn Fn(f64) -> f64| y.iter().map(|&y| f(y)).sum::<f64>() / length as f64;
                let mean = mean_of(&|y| y);
                let spread = (mean_of(&|y| (y - mean).powi(2)) + f64::from(eps)).sqrt();
                let root = (mean_of(&|y| y * y) + f64::from(eps)).sqrt();
                let mut out = vec![0.0; length];
                for bias in [None, Some(&bias[..])] {
                    let shift = |i: usize| bias.map_or(0.0, |bias| f64::from(bias[i]));
                    let exact = |i: usize| (y[i] - mean) / spread * f64::from(weight[i]) + shift(i);
                    let exact: Vec<f64> = (0..length).map(exact).collect();
                    layer_norm::<S>(&x, residual, &weight, bias, eps, &mut out);
                    // A rounding of the mean weighs as much as the deviations are small.
                    let tolerance = 3e-6 / spread.min(1.0);
                    assert_at_most("LayerNorm", tolerance, largest_difference(&out, &exact));
                }
                rms_norm::<S>(&x, residual, &weight, eps, &mut out);
                let exact: Vec<f64> = y.iter().zip(&weight).map(|(y, &w)| y / root * f64::from(w)).collect();
                assert_at_most("RMSNorm", 1e-6, largest_difference(&out, &exact));
            }
        }
    }

    pub fn quantisation_keeps_half_a_step<S: Simd>() {
        for length in (1..=70).chain([384]) {
            for shift in [0.0, -5.0, 5.0] {
                let mut row: Vec<f32> = random(length, 3.0).iter().map(|x| x + shift).collect();
                row[length / 2] = 0.0;
                let mut bytes = vec![0xff; length];
                let (scale, zero_point) = quantize_row::<S>(&row, &mut bytes);
                for (&x, &q) in row.iter().zip(&bytes) {
                    assert!(q <= 127);
                    let error = (f64::from(x) - f64::from(scale) * f64::from(i32::from(q) - zero_point)).abs();
                    assert!(error <= 0.50002 * f64::from(scale), "{x} as {q}");
                }
                assert_eq!(i32::from(bytes[length / 2]), zero_point);
                let mut reference = vec![0; length];
                let of_reference = quantize_row::<Scalar>(&row, &mut reference);
                assert_eq!(((scale, zero_point), &bytes), (of_reference, &reference));
            }
        }
    }

    pub fn strange_rows_are_quantised_safely<S: Simd>() {
        let quantize = |row: [f32; 20]| {
            let mut bytes = [0xff; 20];
            let (scale, zero_point) = quantize_row::<S>(&row, &mut bytes);
            (scale, zero_point, bytes)
        };
        assert_eq!(quantize([0.0; 20]), (0.0, 0, [0; 20]));
        assert_eq!(quantize([1e-40; 20]), (0.0, 0, [0; 20]));
        assert_eq!(quantize([2.0; 20]), (2.0 / 127.0, 0, [127; 20]));
        assert_eq!(quantize([-2.0; 20]), (2.0 / 127.0, 127, [0; 20]));
        // Both ends lie half-way between two steps.
        let mut row = [0.0; 20];
        (row[0], row[19]) = (-63.5, 63.5);
        let (scale, zero_point, bytes) = quantize(row);
        assert_eq!((scale, zero_point, bytes[0], bytes[19]), (1.0, 64, 0, 127));
        for strange in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for place in [0, 9, 19] {
                let mut row = [1.0; 20];
                row[place] = strange;
                assert!(quantize(row).0.is_nan(), "{strange} at {place}");
            }
        }
    }

    pub fn every_f16_is_widened<S: Simd>() {
        let halves: Vec<u16> = (0..=u16::MAX).collect();
        let mut wide = vec![0.0; halves.len()];
        widen_f16::<S>(&halves, &mut wide);
        for (&half, &x) in halves.iter().zip(&wide) {
            let expected = half::f16::from_bits(half).to_f32();
            assert!(x.to_bits() == expected.to_bits() || x.is_nan() && expected.is_nan(), "{half:#x}: {x}");
            assert!(x.is_nan() || narrow_f16(x) == half, "{half:#x}: {x}");
        }
        for length in 0..=70 {
            let mut part = vec![0.0; length];
            widen_f16::<S>(&halves[1_000..1_000 + length], &mut part);
            assert_eq!(part, wide[1_000..1_000 + length]);
        }
        assert!(overflows_f16(65_520.0) && !overflows_f16(65_519.0) && !overflows_f16(f32::INFINITY));
        assert_eq!(narrow_f16(2_049.0), narrow_f16(2_048.0), "ties to even");
    }
}

const ACTIVATIONS: [Activation; 16] = [
    Activation::Gelu,
    Activation::GeluClipped,
    Activation::GeluTanh,
    Activation::GeluSigmoid,
    Activation::HardSwish,
    Activation::Laplace,
    Activation::LeakyRelu,
    Activation::Linear,
    Activation::Mish,
    Activation::Relu,
    Activation::Relu6,
    Activation::ReluSquared,
    Activation::Sigmoid,
    Activation::Silu,
    Activation::SqrtSoftplus,
    Activation::Tanh,
];

/// The definition in f64.
#[expect(clippy::approx_constant, reason = "the mean of `laplace` is rounded in its definition")]
fn exact(function: Activation, x: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
    let gelu = x / 2.0 * (1.0 + exact_erf(x * std::f64::consts::FRAC_1_SQRT_2));
    match function {
        Activation::Gelu => gelu,
        Activation::GeluClipped => gelu.clamp(-10.0, 10.0),
        Activation::GeluTanh => {
            let slope = (2.0 / std::f64::consts::PI).sqrt();
            x / 2.0 * (1.0 + (slope * (x + 0.044_715 * x * x * x)).tanh())
        }
        Activation::GeluSigmoid => x * sigmoid(1.702 * x),
        Activation::HardSwish => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
        Activation::Laplace => (1.0 + exact_erf((x - 0.707_107) / (0.282_095 * 2.0_f64.sqrt()))) / 2.0,
        Activation::LeakyRelu => x.max(0.01 * x),
        Activation::Linear => x,
        Activation::Mish => x * softplus(x).tanh(),
        Activation::Relu => x.max(0.0),
        Activation::Relu6 => x.clamp(0.0, 6.0),
        Activation::ReluSquared => x.max(0.0).powi(2),
        Activation::Sigmoid => sigmoid(x),
        Activation::Silu => x * sigmoid(x),
        Activation::SqrtSoftplus => softplus(x).sqrt(),
        Activation::Tanh => x.tanh(),
    }
}

/// `2/√π · e^(−x²) · Σ 2ⁿ·x²ⁿ⁺¹ / (2n+1)!!`, whose terms do not cancel.
fn exact_erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut sum, mut term, mut odd) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        odd += 2.0;
        term *= 2.0 * x * x / odd;
        sum += term;
    }
    sum * (-x * x).exp() * std::f64::consts::FRAC_2_SQRT_PI
}

/// Distance of the f32 numbers around `exact`.
fn ulp(exact: f64) -> f64 {
    let bits = (exact.abs() as f32).to_bits();
    f64::from(f32::from_bits(bits + 1)) - f64::from(f32::from_bits(bits))
}

/// The largest error over a dense sweep of what matters and a coarse one of all finite numbers.
fn worst<S: Simd>(
    function: impl Fn(Block<S>) -> Block<S>,
    exact: impl Fn(f64) -> f64,
    error: impl Fn(f32, f32, f64) -> f64,
) -> f64 {
    let dense = (-50_000..=50_000).map(|i| i as f32 * 0.002_000_3);
    let coarse = (0..u32::MAX).step_by(60_013).map(f32::from_bits).filter(|x| x.is_finite());
    let x: Vec<f32> = dense.chain(coarse).collect();
    let y = map::<S>(&x, function);
    largest(x.iter().zip(&y).map(|(&x, &y)| error(x, y, exact(x.into()))))
}

fn map<S: Simd>(x: &[f32], function: impl Fn(Block<S>) -> Block<S>) -> Vec<f32> {
    let mut y = x.to_vec();
    update::<S, 0>(&mut y, [], 0.0, |x, _| function(x));
    y
}

/// The same numbers for the same count, evenly spread over −reach..reach.
fn random(count: usize, reach: f32) -> Vec<f32> {
    let mut state = count as u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| next() * reach).collect()
}

fn largest_difference(numbers: &[f32], exact: &[f64]) -> f64 {
    assert_eq!(numbers.len(), exact.len());
    largest(numbers.iter().zip(exact).map(|(&x, exact)| (f64::from(x) - exact).abs()))
}

/// The largest of the errors; infinite if one is NaN.
fn largest(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(0.0, |largest, error| if error.is_nan() { f64::INFINITY } else { largest.max(error) })
}

#[track_caller]
fn assert_at_most(what: &str, bound: f64, error: f64) {
    assert!(error <= bound, "{what}: {error:e}");
}
