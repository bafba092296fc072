//! Texts to the sequences that a model reads: tokenized whole, then cut.

use tokenizers::{EncodeInput, Encoding, InputSequence};

use super::cut::{Cut, Overflow, Shortened, Window, windows};
use super::guard::guarded;
use super::model::Model;
use super::tokenizer::{Kept, Tokenizer, Tokens};
use crate::error::{Error, Result};
use crate::limits;

impl Tokenizer {
    /// Tokenizes a text, or a pair of which either may be empty, and cuts it to sequences; there is at least one.
    ///
    /// # Errors
    /// [`Error::Input`], as if it were the first, for a text that is too large, and when what is too long cannot be cut,
    /// or may not be;
    /// [`Error::Tokenizer`] when the tokenizer cannot represent the text.
    pub fn encode_cut(&self, text: &str, pair: Option<&str>, cut: &Cut) -> Result<Vec<Tokens>> {
        check_size(text.len() + pair.map_or(0, str::len))?;
        let encoding = self.encoding(match pair {
            None => EncodeInput::from(text),
            Some(pair) => EncodeInput::from((text, pair)),
        })?;
        let ends = [Some(text), pair].map(|text| text.map(|text| text.chars().count()));
        let words = match self.inner.get_model() {
            Model::Marked(marked) => marked.words(encoding.get_tokens(), encoding.get_word_ids()),
            _ => None,
        };
        let words = words.as_deref().unwrap_or(encoding.get_word_ids());
        self.windows_of(&encoding, words, encoding.get_offsets(), ends, cut)
    }

    /// Tokenizes a text with each of several second ones.
    ///
    /// # Errors
    /// Those of [`Tokenizer::encode_cut`].
    pub fn encode_pairs(&self, text: &str, pairs: &[String], cut: &Cut) -> Result<Vec<Tokens>> {
        let mut tokens = Vec::with_capacity(pairs.len());
        for pair in pairs {
            tokens.extend(self.encode_cut(text, Some(pair), cut)?);
        }
        Ok(tokens)
    }

    /// What becomes of sequences that are longer than the model reads: with `truncation` they are cut, else refused.
    pub fn cut(&self, shortened: Shortened, truncation: bool) -> Cut {
        let overflow = if truncation { Overflow::Dropped } else { Overflow::Refused };
        Cut { max_length: self.max_length(), shortened, overflow }
    }

    /// As [`Tokenizer::encode_cut`] for a text whose words are known. Offsets count in the text that the words make with
    /// `delimiter` between them.
    ///
    /// # Errors
    /// Those of [`Tokenizer::encode_cut`].
    pub fn encode_words(&self, words: &[String], delimiter: &str, cut: &Cut) -> Result<Vec<Tokens>> {
        check_size(words.iter().map(String::len).sum())?;
        let encoding = self.encoding(EncodeInput::from(InputSequence::from(words)))?;
        let (mut starts, mut end) = (Vec::with_capacity(words.len()), 0);
        for word in words {
            starts.push(end);
            end += word.chars().count() + delimiter.chars().count();
        }
        let shifted = encoding.get_offsets().iter().zip(encoding.get_word_ids()).map(|(&(from, to), word)| {
            let start = word.map_or(0, |word| starts[word as usize]);
            (start + from, start + to)
        });
        let offsets: Vec<_> = shifted.collect();
        let text_end = end.saturating_sub(delimiter.chars().count());
        self.windows_of(&encoding, encoding.get_word_ids(), &offsets, [Some(text_end), None], cut)
    }

    /// A text or a pair with its special tokens, at full length.
    fn encoding(&self, text: EncodeInput<'_>) -> Result<Encoding> {
        guarded(|| self.inner.encode_char_offsets(text, true).map_err(Error::tokenizer))
    }

    /// The sequences that `cut` makes of an encoding whose texts end at `ends`, in characters.
    fn windows_of(
        &self,
        encoding: &Encoding,
        words: &[Option<u32>],
        offsets: &[(usize, usize)],
        ends: [Option<usize>; 2],
        cut: &Cut,
    ) -> Result<Vec<Tokens>> {
        let shortened = match cut.shortened {
            Shortened::Longest if self.is_slow() => Shortened::LongestOrSecond,
            shortened => shortened,
        };
        let cut = &Cut { shortened, ..*cut };
        let layout = Layout::of(encoding);
        let lengths = layout.texts.each_ref().map(Vec::len);
        let room = cut.max_length.saturating_sub(encoding.len() - lengths[0] - lengths[1]);
        let windows = windows(lengths, room, cut, self.direction).map_err(refusal)?;
        let truncated = !matches!(cut.overflow, Overflow::Windows(_)) && lengths[0] + lengths[1] > room;
        if truncated && cut.overflow == Overflow::Refused {
            let most = cut.max_length;
            return Err(refusal(format!(
                "the text has more than the {most} tokens that the model reads, and truncation is off"
            )));
        }
        let tokens = |window: &Window| {
            let places = layout.places(window);
            let end_of = |text: usize| {
                let last = layout.texts[text][window[text].clone()].last();
                ends[text].map(|end| if truncated { last.map_or(0, |&(token, _)| offsets[token].1) } else { end })
            };
            let types = |token: usize| if self.token_types { encoding.get_type_ids()[token] } else { 0 };
            Tokens {
                input_ids: places.iter().map(|&(token, _)| encoding.get_ids()[token]).collect(),
                token_type_ids: places.iter().map(|&(token, _)| types(token)).collect(),
                offsets: places.iter().map(|&(token, _)| offsets[token]).collect(),
                sequence_ids: places.iter().map(|&(_, text)| text).collect(),
                word_ids: places.iter().map(|&(token, _)| words[token]).collect(),
                kept: Kept { truncated, text_end: end_of(0).unwrap_or(0), text_pair_end: end_of(1) },
            }
        };
        Ok(windows.iter().map(tokens).collect())
    }
}

/// A token's place in an encoding, and the text that it is of; none for a special token.
type Place = (usize, Option<u8>);

/// How special tokens and texts follow each other.
struct Layout {
    parts: Vec<Part>,
    /// The tokens of each text.
    texts: [Vec<Place>; 2],
}

enum Part {
    Special(usize),
    Text(usize),
}

impl Layout {
    fn of(encoding: &Encoding) -> Self {
        let mut layout = Layout { parts: Vec::new(), texts: [Vec::new(), Vec::new()] };
        for (token, sequence) in encoding.get_sequence_ids().into_iter().enumerate() {
            let Some(text) = sequence else {
                layout.parts.push(Part::Special(token));
                continue;
            };
            if layout.texts[text].is_empty() {
                layout.parts.push(Part::Text(text));
            }
            layout.texts[text].push((token, Some(text as u8)));
        }
        layout
    }

    /// The tokens of a window, with the special ones.
    fn places(&self, window: &Window) -> Vec<Place> {
        let tokens = |part: &Part| match *part {
            Part::Special(token) => vec![(token, None)],
            Part::Text(text) => self.texts[text][window[text].clone()].to_vec(),
        };
        self.parts.iter().flat_map(tokens).collect()
    }
}

/// Refuses texts of too many bytes.
fn check_size(bytes: usize) -> Result<()> {
    match bytes > limits::TEXT_BYTES {
        true => Err(refusal(format!("the text has {bytes} bytes; at most {} are read", limits::TEXT_BYTES))),
        false => Ok(()),
    }
}

/// The error of a single input.
fn refusal(reason: String) -> Error {
    Error::Input { input: 0, reason }
}
