//! Weights in int8, eight signed bits with one scale per output; each row of activations is
//! quantised to seven bits with a zero point as it comes.
//!
//! The products are whole numbers and their sums exact, so every form of the dot product
//! gives the same bits. With seven bits on one side, no sum of two products overflows 16.

use std::fmt::Debug;
use std::marker::PhantomData;
#[cfg(target_feature = "relaxed-simd")]
use std::sync::OnceLock;

use super::matrix::{Column, Kernel, PANEL, Panel, Product, TileOf, Tiles};
#[cfg(target_feature = "relaxed-simd")]
use super::matrix::{Epilogue, Matrix};
use super::rows::quantize_row;
use super::simd::{Scalar, Simd};
use super::{Precision, StoredRow};

/// Largest stored weight.
const LARGEST: f32 = 127.0;

/// An instruction for dot products of small groups of inputs.
pub trait Dot: Debug + Copy + Send + Sync + 'static {
    /// Instruction set of the sums.
    type S: Simd;
    /// A quantised activation as the instruction reads it.
    type Number: Copy + Default + From<u8>;
    /// Weights of four columns for one step.
    type Weights: Copy;
    /// One row's numbers for one step, for each of four columns.
    type Numbers: Copy;

    /// Name in tables.
    const NAME: &'static str;
    /// Inputs of a step.
    const GROUP: usize;

    /// Weights of four columns, column after column.
    ///
    /// # Safety
    /// `4 · GROUP` weights can be read.
    unsafe fn weights(from: *const i8) -> Self::Weights;

    /// A group of one row.
    ///
    /// # Safety
    /// `GROUP` numbers can be read.
    unsafe fn numbers(from: *const Self::Number) -> Self::Numbers;

    /// Adds the dot products of the four columns.
    fn dot(weights: Self::Weights, numbers: Self::Numbers, sums: <Self::S as Simd>::I) -> <Self::S as Simd>::I;
}

/// Weights in int8 with the instruction `D`.
#[derive(Debug, Clone, Copy)]
pub struct Int8<D>(PhantomData<D>);

impl<D> Int8<D> {
    /// The kernel.
    pub const KERNEL: Self = Int8(PhantomData);
}

// SAFETY: `drive` writes all columns of all rows; its tiles read eight weights for each input of a whole group.
unsafe impl<D: Dot> Kernel for Int8<D> {
    fn name(&self) -> &'static str {
        D::NAME
    }

    fn panel_bytes(&self, inputs: usize) -> usize {
        inputs.next_multiple_of(D::GROUP) * PANEL
    }

    fn precision(&self) -> Precision {
        Precision::Q8
    }

    /// A panel is `[inputs / GROUP][8][GROUP]`.
    fn pack(&self, weights: &StoredRow<'_>, panel: &mut [u8], column: usize) -> Column {
        let (cells, scale) = weights.as_int8();
        let mut sum = 0;
        for (input, &stored) in cells.iter().enumerate() {
            let (group, within) = (input / D::GROUP, input % D::GROUP);
            panel[(group * PANEL + column) * D::GROUP + within] = stored as u8;
            sum += i32::from(stored);
        }
        Column { scale, sum }
    }

    fn rescale(&self, _: &mut [u8], _: usize, kept: Column, factor: f32) -> Column {
        Column { scale: kept.scale * factor, ..kept }
    }

    fn run(&self, product: &mut Product<'_>) {
        let mut tiles = Int8Tiles::<D>::quantize(product.x, product.rows, product.matrix.inputs());
        product.drive(&mut tiles);
    }
}

/// The scale by which a row of weights is stored: the largest becomes 127. NaN when one of them is
/// not finite, so that everything that is computed with the row is not either.
pub(super) fn scale_of(weights: &[f32]) -> f32 {
    let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    match weights.iter().all(|weight| weight.is_finite()) {
        true if largest > 0.0 => largest / LARGEST,
        true => 1.0,
        false => f32::NAN,
    }
}

/// A weight as it is stored: times `scale` it is off by half a `scale` at most.
pub(super) fn quantize(weight: f32, scale: f32) -> i8 {
    (weight / scale).round_ties_even() as i8
}

/// The quantised rows, and the columns of the current panel.
struct Int8Tiles<D: Dot> {
    numbers: Vec<D::Number>,
    /// Numbers of a row, a multiple of the group.
    length: usize,
    rows: Vec<(f32, i32)>,
    scales: [f32; PANEL],
    sums: [i32; PANEL],
}

impl<D: Dot> Int8Tiles<D> {
    fn quantize(x: &[f32], rows: usize, inputs: usize) -> Self {
        let length = inputs.next_multiple_of(D::GROUP);
        let mut numbers = vec![D::Number::default(); rows * length];
        let mut bytes = vec![0; inputs];
        let quantize = |(row, x): (usize, &[f32])| {
            let quantized = quantize_row::<D::S>(x, &mut bytes);
            for (number, &byte) in numbers[row * length..].iter_mut().zip(&bytes) {
                *number = byte.into();
            }
            quantized
        };
        let rows = x.chunks_exact(inputs).enumerate().map(quantize).collect();
        Int8Tiles { numbers, length, rows, scales: [0.0; PANEL], sums: [0; PANEL] }
    }
}

