//! Which word pieces some texts need, and the tokenizer with only those. Texts go in, a
//! `tokenizer.json` and the ids that are left come out; [`crate::folder::prune`] calls it.
//!
//! What is left gives the same pieces for these texts. Byte pairs: every merge that was made is
//! still there, and merges that were passed over may go. Unigram: the best path is still there
//! and has fewer rivals; the lowest score decides what an unknown piece costs, so its piece
//! stays. Word pieces: the longest match is still there; in texts with an unknown word, every
//! piece that matches anywhere stays, lest a shorter one make the word known. For other texts
//! the pieces of one character stay.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::files::SmallFiles;
use super::tokenizer::{Input, Tokenizer};
use crate::error::Result;

/// A tokenizer with fewer word pieces.
#[derive(Debug)]
pub struct Pruned {
    /// `tokenizer.json`, and `tokenizer_config.json` if there was one.
    pub files: SmallFiles,
    /// Old ids by the new ones; they ascend.
    pub kept: Vec<u32>,
    /// How many word pieces there were.
    pub pieces: usize,
}

/// Removes every word piece that the tokenizer of `files` does not need for `texts`, except those
/// of the `first` ids, which stay as they are, and of the ids in `special`, added tokens and pieces
/// of one character.
///
/// # Errors
/// [`crate::Error::Tokenizer`] when the tokenizer is broken, of a kind that cannot be pruned, or
/// gives other pieces afterwards.
pub fn prune(files: &SmallFiles, texts: &[&str], first: u32, special: &[u32]) -> Result<Pruned> {
    let refuse = |reason: &str| files.tokenizer_error(format!("it cannot be pruned: {reason}"));
    let mut json = Tokenizer::json(files)?;
    let mut kept: BTreeSet<u32> = (0..first).chain(special.iter().copied()).collect();
    kept.extend(ids(&mut json).into_iter().filter_map(|id| as_id(id)));
    let before = Tokenizer::from_files(files, 0)?;
    let vocabulary = Vocabulary::read(&json).ok_or_else(|| refuse("its model is not of a known kind"))?;
    kept.extend(vocabulary.always());
    let unknown = vocabulary.unknown();
    for text in texts {
        let used = before.encode(&Input::from(*text))?.input_ids;
        if unknown.is_some_and(|unknown| used.contains(&unknown)) {
            kept.extend(vocabulary.matching(&before.normalized(text)?));
        }
        kept.extend(used);
    }
    vocabulary.close(&mut kept);
    let added = json["added_tokens"].as_array().into_iter().flatten().filter_map(|token| as_id(&token["id"]));
    let known: BTreeSet<u32> = vocabulary.pieces.values().copied().chain(added).collect();
    kept.retain(|id| *id < first || known.contains(id));
    let kept: Vec<u32> = kept.into_iter().collect();
    remove(&mut json, &kept);
    let pruned = Pruned { files: with_json(files, &json, &kept)?, kept, pieces: known.len() };
    // The class may follow from the configuration, which the caller writes.
    let mut beside = pruned.files.clone();
    if let Some(config) = files.get("config.json") {
        beside.insert("config.json".into(), config.to_vec());
    }
    let after = Tokenizer::from_files(&beside, 0)?;
    for (line, text) in texts.iter().enumerate() {
        let input = Input::from(*text);
        let renumbered = after.encode(&input)?.input_ids.into_iter().map(|id| pruned.kept.get(id as usize).copied());
        if !renumbered.eq(before.encode(&input)?.input_ids.into_iter().map(Some)) {
            return Err(refuse(&format!("line {} of the texts would have other pieces", line + 1)));
        }
    }
    Ok(pruned)
}

/// The model of a `tokenizer.json`.
struct Vocabulary<'a> {
    pieces: HashMap<&'a str, u32>,
    rule: Rule<'a>,
}

/// How its pieces are found.
enum Rule<'a> {
    WordPiece {
        prefix: &'a str,
        unknown: Option<u32>,
    },
    /// Left and right pieces by the one they make.
    BytePair(HashMap<String, Vec<(&'a str, &'a str)>>),
    /// Id of the piece with the lowest score.
    Unigram {
        lowest: Option<u32>,
    },
}

