//! The table of a `Precompiled` normalizer: SentencePiece's replacements of texts, a double array
//! with the replacements behind it. The `tokenizers` crate follows it without looking, and a browser
//! cannot survive a panic: here every step that it may take is taken beforehand.
//! SentencePiece: `normalizer.cc`, `DecodePrecompiledCharsMap`; Darts-clone: `darts.h`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Checks a table as it stands in a `tokenizer.json`: base64 of the array's length in bytes (32 bits,
/// little-endian), the array, and texts that end with a zero each.
///
/// # Errors
/// A description of what is wrong.
pub fn check(charsmap: &str) -> Result<(), &'static str> {
    let bytes = BASE64_STANDARD.decode(charsmap).map_err(|_| "is not base64")?;
    let (length, rest) = bytes.split_first_chunk().ok_or("is empty")?;
    let length = u32::from_le_bytes(*length) as usize;
    let (array, texts) = rest.split_at_checked(length / 4 * 4).ok_or("is cut off")?;
    let texts = std::str::from_utf8(texts).map_err(|_| "has texts that are not UTF-8")?;
    let units: Vec<Unit> = array.chunks_exact(4).map(|unit| Unit([unit[0], unit[1], unit[2], unit[3]])).collect();
    walk(&units, texts)
}

/// Follows every path through the array.
fn walk(units: &[Unit], texts: &str) -> Result<(), &'static str> {
    const BEYOND: &str = "leads beyond its end";
    let mut seen = vec![false; units.len()];
    let mut nodes = vec![units.first().ok_or(BEYOND)?.offset()];
    while let Some(node) = nodes.pop() {
        // The children of a node lie at its position with any last byte.
        if node | 0xff >= units.len() {
            return Err(BEYOND);
        }
        if std::mem::replace(&mut seen[node], true) {
            continue;
        }
        for byte in 1..=0xff {
            let child = units[node ^ usize::from(byte)];
            if !child.is_reached_by(byte) {
                continue;
            }
            let next = node ^ usize::from(byte) ^ child.offset();
            if child.has_text() && !texts.is_char_boundary(units.get(next).ok_or(BEYOND)?.text()) {
                return Err("names a text that is not there");
            }
            nodes.push(next);
        }
    }
    Ok(())
}

/// An element of the array, little-endian.
#[derive(Clone, Copy)]
struct Unit([u8; 4]);

impl Unit {
    fn bits(self) -> u32 {
        u32::from_le_bytes(self.0)
    }

    /// Whether this is the child for `byte`.
    fn is_reached_by(self, byte: u8) -> bool {
        self.bits() & 0x8000_00ff == u32::from(byte)
    }

    /// Whether a text replaces what leads here.
    fn has_text(self) -> bool {
        self.bits() & 0x100 != 0
    }

    /// What its position is combined with to that of its children.
    fn offset(self) -> usize {
        let bits = self.bits();
        ((bits >> 10) << ((bits & 0x200) >> 6)) as usize
    }

    /// Of a unit that stands for a text: where that begins.
    fn text(self) -> usize {
        (self.bits() & 0x7fff_ffff) as usize
    }
}
