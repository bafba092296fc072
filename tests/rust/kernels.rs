//! Products and attention of every kernel of the build against obvious loops, and candle's
//! operations beside a whole layer.

use std::ops::Range;

use candle_core::{Device, Tensor};
use headwise::internals::kernels::attention::rotary::{Rotary, frequencies};
use headwise::internals::kernels::attention::{
    Attention, AttentionMask, Disentangled, RelativeBias, Sequence, Vectors,
};
use headwise::internals::kernels::math::{Activation, activate};
use headwise::internals::kernels::rows::{layer_norm, quantize_row, softmax};
#[cfg(target_feature = "simd128")]
use headwise::internals::kernels::simd::Plain;
#[cfg(target_feature = "relaxed-simd")]
use headwise::internals::kernels::simd::Relaxed;
use headwise::internals::kernels::simd::{Scalar, Simd};
use headwise::internals::kernels::{Epilogue, KERNELS, Kernel, Matrix, StoredRow};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const ACTIVATIONS: [Option<Activation>; 6] = [
    None,
    Some(Activation::Gelu),
    Some(Activation::GeluTanh),
    Some(Activation::Relu),
    Some(Activation::Silu),
    Some(Activation::Tanh),
];

#[test]
fn every_kernel_multiplies() {
    let mut random = Random(1);
    // 140 rows are two blocks.
    for (case, rows) in (1..=70).chain([140]).enumerate() {
        let (parts, outputs, inputs) = (1 + random.below(3), 1 + random.below(40), 1 + random.below(90));
        let layer = Layer::random(&mut random, parts, outputs, if rows == 64 { 3_001 } else { inputs });
        let first = random.below(parts);
        let chosen = first..first + 1 + random.below(parts - first);
        // Not around zero, so that zero points differ.
        let shift = random.below(3) as f32 - 1.0;
        let x: Vec<f32> = random.numbers(rows * layer.inputs).iter().map(|x| x + shift).collect();
        let bias = (case % 2 == 1).then(|| random.numbers(chosen.len() * outputs));
        let activation = ACTIVATIONS[case / 2 % ACTIVATIONS.len()];
        let epilogue = Epilogue { bias: bias.as_deref(), activation, ..Epilogue::default() };
        for &kernel in KERNELS {
            let y = layer.pack(kernel).multiply(&x, chosen.clone(), epilogue);
            assert_eq!(y.len(), rows * chosen.len() * outputs);
            let what = format!("{} on {rows} × {inputs}, {chosen:?} of {parts} × {outputs}", kernel.name());
            if kernel.name().starts_with("int8") {
                let expected = layer.multiply_in_int8(&x, chosen.clone(), epilogue, kernel);
                assert_eq!(bits(&y), bits(&expected), "{what}");
            } else {
                let exact = layer.of_format(kernel).multiply_exactly(&x, chosen.clone(), epilogue);
                for (y, (exact, bound)) in y.into_iter().zip(exact) {
                    assert!((f64::from(y) - exact).abs() <= bound, "{what}: {y} for {exact}, may be off by {bound:e}");
                }
            }
        }
    }
}

#[test]
fn a_row_does_not_depend_on_its_neighbours() {
    let mut random = Random(2);
    let layer = Layer::random(&mut random, 2, 21, 37);
    let x = random.numbers(140 * layer.inputs);
    for &kernel in KERNELS {
        let matrix = layer.pack(kernel);
        for activation in [None, Some(Activation::Gelu)] {
            let epilogue = Epilogue { bias: Some(&layer.weights[..42]), activation, ..Epilogue::default() };
            let together = bits(&matrix.multiply(&x, 0..2, epilogue));
            for group in 1..=13 {
                let groups = x.chunks(group * layer.inputs).flat_map(|x| matrix.multiply(x, 0..2, epilogue));
                assert_eq!(bits(&groups.collect::<Vec<_>>()), together, "{} in groups of {group}", kernel.name());
            }
        }
    }
}

