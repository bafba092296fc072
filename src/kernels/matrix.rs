//! Weights packed for multiplication, and the loops around the tiles that multiply them.
//!
//! `y = x·Wᵀ + b` for `W` `[outputs, inputs]`, as PyTorch stores it. The outputs are cut into
//! *panels* of eight; a panel holds its eight columns interleaved along the inputs, so that a
//! tile reads it from front to back. A [`Kernel`] is a number format: how a stored row
//! of `W` is packed, and the tile that multiplies some rows of `x` with one panel.
//!
//! The loops go over blocks of rows, then panels, then groups of rows: weights stream from
//! memory once per block. Each number of the result is summed over the inputs in order by
//! itself, so it does not depend on the rows beside it.

use std::fmt;
use std::ops::Range;

use super::math::{Activation, activate, multiply_assign};
use super::simd::Simd;
use super::{Precision, StoredRow, Table, repeated};

/// Evaluates an expression with a constant in place of a number of rows.
macro_rules! by_rows {
    ($count:expr, $rows:ident => $body:expr) => {
        match $count {
            1 => {
                const $rows: usize = 1;
                $body
            }
            2 => {
                const $rows: usize = 2;
                $body
            }
            3 => {
                const $rows: usize = 3;
                $body
            }
            4 => {
                const $rows: usize = 4;
                $body
            }
            5 => {
                const $rows: usize = 5;
                $body
            }
            _ => {
                const $rows: usize = 6;
                $body
            }
        }
    };
}
pub(super) use by_rows;

/// As far as [`by_rows`] counts.
pub(super) const MOST_ROWS: usize = 6;

/// Columns of a panel.
pub const PANEL: usize = 8;

/// Most rows that go over all panels before the next rows: few enough that they stay in the
/// second-level cache, many enough that the weights are worth their way from memory.
const BLOCK_ROWS: usize = 132;

/// A cache line of packed weights.
#[derive(Debug, Clone, Copy)]
#[repr(C, align(64))]
pub struct Line(pub [u8; 64]);

/// A number format of weights with its product.
///
/// # Safety
/// [`Matrix::multiply`] hands out what [`Kernel::run`] wrote as initialised memory. An implementer promises that
/// - `run` writes every column of every row of its product, as [`Product::drive`] does, and nothing else;
/// - `run` reads of a panel no more than the [`Kernel::panel_bytes`] that it asked for; their values may be any, since
///   `pack` and `rescale` are safe code that may leave bytes of theirs as they were: zero, or packed before.
pub unsafe trait Kernel: fmt::Debug + Send + Sync {
    /// Name in tables.
    fn name(&self) -> &'static str;

    /// Bytes of one panel.
    fn panel_bytes(&self, inputs: usize) -> usize;

    /// The form of the rows that it packs.
    fn precision(&self) -> Precision;

    /// Packs one row of `W` as a column of its panel, of which it writes that column's bytes alone. Returns what the
    /// format keeps beside the panel.
    fn pack(&self, weights: &StoredRow<'_>, panel: &mut [u8], column: usize) -> Column;

    /// Multiplies the weights of a packed column, beside which `kept` stands. Returns what stands
    /// there now.
    fn rescale(&self, panel: &mut [u8], column: usize, kept: Column, factor: f32) -> Column;

    /// Multiplies all of `product`.
    fn run(&self, product: &mut Product<'_>);
}

/// What a format keeps for one column beside its panel.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Column {
    /// The stored number times this is the weight.
    pub scale: f32,
    /// Sum of the stored numbers.
    pub sum: i32,
}

/// What happens to a sum before it is stored.
#[derive(Debug, Clone, Copy, Default)]
pub struct Epilogue<'a> {
    /// Added to each row: one number per output of the parts that are computed.
    pub bias: Option<&'a [f32]>,
    /// Applied to the sums.
    pub activation: Option<Activation>,
    /// A gated linear unit: there are two parts, and only the first is activated and then
    /// multiplied with the second. The result has the columns of one part.
    pub gated: bool,
}

/// Packed weights of one or several layers that read the same rows; the layers are *parts*
/// of equal size.
#[derive(Debug)]
pub struct Matrix {
    kernel: &'static dyn Kernel,
    inputs: usize,
    outputs: usize,
    parts: usize,
    lines: Vec<Line>,
    lines_per_panel: usize,
    columns: Vec<Column>,
}

