//! Weights in f32 and in f16; arithmetic in f32.
//!
//! A panel is `[inputs][8]`. Each step of a tile takes eight weights, one number of each row,
//! and adds their products: two loads, `R` broadcasts, `2·R` multiply-adds.

use std::marker::PhantomData;

use super::matrix::{Column, Kernel, Line, PANEL, Panel, Product, TileOf, Tiles};
use super::simd::Simd;
use super::{Precision, StoredRow, half};

/// Weights in f32 on the instruction set `S`.
#[derive(Debug, Clone, Copy)]
pub struct F32<S>(PhantomData<S>);

/// Weights in f16 on the instruction set `S`. A panel is widened once for all rows of a block.
/// An output with a weight beyond f16's range has a power of two beside it ([`half::scale_f16`]).
#[derive(Debug, Clone, Copy)]
pub struct F16<S>(PhantomData<S>);

impl<S> F32<S> {
    /// The kernel.
    pub const KERNEL: Self = F32(PhantomData);
}

impl<S> F16<S> {
    /// The kernel.
    pub const KERNEL: Self = F16(PhantomData);
}

// SAFETY: `drive` writes all columns of all rows; its tiles read eight f32 for each input.
unsafe impl<S: Simd + std::fmt::Debug> Kernel for F32<S> {
    fn name(&self) -> &'static str {
        match S::NAME {
            "relaxed" => "f32 relaxed",
            "simd128" => "f32 simd128",
            _ => "f32 scalar",
        }
    }

    fn panel_bytes(&self, inputs: usize) -> usize {
        inputs * PANEL * size_of::<f32>()
    }

    fn precision(&self) -> Precision {
        Precision::Fp32
    }

    fn pack(&self, weights: &StoredRow<'_>, panel: &mut [u8], column: usize) -> Column {
        let (cells, _) = panel.as_chunks_mut::<4>();
        for (cell, weight) in cells[column..].iter_mut().step_by(PANEL).zip(weights.as_f32()) {
            *cell = weight.to_ne_bytes();
        }
        Column::default()
    }

    fn rescale(&self, panel: &mut [u8], column: usize, kept: Column, factor: f32) -> Column {
        let (cells, _) = panel.as_chunks_mut::<4>();
        for cell in cells[column..].iter_mut().step_by(PANEL) {
            *cell = (f32::from_ne_bytes(*cell) * factor).to_ne_bytes();
        }
        kept
    }

    fn run(&self, product: &mut Product<'_>) {
        let (x, inputs) = (product.x, product.matrix.inputs());
        product.drive(&mut F32Tiles::<S> { x, inputs, isa: PhantomData });
    }
}

// SAFETY: `drive` writes all columns of all rows; `enter` reads eight u16 for each input.
unsafe impl<S: Simd + std::fmt::Debug> Kernel for F16<S> {
    fn name(&self) -> &'static str {
        match S::NAME {
            "relaxed" => "f16 relaxed",
            "simd128" => "f16 simd128",
            _ => "f16 scalar",
        }
    }

    fn panel_bytes(&self, inputs: usize) -> usize {
        inputs * PANEL * size_of::<u16>()
    }

    fn precision(&self) -> Precision {
        Precision::Fp16
    }

    fn pack(&self, weights: &StoredRow<'_>, panel: &mut [u8], column: usize) -> Column {
        let (cells, _) = panel.as_chunks_mut::<2>();
        let (words, scale) = weights.as_f16();
        for (cell, word) in cells[column..].iter_mut().step_by(PANEL).zip(words) {
            *cell = word.to_ne_bytes();
        }
        Column { scale, ..Column::default() }
    }

    fn rescale(&self, panel: &mut [u8], column: usize, kept: Column, factor: f32) -> Column {
        let (cells, _) = panel.as_chunks::<2>();
        let words: Vec<u16> = cells[column..].iter().step_by(PANEL).map(|&cell| u16::from_ne_bytes(cell)).collect();
        self.pack(&StoredRow::new(Precision::Fp16, &half::rescaled::<S>(&words, kept.scale, factor)), panel, column)
    }

    fn run(&self, product: &mut Product<'_>) {
        let (x, inputs) = (product.x, product.matrix.inputs());
        let tiles = F32Tiles::<S> { x, inputs, isa: PhantomData };
        product.drive(&mut F16Tiles { tiles, wide: vec![0.0; inputs * PANEL] });
    }
}

