//! Disentangled attention (He et al., 2021, "DeBERTa", section 3.1): scores that depend on what
//! a token says and on how far away the other one stands.
//!
//! For each head, the vectors of the distances that occur are packed once, a column for each
//! distance in descending order: those of ascending keys then lie side by side for a query.
//! Neighbouring queries need nearly the same columns, one further each, so that the products of
//! a group of queries with a window of columns hold little that is not needed, and a row of
//! scores is a piece of a row of them. Of the products of keys with relative queries, it is a
//! diagonal.

use std::ops::Range;

use super::block::{Block, Sequence, Vectors, pack_column, products};
use crate::kernels::matrix::{PANEL, balanced};
use crate::kernels::rows::add_assign;
use crate::kernels::simd::Simd;

/// Most queries of a block. A group of keys is multiplied with as many distances and a few more
/// at the ends.
pub(super) const BLOCK: usize = 72;

/// Most queries that share their products with relative keys.
const GROUP: usize = 24;

/// Adds `q·K[r]` and `k·Q[r]` to the score of query and key, where `r` is the row of the
/// distance between them.
#[derive(Debug, Clone, Copy)]
pub struct Disentangled<'a> {
    /// `K`, the keys of relative positions, `[rows, heads · size]`: content to position.
    pub keys: Option<&'a [f32]>,
    /// `Q`, the queries of relative positions, `[rows, heads · size]`: position to content.
    pub queries: Option<&'a [f32]>,
    /// `[2 · reach + 1]`: the row of a key `reach` behind the query comes first, that of one
    /// `reach` before it last.
    pub rows: &'a [u32],
    /// The largest distance in `rows`; no key is farther from a query.
    pub reach: usize,
}

/// Vectors of relative positions of one head, packed by distance.
pub(super) struct Distances<'a> {
    relative: Disentangled<'a>,
    /// Distance of the first column: the position of the last of all queries.
    farthest: usize,
    /// Number of distances.
    count: usize,
    /// `[count / 8][size][8]`
    keys: Vec<f32>,
    /// `[count / 8][size][8]`
    queries: Vec<f32>,
    /// Products of some vectors with some panels.
    products: Vec<f32>,
}

impl<'a> Distances<'a> {
    /// The distances between the queries and the keys of any of these sequences.
    pub(super) fn new(relative: Disentangled<'a>, sequences: &[Sequence]) -> Self {
        let ends = |sequence: &Sequence| (sequence.position + sequence.queries.len()).saturating_sub(1);
        let behind = |sequence: &Sequence| sequence.keys.len().saturating_sub(sequence.position + 1);
        let farthest = sequences.iter().map(ends).max().unwrap_or(0);
        let behind = sequences.iter().map(behind).max().unwrap_or(0);
        assert!(relative.rows.len() == 2 * relative.reach + 1);
        assert!(farthest.max(behind) <= relative.reach, "a row for each distance");
        let count = farthest + behind + 1;
        Distances { relative, farthest, count, keys: Vec::new(), queries: Vec::new(), products: Vec::new() }
    }

    /// Packs the vectors of a head, `size` numbers from `column` of `width` on.
    pub(super) fn pack(&mut self, column: usize, size: usize, width: usize) {
        let Distances { relative, farthest, count, .. } = *self;
        let rows = relative.rows[..=relative.reach + farthest].iter().rev().take(count);
        for (table, panels) in [(relative.keys, &mut self.keys), (relative.queries, &mut self.queries)] {
            let Some(table) = table else { continue };
            panels.resize(count.next_multiple_of(PANEL) * size, 0.0);
            for (place, &row) in rows.clone().enumerate() {
                pack_column(panels, place, &table[row as usize * width + column..][..size]);
            }
        }
    }

    /// Adds to the scores of a block what depends on distances.
    pub(super) fn add<S: Simd>(
        &mut self,
        [q, k]: [Vectors<'_>; 2],
        sequence: &Sequence,
        block: &Block,
        size: usize,
        scores: &mut [f32],
    ) {
        if self.relative.keys.is_some() {
            self.add_content_to_position::<S>(q, block, size, scores);
        }
        if self.relative.queries.is_some() {
            self.add_position_to_content::<S>(k, sequence, block, size, scores);
        }
    }

    /// A row of scores gets a piece of a row of the products of queries with distances.
    fn add_content_to_position<S: Simd>(&mut self, q: Vectors<'_>, block: &Block, size: usize, scores: &mut [f32]) {
        let rows = block.rows.len();
        for group in balanced(0..rows, rows.div_ceil(GROUP)) {
            let positions = block.position + group.start..block.position + group.end;
            let panels = self.panels(&positions, &block.seen);
            let x = q.row(block.rows.start + group.start);
            multiply::<S>(x, q.stride, group.len(), &self.keys, &panels, size, &mut self.products);
            for (row, (index, position)) in group.zip(positions).enumerate() {
                let stride = panels.len() * PANEL;
                let column = self.farthest + block.seen.start - position - panels.start * PANEL;
                let products = &self.products[row * stride + column..][..block.seen.len()];
                let first = index * block.stride + block.seen.start - block.first;
                add_assign::<S>(&mut scores[first..][..block.seen.len()], products);
            }
        }
    }

    /// A row of scores gets a diagonal of the products of keys with distances.
    fn add_position_to_content<S: Simd>(
        &mut self,
        k: Vectors<'_>,
        sequence: &Sequence,
        block: &Block,
        size: usize,
        scores: &mut [f32],
    ) {
        let positions = block.position..block.position + block.rows.len();
        for group in balanced(block.seen.clone(), block.seen.len().div_ceil(S::ROWS)) {
            let panels = self.panels(&positions, &group);
            let x = k.row(sequence.keys.start + group.start);
            multiply::<S>(x, k.stride, group.len(), &self.queries, &panels, size, &mut self.products);
            for (scores, position) in scores.chunks_exact_mut(block.stride).zip(positions.clone()) {
                let column = self.farthest + group.start - position - panels.start * PANEL;
                let diagonal = self.products[column..].iter().step_by(panels.len() * PANEL + 1);
                for (score, product) in scores[group.start - block.first..][..group.len()].iter_mut().zip(diagonal) {
                    *score += product;
                }
            }
        }
    }

    /// Panels of the distances from queries at these positions to these keys.
    fn panels(&self, positions: &Range<usize>, keys: &Range<usize>) -> Range<usize> {
        let start = self.farthest + keys.start + 1 - positions.end;
        let end = self.farthest + keys.end - positions.start;
        start / PANEL..end.div_ceil(PANEL)
    }
}

/// Products of `rows` vectors, `stride` apart, with some of the panels: `[rows, columns]`.
fn multiply<S: Simd>(
    x: &[f32],
    stride: usize,
    rows: usize,
    from: &[f32],
    panels: &Range<usize>,
    size: usize,
    to: &mut Vec<f32>,
) {
    let columns = panels.len() * PANEL;
    if to.len() < rows * columns {
        to.resize(rows * columns, 0.0);
    }
    let from = &from[panels.start * PANEL * size..panels.end * PANEL * size];
    for (index, panel) in from.chunks_exact(PANEL * size).enumerate() {
        products::<S>(x, stride, panel, size, rows, &mut to[index * PANEL..], columns);
    }
}
