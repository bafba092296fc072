//! Byte pairs as fastBPE writes them: characters are joined by the codes of `bpe.codes`, and a piece that does not end
//! its word is spelled with `@@` behind it. The crate's byte pairs cannot do that: there, what is joined has to be in the
//! vocabulary, and the last place of a word does not change how its pieces are spelled.
//!
//! `transformers`: `models/phobert/tokenization_phobert.py`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value};
use tokenizers::{Result, Token};

use super::tweet::Tweets;

/// Stands behind the last character of a word while pieces are joined.
const END: &str = "</w>";

/// Follows a piece that does not end its word.
pub const MARK: &str = "@@";

/// What a `tokenizer.json` would say of such a model.
#[derive(Deserialize)]
struct File {
    /// Pairs that are joined, the ones before the others.
    codes: Vec<(String, String)>,
    unk_token: String,
    /// Whether texts are tweets, to be normalised first.
    #[serde(default)]
    tweets: bool,
}

/// A model of marked pieces.
pub struct Marked {
    /// Ids by piece.
    ids: HashMap<String, u32>,
    /// Pieces by id; of equal ids the last counts.
    pieces: HashMap<u32, String>,
    unknown: (String, u32),
    /// Numbers of the characters and of what they are joined to.
    symbols: HashMap<String, u32>,
    /// Rank of a pair of symbols, and the symbol that it makes.
    joins: HashMap<(u32, u32), (usize, u32)>,
    /// What finds the words of a text that is not cut into words yet.
    tweets: Option<Tweets>,
}

/// A part of a word: its symbol, if any pair has it, and where it ends, in bytes.
type Part = (Option<u32>, usize);

impl Marked {
    /// The model with these ids by piece and the other fields of its JSON.
    ///
    /// # Errors
    /// When a field is missing or of another kind, or the unknown token has no id.
    pub fn read(ids: Map<String, Value>, fields: Map<String, Value>) -> Result<Self> {
        let ids: Vec<(String, u32)> =
            ids.into_iter().map(|(piece, id)| Ok((piece, serde_json::from_value(id)?))).collect::<Result<_>>()?;
        let File { codes, unk_token, tweets } = serde_json::from_value(Value::Object(fields))?;
        let pieces = ids.iter().map(|(piece, id)| (*id, piece.clone())).collect();
        let ids: HashMap<String, u32> = ids.into_iter().collect();
        let unknown = *ids.get(&unk_token).ok_or_else(|| format!("{unk_token:?} is not in the vocabulary"))?;
        let (mut symbols, mut joins) = (HashMap::new(), HashMap::new());
        let mut number = |symbol: String| {
            let next = symbols.len() as u32;
            *symbols.entry(symbol).or_insert(next)
        };
        for (rank, (left, right)) in codes.into_iter().enumerate() {
            let both = format!("{left}{right}");
            // Of equal pairs the last counts.
            joins.insert((number(left), number(right)), (rank, number(both)));
        }
        let tweets = tweets.then(Tweets::new).transpose()?;
        Ok(Marked { ids, pieces, unknown: (unk_token, unknown), symbols, joins, tweets })
    }

    /// Its vocabulary.
    pub fn ids(&self) -> &HashMap<String, u32> {
        &self.ids
    }

    /// The piece with this id; the unknown one if there is none.
    pub fn piece(&self, id: u32) -> &str {
        self.pieces.get(&id).unwrap_or(&self.unknown.0)
    }

    /// The pieces of a word, or of a tweet, with their places in bytes.
    ///
    /// # Errors
    /// When a tweet is too hard to part into words.
    pub fn tokenize(&self, text: &str) -> Result<Vec<Token>> {
        let Some(tweets) = &self.tweets else {
            return Ok(self.pieces_of(text));
        };
        let mut pieces = Vec::new();
        for word in tweets.words(text)? {
            let spelled: String = word.iter().map(|traced| traced.character).collect();
            let starts: Vec<usize> = spelled.char_indices().map(|(start, _)| start).collect();
            let place = |byte: usize| starts.partition_point(|&start| start < byte);
            pieces.extend(self.pieces_of(&spelled).into_iter().map(|token| {
                let (first, last) = (place(token.offsets.0), place(token.offsets.1) - 1);
                Token { offsets: (word[first].start, word[last].end), ..token }
            }));
        }
        Ok(pieces)
    }

    /// The pieces of a word. The end of a line is a part of its last word, but of no place.
    fn pieces_of(&self, word: &str) -> Vec<Token> {
        let visible = word.trim_end_matches('\n').len();
        let mut start = 0;
        let piece = |(_, end): Part| {
            let mark = if end < word.len() { MARK } else { "" };
            let piece = format!("{}{mark}", &word[start..end]);
            let place = (start.min(visible), end.min(visible));
            start = end;
            Token::new(self.ids.get(&piece).copied().unwrap_or(self.unknown.1), piece, place)
        };
        self.joined(word).into_iter().map(piece).collect()
    }

    /// The number of its word for each token of an encoding, where the crate has found no words itself: from how tokens
    /// are spelled. `words` are the crate's, `None` between texts.
    pub fn words(&self, tokens: &[String], words: &[Option<u32>]) -> Option<Vec<Option<u32>>> {
        self.tweets.as_ref()?;
        let mut number = 0;
        let word = |(token, word): (&String, &Option<u32>)| {
            let current = word.map(|_| number);
            number = current.map_or(0, |current| current + u32::from(!token.ends_with(MARK)));
            current
        };
        Some(tokens.iter().zip(words).map(word).collect())
    }

    /// The characters of a word, joined as far as the codes go.
    fn joined(&self, word: &str) -> Vec<Part> {
        let part = |(start, character): (usize, char)| {
            let end = start + character.len_utf8();
            let mark = if end == word.len() { END } else { "" };
            (self.symbols.get(&format!("{character}{mark}")).copied(), end)
        };
        let mut parts: Vec<Part> = word.char_indices().map(part).collect();
        let join = |pair: &[Part]| self.joins.get(&(pair[0].0?, pair[1].0?)).copied();
        while let Some((rank, _)) = parts.windows(2).filter_map(join).min() {
            // All pairs of the rank, from left to right.
            let mut joined: Vec<Part> = Vec::with_capacity(parts.len());
            let mut rest = parts.as_slice();
            while let [first, after @ ..] = rest {
                match rest.get(..2).and_then(join).filter(|&(found, _)| found == rank) {
                    Some((_, both)) => {
                        joined.push((Some(both), after[0].1));
                        rest = &after[1..];
                    }
                    None => {
                        joined.push(*first);
                        rest = after;
                    }
                }
            }
            parts = joined;
        }
        parts
    }
}

/// The text of pieces with spaces between them.
pub fn without_marks(pieces: &str) -> String {
    pieces.replace(&format!("{MARK} "), "").trim().to_owned()
}