impl<'a> Vocabulary<'a> {
    /// `None` if the model is of another kind, or marks where words begin or end in its merges.
    fn read(json: &'a Value) -> Option<Self> {
        let model = &json["model"];
        let text = |key: &str| model[key].as_str().unwrap_or_default();
        // Without a type, the fields tell, as for Hugging Face.
        let kind = match (model["type"].as_str(), &model["vocab"], &model["merges"]) {
            (Some(kind), ..) => kind,
            (None, Value::Array(_), _) => "Unigram",
            (None, _, Value::Array(_)) => "BPE",
            _ => "WordPiece",
        };
        let pieces: HashMap<&str, u32> = match &model["vocab"] {
            Value::Array(pieces) => {
                (0..).zip(pieces).filter_map(|(id, piece)| Some((piece[0].as_str()?, id))).collect()
            }
            Value::Object(pieces) => {
                pieces.iter().filter_map(|(piece, id)| Some((piece.as_str(), as_id(id)?))).collect()
            }
            _ => return None,
        };
        let marks = [text("continuing_subword_prefix"), text("end_of_word_suffix")];
        let rule = match kind {
            "WordPiece" => Rule::WordPiece { prefix: marks[0], unknown: pieces.get(text("unk_token")).copied() },
            "BPE" if marks == ["", ""] => {
                let mut makers: HashMap<String, Vec<_>> = HashMap::new();
                for (left, right) in model["merges"].as_array()?.iter().filter_map(pair) {
                    makers.entry(format!("{left}{right}")).or_default().push((left, right));
                }
                Rule::BytePair(makers)
            }
            "Unigram" => {
                let score = |piece: &Value| piece[1].as_f64().unwrap_or_default();
                let scored = (0..).zip(model["vocab"].as_array()?);
                Rule::Unigram {
                    lowest: scored.min_by(|(_, a), (_, b)| score(a).total_cmp(&score(b))).map(|(id, _)| id),
                }
            }
            _ => return None,
        };
        Some(Vocabulary { pieces, rule })
    }

    /// Pieces that stay whatever the texts.
    fn always(&self) -> impl Iterator<Item = u32> {
        let prefix = match self.rule {
            Rule::WordPiece { prefix, .. } => prefix,
            Rule::BytePair(_) | Rule::Unigram { .. } => "",
        };
        let one_character = move |piece: &str| piece.strip_prefix(prefix).unwrap_or(piece).chars().nth(1).is_none();
        // What stands for bytes of unknown characters.
        let one_byte = |piece: &str| piece.len() == 6 && piece.starts_with("<0x");
        let stays = move |piece: &str| one_character(piece) || one_byte(piece);
        let pieces = self.pieces.iter().filter(move |(piece, _)| stays(piece)).map(|(_, &id)| id);
        let lowest = if let Rule::Unigram { lowest } = self.rule { lowest } else { None };
        pieces.chain(self.unknown()).chain(lowest)
    }

    /// The piece of words that have none, where a word has one as a whole.
    fn unknown(&self) -> Option<u32> {
        match self.rule {
            Rule::WordPiece { unknown, .. } => unknown,
            Rule::BytePair(_) | Rule::Unigram { .. } => None,
        }
    }

    /// Word pieces that occur anywhere in a text.
    fn matching(&self, text: &str) -> Vec<u32> {
        let Rule::WordPiece { prefix, .. } = self.rule else {
            return Vec::new();
        };
        let longest = self.pieces.keys().map(|piece| piece.len()).max().unwrap_or_default();
        let mut found = Vec::new();
        for (start, _) in text.char_indices() {
            let ends = text[start..].char_indices().map(|(at, character)| at + character.len_utf8());
            for end in ends.take_while(|&end| end <= longest) {
                let piece = &text[start..start + end];
                found.extend(self.pieces.get(piece).copied());
                found.extend(self.pieces.get(format!("{prefix}{piece}").as_str()).copied());
            }
        }
        found
    }

    /// Adds the pieces that those in `kept` are merged from.
    fn close(&self, kept: &mut BTreeSet<u32>) {
        let Rule::BytePair(makers) = &self.rule else {
            return;
        };
        let names: HashMap<u32, &str> = self.pieces.iter().map(|(&piece, &id)| (id, piece)).collect();
        let mut left: Vec<u32> = kept.iter().copied().collect();
        while let Some(id) = left.pop() {
            let pairs = names.get(&id).and_then(|&piece| makers.get(piece)).into_iter().flatten();
            for part in pairs.flat_map(|&(left, right)| [left, right]) {
                left.extend(self.pieces.get(part).filter(|&&id| kept.insert(id)));
            }
        }
    }
}

