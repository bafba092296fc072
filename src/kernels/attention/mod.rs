//! Scaled dot-product attention within sequences, a block of queries at a time: memory grows
//! with the length of a sequence, not with its square.
//!
//! For each head of keys and each sequence, keys and values are packed into panels of eight; then each
//! block of queries computes its scores with the keys that one of them sees, their softmax, and
//! the weighted sum of the values with the tile of the matrix product.

mod block;
mod disentangled;
pub mod rotary;

use std::ops::Range;

use block::{Block, pack_column, products};
pub use block::{Sequence, Vectors};
pub use disentangled::Disentangled;
use disentangled::Distances;

use super::matrix::{PANEL, balanced};
use super::rows::{add_assign, exponentials};
use super::simd::Simd;

/// Most queries of a block: four tiles of six. Their scores with 512 keys take 48 KiB.
const BLOCK: usize = 24;

/// What attention computes.
#[derive(Debug, Clone, Copy)]
pub struct Attention<'a> {
    /// Number of heads.
    pub heads: usize,
    /// Heads of keys and values, a divisor of that: each serves as many heads of queries, which follow each other.
    pub kv_heads: usize,
    /// Numbers of one head's vector.
    pub size: usize,
    /// Scores are multiplied by this.
    pub scale: f32,
    /// The keys that a query sees.
    pub mask: AttentionMask,
    /// Added to the scaled scores.
    pub bias: Option<RelativeBias<'a>>,
    /// Added to the scores before they are scaled.
    pub relative: Option<Disentangled<'a>>,
}

/// Which keys of its sequence a query sees: itself, and those that are near enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttentionMask {
    /// The largest distance of a key before it.
    pub before: usize,
    /// The largest distance of a key after it.
    pub after: usize,
}

impl AttentionMask {
    /// Every key.
    pub const ALL: AttentionMask = AttentionMask::window(usize::MAX);

    /// Itself and those before it.
    pub const CAUSAL: AttentionMask = AttentionMask { before: usize::MAX, after: 0 };

    /// Those at most this far away, on both sides.
    pub const fn window(most: usize) -> AttentionMask {
        AttentionMask { before: most, after: most }
    }
}

/// A bias that depends on the head and on the distance from query to key.
#[derive(Debug, Clone, Copy)]
pub struct RelativeBias<'a> {
    /// `[heads, 2 · reach + 1]`: the bias of a key `reach` before the query comes first.
    pub table: &'a [f32],
    /// The largest distance in the table; no key is farther from a query.
    pub reach: usize,
}

