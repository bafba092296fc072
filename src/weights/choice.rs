//! In which precision weights are kept: as wished, or as the files and the memory suggest.

use crate::error::{Error, Result};
use crate::kernels::Precision;
use crate::named::named;

/// A wish for how weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// What keeps the numbers of the files: `Q8` where most bytes are I8, `Fp16` where most are F16,
    /// else `Fp32`. Only where that takes more memory than there may be, or than can be reserved, the
    /// next smaller one that fits.
    #[default]
    Auto,
    /// This one and no other.
    Fixed(Precision),
}

/// Why a precision was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It was asked for.
    Asked,
    /// It keeps the numbers of the files.
    File,
    /// A larger one takes more memory than there may be, or than could be reserved.
    Memory,
}

impl Choice {
    /// The choice of this name: `auto`, or that of a [`Precision`].
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Choice::Auto),
            _ => Precision::parse(name).map(Choice::Fixed),
        }
    }
}

impl From<Precision> for Choice {
    fn from(precision: Precision) -> Self {
        Choice::Fixed(precision)
    }
}

named!(Reason {
    Asked => "asked",
    File => "file",
    Memory => "memory",
});

/// Settles on a precision. `of_files`: the one that keeps the numbers of the files. `bytes_in`: memory that the
/// weights take in a precision. `available`: bytes that they may.
///
/// # Errors
/// [`Error::OutOfMemory`] when even the smallest choice takes more.
pub(super) fn choose(
    choice: Choice,
    of_files: Precision,
    bytes_in: impl Fn(Precision) -> u64,
    available: u64,
) -> Result<(Precision, Reason)> {
    let (first, reason, smaller): (_, _, &[Precision]) = match choice {
        Choice::Fixed(precision) => (precision, Reason::Asked, &[]),
        Choice::Auto => match of_files {
            Precision::Fp32 => (of_files, Reason::File, &[Precision::Fp16, Precision::Q8]),
            Precision::Fp16 => (of_files, Reason::File, &[Precision::Q8]),
            Precision::Q8 => (of_files, Reason::File, &[]),
        },
    };
    let fits = |precision: &Precision| bytes_in(*precision) <= available;
    if fits(&first) {
        return Ok((first, reason));
    }
    match smaller.iter().copied().find(fits) {
        Some(precision) => Ok((precision, Reason::Memory)),
        None => {
            let smallest = *smaller.last().unwrap_or(&first);
            Err(Error::OutOfMemory { needed: bytes_in(smallest), available })
        }
    }
}