// SAFETY: a panel has eight weights for each of the `length` numbers of a row.
unsafe impl<D: Dot> Tiles for Int8Tiles<D> {
    type S = D::S;
    // One less than in f32: the instruction's code needs a register of its own.
    const ROWS: usize = if D::S::ROWS > 5 { 5 } else { D::S::ROWS };

    fn enter(&mut self, panel: Panel<'_>) {
        self.scales = panel.columns.map(|column| column.scale);
        self.sums = panel.columns.map(|column| column.sum);
    }

    #[inline(always)]
    unsafe fn tile<const R: usize>(&self, row: usize, panel: Panel<'_>) -> TileOf<D::S, R> {
        let weights: *const i8 = panel.lines.as_ptr().cast();
        let mut sums = [[D::S::splat_i(0); 2]; R];
        // SAFETY: the rows exist, and the panel has eight weights for each of `length` inputs.
        unsafe {
            let numbers = self.numbers.as_ptr().add(row * self.length);
            for group in 0..self.length / D::GROUP {
                let left = D::weights(weights.add(group * D::GROUP * PANEL));
                let right = D::weights(weights.add(group * D::GROUP * PANEL + 4 * D::GROUP));
                for (row, sum) in sums.iter_mut().enumerate() {
                    let numbers = D::numbers(numbers.add(row * self.length + group * D::GROUP));
                    *sum = [D::dot(left, numbers, sum[0]), D::dot(right, numbers, sum[1])];
                }
            }
            let mut tile = [[D::S::splat(0.0); 2]; R];
            for (index, (tile, sums)) in tile.iter_mut().zip(sums).enumerate() {
                let (scale, zero_point) = self.rows[row + index];
                for half in 0..2 {
                    let shift = D::S::mul_i(D::S::splat_i(zero_point), D::S::load_i(self.sums.as_ptr().add(4 * half)));
                    let whole = D::S::to_float(D::S::sub_i(sums[half], shift));
                    let scales = D::S::mul(D::S::splat(scale), D::S::load(self.scales.as_ptr().add(4 * half)));
                    tile[half] = D::S::mul(whole, scales);
                }
            }
            tile
        }
    }
}

/// The fastest form for this build and, where there is a clock (`measure_by`) or a decision (`force`),
/// for this processor.
pub fn best() -> &'static dyn Kernel {
    #[cfg(target_feature = "relaxed-simd")]
    return match (FORM.get(), CLOCK.get()) {
        (None, Some(clock)) => FORM.get_or_init(|| measure(clock)).kernel(),
        (form, _) => form.unwrap_or(&Form::Add).kernel(),
    };
    #[cfg(all(target_feature = "simd128", not(target_feature = "relaxed-simd")))]
    return &Int8::<WideDot>::KERNEL;
    #[cfg(not(target_feature = "simd128"))]
    &Int8::<ScalarDot>::KERNEL
}

/// The two relaxed forms. They give the same numbers; which is faster depends on the processor.
#[cfg(target_feature = "relaxed-simd")]
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// [`AddDot`]
    Add,
    /// [`PairDot`]
    Pair,
}

/// The form in use, once it is decided.
#[cfg(target_feature = "relaxed-simd")]
static FORM: OnceLock<Form> = OnceLock::new();

/// What it can be decided by.
#[cfg(target_feature = "relaxed-simd")]
static CLOCK: OnceLock<fn() -> f64> = OnceLock::new();

#[cfg(target_feature = "relaxed-simd")]
impl Form {
    fn kernel(self) -> &'static dyn Kernel {
        match self {
            Form::Add => &Int8::<AddDot>::KERNEL,
            Form::Pair => &Int8::<PairDot>::KERNEL,
        }
    }
}

/// Uses `form` from now on, unless one was decided on before.
#[cfg(target_feature = "relaxed-simd")]
pub fn force(form: Form) {
    FORM.get_or_init(|| form);
}

/// Has the form decided by a measurement, when one is needed for the first time. `clock` gives
/// milliseconds.
#[cfg(target_feature = "relaxed-simd")]
pub fn measure_by(clock: fn() -> f64) {
    CLOCK.get_or_init(|| clock);
}