impl Attention<'_> {
    /// `softmax(scores)·v` for every head of every sequence, with scores `q·kᵀ·scale + bias`:
    /// `[queries, heads · size]`, where the queries of all sequences cover the rows of the
    /// result.
    ///
    /// # Panics
    /// If a query sees no key, stands outside of a sequence in which it sees a part only, or is
    /// farther from a key than `bias` or `relative` reach. `relative` needs as many heads of keys as of queries.
    pub fn run<S: Simd>(&self, q: Vectors<'_>, k: Vectors<'_>, v: Vectors<'_>, sequences: &[Sequence]) -> Vec<f32> {
        self.compute::<S>([q, k, v], sequences, None)
    }

    /// The same, and shows the probabilities: `observe(sequence, head, query, probabilities)`
    /// with the index of a sequence, the index of a query among those of its sequence, and a
    /// number for each key of the sequence, 0 for those that are not seen.
    pub fn run_with<S: Simd>(
        &self,
        q: Vectors<'_>,
        k: Vectors<'_>,
        v: Vectors<'_>,
        sequences: &[Sequence],
        mut observe: impl FnMut(usize, usize, usize, &[f32]),
    ) -> Vec<f32> {
        self.compute::<S>([q, k, v], sequences, Some(&mut observe))
    }

    fn compute<S: Simd>(
        &self,
        [q, k, v]: [Vectors<'_>; 3],
        sequences: &[Sequence],
        mut observer: Option<&mut Observer<'_>>,
    ) -> Vec<f32> {
        let width = self.heads * self.size;
        let rows: usize = sequences.iter().map(|sequence| sequence.queries.len()).sum();
        let mut out = vec![0.0; rows * width];
        sequences.iter().for_each(|sequence| self.check(sequence));
        let mut workspace = Workspace::default();
        let mut distances = self.relative.map(|relative| Distances::new(relative, sequences));
        let most = if distances.is_some() { disentangled::BLOCK } else { BLOCK };
        let group = self.heads / self.kv_heads;
        assert!(self.heads == group * self.kv_heads && (group == 1 || distances.is_none()));
        for kv_head in 0..self.kv_heads {
            let [k, v] = [k, v].map(|vectors| vectors.from(kv_head * self.size));
            if let Some(distances) = &mut distances {
                distances.pack(kv_head * self.size, self.size, width);
            }
            for (index, sequence) in sequences.iter().enumerate() {
                workspace.pack_keys(k, sequence, self.size);
                workspace.pack_values(v, sequence, self.size);
                let blocks = sequence.queries.len().div_ceil(most);
                for head in kv_head * group..(kv_head + 1) * group {
                    let q = q.from(head * self.size);
                    for queries in balanced(0..sequence.queries.len(), blocks) {
                        let block = self.block(sequence, queries);
                        self.scores::<S>(q, &block, &mut workspace);
                        if let Some(distances) = &mut distances {
                            distances.add::<S>([q, k], sequence, &block, self.size, &mut workspace.scores);
                        }
                        self.weigh::<S>(head, &block, &mut workspace);
                        if let Some(observer) = &mut observer {
                            workspace.show(&block, |query, row| observer(index, head, query, row));
                        }
                        self.mix::<S>(&block, &mut workspace, &mut out[head * self.size..]);
                    }
                }
            }
        }
        out
    }

    /// Panics if a query is where its mask or its bias is not defined.
    fn check(&self, sequence: &Sequence) {
        let (keys, end) = (sequence.keys.len(), sequence.position + sequence.queries.len());
        assert!(keys > 0 || sequence.queries.is_empty(), "a query sees a key");
        assert!(self.mask == AttentionMask::ALL || end <= keys, "a query sees its own key");
        if let Some(bias) = self.bias {
            assert!(bias.table.len() == self.heads * (2 * bias.reach + 1));
            assert!(end <= bias.reach + 1 && keys <= bias.reach + 1 + sequence.position, "a bias for each distance");
        }
    }

    fn block(&self, sequence: &Sequence, queries: Range<usize>) -> Block {
        let start = sequence.position + queries.start;
        let seen = self.seen(start..start + queries.len(), sequence.keys.len());
        let first = seen.start / PANEL * PANEL;
        let rows = sequence.queries.start + queries.start..sequence.queries.start + queries.end;
        let stride = (seen.end - first).next_multiple_of(PANEL);
        Block { rows, query: queries.start, position: start, keys: sequence.keys.len(), seen, first, stride }
    }

    /// Keys that any query at these positions sees.
    fn seen(&self, positions: Range<usize>, keys: usize) -> Range<usize> {
        let AttentionMask { before, after } = self.mask;
        positions.start.saturating_sub(before)..keys.min(positions.end.saturating_add(after))
    }

    /// Products of the queries of a block with the keys.
    fn scores<S: Simd>(&self, q: Vectors<'_>, block: &Block, workspace: &mut Workspace) {
        workspace.scores.resize(block.rows.len() * block.stride, 0.0);
        let from = q.row(block.rows.start);
        for column in (0..block.stride).step_by(PANEL) {
            let packed = &workspace.keys[(block.first + column) * self.size..][..PANEL * self.size];
            let to = &mut workspace.scores[column..];
            products::<S>(from, q.stride, packed, self.size, block.rows.len(), to, block.stride);
        }
    }

    /// Turns the scores of a block into unnormalised weights, zero for keys that are not seen,
    /// and keeps what normalises them.
    fn weigh<S: Simd>(&self, head: usize, block: &Block, workspace: &mut Workspace) {
        workspace.shares.clear();
        for (row, scores) in workspace.scores.chunks_exact_mut(block.stride).enumerate() {
            let position = block.position + row;
            let seen = self.seen(position..position + 1, block.keys);
            let (start, end) = (seen.start - block.first, seen.end - block.first);
            scores[..start].fill(0.0);
            scores[end..].fill(0.0);
            let scores = &mut scores[start..end];
            let share = match self.bias {
                None => exponentials::<S>(scores, self.scale),
                Some(bias) => {
                    scores.iter_mut().for_each(|score| *score *= self.scale);
                    let first = head * (2 * bias.reach + 1) + bias.reach + seen.start - position;
                    add_assign::<S>(scores, &bias.table[first..][..seen.len()]);
                    exponentials::<S>(scores, 1.0)
                }
            };
            workspace.shares.push(share);
        }
    }

    /// Weighted sums of the values, to the columns of a head: `out` begins with its first.
    fn mix<S: Simd>(&self, block: &Block, workspace: &mut Workspace, out: &mut [f32]) {
        let Workspace { values, scores, shares, sums, .. } = workspace;
        let (width, seen) = (self.heads * self.size, &block.seen);
        let weights = &scores[seen.start - block.first..];
        sums.resize(block.rows.len() * PANEL, 0.0);
        for panel in 0..self.size.div_ceil(PANEL) {
            let packed = &values[(panel * block.keys + seen.start) * PANEL..][..seen.len() * PANEL];
            products::<S>(weights, block.stride, packed, seen.len(), block.rows.len(), sums, PANEL);
            let columns = PANEL.min(self.size - panel * PANEL);
            for ((row, sums), share) in block.rows.clone().zip(sums.as_chunks::<PANEL>().0).zip(&*shares) {
                let place = row * width + panel * PANEL;
                for (number, sum) in out[place..place + columns].iter_mut().zip(sums) {
                    *number = sum * share;
                }
            }
        }
    }
}