#[test]
fn a_gate_is_multiplied_with_its_other_half() {
    let mut random = Random(7);
    let layer = Layer::random(&mut random, 3, 21, 37);
    let bias = random.numbers(42);
    for rows in [1, 5, 13, 140] {
        let x = random.numbers(rows * layer.inputs);
        for (&kernel, activation) in KERNELS.iter().flat_map(|kernel| ACTIVATIONS.map(|function| (kernel, function))) {
            let matrix = layer.pack(kernel);
            let multiply = |parts, bias, activation, gated| {
                matrix.multiply(&x, parts, Epilogue { bias: Some(bias), activation, gated })
            };
            let gate = multiply(1..2, &bias[..21], activation, false);
            let up = multiply(2..3, &bias[21..], None, false);
            let expected: Vec<f32> = gate.iter().zip(up).map(|(gate, up)| gate * up).collect();
            let y = multiply(1..3, &bias, activation, true);
            assert_eq!(bits(&y), bits(&expected), "{}, {activation:?}", kernel.name());
        }
    }
}

/// simd128 computes what the reference computes; a fused multiply-add rounds less.
#[test]
fn instruction_sets_agree() {
    let mut random = Random(3);
    let layer = Layer::random(&mut random, 1, 53, 384);
    let x = random.numbers(19 * layer.inputs);
    for activation in ACTIVATIONS {
        let epilogue = Epilogue { activation, ..Epilogue::default() };
        let multiply = |kernel| layer.pack(kernel).multiply(&x, 0..1, epilogue);
        for format in ["f32", "f16"] {
            let kernels = || KERNELS.iter().filter(|kernel| kernel.name().starts_with(format));
            let expected = multiply(*kernels().next().expect("a reference"));
            let magnitude = expected.iter().fold(0.0_f32, |largest, y| largest.max(y.abs()));
            for &kernel in kernels() {
                let y = multiply(kernel);
                if kernel.name().ends_with("relaxed") {
                    assert_at_most(kernel.name(), 1e-5, difference(&y, &expected) / f64::from(magnitude));
                } else {
                    assert_eq!(bits(&y), bits(&expected), "{}, {activation:?}", kernel.name());
                }
            }
        }
    }
}

#[test]
fn what_is_not_finite_stays_in_its_row_and_column() {
    let mut random = Random(4);
    let layer = Layer::random(&mut random, 2, 11, 35);
    let x = random.numbers(9 * layer.inputs);
    for (&kernel, activation) in KERNELS.iter().flat_map(|kernel| ACTIVATIONS.map(|activation| (kernel, activation))) {
        let epilogue = Epilogue { activation, ..Epilogue::default() };
        let multiply = |layer: &Layer, x: &[f32]| layer.pack(kernel).multiply(x, 0..2, epilogue);
        let clean = multiply(&layer, &x);
        // An activation makes finite numbers of infinite ones.
        let strange = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        let strange = if activation.is_none() { &strange[..] } else { &strange[..1] };
        let what = format!("{}, {activation:?}", kernel.name());
        for (&strange, place) in strange.iter().flat_map(|strange| [0, 17, 34].map(|place| (strange, place))) {
            for poisoned in 0..9 {
                let mut x = x.clone();
                x[poisoned * layer.inputs + place] = strange;
                for (index, (y, clean)) in multiply(&layer, &x).into_iter().zip(&clean).enumerate() {
                    let right = if index / 22 == poisoned { !y.is_finite() } else { y == *clean };
                    assert!(right, "{what}: {y} from row {}, {strange} in row {poisoned}", index / 22);
                }
            }
            for poisoned in [0, 7, 8, 10, 11, 21] {
                let mut layer = layer.clone();
                layer.weights[poisoned * layer.inputs + place] = strange;
                for (index, y) in multiply(&layer, &x).into_iter().enumerate() {
                    let right = (index % 22 == poisoned) != y.is_finite();
                    assert!(right, "{what}: {y} from column {}, {strange} in {poisoned}", index % 22);
                }
            }
        }
    }
}