impl Matrix {
    /// Reserves memory for `parts` layers of `outputs` × `inputs`. `None` when there is not
    /// enough.
    pub fn reserve(kernel: &'static dyn Kernel, parts: usize, outputs: usize, inputs: usize) -> Option<Matrix> {
        let panels = outputs.div_ceil(PANEL).checked_mul(parts)?;
        let lines_per_panel = kernel.panel_bytes(inputs).div_ceil(size_of::<Line>());
        let lines = repeated(Line([0; 64]), panels.checked_mul(lines_per_panel)?)?;
        let columns = repeated(Column::default(), panels.checked_mul(PANEL)?)?;
        Some(Matrix { kernel, inputs, outputs, parts, lines, lines_per_panel, columns })
    }

    /// Packs a row of the stacked `[parts · outputs, inputs]` weights, in the kernel's form.
    pub fn write_row(&mut self, row: usize, weights: &StoredRow<'_>) {
        assert_eq!(weights.columns(), self.inputs);
        let (kernel, (panel, index, kept)) = (self.kernel, self.column(row));
        *kept = kernel.pack(weights, panel, index);
    }

    /// Multiplies a packed row by a factor.
    pub fn rescale_row(&mut self, row: usize, factor: f32) {
        let (kernel, (panel, index, kept)) = (self.kernel, self.column(row));
        *kept = kernel.rescale(panel, index, *kept, factor);
    }

    /// Where a row is packed: its panel, its column there, and what stands beside that.
    fn column(&mut self, row: usize) -> (&mut [u8], usize, &mut Column) {
        let (part, output) = (row / self.outputs, row % self.outputs);
        let panel = part * self.panels_per_part() + output / PANEL;
        let lines = &mut self.lines[panel * self.lines_per_panel..(panel + 1) * self.lines_per_panel];
        // SAFETY: a `Line` is 64 bytes without padding, any of which may have any value.
        let bytes = unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast::<u8>(), size_of_val(lines)) };
        (bytes, output % PANEL, &mut self.columns[panel * PANEL + output % PANEL])
    }

    /// Outputs of one part.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Length of a row that is multiplied.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Bytes that packed weights of this size take.
    pub fn bytes_of(kernel: &dyn Kernel, parts: usize, outputs: usize, inputs: usize) -> u64 {
        let panel = kernel.panel_bytes(inputs).next_multiple_of(size_of::<Line>()) + PANEL * size_of::<Column>();
        (parts * outputs.div_ceil(PANEL)) as u64 * panel as u64
    }

    /// `[rows, inputs]` → `[rows, parts · outputs]` for the chosen parts, row-major; `[rows,
    /// outputs]` if the epilogue is gated.
    pub fn multiply(&self, x: &[f32], parts: Range<usize>, epilogue: Epilogue<'_>) -> Vec<f32> {
        let rows = x.len() / self.inputs;
        assert_eq!(x.len(), rows * self.inputs);
        assert!(parts.end <= self.parts);
        assert!(epilogue.bias.is_none_or(|bias| bias.len() == parts.len() * self.outputs));
        assert!(!epilogue.gated || parts.len() == 2);
        let stride = if epilogue.gated { self.outputs } else { parts.len() * self.outputs };
        let mut out = Vec::with_capacity(rows * stride);
        if rows > 0 {
            let mut product = Product { matrix: self, x, rows, parts, epilogue, out: out.as_mut_ptr(), stride };
            self.kernel.run(&mut product);
        }
        // SAFETY: the kernel wrote every column of every row: the promise of an `unsafe impl Kernel`.
        unsafe { out.set_len(rows * stride) };
        out
    }

    fn panels_per_part(&self) -> usize {
        self.outputs.div_ceil(PANEL)
    }
}

/// Outputs that [`multiply_unpacked`] packs at a time: with 768 inputs they take 768 KiB.
const UNPACKED_OUTPUTS: usize = 256;