/// What is shown the probabilities, see [`Attention::run_with`].
type Observer<'a> = dyn FnMut(usize, usize, usize, &[f32]) + 'a;

/// Packed keys and values of one head, and the scores of one block. Kept from one sequence to
/// the next, so that memory is not asked for again.
#[derive(Default)]
struct Workspace {
    /// `[keys / 8][size][8]`
    keys: Vec<f32>,
    /// `[size / 8][keys][8]`
    values: Vec<f32>,
    /// `[queries of the block, stride]`: scores, then unnormalised weights.
    scores: Vec<f32>,
    /// One over the sum of the weights of each query.
    shares: Vec<f32>,
    /// `[queries of the block, 8]`: sums of the values, a panel at a time.
    sums: Vec<f32>,
    /// Probabilities of one query.
    shown: Vec<f32>,
}

impl Workspace {
    fn pack_keys(&mut self, from: Vectors<'_>, sequence: &Sequence, size: usize) {
        let rows = sequence.keys.clone();
        self.keys.resize(rows.len().next_multiple_of(PANEL) * size, 0.0);
        for (column, row) in rows.enumerate() {
            pack_column(&mut self.keys, column, &from.row(row)[..size]);
        }
    }

    fn pack_values(&mut self, from: Vectors<'_>, sequence: &Sequence, size: usize) {
        let keys = sequence.keys.len();
        self.values.resize(size.div_ceil(PANEL) * keys * PANEL, 0.0);
        for (index, row) in sequence.keys.clone().enumerate() {
            for (panel, numbers) in from.row(row)[..size].chunks(PANEL).enumerate() {
                self.values[(panel * keys + index) * PANEL..][..numbers.len()].copy_from_slice(numbers);
            }
        }
    }

    /// Calls `observe` with each query of a block and its probabilities.
    fn show(&mut self, block: &Block, mut observe: impl FnMut(usize, &[f32])) {
        self.shown.clear();
        self.shown.resize(block.keys, 0.0);
        for (row, share) in self.shares.iter().enumerate() {
            let weights = &self.scores[row * block.stride + block.seen.start - block.first..];
            for (shown, weight) in self.shown[block.seen.clone()].iter_mut().zip(weights) {
                *shown = weight * share;
            }
            observe(block.query + row, &self.shown);
        }
    }
}