#[test]
fn numbers_may_be_tiny_and_huge() {
    let mut random = Random(5);
    let layer = Layer::random(&mut random, 1, 13, 35);
    let x = random.numbers(7 * layer.inputs);
    let times = |numbers: &[f32], factor: f32| numbers.iter().map(|x| x * factor).collect::<Vec<f32>>();
    let with = |factor| Layer { weights: times(&layer.weights, factor), ..layer.clone() };
    for &kernel in KERNELS {
        let multiply = |layer: &Layer, x: &[f32]| layer.pack(kernel).multiply(x, 0..1, Epilogue::default());
        let plain = multiply(&layer, &x);
        // Zeros, subnormals.
        for tiny in [0.0, -0.0, 1e-40, -1e-40] {
            let bound = if tiny == 0.0 { 0.0 } else { 1e-38 };
            for y in [multiply(&layer, &times(&x, tiny)), multiply(&with(tiny), &x)].concat() {
                assert!(y.abs() <= bound, "{}: {y:e} with {tiny:e}", kernel.name());
            }
        }
        // 2¹⁰⁰: nothing but the exponent changes. As weights, it is beyond f16.
        let huge = 2.0_f32.powi(100);
        let expected = times(&plain, huge);
        assert_eq!(multiply(&layer, &times(&x, huge)), expected, "{}", kernel.name());
        if !kernel.name().starts_with("f16") {
            assert_eq!(multiply(&with(huge), &x), expected, "{}", kernel.name());
        }
    }
}

/// Calls a generic function for each instruction set of the build.
macro_rules! on_every_instruction_set {
    ($check:ident) => {
        $check::<Scalar>();
        #[cfg(target_feature = "simd128")]
        $check::<Plain>();
        #[cfg(target_feature = "relaxed-simd")]
        $check::<Relaxed>();
    };
}

#[test]
fn attention_is_the_formula() {
    fn check<S: Simd>() {
        for size in [1, 3, 12, 32, 64] {
            let tokens = Tokens::random(if size < 32 { 6 } else { 2 }, size, &[1, 2, 130, 7, 8, 23, 24, 25, 49]);
            for attention in tokens.variants() {
                let y = tokens.run::<S>(&attention, &tokens.sequences);
                tokens.assert_exact::<S>(&attention, &tokens.sequences, &y);
            }
        }
    }
    on_every_instruction_set!(check);
}

/// Decoders attend to the tokens of an encoder, of which there may be fewer.
#[test]
fn queries_may_be_of_another_sequence() {
    fn check<S: Simd>() {
        let tokens = Tokens::random(3, 12, &[9, 80]);
        let [short, long] = [tokens.sequences[0].keys.clone(), tokens.sequences[1].keys.clone()];
        let crossed = [
            Sequence { keys: short.clone(), queries: long.clone(), position: 0 },
            Sequence { keys: long, queries: short, position: 0 },
        ];
        for attention in tokens.variants().into_iter().filter(|attention| attention.mask == AttentionMask::ALL) {
            // Rows of the result are those of the queries: the order of sequences is free.
            let y = tokens.run::<S>(&attention, &crossed);
            tokens.assert_exact::<S>(&attention, &crossed, &y);
        }
    }
    on_every_instruction_set!(check);
}

#[test]
fn some_queries_get_what_all_get() {
    fn check<S: Simd>() {
        // The first, the last, one in the middle, several.
        let parts: [fn(usize) -> Range<usize>; 4] =
            [|_| 0..1, |end| end - 1..end, |end| end / 2..end / 2 + 1, |end| end / 3..end - end / 4];
        for size in [3, 64] {
            let tokens = Tokens::random(2, size, &[1, 2, 130, 7, 25, 75]);
            let width = 2 * size;
            let cases = tokens.variants().into_iter().flat_map(|attention| parts.map(|part| (attention, part)));
            for (attention, part) in cases {
                let together = tokens.run::<S>(&attention, &tokens.sequences);
                let (mut q, mut sequences, mut expected) = (vec![], vec![], vec![]);
                for Sequence { keys, .. } in tokens.sequences.clone() {
                    let (first, part) = (q.len() / width, part(keys.len()));
                    for row in keys.start + part.start..keys.start + part.end {
                        q.extend_from_slice(&tokens.qkv[row * tokens.stride + 1..][..width]);
                        expected.extend_from_slice(&together[row * width..][..width]);
                    }
                    sequences.push(Sequence { keys, queries: first..q.len() / width, position: part.start });
                }
                let q = Vectors { numbers: &q, stride: width, offset: 0 };
                let y = attention.run::<S>(q, tokens.part(1), tokens.part(2), &sequences);
                assert_eq!(bits(&y), bits(&expected), "{}, {size}, {attention:?}", S::NAME);
            }
        }
    }
    on_every_instruction_set!(check);
}

