//! How much memory can be had. No platform tells, so it is tried: blocks are reserved and given back. Nothing is
//! written to them, so a try takes addresses and no memory.

use std::hint::black_box;

use crate::error::{Error, Result};
use crate::kernels::Table;

/// What weights take, and may.
#[derive(Debug)]
pub(super) struct Budget {
    /// Bytes that are planned.
    pub(super) planned: u64,
    /// Bytes that there may be.
    pub(super) most: u64,
}

impl Budget {
    /// A copy of a table that nobody planned, of that many bytes.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`].
    pub(super) fn copy(&mut self, table: &Table, bytes: u64) -> Result<Table> {
        let needed = self.planned + bytes;
        if needed > self.most {
            return Err(Error::OutOfMemory { needed, available: self.most });
        }
        let copy = table.copied().ok_or(Error::OutOfMemory { needed, available: self.planned })?;
        self.planned = needed;
        Ok(copy)
    }
}

/// How closely the part of a block that can be had is looked for, in bytes.
const GRAIN: u64 = 1 << 20;

/// How many bytes of `blocks`, given by their sizes, can be reserved at the same time: all of them, or those before
/// the first that is too large and the largest part of that one.
pub(super) fn reservable(blocks: impl IntoIterator<Item = u64>) -> u64 {
    let mut held = Vec::new();
    let mut reserved = 0;
    for bytes in blocks {
        match reserve(bytes) {
            Some(block) => held.push(block),
            None => return reserved + largest_part(bytes),
        }
        reserved += bytes;
    }
    reserved
}

fn reserve(bytes: u64) -> Option<Vec<u8>> {
    let mut block = Vec::new();
    block.try_reserve_exact(usize::try_from(bytes).ok()?).ok()?;
    // An allocation that nobody looks at may be optimised away, and then always succeeds.
    Some(black_box(block))
}

fn largest_part(bytes: u64) -> u64 {
    let (mut fits, mut fails) = (0, bytes);
    while fails - fits > GRAIN {
        let middle = fits + (fails - fits) / 2;
        match reserve(middle) {
            Some(_) => fits = middle,
            None => fails = middle,
        }
    }
    fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_count_until_one_cannot_be_had() {
        assert_eq!(reservable([1, 3 << 20, 5]), (3 << 20) + 6);
        // Beyond the addresses of any platform.
        let too_large = u64::MAX / 2;
        let part = reservable([too_large]);
        assert!((GRAIN..too_large).contains(&part), "{part}");
        let behind = reservable([1 << 20, too_large, 1 << 20]);
        assert!((GRAIN..too_large).contains(&behind), "{behind}");
    }
}
