//! What every kind of attention works with: vectors in rows, sequences of them, blocks of queries, and the products of a
//! block with packed vectors.

use std::ops::Range;

use crate::kernels::float::tile;
use crate::kernels::matrix::{MOST_ROWS, PANEL, balanced, by_rows, store};
use crate::kernels::simd::Simd;

/// Vectors of all heads side by side in rows: `row · stride + offset + head · size`.
#[derive(Debug, Clone, Copy)]
pub struct Vectors<'a> {
    /// The numbers of all rows.
    pub numbers: &'a [f32],
    /// Numbers from one row to the next.
    pub stride: usize,
    /// First number of the vectors within a row.
    pub offset: usize,
}

/// One sequence: rows of its keys and values, and of its queries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Rows of the keys and values.
    pub keys: Range<usize>,
    /// Rows of the queries, which follow each other in the sequence.
    pub queries: Range<usize>,
    /// Position of the first query within the sequence, where the first key has position 0.
    pub position: usize,
}

impl<'a> Vectors<'a> {
    /// The same without the first numbers of each row.
    pub(super) fn from(self, column: usize) -> Self {
        Vectors { offset: self.offset + column, ..self }
    }

    /// From the first vector of a row on.
    pub(super) fn row(&self, row: usize) -> &'a [f32] {
        &self.numbers[row * self.stride + self.offset..]
    }
}

/// Some queries of a sequence that are computed together.
pub(super) struct Block {
    /// Rows of the queries.
    pub(super) rows: Range<usize>,
    /// Index of the first one among the queries of the sequence.
    pub(super) query: usize,
    /// Position of the first one.
    pub(super) position: usize,
    /// Number of keys of the sequence.
    pub(super) keys: usize,
    /// Positions of the keys that any of the queries sees.
    pub(super) seen: Range<usize>,
    /// Key of the first column of the scores: the first one seen, or up to seven before it.
    pub(super) first: usize,
    /// Columns of the scores: whole panels.
    pub(super) stride: usize,
}

/// Writes a vector as a column of panels, `[columns / 8][size][8]`.
pub(super) fn pack_column(panels: &mut [f32], column: usize, vector: &[f32]) {
    let panel = &mut panels[column / PANEL * PANEL * vector.len()..][..PANEL * vector.len()];
    for (cell, &number) in panel[column % PANEL..].iter_mut().step_by(PANEL).zip(vector) {
        *cell = number;
    }
}

/// Products of `rows` vectors of `length` numbers, `x_stride` apart from the first of `x` on,
/// with a panel; stored in `to`, `stride` apart.
pub(super) fn products<S: Simd>(
    x: &[f32],
    x_stride: usize,
    panel: &[f32],
    length: usize,
    rows: usize,
    to: &mut [f32],
    stride: usize,
) {
    const { assert!(S::ROWS <= MOST_ROWS) };
    assert!(panel.len() == length * PANEL);
    assert!(x.len() >= (rows - 1) * x_stride + length && to.len() >= (rows - 1) * stride + PANEL);
    let none = [S::splat(0.0); 2];
    for group in balanced(0..rows, rows.div_ceil(S::ROWS)) {
        // SAFETY: `x` has these rows, the panel eight numbers for each of theirs, and `to` room
        // for eight numbers in each row.
        unsafe {
            let (x, to) = (x.as_ptr().add(group.start * x_stride), to.as_mut_ptr().add(group.start * stride));
            let panel = panel.as_ptr();
            by_rows!(group.len(), R => store::<S, R>(tile::<S, R>(x, x_stride, panel, length), none, to, stride));
        }
    }
}