#[test]
fn a_sequence_does_not_depend_on_the_others() {
    fn check<S: Simd>() {
        let tokens = Tokens::random(3, 12, &[26, 7, 1, 100, 2, 8]);
        for attention in tokens.variants() {
            let together = tokens.run::<S>(&attention, &tokens.sequences);
            for sequence in &tokens.sequences {
                let keys = &sequence.keys;
                let mut poisoned = tokens.clone();
                poisoned.qkv.fill(f32::NAN);
                let numbers = keys.start * tokens.stride..keys.end * tokens.stride;
                poisoned.qkv[numbers.clone()].copy_from_slice(&tokens.qkv[numbers]);
                let y = poisoned.run::<S>(&attention, &tokens.sequences);
                for (row, (y, clean)) in y.chunks(36).zip(together.chunks(36)).enumerate() {
                    let right = if keys.contains(&row) { bits(y) == bits(clean) } else { y.iter().all(|y| y.is_nan()) };
                    assert!(right, "{}: row {row}, {keys:?} is clean: {y:?}", S::NAME);
                }

                let alone = [Sequence { queries: 0..keys.len(), ..sequence.clone() }];
                let q = Vectors { offset: tokens.part(0).offset + keys.start * tokens.stride, ..tokens.part(0) };
                let y = attention.run::<S>(q, tokens.part(1), tokens.part(2), &alone);
                let clean = &together[keys.start * 36..keys.end * 36];
                assert_eq!(bits(&y), bits(clean), "{}: {keys:?}, {attention:?}", S::NAME);
            }
        }
    }
    on_every_instruction_set!(check);
}

#[test]
fn rotation_is_the_formula() {
    fn check<S: Simd>() {
        let positions = [0, 1, 2, 700, 8_191, 5];
        // `left` numbers at the end of a vector do not turn.
        for (turned, left, heads) in [(2, 0, 3), (6, 1, 1), (12, 4, 2), (16, 16, 5), (30, 0, 2), (64, 0, 3)] {
            for (interleaved, scale) in [(false, 1.0), (true, 1.0), (false, 1.5), (true, 1.5)] {
                let size = turned + left;
                let (stride, offset) = (heads * size + 3, 2);
                let before = Random(size as u32).numbers(positions.len() * stride);
                let frequencies = frequencies(10_000.0, turned);
                let mut after = before.clone();
                let rotary = Rotary::new(&frequencies, scale, interleaved, 8_192);
                let columns = offset..offset + heads * size;
                rotary.rotate::<S>(&mut after, stride, columns, size, positions.into_iter());
                let mut expected: Vec<f64> = before.iter().map(|&x| x.into()).collect();
                for (row, position) in positions.into_iter().enumerate() {
                    for (head, plane) in (0..heads).flat_map(|head| (0..turned / 2).map(move |plane| (head, plane))) {
                        let vector = row * stride + offset + head * size;
                        let (x, y) = match interleaved {
                            false => (vector + plane, vector + plane + turned / 2),
                            true => (vector + 2 * plane, vector + 2 * plane + 1),
                        };
                        let (sin, cos) = f64::from(position as f32 * frequencies[plane]).sin_cos();
                        let [a, b] = [x, y].map(|place| expected[place] * f64::from(scale));
                        (expected[x], expected[y]) = (a * cos - b * sin, b * cos + a * sin);
                    }
                }
                let error = after.iter().zip(&expected).map(|(&x, exact)| (f64::from(x) - exact).abs());
                let what = format!("{}, {turned} of {size}, {interleaved}, {scale}", S::NAME);
                assert_at_most(&what, 2e-7 * f64::from(scale), largest(error));
                if scale == 1.0 {
                    assert_eq!(bits(&after[..stride]), bits(&before[..stride]), "position 0 does not turn");
                }
            }
        }
    }
    on_every_instruction_set!(check);
    // As torch computes them in f32: `1 / 10000 ** (arange(0, 12, 2) / 12)`.
    assert_eq!(
        bits(&frequencies(10_000.0, 12)),
        [0x3f800000, 0x3e5c9d35, 0x3d3e1e95, 0x3c23d70a, 0x3b0d3169, 0x39f35a5c]
    );
}

