//! Stored numbers to f32, little-endian, any length.

use half::{bf16, f16};

use crate::kernels::Precision;

/// A number type that weights may be stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    Bf16,
    /// Whole numbers from −128 to 127, which a tensor of scales belongs to.
    I8,
}

impl Dtype {
    /// Every type that can be read.
    pub const ALL: &[Dtype] = &[Dtype::F32, Dtype::F16, Dtype::Bf16, Dtype::I8];

    /// The type that a file spells `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|dtype| dtype.name() == name)
    }

    /// How a file spells it.
    pub fn name(self) -> &'static str {
        match self {
            Dtype::F32 => "F32",
            Dtype::F16 => "F16",
            Dtype::Bf16 => "BF16",
            Dtype::I8 => "I8",
        }
    }

    /// The type of what a [`StoredRow`](crate::kernels::StoredRow) keeps of each number.
    pub fn of(precision: Precision) -> Self {
        match precision {
            Precision::Fp32 => Dtype::F32,
            Precision::Fp16 => Dtype::F16,
            Precision::Q8 => Dtype::I8,
        }
    }

    /// Bytes that one number takes.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::Bf16 => 2,
            Dtype::I8 => 1,
        }
    }

    /// Widens `bytes` into `numbers`, exactly; `bytes.len()` is `numbers.len()` times
    /// [`Dtype::bytes`].
    pub fn widen(self, bytes: &[u8], numbers: &mut [f32]) {
        debug_assert_eq!(bytes.len(), numbers.len() * self.bytes());
        match self {
            Dtype::F32 => widen(bytes, numbers, f32::from_le_bytes),
            Dtype::F16 => widen(bytes, numbers, |b| f16::from_le_bytes(b).to_f32()),
            Dtype::Bf16 => widen(bytes, numbers, |b| bf16::from_le_bytes(b).to_f32()),
            Dtype::I8 => widen(bytes, numbers, |b| f32::from(i8::from_le_bytes(b))),
        }
    }
}

fn widen<const N: usize>(bytes: &[u8], numbers: &mut [f32], number: impl Fn([u8; N]) -> f32) {
    let (stored, _) = bytes.as_chunks::<N>();
    for (wide, &narrow) in numbers.iter_mut().zip(stored) {
        *wide = number(narrow);
    }
}