/// The faster form, by a measurement of some thirty milliseconds.
///
/// A browser runs new code slowly until it has compiled it again, in its own time; so the forms
/// take turns, and the best turn of each counts.
#[cfg(target_feature = "relaxed-simd")]
fn measure(clock: &fn() -> f64) -> Form {
    const SIZE: usize = 192;
    const TURNS: usize = 16;
    let x = vec![0.5; 24 * SIZE];
    let weights = StoredRow::new(Precision::Q8, &x[..SIZE]);
    let [mut add, mut pair] = [Form::Add, Form::Pair].map(|form| {
        let mut matrix = Matrix::reserve(form.kernel(), 1, SIZE, SIZE);
        for row in 0..SIZE {
            matrix.iter_mut().for_each(|matrix| matrix.write_row(row, &weights));
        }
        (matrix, 0)
    });
    for _ in 0..TURNS {
        for (matrix, best) in [&mut add, &mut pair] {
            // Products in a millisecond: the clock may be as coarse as a tenth of one.
            let (start, mut products) = (clock(), 0);
            while clock() - start < 1.0 {
                matrix.iter().for_each(|matrix| drop(matrix.multiply(&x, 0..1, Epilogue::default())));
                products += 1;
            }
            *best = products.max(*best);
        }
    }
    if pair.1 > add.1 { Form::Pair } else { Form::Add }
}

/// The definition, for reference and for native builds.
#[derive(Debug, Clone, Copy)]
pub struct ScalarDot;

impl Dot for ScalarDot {
    type S = Scalar;
    type Number = u8;
    type Weights = [[i8; 4]; 4];
    type Numbers = [u8; 4];
    const NAME: &'static str = "int8 scalar";
    const GROUP: usize = 4;

    #[inline(always)]
    unsafe fn weights(from: *const i8) -> [[i8; 4]; 4] {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[[i8; 4]; 4]>().read() }
    }

    #[inline(always)]
    unsafe fn numbers(from: *const u8) -> [u8; 4] {
        // SAFETY: the caller's promise.
        unsafe { from.cast::<[u8; 4]>().read() }
    }

    #[inline(always)]
    fn dot(weights: [[i8; 4]; 4], numbers: [u8; 4], sums: [i32; 4]) -> [i32; 4] {
        let product = |weights: [i8; 4]| -> i32 {
            weights.iter().zip(numbers).map(|(&weight, number)| i32::from(weight) * i32::from(number)).sum()
        };
        std::array::from_fn(|column| sums[column] + product(weights[column]))
    }
}

#[cfg(target_feature = "simd128")]
pub use wasm::WideDot;
#[cfg(target_feature = "relaxed-simd")]
pub use wasm::{AddDot, PairDot};

#[cfg(target_feature = "simd128")]
mod wasm {
    use super::Dot;
    use crate::kernels::simd::Plain;
    use core::arch::wasm32::*;

    /// Products of 16-bit numbers: what simd128 has.
    #[derive(Debug, Clone, Copy)]
    pub struct WideDot;

    impl Dot for WideDot {
        type S = Plain;
        type Number = i16;
        type Weights = v128;
        type Numbers = v128;
        const NAME: &'static str = "int8 simd128";
        const GROUP: usize = 2;

        #[inline(always)]
        unsafe fn weights(from: *const i8) -> v128 {
            // SAFETY: the caller's promise.
            unsafe { i16x8_load_extend_i8x8(from) }
        }

        #[inline(always)]
        unsafe fn numbers(from: *const i16) -> v128 {
            // SAFETY: the caller's promise.
            unsafe { v128_load32_splat(from.cast()) }
        }

        #[inline(always)]
        fn dot(weights: v128, numbers: v128, sums: v128) -> v128 {
            i32x4_add(i32x4_dot_i16x8(weights, numbers), sums)
        }
    }

    macro_rules! relaxed {
        ($(#[$doc:meta])* $name:ident, $label:literal, |$weights:ident, $numbers:ident, $sums:ident| $dot:expr) => {
            $(#[$doc])*
            #[cfg(target_feature = "relaxed-simd")]
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            #[cfg(target_feature = "relaxed-simd")]
            impl Dot for $name {
                type S = crate::kernels::simd::Relaxed;
                type Number = u8;
                type Weights = v128;
                type Numbers = v128;
                const NAME: &'static str = $label;
                const GROUP: usize = 4;

                #[inline(always)]
                unsafe fn weights(from: *const i8) -> v128 {
                    // SAFETY: the caller's promise.
                    unsafe { v128_load(from.cast()) }
                }

                #[inline(always)]
                unsafe fn numbers(from: *const u8) -> v128 {
                    // SAFETY: the caller's promise.
                    unsafe { v128_load32_splat(from.cast()) }
                }

                #[inline(always)]
                fn dot($weights: v128, $numbers: v128, $sums: v128) -> v128 {
                    $dot
                }
            }
        };
    }

    relaxed!(
        /// The instruction that multiplies and adds at once: one machine instruction where the
        /// processor has AVX-VNNI or Arm's dot products, five elsewhere.
        AddDot, "int8 relaxed add", |weights, numbers, sums|
        i32x4_relaxed_dot_i8x16_i7x16_add(weights, numbers, sums)
    );

    relaxed!(
        /// Pairs of products, then pairs of pairs: faster where the other form is emulated.
        PairDot, "int8 relaxed pair", |weights, numbers, sums|
        i32x4_add(i32x4_dot_i16x8(i16x8_relaxed_dot_i8x16_i7x16(weights, numbers), i16x8_splat(1)), sums)
    );
}