#[test]
fn candle_computes_the_same() -> candle_core::Result<()> {
    let mut random = Random(6);
    let (rows, outputs) = (33, 45);
    let layer = Layer::random(&mut random, 1, outputs, 101);
    let (x, bias) = (random.numbers(rows * layer.inputs), random.numbers(outputs));
    let tensor = |numbers: &[f32], shape: &[usize]| Tensor::from_slice(numbers, shape, &Device::Cpu);
    let (b, w) = (tensor(&bias, &[outputs])?, tensor(&layer.weights, &[outputs, layer.inputs])?);
    let hidden = tensor(&x, &[rows, layer.inputs])?.matmul(&w.t()?)?.broadcast_add(&b)?.gelu_erf()?;
    let expected: Vec<f32> = hidden.flatten_all()?.to_vec1()?;
    let epilogue = Epilogue { bias: Some(&bias), activation: Some(Activation::Gelu), ..Epilogue::default() };
    for &kernel in KERNELS.iter().filter(|kernel| kernel.name().starts_with("f32")) {
        let y = layer.pack(kernel).multiply(&x, 0..1, epilogue);
        assert_at_most(kernel.name(), 1e-5, difference(&y, &expected));
    }

    let probabilities = candle_nn::ops::softmax_last_dim(&hidden)?.flatten_all()?.to_vec1::<f32>()?;
    let weight = random.numbers(outputs);
    let normal = candle_nn::ops::layer_norm(&hidden, &tensor(&weight, &[outputs])?, &b, 1e-12)?;
    let normal = normal.flatten_all()?.to_vec1::<f32>()?;
    let of_rows = |softmax: fn(&mut [f32]), norm: &dyn Fn(&[f32], &mut [f32])| {
        for (index, row) in expected.chunks(outputs).enumerate() {
            let place = index * outputs..(index + 1) * outputs;
            let mut y = row.to_vec();
            softmax(&mut y);
            assert_at_most("softmax", 1e-6, difference(&y, &probabilities[place.clone()]));
            norm(row, &mut y);
            assert_at_most("LayerNorm", 1e-5, difference(&y, &normal[place]));
        }
    };
    of_rows(softmax::<Scalar>, &|x, y| layer_norm::<Scalar>(x, None, &weight, Some(&bias), 1e-12, y));
    #[cfg(target_feature = "simd128")]
    of_rows(softmax::<Plain>, &|x, y| layer_norm::<Plain>(x, None, &weight, Some(&bias), 1e-12, y));
    #[cfg(target_feature = "relaxed-simd")]
    of_rows(softmax::<Relaxed>, &|x, y| layer_norm::<Relaxed>(x, None, &weight, Some(&bias), 1e-12, y));
    Ok(())
}

/// Weights as a file has them, `[parts · outputs, inputs]`.
#[derive(Clone)]
struct Layer {
    parts: usize,
    outputs: usize,
    inputs: usize,
    weights: Vec<f32>,
}

impl Layer {
    fn random(random: &mut Random, parts: usize, outputs: usize, inputs: usize) -> Layer {
        Layer { parts, outputs, inputs, weights: random.numbers(parts * outputs * inputs) }
    }

    fn pack(&self, kernel: &'static dyn Kernel) -> Matrix {
        let mut matrix = Matrix::reserve(kernel, self.parts, self.outputs, self.inputs).expect("memory");
        for (row, weights) in self.weights.chunks(self.inputs).enumerate() {
            matrix.write_row(row, &StoredRow::new(kernel.precision(), weights));
        }
        matrix
    }

    /// The weights that a kernel for f32 or f16 keeps.
    fn of_format(&self, kernel: &dyn Kernel) -> Layer {
        let stored = |w: &f32| if kernel.name().starts_with("f16") { half::f16::from_f32(*w).to_f32() } else { *w };
        Layer { weights: self.weights.iter().map(stored).collect(), ..*self }
    }

