//! Stored numbers to f32, little-endian, any length.

use half::{bf16, f16};

/// A number type that weights may be stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    Bf16,
}

impl Dtype {
    /// The types that can be read, as a file spells them.
    pub const SUPPORTED: &[&str] = &["F32", "F16", "BF16"];

    /// The type that a file spells `name`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "F32" => Some(Dtype::F32),
            "F16" => Some(Dtype::F16),
            "BF16" => Some(Dtype::Bf16),
            _ => None,
        }
    }

    /// Bytes that one number takes.
    pub fn bytes(self) -> usize {
        match self {
            Dtype::F32 => 4,
            Dtype::F16 | Dtype::Bf16 => 2,
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
        }
    }
}

fn widen<const N: usize>(bytes: &[u8], numbers: &mut [f32], number: impl Fn([u8; N]) -> f32) {
    let (stored, _) = bytes.as_chunks::<N>();
    for (wide, &narrow) in numbers.iter_mut().zip(stored) {
        *wide = number(narrow);
    }
}
