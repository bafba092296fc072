//! Scaled dot-product attention within sequences, a block of queries at a time: memory grows
//! with the length of a sequence, not with its square.
//!
//! For each sequence and head, keys and values are packed into panels of eight; then each
//! block of queries computes its scores with all keys, their softmax, and the weighted sum of
//! the values with the tile of the matrix product.

use std::ops::Range;

use super::float::tile;
use super::matrix::{PANEL, balanced, by_rows, store};
use super::rows::{add_assign, exponentials};
use super::simd::Simd;

/// Queries of a block: four tiles of six. Their scores with 512 keys take 48 KiB.
const BLOCK: usize = 24;

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

/// What attention computes.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// Number of heads.
    pub heads: usize,
    /// Numbers of one head's vector.
    pub size: usize,
    /// Scores are multiplied by this.
    pub scale: f32,
    /// A key is seen from at most this far away, before and behind.
    pub window: Option<usize>,
    /// Added to the scaled scores.
    pub bias: Option<RelativeBias<'a>>,
}

/// A bias that depends on the head and on the distance from query to key.
#[derive(Debug, Clone, Copy)]
pub struct RelativeBias<'a> {
    /// `[heads, 2 · reach + 1]`: the bias of a key `reach` before the query comes first.
    pub table: &'a [f32],
    /// The largest distance in the table; no sequence is longer than `reach + 1`.
    pub reach: usize,
}

/// One sequence: rows of its keys and values, and which of its tokens ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sequence {
    /// Rows of the keys and values.
    pub keys: Range<usize>,
    /// Rows of the queries, which are those of the sequence's first tokens.
    pub queries: Range<usize>,
}

impl Attention<'_> {
    /// `softmax(q·kᵀ·scale + bias)·v` for every head of every sequence: `[queries, heads · size]`,
    /// where the queries of all sequences cover the rows of the result.
    pub fn run<S: Simd>(&self, q: Vectors<'_>, k: Vectors<'_>, v: Vectors<'_>, sequences: &[Sequence]) -> Vec<f32> {
        let width = self.heads * self.size;
        let rows: usize = sequences.iter().map(|sequence| sequence.queries.len()).sum();
        let mut out = vec![0.0; rows * width];
        let mut workspace = Workspace::default();
        for sequence in sequences {
            for head in 0..self.heads {
                let column = head * self.size;
                workspace.pack_keys(k, sequence, column, self.size);
                workspace.pack_values(v, sequence, column, self.size);
                let blocks = sequence.queries.len().div_ceil(BLOCK);
                for queries in balanced(0..sequence.queries.len(), blocks) {
                    self.scores::<S>(q, sequence, head, &queries, &mut workspace);
                    self.mix::<S>(sequence, head, &queries, &workspace, &mut out);
                }
            }
        }
        out
    }

    /// Unnormalised weights of all keys for a block of queries, and the sums to divide by.
    fn scores<S: Simd>(
        &self,
        q: Vectors<'_>,
        sequence: &Sequence,
        head: usize,
        queries: &Range<usize>,
        workspace: &mut Workspace,
    ) {
        let keys = sequence.keys.len();
        let seen = self.seen(queries, keys);
        let stride = keys.next_multiple_of(PANEL);
        workspace.scores.resize(queries.len() * stride, 0.0);
        workspace.sums.resize(queries.len(), 0.0);
        let first = (sequence.queries.start + queries.start) * q.stride + q.offset + head * self.size;
        let from = &q.numbers[first..];
        assert!(from.len() >= (queries.len() - 1) * q.stride + self.size);
        for panel in seen.start / PANEL..seen.end.div_ceil(PANEL) {
            let packed = &workspace.keys[panel * PANEL * self.size..][..PANEL * self.size];
            // SAFETY: the queries lie in `from`; the panel has eight keys; `scores` has a row of
            // whole panels for each query.
            unsafe {
                let to = workspace.scores.as_mut_ptr().add(panel * PANEL);
                tiles::<S>(from.as_ptr(), q.stride, packed, self.size, queries.len(), to, stride);
            }
        }
        for (row, query) in queries.clone().enumerate() {
            let scores = &mut workspace.scores[row * stride..(row + 1) * stride];
            workspace.sums[row] = self.weights::<S>(scores, query, keys, head);
        }
    }

    /// Turns a row of scores into weights; zero for keys that are not seen.
    fn weights<S: Simd>(&self, scores: &mut [f32], query: usize, keys: usize, head: usize) -> f32 {
        let seen = self.seen(&(query..query + 1), keys);
        scores[..seen.start].fill(0.0);
        scores[seen.end..].fill(0.0);
        let Some(bias) = self.bias else {
            return exponentials::<S>(&mut scores[seen], self.scale);
        };
        for score in &mut scores[seen.clone()] {
            *score *= self.scale;
        }
        let distances = 2 * bias.reach + 1;
        let first = head * distances + bias.reach + seen.start - query;
        add_assign::<S>(&mut scores[seen.clone()], &bias.table[first..][..seen.len()]);
        exponentials::<S>(&mut scores[seen], 1.0)
    }

    /// Weighted sums of the values.
    fn mix<S: Simd>(
        &self,
        sequence: &Sequence,
        head: usize,
        queries: &Range<usize>,
        workspace: &Workspace,
        out: &mut [f32],
    ) {
        let keys = sequence.keys.len();
        let seen = self.seen(queries, keys);
        let stride = keys.next_multiple_of(PANEL);
        let width = self.heads * self.size;
        let mut sums = [0.0; BLOCK * PANEL];
        for panel in 0..self.size.div_ceil(PANEL) {
            let packed = &workspace.values[(panel * keys + seen.start) * PANEL..][..seen.len() * PANEL];
            // SAFETY: each row of `scores` has the weights of all keys seen; the panel has eight
            // numbers for each of them; `sums` has eight for each query of a block.
            unsafe {
                let weights = workspace.scores.as_ptr().add(seen.start);
                tiles::<S>(weights, stride, packed, seen.len(), queries.len(), sums.as_mut_ptr(), PANEL);
            }
            let columns = PANEL.min(self.size - panel * PANEL);
            for (row, query) in queries.clone().enumerate() {
                let place = (sequence.queries.start + query) * width + head * self.size + panel * PANEL;
                let share = workspace.sums[row];
                for (number, sum) in out[place..place + columns].iter_mut().zip(&sums[row * PANEL..]) {
                    *number = sum * share;
                }
            }
        }
    }

    /// Keys that any of the queries sees.
    fn seen(&self, queries: &Range<usize>, keys: usize) -> Range<usize> {
        match self.window {
            None => 0..keys,
            Some(window) => queries.start.saturating_sub(window)..keys.min(queries.end + window),
        }
    }
}

