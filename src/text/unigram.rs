//! The Unigram model of SentencePiece (Kudo 2018, "Subword Regularization"): of all ways to cut a
//! word into pieces the one with the largest sum of scores. `model.rs` reads it from a
//! `tokenizer.json` and asks it for the pieces of a word.
//!
//! It gives what `tokenizers::models::unigram` gives, ties included, from a tenth of the memory: the
//! pieces lie in one string, and are found in a [`Trie`].

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Error, SeqAccess};
use tokenizers::{Result, Token};

use super::trie::Trie;
use crate::limits;

/// What an unknown character costs beyond the lowest score.
const UNKNOWN_PENALTY: f64 = 10.0;

/// Word pieces by number, with their scores.
#[derive(Default)]
pub struct Pieces {
    /// All pieces end to end.
    text: String,
    /// Where each piece ends.
    ends: Vec<u32>,
    /// Logarithms of probabilities.
    scores: Vec<f64>,
}

impl Pieces {
    /// Reads the `vocab` of a `tokenizer.json`, a list of `[piece, score]`, and keeps no more of it than
    /// this.
    pub fn read<'de, A: SeqAccess<'de>>(mut list: A) -> std::result::Result<Self, A::Error> {
        #[derive(Deserialize)]
        struct Piece<'a>(#[serde(borrow)] Cow<'a, str>, f64);
        let mut pieces = Pieces::default();
        while let Some(Piece(piece, score)) = list.next_element()? {
            if pieces.len() == limits::VOCABULARY {
                return Err(A::Error::custom(format!("the vocabulary has more than {} pieces", limits::VOCABULARY)));
            }
            pieces.text.push_str(&piece);
            pieces.ends.push(pieces.text.len() as u32);
            pieces.scores.push(score);
        }
        Ok(pieces)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The piece with a number.
    pub fn get(&self, id: u32) -> Option<&str> {
        let end = *self.ends.get(id as usize)? as usize;
        let start = id.checked_sub(1).map_or(0, |before| self.ends[before as usize] as usize);
        Some(&self.text[start..end])
    }
}

/// A vocabulary of scored pieces.
pub struct Unigram {
    pieces: Pieces,
    trie: Trie,
    /// Score of an unknown character.
    unknown_score: f64,
    /// The piece that stands for what has none.
    unknown: Option<u32>,
    /// Whether the bytes of what has no piece are pieces, such as `<0xE2>`.
    byte_fallback: bool,
}

/// The best way to cut a word up to some byte.
#[derive(Clone, Copy)]
struct Step {
    score: f64,
    /// Where the last piece begins, and its number.
    start: usize,
    id: u32,
}

impl Unigram {
    /// A model of these pieces.
    ///
    /// # Errors
    /// When `unknown` is not the number of one.
    pub fn new(pieces: Pieces, unknown: Option<u32>, byte_fallback: bool) -> Result<Self> {
        if let Some(id) = unknown.filter(|&id| id as usize >= pieces.len()) {
            return Err(format!("unk_id {id} is not in the vocabulary of {}", pieces.len()).into());
        }
        let trie = Trie::new(pieces.len() as u32, |id| pieces.get(id).unwrap_or_default().as_bytes());
        let lowest = pieces.scores.iter().copied().fold(f64::INFINITY, f64::min);
        Ok(Unigram { pieces, trie, unknown_score: lowest - UNKNOWN_PENALTY, unknown, byte_fallback })
    }

    /// Its vocabulary.
    pub fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// The number of a piece.
    pub fn id(&self, piece: &str) -> Option<u32> {
        self.trie.get(piece.as_bytes())
    }

    /// The pieces of a word, from left to right, with their places in bytes.
    ///
    /// # Errors
    /// When it has no piece for a character, nor one that stands for unknown ones.
    pub fn tokenize(&self, word: &str) -> Result<Vec<Token>> {
        let mut tokens = Vec::new();
        for (id, start, end) in self.best(word)? {
            let text = &word[start..end];
            match id {
                Some(id) => tokens.push(Token::new(id, text.to_owned(), (start, end))),
                None => self.push_unknown(text, start, &mut tokens)?,
            }
        }
        Ok(tokens)
    }

    /// What stands for a part without a piece.
    fn push_unknown(&self, text: &str, start: usize, tokens: &mut Vec<Token>) -> Result<()> {
        let offsets = (start, start + text.len());
        // Characters that are unknown one by one may make a piece together.
        if let Some(id) = self.id(text) {
            tokens.push(Token::new(id, text.to_owned(), offsets));
            return Ok(());
        }
        let byte_token = |byte: u8| {
            let piece = format!("<0x{byte:02X}>");
            Some(Token::new(self.id(&piece)?, piece, offsets))
        };
        match self.byte_fallback.then(|| text.bytes().map(byte_token).collect::<Option<Vec<_>>>()).flatten() {
            Some(bytes) => tokens.extend(bytes),
            None => tokens.push(Token::new(self.unknown.ok_or(NO_UNKNOWN)?, text.to_owned(), offsets)),
        }
        Ok(())
    }

    /// The best way to cut a word: number, start and end of each piece. Neighbouring unknown characters
    /// are one part, without a number.
    fn best(&self, word: &str) -> Result<Vec<(Option<u32>, usize, usize)>> {
        let steps = self.steps(word)?;
        let mut parts: Vec<(Option<u32>, usize, usize)> = Vec::new();
        let mut end = word.len();
        while let Some(Step { start, id, .. }) = steps[end] {
            let id = Some(id).filter(|_| Some(id) != self.unknown);
            match parts.last_mut() {
                Some((None, after, _)) if id.is_none() => *after = start,
                _ => parts.push((id, start, end)),
            }
            end = start;
        }
        parts.reverse();
        Ok(parts)
    }

    /// Viterbi's algorithm: the best last piece of every beginning of the word, by its length in bytes.
    fn steps(&self, word: &str) -> Result<Vec<Option<Step>>> {
        let mut steps: Vec<Option<Step>> = vec![None; word.len() + 1];
        for (start, character) in word.char_indices() {
            let so_far = steps[start].map_or(0.0, |step| step.score);
            let mut offer = |length: usize, id: u32, score: f64| {
                let step = &mut steps[start + length];
                let score = so_far + score;
                // Of equal ways the first one stays.
                if step.is_none_or(|best| score > best.score) {
                    *step = Some(Step { score, start, id });
                }
            };
            let mut known = false;
            for (length, id) in self.trie.prefixes(&word.as_bytes()[start..]) {
                offer(length, id, self.pieces.scores[id as usize]);
                known |= length == character.len_utf8();
            }
            if !known {
                offer(character.len_utf8(), self.unknown.ok_or(NO_UNKNOWN)?, self.unknown_score);
            }
        }
        Ok(steps)
    }
}

const NO_UNKNOWN: &str = "the text has an unknown character, and the model has no unk_id";