/// `[rows, inputs]` → `[rows, outputs]` in f32 by a table `[outputs, inputs]`, some rows of which
/// are packed at a time: it must be readable row by row as well.
pub fn multiply_unpacked(x: &[f32], table: &Table, epilogue: Epilogue<'_>) -> Vec<f32> {
    let (outputs, inputs) = (table.rows(), table.columns());
    let mut out = vec![0.0; x.len() / inputs * outputs];
    for first in (0..outputs).step_by(UNPACKED_OUTPUTS) {
        let width = UNPACKED_OUTPUTS.min(outputs - first);
        let mut matrix = Matrix::reserve(Precision::Fp32.kernel(), 1, width, inputs).expect("memory for a few weights");
        for (row, weights) in (first..first + width).filter_map(|row| table.row(row)).enumerate() {
            matrix.write_row(row, &StoredRow::F32(&weights));
        }
        let bias = epilogue.bias.map(|bias| &bias[first..first + width]);
        let columns = matrix.multiply(x, 0..1, Epilogue { bias, ..epilogue });
        for (to, columns) in out.chunks_exact_mut(outputs).zip(columns.chunks_exact(width)) {
            to[first..first + width].copy_from_slice(columns);
        }
    }
    out
}

/// One multiplication: what a kernel is given.
#[derive(Debug)]
pub struct Product<'a> {
    pub(super) matrix: &'a Matrix,
    pub(super) x: &'a [f32],
    pub(super) rows: usize,
    parts: Range<usize>,
    epilogue: Epilogue<'a>,
    out: *mut f32,
    stride: usize,
}

/// A panel to be multiplied.
#[derive(Clone, Copy)]
pub(super) struct Panel<'a> {
    pub(super) lines: &'a [Line],
    pub(super) columns: &'a [Column; PANEL],
}

/// Sums of `R` rows with the eight columns of a panel.
pub(super) type TileOf<S, const R: usize> = [[<S as Simd>::F; 2]; R];

/// The inner part of a kernel.
///
/// # Safety
/// `tile` reads no rows but its own and no more of a panel than the kernel's `panel_bytes`.
pub(super) unsafe trait Tiles {
    /// Instruction set of the sums.
    type S: Simd;

    /// Most rows of a tile.
    const ROWS: usize = Self::S::ROWS;