    /// Results in f64 and how far one in f32 may be off: each of n products is rounded once by
    /// itself and at most n times as part of a sum, by 2⁻²⁴ of what is there. An activation
    /// makes differences larger by 1.13 at most, and is 5e-7 off itself.
    fn multiply_exactly(&self, x: &[f32], parts: Range<usize>, epilogue: Epilogue<'_>) -> Vec<(f64, f64)> {
        let weights = &self.weights[parts.start * self.outputs * self.inputs..parts.end * self.outputs * self.inputs];
        let mut y = Vec::new();
        for x in x.chunks(self.inputs) {
            for (output, weights) in weights.chunks(self.inputs).enumerate() {
                let bias = epilogue.bias.map_or(0.0, |bias| f64::from(bias[output]));
                let (mut sum, mut magnitude) = (bias, bias.abs());
                for (&x, &w) in x.iter().zip(weights) {
                    sum += f64::from(x) * f64::from(w);
                    magnitude += (f64::from(x) * f64::from(w)).abs();
                }
                let bound = (self.inputs + 2) as f64 * f64::from(f32::EPSILON) / 2.0 * magnitude;
                y.push(match epilogue.activation {
                    None => (sum, bound),
                    Some(function) => (exact(function, sum), 1.13 * bound + 5e-7 * sum.abs().max(1.0)),
                });
            }
        }
        y
    }

    /// What every kernel for int8 has to give to the last bit: weights in −127..=127 with a
    /// scale for each output, rows in 0..=127 with scale and zero point, an exact sum.
    fn multiply_in_int8(
        &self,
        x: &[f32],
        parts: Range<usize>,
        epilogue: Epilogue<'_>,
        kernel: &dyn Kernel,
    ) -> Vec<f32> {
        let weights = self.weights.chunks(self.inputs).map(|row| {
            let scale = row.iter().fold(0.0_f32, |largest, w| largest.max(w.abs())) / 127.0;
            (scale, row.iter().map(|w| (w / scale).round_ties_even() as i32).collect::<Vec<_>>())
        });
        let weights: Vec<_> = weights.skip(parts.start * self.outputs).take(parts.len() * self.outputs).collect();
        let mut y = Vec::new();
        for x in x.chunks(self.inputs) {
            let mut numbers = vec![0; self.inputs];
            let (scale, zero_point) = quantize_row::<Scalar>(x, &mut numbers);
            for (output, (weight_scale, weights)) in weights.iter().enumerate() {
                let products = numbers.iter().zip(weights).map(|(&number, w)| (i32::from(number) - zero_point) * w);
                let sum = products.sum::<i32>() as f32 * (scale * weight_scale);
                y.push(sum + epilogue.bias.map_or(0.0, |bias| bias[output]));
            }
        }
        if let Some(function) = epilogue.activation {
            match kernel.name().split(' ').nth(1) {
                #[cfg(target_feature = "simd128")]
                Some("simd128") => activate::<Plain>(function, &mut y),
                #[cfg(target_feature = "relaxed-simd")]
                Some("relaxed") => activate::<Relaxed>(function, &mut y),
                _ => activate::<Scalar>(function, &mut y),
            }
        }
        y
    }
}

/// Queries, keys and values of some sequences side by side, one unused number before them.
#[derive(Clone)]
struct Tokens {
    heads: usize,
    size: usize,
    stride: usize,
    qkv: Vec<f32>,
    sequences: Vec<Sequence>,
    bias: Vec<f32>,
    /// Keys and queries of relative positions.
    relative: [Vec<f32>; 2],
    /// Their rows.
    rows: Vec<u32>,
}

impl Tokens {
    /// The bias reaches further than any sequence needs.
    const REACH: usize = 131;

    /// Rows of relative positions: fewer than there are distances.
    const ROWS: usize = 40;

