//! Stored numbers to f32, little-endian, any length. What Python casts without a word is cast here.

use half::{bf16, f16};

use crate::kernels::{Precision, StoredRow};
use crate::named::named;

/// A number type that weights may be stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredType {
    /// IEEE 754 binary32.
    F32,
    /// IEEE 754 binary16.
    F16,
    /// The upper half of a binary32.
    Bf16,
    /// Whole numbers from −128 to 127, which a tensor of scales may belong to.
    I8,
    /// IEEE 754 binary64.
    F64,
    /// Eight bits, four of them an exponent; no infinities.
    F8E4M3,
    /// The upper half of a binary16.
    F8E5M2,
    /// Whole numbers.
    I64,
    /// Whole numbers.
    I32,
    /// Whole numbers.
    I16,
    /// Whole numbers from 0.
    U64,
    /// Whole numbers from 0.
    U32,
    /// Whole numbers from 0.
    U16,
    /// Whole numbers from 0.
    U8,
    /// 0 or 1.
    Bool,
}

// As a file spells them.
named!(StoredType {
    F32 => "F32",
    F16 => "F16",
    Bf16 => "BF16",
    I8 => "I8",
    F64 => "F64",
    F8E4M3 => "F8_E4M3",
    F8E5M2 => "F8_E5M2",
    I64 => "I64",
    I32 => "I32",
    I16 => "I16",
    U64 => "U64",
    U32 => "U32",
    U16 => "U16",
    U8 => "U8",
    Bool => "BOOL",
});

impl StoredType {
    /// Those that scales may be stored in.
    pub const OF_SCALES: &[StoredType] = &[StoredType::F32, StoredType::F16, StoredType::Bf16, StoredType::F64];

    /// The type of what a [`StoredRow`](crate::kernels::StoredRow) keeps of each number.
    pub fn of(precision: Precision) -> Self {
        match precision {
            Precision::Fp32 => StoredType::F32,
            Precision::Fp16 => StoredType::F16,
            Precision::Q8 => StoredType::I8,
        }
    }

    /// Bytes that one number takes.
    pub fn bytes(self) -> usize {
        match self {
            StoredType::F64 | StoredType::I64 | StoredType::U64 => 8,
            StoredType::F32 | StoredType::I32 | StoredType::U32 => 4,
            StoredType::F16 | StoredType::Bf16 | StoredType::I16 | StoredType::U16 => 2,
            StoredType::I8 | StoredType::U8 | StoredType::Bool | StoredType::F8E4M3 | StoredType::F8E5M2 => 1,
        }
    }

    /// Turns `bytes` into `numbers`: exactly where f32 has the number, else into the nearest that it has;
    /// `bytes.len()` is `numbers.len()` times [`StoredType::bytes`].
    pub fn widen(self, bytes: &[u8], numbers: &mut [f32]) {
        debug_assert_eq!(bytes.len(), numbers.len() * self.bytes());
        match self {
            StoredType::F32 => widen(bytes, numbers, f32::from_le_bytes),
            StoredType::F16 => widen(bytes, numbers, |b| f16::from_le_bytes(b).to_f32()),
            StoredType::Bf16 => widen(bytes, numbers, |b| bf16::from_le_bytes(b).to_f32()),
            StoredType::I8 => widen(bytes, numbers, |b| f32::from(i8::from_le_bytes(b))),
            _ => {
                for (wide, stored) in numbers.iter_mut().zip(bytes.chunks_exact(self.bytes())) {
                    *wide = self.number(stored);
                }
            }
        }
    }

    /// A row of numbers of this type in the form of `precision`.
    pub(super) fn stored(self, precision: Precision, numbers: &[f32]) -> StoredRow<'_> {
        match self {
            StoredType::I8 => StoredRow::of_cells(precision, numbers),
            _ => StoredRow::new(precision, numbers),
        }
    }

    /// A number of one of the types that are rare, for which one loop is enough.
    fn number(self, stored: &[u8]) -> f32 {
        let mut bytes = [0; 8];
        bytes[..stored.len()].copy_from_slice(stored);
        let word = u64::from_le_bytes(bytes);
        match self {
            StoredType::F64 => f64::from_bits(word) as f32,
            StoredType::I64 => word as i64 as f32,
            StoredType::I32 => word as i32 as f32,
            StoredType::I16 => word as i16 as f32,
            StoredType::Bool => f32::from(u8::from(word != 0)),
            StoredType::F8E5M2 => f16::from_bits((word as u16) << 8).to_f32(),
            // Moved to the places of binary16, its exponent is smaller by the difference of the two biases, 15 − 7.
            StoredType::F8E4M3 => match word as u16 & 0x7f {
                0x7f => f32::NAN,
                bits => f16::from_bits((word as u16 & 0x80) << 8 | bits << 7).to_f32() * 256.0,
            },
            _ => word as f32,
        }
    }
}

fn widen<const N: usize>(bytes: &[u8], numbers: &mut [f32], number: impl Fn([u8; N]) -> f32) {
    let (stored, _) = bytes.as_chunks::<N>();
    for (wide, &narrow) in numbers.iter_mut().zip(stored) {
        *wide = number(narrow);
    }
}