/// The two sides of a merge, as a list or with a space between them.
fn pair(merge: &Value) -> Option<(&str, &str)> {
    match merge {
        Value::String(line) => line.split_once(' '),
        _ => Some((merge[0].as_str()?, merge[1].as_str()?)),
    }
}

fn as_id(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|id| u32::try_from(id).ok())
}

/// Every id of a `tokenizer.json` outside its vocabulary.
fn ids(json: &mut Value) -> Vec<&mut Value> {
    let mut found = Vec::new();
    for (key, value) in json.as_object_mut().into_iter().flatten() {
        match key.as_str() {
            "added_tokens" => {
                found.extend(value.as_array_mut().into_iter().flatten().filter_map(|token| token.get_mut("id")));
            }
            "post_processor" => ids_of_processor(value, &mut found),
            "padding" => found.extend(value.get_mut("pad_id")),
            "model" => found.extend(value.get_mut("unk_id")),
            _ => {}
        }
    }
    found
}

fn ids_of_processor<'a>(processor: &'a mut Value, found: &mut Vec<&'a mut Value>) {
    for (key, value) in processor.as_object_mut().into_iter().flatten() {
        match key.as_str() {
            "sep" | "cls" => found.extend(value.get_mut(1)),
            "special_tokens" => {
                let tokens = value.as_object_mut().into_iter().flat_map(Map::values_mut);
                found.extend(tokens.filter_map(|token| token.get_mut("ids")?.as_array_mut()).flatten());
            }
            "processors" => {
                value.as_array_mut().into_iter().flatten().for_each(|part| ids_of_processor(part, found));
            }
            _ => {}
        }
    }
}

/// The place of an old id among those that are kept.
pub(crate) fn renumbered(id: &Value, kept: &[u32]) -> Option<Value> {
    kept.binary_search(&as_id(id)?).ok().map(Value::from)
}

/// Leaves the pieces of the ids `kept`, under new ids, and the merges between them.
fn remove(json: &mut Value, kept: &[u32]) {
    for id in ids(json) {
        if let Some(new) = renumbered(id, kept) {
            *id = new;
        }
    }
    let model = &mut json["model"];
    match &mut model["vocab"] {
        Value::Array(pieces) => {
            let mut id = 0..;
            pieces.retain(|_| id.next().is_some_and(|id| kept.binary_search(&id).is_ok()));
        }
        Value::Object(pieces) => pieces.retain(|_, id| match renumbered(id, kept) {
            Some(new) => {
                *id = new;
                true
            }
            None => false,
        }),
        _ => {}
    }
    let Some(Value::Array(mut merges)) = model.get_mut("merges").map(Value::take) else {
        return;
    };
    let has = |piece: &str| model["vocab"].get(piece).is_some();
    let possible = |(left, right): (&str, &str)| has(left) && has(right) && has(&format!("{left}{right}"));
    merges.retain(|merge| pair(merge).is_some_and(possible));
    model["merges"] = merges.into();
}

/// The files of the new tokenizer: those with the old vocabulary are left out.
fn with_json(files: &SmallFiles, json: &Value, kept: &[u32]) -> Result<SmallFiles> {
    let mut new = SmallFiles::default();
    new.insert("tokenizer.json".into(), json.to_string().into_bytes());
    if let Some(text) = files.text("tokenizer_config.json")? {
        let unreadable = |error: serde_json::Error| files.tokenizer_error(format!("tokenizer_config.json: {error}"));
        let mut settings: Map<String, Value> = serde_json::from_str(text).map_err(unreadable)?;
        if let Some(Value::Object(added)) = settings.get_mut("added_tokens_decoder") {
            let by_new_id = |(id, token): (String, Value)| {
                let id = renumbered(&Value::from(id.parse::<u32>().ok()?), kept)?;
                Some((id.to_string(), token))
            };
            *added = std::mem::take(added).into_iter().filter_map(by_new_id).collect();
        }
        new.insert("tokenizer_config.json".into(), format!("{:#}\n", Value::Object(settings)).into_bytes());
    }
    if let Some(map) = files.get("special_tokens_map.json") {
        new.insert("special_tokens_map.json".into(), map.to_vec());
    }
    Ok(new)
}