    fn random(heads: usize, size: usize, lengths: &[usize]) -> Tokens {
        let mut random = Random(size as u32);
        let stride = 3 * heads * size + 1;
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        let whole = |(end, length)| Sequence { keys: end - length..end, queries: end - length..end, position: 0 };
        let sequences: Vec<Sequence> = ends.zip(lengths).map(whole).collect();
        let rows: usize = lengths.iter().sum();
        // Large enough for softmax to choose.
        let qkv = random.numbers(rows * stride).iter().map(|x| 2.0 * x).collect();
        let bias = random.numbers(heads * (2 * Self::REACH + 1));
        let relative = [(); 2].map(|()| random.numbers(Self::ROWS * heads * size));
        // Near distances have rows of their own, far ones share some, as in DeBERTa.
        let row = |distance: isize| {
            let (near, magnitude) = (10, distance.abs());
            let bucket = if magnitude < near { magnitude } else { near + (magnitude - near) / 13 };
            (20 + bucket * distance.signum()) as u32
        };
        let rows = (-(Self::REACH as isize)..=Self::REACH as isize).map(row).collect();
        Tokens { heads, size, stride, qkv, sequences, bias, relative, rows }
    }

    /// Every mask, every kind of position, and some together.
    fn variants(&self) -> Vec<Attention<'_>> {
        let bias = Some(RelativeBias { table: &self.bias, reach: Self::REACH });
        let relative = |keys: bool, queries: bool| {
            let [k, q] = &self.relative;
            let (keys, queries) = (keys.then_some(&k[..]), queries.then_some(&q[..]));
            Some(Disentangled { keys, queries, rows: &self.rows, reach: Self::REACH })
        };
        let variants = [
            (AttentionMask::ALL, None, None),
            (AttentionMask::window(0), None, None),
            (AttentionMask::window(1), None, None),
            (AttentionMask::window(13), None, None),
            (AttentionMask::window(500), None, None),
            (AttentionMask::CAUSAL, None, None),
            (AttentionMask { before: 9, after: 0 }, None, None),
            (AttentionMask { before: 3, after: 12 }, bias, None),
            (AttentionMask::ALL, bias, None),
            (AttentionMask::window(5), bias, None),
            (AttentionMask::CAUSAL, bias, None),
            (AttentionMask::ALL, None, relative(true, false)),
            (AttentionMask::ALL, None, relative(false, true)),
            (AttentionMask::ALL, None, relative(true, true)),
            (AttentionMask::window(30), bias, relative(true, true)),
            (AttentionMask::CAUSAL, None, relative(true, true)),
        ];
        let scale = 1.0 / (self.size as f32).sqrt();
        let variants = variants.map(|(mask, bias, relative)| {
            let scale = if relative.is_some() { scale / 2.0 } else { scale };
            Attention { heads: self.heads, kv_heads: self.heads, size: self.size, scale, mask, bias, relative }
        });
        // Those without relative positions with fewer heads of keys, too.
        let divisors = (1..self.heads).filter(|kv_heads| self.heads.is_multiple_of(*kv_heads));
        let grouped = divisors.flat_map(|kv_heads| {
            let alone = variants.iter().filter(|attention| attention.relative.is_none());
            alone.map(move |attention| Attention { kv_heads, ..*attention })
        });
        variants.iter().copied().chain(grouped).collect()
    }

    fn part(&self, part: usize) -> Vectors<'_> {
        Vectors { numbers: &self.qkv, stride: self.stride, offset: 1 + part * self.heads * self.size }
    }

    fn run<S: Simd>(&self, attention: &Attention<'_>, sequences: &[Sequence]) -> Vec<f32> {
        attention.run::<S>(self.part(0), self.part(1), self.part(2), sequences)
    }

    /// Compares a result, and the probabilities of another run, with the formula.
    fn assert_exact<S: Simd>(&self, attention: &Attention<'_>, sequences: &[Sequence], y: &[f32]) {
        let what = format!("{}, {}, {:?}", S::NAME, self.size, attention);
        let width = self.heads * self.size;
        let mut seen = 0;
        let observe = |sequence: usize, head: usize, query: usize, probabilities: &[f32]| {
            let (exact, mixed) = self.exact(attention, &sequences[sequence], head, query);
            assert_eq!(probabilities.len(), exact.len(), "{what}");
            let error = probabilities.iter().zip(&exact).map(|(&p, exact)| {
                assert!(p == 0.0 || *exact > 0.0, "{what}: {p} for an unseen key");
                (f64::from(p) - exact).abs()
            });
            assert_at_most(&what, 2e-6, largest(error));
            let place = (sequences[sequence].queries.start + query) * width + head * self.size;
            let error = y[place..].iter().zip(mixed).map(|(&y, exact)| (f64::from(y) - exact).abs());
            assert_at_most(&what, 3e-6, largest(error));
            seen += 1;
        };
        let observed = attention.run_with::<S>(self.part(0), self.part(1), self.part(2), sequences, observe);
        assert_eq!(seen * self.size, y.len(), "{what}");
        assert_eq!(bits(&observed), bits(y), "{what}");
    }

    /// Probabilities of all keys for a query, and the values mixed by them.
    fn exact(&self, attention: &Attention<'_>, sequence: &Sequence, head: usize, query: usize) -> (Vec<f64>, Vec<f64>) {
        let vector = |part: usize, row: usize| {
            let Vectors { numbers, stride, offset } = self.part(part);
            let head = if part == 0 { head } else { head * attention.kv_heads / attention.heads };
            &numbers[row * stride + offset + head * self.size..][..self.size]
        };
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
        let q = vector(0, sequence.queries.start + query);
        let position = sequence.position + query;
        let weight = |(place, row): (usize, usize)| {
            let AttentionMask { before, after } = attention.mask;
            let sees = place <= position.saturating_add(after) && position <= place.saturating_add(before);
            let k = vector(1, row);
            let mut score = dot(q, k);
            if let Some(Disentangled { keys, queries, rows, reach }) = attention.relative {
                let row = rows[reach + position - place] as usize * self.heads + head;
                let relative = |table: &[f32], x: &[f32]| dot(&table[row * self.size..][..self.size], x);
                score += keys.map_or(0.0, |keys| relative(keys, q)) + queries.map_or(0.0, |all| relative(all, k));
            }
            let bias = attention
                .bias
                .map_or(0.0, |bias| bias.table[head * (2 * bias.reach + 1) + bias.reach + place - position].into());
            // Scores are small: nothing needs to be subtracted.
            if sees { (score * f64::from(attention.scale) + bias).exp() } else { 0.0 }
        };
        let weights: Vec<f64> = sequence.keys.clone().enumerate().map(weight).collect();
        let sum: f64 = weights.iter().sum();
        let probabilities: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let mut mixed = vec![0.0; self.size];
        for (probability, row) in probabilities.iter().zip(sequence.keys.clone()) {
            mixed.iter_mut().zip(vector(2, row)).for_each(|(mixed, &v)| *mixed += probability * f64::from(v));
        }
        (probabilities, mixed)
    }
}