/// Packed keys and values of one head, and the scores of one block. Kept from one head to the
/// next, so that memory is not asked for again.
#[derive(Default)]
struct Workspace {
    /// `[keys / 8][size][8]`
    keys: Vec<f32>,
    /// `[size / 8][keys][8]`
    values: Vec<f32>,
    /// `[queries of the block, keys]`, rows of whole panels.
    scores: Vec<f32>,
    /// One over the sum of the weights of each query.
    sums: Vec<f32>,
}

impl Workspace {
    fn pack_keys(&mut self, from: Vectors<'_>, sequence: &Sequence, column: usize, size: usize) {
        let rows = sequence.keys.clone();
        self.keys.resize(rows.len().next_multiple_of(PANEL) * size, 0.0);
        for (index, row) in rows.enumerate() {
            let vector = &from.numbers[row * from.stride + from.offset + column..][..size];
            let panel = &mut self.keys[index / PANEL * PANEL * size..][..PANEL * size];
            for (cell, &number) in panel[index % PANEL..].iter_mut().step_by(PANEL).zip(vector) {
                *cell = number;
            }
        }
    }

    fn pack_values(&mut self, from: Vectors<'_>, sequence: &Sequence, column: usize, size: usize) {
        let keys = sequence.keys.len();
        self.values.resize(size.div_ceil(PANEL) * keys * PANEL, 0.0);
        for (index, row) in sequence.keys.clone().enumerate() {
            let vector = &from.numbers[row * from.stride + from.offset + column..][..size];
            for (panel, numbers) in vector.chunks(PANEL).enumerate() {
                self.values[(panel * keys + index) * PANEL..][..numbers.len()].copy_from_slice(numbers);
            }
        }
    }
}

/// Products of `rows` vectors of `length` numbers with a panel, stored at `to`.
///
/// # Safety
/// The vectors lie `x_stride` apart from `x` on; there is room for `rows` rows of eight
/// numbers, `stride` apart, at `to`.
unsafe fn tiles<S: Simd>(
    x: *const f32,
    x_stride: usize,
    panel: &[f32],
    length: usize,
    rows: usize,
    to: *mut f32,
    stride: usize,
) {
    assert_eq!(panel.len(), length * PANEL);
    let none = [S::splat(0.0); 2];
    for group in balanced(0..rows, rows.div_ceil(S::ROWS)) {
        // SAFETY: the caller's promise.
        unsafe {
            let (x, to) = (x.add(group.start * x_stride), to.add(group.start * stride));
            let panel = panel.as_ptr();
            by_rows!(group.len(), R => store::<S, R>(tile::<S, R>(x, x_stride, panel, length), none, to, stride));
        }
    }
}
