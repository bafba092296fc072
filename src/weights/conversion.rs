//! A checkpoint in the precision of its load, as one safetensors file that is written while the
//! checkpoint arrives: to be kept in place of the larger source. It loads to the same bits, with any
//! head that the source serves.
//!
//! Tensors stand in the order of their arrival. What is kept in a compact form takes that form: F16
//! or I8, and right behind it the `…_scale` of its rows. What is wider than F32 becomes F32. Everything else is as in
//! the source.

use super::checkpoint::Checkpoint;
use super::header::Entry;
use super::plan::{Plan, SCALE};
use super::stored_type::StoredType;
use super::write::header;
use crate::kernels::StoredRow;

/// The part of the file that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Conversion {
    /// Length of the whole file.
    pub(super) file_bytes: u64,
    pending: Vec<u8>,
    /// Of the rows of the tensor that is arriving.
    scales: Vec<u8>,
}

impl Conversion {
    /// Begins with the header. `None` where the file would not be smaller than the source.
    pub(super) fn new(checkpoint: &Checkpoint, plan: &Plan) -> Option<Self> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut end = 0;
        let mut add = |name: String, dtype: &str, shape: Vec<usize>, bytes: u64| {
            let start = end;
            end += bytes;
            entries.push(Entry { name, dtype: dtype.to_owned(), shape, start, end });
        };
        for (location, Entry { name, dtype, shape, start, end }) in checkpoint.entries() {
            let Some((narrower, columns)) = plan.narrower(location) else {
                add(name.clone(), dtype, shape.clone(), end - start);
                continue;
            };
            let numbers: usize = shape.iter().product();
            let rows = numbers / columns;
            add(name.clone(), narrower.name(), shape.clone(), (numbers * narrower.bytes()) as u64);
            if narrower != StoredType::F32 {
                add(format!("{name}{SCALE}"), StoredType::F32.name(), vec![rows, 1], (rows * size_of::<f32>()) as u64);
            }
        }
        let pending = header(&entries);
        let file_bytes = pending.len() as u64 + end;
        (file_bytes < checkpoint.file_bytes()).then_some(Conversion { file_bytes, pending, scales: Vec::new() })
    }

    /// Adds a row of a tensor that is converted.
    pub(super) fn row(&mut self, row: &StoredRow<'_>) {
        row.append_to(&mut self.pending);
        self.scales.extend(row.scale().into_iter().flat_map(f32::to_le_bytes));
    }

    /// Adds bytes of a tensor that is not.
    pub(super) fn copy(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// Adds the scales of the tensor that ends.
    pub(super) fn end_tensor(&mut self) {
        self.pending.append(&mut self.scales);
    }

    /// What was added since the last call.
    pub(super) fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.pending)
    }
}