/// The definition, with candle's erf.
fn exact(function: Activation, x: f64) -> f64 {
    match function {
        Activation::Gelu => x / 2.0 * (1.0 + candle_core::cpu::erf::erf_f64(x * std::f64::consts::FRAC_1_SQRT_2)),
        Activation::GeluTanh => {
            x / 2.0 * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3))).tanh())
        }
        Activation::Relu => x.max(0.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Tanh => x.tanh(),
        other => panic!("{other:?} is tested elsewhere"),
    }
}

/// The same numbers in every run.
struct Random(u32);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.0 >> 8
    }

    fn below(&mut self, limit: usize) -> usize {
        self.next() as usize % limit
    }

    /// Evenly spread over −1..1.
    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next() as f32 / 8_388_608.0 - 1.0).collect()
    }
}

fn bits(numbers: &[f32]) -> Vec<u32> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

fn difference(a: &[f32], b: &[f32]) -> f64 {
    assert_eq!(a.len(), b.len());
    largest(a.iter().zip(b).map(|(a, b)| f64::from((a - b).abs())))
}

/// The largest of the errors; infinite if one is NaN.
fn largest(errors: impl Iterator<Item = f64>) -> f64 {
    errors.fold(0.0, |largest, error| if error.is_nan() { f64::INFINITY } else { largest.max(error) })
}

#[track_caller]
fn assert_at_most(what: &str, bound: f64, error: f64) {
    assert!(error <= bound, "{what}: {error:e}");
}
