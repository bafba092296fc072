//! Rotary position embedding (Su et al., 2021, "RoFormer"): the numbers of a vector are coordinates of planes, each of
//! which turns with the position. In the form of GPT-NeoX the first half holds the one, the second half the other
//! coordinate of all planes; in the interleaved form of RoFormer they are neighbours.

use std::array::from_fn;
use std::ops::Range;

use crate::kernels::simd::Simd;

/// Cosines and sines of every position.
#[derive(Debug, Clone)]
pub struct Rotary {
    /// `[positions, 2, half]`: the cosines of a position, then its sines; `half` is the number
    /// of planes, filled up to whole vectors.
    table: Vec<f32>,
    planes: usize,
    /// Whether the coordinates of a plane are neighbours.
    interleaved: bool,
}

/// `1 / theta^(2i / size)` for each plane `i` of vectors of `size` numbers: angles from one
/// position to the next, with the roundings to f32 of `transformers`.
pub fn frequencies(theta: f64, size: usize) -> Vec<f32> {
    let power = |index: usize| theta.powf(f64::from((2 * index) as f32 / size as f32)) as f32;
    (0..size / 2).map(|index| 1.0 / power(index)).collect()
}

impl Rotary {
    /// A table of `positions` for planes that turn by `frequencies` from one to the next, and whose vectors become
    /// `scale` times as long.
    ///
    /// The angle is rounded to f32, as in Python: at large positions that is most of its error,
    /// and it has to be the same one.
    pub fn new(frequencies: &[f32], scale: f32, interleaved: bool, positions: usize) -> Rotary {
        let half = frequencies.len().next_multiple_of(4);
        let mut table = vec![0.0; positions * 2 * half];
        for (position, row) in table.chunks_exact_mut(2 * half).enumerate() {
            let (cosines, sines) = row.split_at_mut(half);
            for ((cos, sin), frequency) in cosines.iter_mut().zip(sines).zip(frequencies) {
                let angle = f64::from(position as f32 * frequency);
                (*cos, *sin) = (angle.cos() as f32 * scale, angle.sin() as f32 * scale);
            }
        }
        Rotary { table, planes: frequencies.len(), interleaved }
    }

    /// Turns the vectors of heads of `size` numbers, which lie side by side in `columns` of each row, rows being
    /// `stride` apart: of each its first two numbers for each plane.
    ///
    /// # Panics
    /// If a position is not in the table, or there are not as many as rows.
    pub fn rotate<S: Simd>(
        &self,
        numbers: &mut [f32],
        stride: usize,
        columns: Range<usize>,
        size: usize,
        positions: impl ExactSizeIterator<Item = usize>,
    ) {
        let half = self.planes.next_multiple_of(4);
        assert_eq!(numbers.len(), positions.len() * stride);
        for (row, position) in numbers.chunks_exact_mut(stride).zip(positions) {
            let (cosines, sines) = self.table[position * 2 * half..][..2 * half].split_at(half);
            for vector in row[columns.clone()].chunks_exact_mut(size) {
                let vector = &mut vector[..2 * self.planes];
                match self.interleaved {
                    false => turn::<S>(vector, cosines, sines),
                    true => turn_neighbours::<S>(vector, cosines, sines),
                }
            }
        }
    }
}

/// Turns the planes of a vector, whose coordinates are neighbours: four at a time are taken apart.
fn turn_neighbours<S: Simd>(vector: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let tables = cosines.as_chunks().0.iter().zip(sines.as_chunks().0);
    for (planes, (cos, sin)) in vector.chunks_mut(8).zip(tables) {
        let [mut x, mut y] = [0, 1].map(|first| from_fn(|i| planes.get(2 * i + first).copied().unwrap_or(0.0)));
        turn_four::<S>(&mut x, &mut y, cos, sin);
        for ((plane, x), y) in planes.chunks_exact_mut(2).zip(x).zip(y) {
            plane.copy_from_slice(&[x, y]);
        }
    }
}

/// Turns the planes of a vector. Those that fill no four lanes go by way of some that do, so
/// that all are turned by the same operations.
fn turn<S: Simd>(vector: &mut [f32], cosines: &[f32], sines: &[f32]) {
    let (x, y) = vector.split_at_mut(vector.len() / 2);
    let ((x, rest_x), (y, rest_y)) = (x.as_chunks_mut(), y.as_chunks_mut());
    let (cosines, sines) = (cosines.as_chunks().0, sines.as_chunks().0);
    for (((x, y), cos), sin) in x.iter_mut().zip(y.iter_mut()).zip(cosines).zip(sines) {
        turn_four::<S>(x, y, cos, sin);
    }
    if !rest_x.is_empty() {
        let [mut a, mut b] = [&*rest_x, &*rest_y].map(|rest| from_fn(|i| rest.get(i).copied().unwrap_or(0.0)));
        turn_four::<S>(&mut a, &mut b, &cosines[x.len()], &sines[y.len()]);
        rest_x.copy_from_slice(&a[..rest_x.len()]);
        rest_y.copy_from_slice(&b[..rest_y.len()]);
    }
}

/// `x·cos − y·sin` and `y·cos + x·sin`.
#[inline(always)]
fn turn_four<S: Simd>(x: &mut [f32; 4], y: &mut [f32; 4], cos: &[f32; 4], sin: &[f32; 4]) {
    // SAFETY: four numbers each.
    unsafe {
        let [a, b, cos, sin] = [S::load(x.as_ptr()), S::load(y.as_ptr()), S::load(cos.as_ptr()), S::load(sin.as_ptr())];
        S::store(x.as_mut_ptr(), S::sub(S::mul(a, cos), S::mul(b, sin)));
        S::store(y.as_mut_ptr(), S::add(S::mul(b, cos), S::mul(a, sin)));
    }
}