/// From this many rows on, a panel is read once before it is multiplied.
const FETCH_ROWS: usize = 4;

struct F32Tiles<'a, S> {
    x: &'a [f32],
    inputs: usize,
    isa: PhantomData<S>,
}

// SAFETY: it reads eight numbers of a panel for each input of its rows.
unsafe impl<S: Simd> Tiles for F32Tiles<'_, S> {
    type S = S;

    fn enter(&mut self, panel: Panel<'_>) {
        if self.x.len() >= FETCH_ROWS * self.inputs {
            fetch(panel.lines);
        }
    }

    #[inline(always)]
    unsafe fn tile<const R: usize>(&self, row: usize, panel: Panel<'_>) -> TileOf<S, R> {
        // SAFETY: the rows exist, and a panel has eight numbers for each input.
        unsafe {
            let x = self.x.as_ptr().add(row * self.inputs);
            tile::<S, R>(x, self.inputs, panel.lines.as_ptr().cast(), self.inputs)
        }
    }
}

struct F16Tiles<'a, S> {
    tiles: F32Tiles<'a, S>,
    wide: Vec<f32>,
}

// SAFETY: it reads what `enter` has widened, eight numbers for each input.
unsafe impl<S: Simd> Tiles for F16Tiles<'_, S> {
    type S = S;

    fn enter(&mut self, panel: Panel<'_>) {
        half::widen_f16::<S>(halves(panel.lines, self.wide.len()), &mut self.wide);
        if panel.columns.iter().any(|column| column.scale > 1.0) {
            for weights in self.wide.as_chunks_mut::<PANEL>().0 {
                weights.iter_mut().zip(panel.columns).for_each(|(weight, column)| *weight *= column.scale);
            }
        }
    }

    #[inline(always)]
    unsafe fn tile<const R: usize>(&self, row: usize, _: Panel<'_>) -> TileOf<S, R> {
        let F32Tiles { x, inputs, .. } = self.tiles;
        // SAFETY: the rows exist, and the widened panel has eight numbers for each input.
        unsafe { tile::<S, R>(x.as_ptr().add(row * inputs), inputs, self.wide.as_ptr(), inputs) }
    }
}

/// Brings a panel into the cache. One load a line and nothing else keeps many lines on their way
/// at once; among the multiplications of a tile, far fewer loads fit the processor's window.
/// (Measured with 8 rows and weights from memory: a fifth faster. One load for each step of a
/// tile made it slower, and so does this one for int8, whose tiles read memory fast enough.)
fn fetch(lines: &[Line]) {
    for line in lines {
        // SAFETY: the line can be read. A volatile read is not optimised away.
        unsafe { (&raw const line.0[0]).read_volatile() };
    }
}

fn halves(lines: &[Line], count: usize) -> &[u16] {
    assert!(count * size_of::<u16>() <= size_of_val(lines));
    // SAFETY: the lines hold that many numbers, any bits are a number, and they are aligned.
    unsafe { std::slice::from_raw_parts(lines.as_ptr().cast(), count) }
}

/// Sums of `R` rows, `stride` numbers apart from `x` on, with the eight columns of `panel`.
///
/// # Safety
/// `R` rows of `inputs` numbers and `inputs` groups of eight columns can be read.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, const R: usize>(
    x: *const f32,
    stride: usize,
    panel: *const f32,
    inputs: usize,
) -> TileOf<S, R> {
    let mut sums = [[S::splat(0.0); 2]; R];
    for input in 0..inputs {
        // SAFETY: the caller's promise.
        unsafe {
            let left = S::load(panel.add(input * PANEL));
            let right = S::load(panel.add(input * PANEL + 4));
            for (row, sum) in sums.iter_mut().enumerate() {
                let number = S::load_splat(x.add(row * stride + input));
                *sum = [S::madd(number, left, sum[0]), S::madd(number, right, sum[1])];
            }
        }
    }
    sums
}