    /// Called before the tiles of a panel.
    fn enter(&mut self, _panel: Panel<'_>) {}

    /// The sums of `R` rows from `row` on with a panel.
    ///
    /// # Safety
    /// `row + R` is at most the number of rows.
    unsafe fn tile<const R: usize>(&self, row: usize, panel: Panel<'_>) -> TileOf<Self::S, R>;
}

impl Product<'_> {
    /// Runs `tiles` over all blocks, panels and groups of rows.
    pub(super) fn drive<T: Tiles>(&mut self, tiles: &mut T) {
        const { assert!(T::ROWS <= MOST_ROWS) };
        let blocks = self.rows.div_ceil(BLOCK_ROWS);
        let mut scratch = vec![0.0; 2 * self.rows.div_ceil(blocks) * PANEL];
        for block in balanced(0..self.rows, blocks) {
            if self.epilogue.gated {
                for index in 0..self.matrix.panels_per_part() {
                    self.gated_panel(tiles, &block, index, &mut scratch);
                }
                continue;
            }
            for part in 0..self.parts.len() {
                for index in 0..self.matrix.panels_per_part() {
                    self.panel(tiles, &block, part, index, &mut scratch);
                }
            }
        }
    }

    /// A block of rows with one panel. Whole panels without activation go straight to their
    /// place, others by way of `scratch`.
    fn panel<T: Tiles>(&self, tiles: &mut T, block: &Range<usize>, part: usize, index: usize, scratch: &mut [f32]) {
        let first = part * self.matrix.outputs + index * PANEL;
        if self.width(index) == PANEL && self.epilogue.activation.is_none() {
            // SAFETY: the rows of the block have these eight columns, `stride` apart.
            unsafe { self.sums(tiles, block, part, index, self.place(block, first), self.stride) };
            return;
        }
        let scratch = &mut scratch[..block.len() * PANEL];
        // SAFETY: `scratch` has eight numbers for each row of the block.
        unsafe { self.sums(tiles, block, part, index, scratch.as_mut_ptr(), PANEL) };
        if let Some(activation) = self.epilogue.activation {
            activate::<T::S>(activation, scratch);
        }
        self.keep(block, first, index, scratch);
    }

    /// A block of rows with a panel of the first part and the same one of the second.
    fn gated_panel<T: Tiles>(&self, tiles: &mut T, block: &Range<usize>, index: usize, scratch: &mut [f32]) {
        let (gate, up) = scratch[..2 * block.len() * PANEL].split_at_mut(block.len() * PANEL);
        // SAFETY: both have eight numbers for each row of the block.
        unsafe {
            self.sums(tiles, block, 0, index, gate.as_mut_ptr(), PANEL);
            self.sums(tiles, block, 1, index, up.as_mut_ptr(), PANEL);
        }
        if let Some(activation) = self.epilogue.activation {
            activate::<T::S>(activation, gate);
        }
        multiply_assign::<T::S>(gate, up);
        self.keep(block, index * PANEL, index, gate);
    }

    /// Sums of a block of rows with one panel, and the bias.
    ///
    /// # Safety
    /// At `to` there is room for the rows of the block, `stride` apart and eight wide.
    unsafe fn sums<T: Tiles>(
        &self,
        tiles: &mut T,
        block: &Range<usize>,
        part: usize,
        index: usize,
        to: *mut f32,
        stride: usize,
    ) {
        let panel = self.panel_at(self.parts.start + part, index);
        let first = part * self.matrix.outputs + index * PANEL;
        let bias = self.epilogue.bias.map_or([0.0; PANEL], |all| first_eight(&all[first..first + self.width(index)]));
        tiles.enter(panel);
        for group in balanced(block.clone(), block.len().div_ceil(T::ROWS)) {
            // SAFETY: the rows exist; the room is the caller's promise.
            unsafe {
                let to = to.add((group.start - block.start) * stride);
                let bias = [T::S::load(bias.as_ptr()), T::S::load(bias.as_ptr().add(4))];
                by_rows!(group.len(), R => store::<T::S, R>(tiles.tile::<R>(group.start, panel), bias, to, stride));
            }
        }
    }

    /// Copies the columns that exist from `scratch`, `[rows of the block, 8]`, to their place.
    fn keep(&self, block: &Range<usize>, first: usize, index: usize, scratch: &[f32]) {
        let (place, width) = (self.place(block, first), self.width(index));
        for (row, numbers) in scratch.as_chunks::<PANEL>().0.iter().enumerate() {
            // SAFETY: the row has these columns.
            unsafe {
                let place = place.add(row * self.stride);
                match width {
                    // A copy of fixed length is two stores, one of variable length a call.
                    PANEL => place.cast::<[f32; PANEL]>().write_unaligned(*numbers),
                    _ => place.copy_from_nonoverlapping(numbers.as_ptr(), width),
                }
            }
        }
    }

    /// Where a column of the first row of a block goes.
    fn place(&self, block: &Range<usize>, column: usize) -> *mut f32 {
        // SAFETY: `multiply` made room for all rows and columns.
        unsafe { self.out.add(block.start * self.stride + column) }
    }

    /// Columns of a panel that exist.
    fn width(&self, index: usize) -> usize {
        PANEL.min(self.matrix.outputs - index * PANEL)
    }

    fn panel_at(&self, part: usize, index: usize) -> Panel<'_> {
        let panel = part * self.matrix.panels_per_part() + index;
        let lines = self.matrix.lines_per_panel;
        let (columns, _) = self.matrix.columns.as_chunks::<PANEL>();
        Panel { lines: &self.matrix.lines[panel * lines..(panel + 1) * lines], columns: &columns[panel] }
    }
}

/// The numbers, at most eight, and zeros.
fn first_eight(numbers: &[f32]) -> [f32; PANEL] {
    match numbers.first_chunk() {
        Some(eight) => *eight,
        None => std::array::from_fn(|index| numbers.get(index).copied().unwrap_or(0.0)),
    }
}

/// `range` in `pieces` of nearly equal length.
pub(super) fn balanced(range: Range<usize>, pieces: usize) -> impl Iterator<Item = Range<usize>> {
    let (length, longer) = (range.len() / pieces.max(1), range.len() % pieces.max(1));
    (0..pieces).scan(range.start, move |start, piece| {
        let end = *start + length + usize::from(piece < longer);
        Some(std::mem::replace(start, end)..end)
    })
}

/// Adds the bias and stores a tile at `to`, its rows `stride` apart.
///
/// # Safety
/// There is room for `R` rows of eight numbers.
#[inline(always)]
pub(super) unsafe fn store<S: Simd, const R: usize>(tile: TileOf<S, R>, bias: [S::F; 2], to: *mut f32, stride: usize) {
    for (row, [left, right]) in tile.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe {
            S::store(to.add(row * stride), S::add(left, bias[0]));
            S::store(to.add(row * stride + 4), S::add(right, bias[1]));
        }
    }
}
