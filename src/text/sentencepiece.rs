//! Vocabularies of SentencePiece: a protocol buffer `ModelProto` becomes a [`SentencePiece`], from
//! which `slow_unigram.rs` makes a tokenizer.
//!
//! Formats: `sentencepiece_model.proto` of SentencePiece, and the wire encoding of protocol buffers.

use crate::limits;

/// What a piece is, as `ModelProto.SentencePiece.Type` numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// Part of words, or what stands for an unknown one, a byte, or nothing.
    Word,
    /// Never in a text, such as `<s>`.
    Control,
    /// Never cut, wherever it stands in a text.
    UserDefined,
}

/// A piece of the vocabulary.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece<'a> {
    /// The piece, with `▁` for a space.
    pub text: &'a str,
    /// Logarithm of its probability.
    pub score: f32,
    /// What it is.
    pub kind: PieceKind,
}

/// A vocabulary, in the order of its ids, and how texts are normalised.
#[derive(Debug, Clone, PartialEq)]
pub struct SentencePiece<'a> {
    /// By id.
    pub pieces: Vec<Piece<'a>>,
    /// Id of the piece that stands for unknown ones.
    pub unknown: u32,
    /// The rules of normalisation, which `charsmap.rs` looks into; empty if there are none.
    pub charsmap: &'a [u8],
}

/// `TrainerSpec.ModelType` of Unigram models, which is also what a file means that states none.
const UNIGRAM: u64 = 1;

impl<'a> SentencePiece<'a> {
    /// Reads a `ModelProto`. What is said of spaces (`add_dummy_prefix` and the like) is passed over, as
    /// `transformers` does: the tokenizer's class decides.
    ///
    /// # Errors
    /// What is wrong with it: not a protocol buffer, or not Unigram.
    pub fn parse(file: &'a [u8]) -> Result<Self, String> {
        let mut model = SentencePiece { pieces: Vec::new(), unknown: 0, charsmap: &[] };
        for field in fields(file) {
            match field? {
                (1, Wire::Bytes(_)) if model.pieces.len() == limits::VOCABULARY => {
                    return Err(format!("it has more than {} pieces", limits::VOCABULARY));
                }
                (1, Wire::Bytes(piece)) => model.pieces.push(Piece::parse(piece)?),
                (2, Wire::Bytes(trainer)) => model.read_trainer(trainer)?,
                (3, Wire::Bytes(normalizer)) => model.read_normalizer(normalizer)?,
                _ => {}
            }
        }
        Ok(model)
    }

    fn read_trainer(&mut self, message: &[u8]) -> Result<(), String> {
        for field in fields(message) {
            match field? {
                (3, Wire::Number(kind)) if kind != UNIGRAM => return Err("it is not a Unigram model".into()),
                (40, Wire::Number(id)) => self.unknown = u32::try_from(id).unwrap_or(u32::MAX),
                _ => {}
            }
        }
        Ok(())
    }

    fn read_normalizer(&mut self, message: &'a [u8]) -> Result<(), String> {
        for field in fields(message) {
            if let (2, Wire::Bytes(charsmap)) = field? {
                self.charsmap = charsmap;
            }
        }
        Ok(())
    }
}

impl<'a> Piece<'a> {
    fn parse(message: &'a [u8]) -> Result<Self, String> {
        let mut piece = Piece { text: "", score: 0.0, kind: PieceKind::Word };
        for field in fields(message) {
            match field? {
                (1, Wire::Bytes(text)) => piece.text = str::from_utf8(text).map_err(|_| "a piece is not UTF-8")?,
                (2, Wire::Four(score)) => piece.score = f32::from_le_bytes(score),
                (3, Wire::Number(3)) => piece.kind = PieceKind::Control,
                (3, Wire::Number(4)) => piece.kind = PieceKind::UserDefined,
                _ => {}
            }
        }
        match piece.score.is_finite() {
            true => Ok(piece),
            false => Err(format!("the score of {:?} is {}", piece.text, piece.score)),
        }
    }
}

/// A value of a protocol buffer.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Four([u8; 4]),
    Eight,
}

/// The fields of a message: number and value. It ends with the first error.
fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u64, Wire<'_>), String>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(&mut rest);
        if field.is_none() {
            rest = &[];
        }
        Some(field.ok_or_else(|| "it is not a model of SentencePiece".to_owned()))
    })
}

fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Wire<'a>)> {
    let key = number(rest)?;
    let value = match key & 7 {
        0 => Wire::Number(number(rest)?),
        1 => rest.split_off(..8).map(|_| Wire::Eight)?,
        2 => {
            let length = usize::try_from(number(rest)?).ok()?;
            Wire::Bytes(rest.split_off(..length)?)
        }
        5 => Wire::Four(rest.split_off(..4)?.try_into().ok()?),
        _ => return None,
    };
    Some((key >> 3, value))
}

/// A number in groups of seven bits, the lowest first.
fn number(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *rest.split_off_first()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
