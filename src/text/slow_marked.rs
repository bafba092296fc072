//! PhoBERT's and BERTweet's tokenizers, which Python has in slow form only: `vocab.txt` and `bpe.codes`. They become a
//! `tokenizer.json` around the model of `marked.rs`, which other programs cannot read. [`tokenizer_json`] is called by
//! `slow.rs`.
//!
//! `transformers`: `models/phobert/tokenization_phobert.py`, `models/bertweet/tokenization_bertweet.py`; what
//! both inherit from `tokenization_python.py`.

use serde_json::{Map, Value, json};
use tokenizers::AddedToken;

use super::added_tokens::{StatedTokens, spelled};
use super::class::Class;
use crate::error::listed;

/// Words, each with the end of line that follows it. Python counts four separators as white space that Unicode does not.
const WORDS: &str = r"[^\s\x1c-\x1f]+\n?";

/// The `tokenizer.json` of these files. What is left aside of them is told in `warnings`.
///
/// # Errors
/// A description of what is wrong with them.
pub fn tokenizer_json(
    class: &Class,
    vocabulary: &str,
    codes: &str,
    stated: &StatedTokens,
    normalization: bool,
    warnings: &mut Vec<String>,
) -> Result<Value, String> {
    let role = |(role, default): &(&str, &str)| {
        // What a file says of such a token beside its name does not count, unless it is listed with an id.
        (!stated.is_null(role)).then(|| AddedToken::from(stated.special((role, default)).content, true))
    };
    let roles: [Option<AddedToken>; 7] = std::array::from_fn(|place| role(&class.roles[place]));
    let [Some(bos), Some(eos), Some(unk), Some(sep), Some(pad), Some(cls), _] = &roles else {
        return Err("of the special tokens only mask_token may be null".into());
    };
    let mut ids = Map::new();
    for (id, token) in [bos, pad, eos, unk].into_iter().enumerate() {
        ids.insert(token.content.clone(), id.into());
    }
    for line in vocabulary.lines() {
        let piece = line.trim_matches(is_space).rsplit_once(' ');
        let (piece, _count) = piece.ok_or_else(|| format!("vocab.txt: {line:.80?} has no count behind its piece"))?;
        // A piece that is there again changes its id, and the one behind it gets the same.
        ids.insert(piece.to_owned(), ids.len().into());
    }
    let codes = pairs(codes, warnings);
    let tokens: Vec<&AddedToken> = roles.iter().flatten().chain(&stated.extra).collect();
    let added = added(stated, &tokens, &mut ids, warnings);
    if normalization {
        warnings.push("emoji in tweets are read as they are, as in Python without the package emoji".into());
    }
    let words = json!({"type": "Split", "pattern": {"Regex": WORDS}, "behavior": "Removed", "invert": true});
    Ok(json!({
        "version": "1.0",
        "added_tokens": added,
        // The words of a tweet are found in what becomes of it.
        "pre_tokenizer": if normalization { Value::Null } else { words },
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": [sep.content, ids[&sep.content]],
            "cls": [cls.content, ids[&cls.content]],
            "trim_offsets": false,
            "add_prefix_space": false,
        },
        "model": {"type": "Marked", "unk_token": unk.content, "codes": codes, "tweets": normalization, "vocab": ids},
    }))
}

/// What Python takes for white space.
pub fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

/// The pairs of `bpe.codes`, each with a count behind it. A last line without an end is not read.
fn pairs<'a>(codes: &'a str, warnings: &mut Vec<String>) -> Vec<[&'a str; 2]> {
    let pair = |line: &'a str| {
        let mut parts = line.split(is_space).filter(|part| !part.is_empty());
        let pair = [parts.next()?, parts.next()?];
        (parts.count() == 1).then_some(pair)
    };
    let lines = codes.lines().filter(|line| !line.trim().is_empty()).count();
    let read = codes.rsplit_once('\n').map_or("", |(read, _)| read);
    let pairs: Vec<[&str; 2]> = read.lines().filter_map(pair).collect();
    if pairs.len() < lines {
        warnings.push(format!(
            "{} of the {lines} lines of bpe.codes join nothing, as in Python: they are not two pieces with a count behind \
             them, or the line does not end",
            lines - pairs.len(),
        ));
    }
    pairs
}

/// The `added_tokens` of a `tokenizer.json`: the listed ones, then those of `tokens`. They are put into the vocabulary;
/// those that it lacks get the next ids.
fn added(
    stated: &StatedTokens,
    tokens: &[&AddedToken],
    ids: &mut Map<String, Value>,
    warnings: &mut Vec<String>,
) -> Vec<Value> {
    let mut added: Vec<AddedToken> = Vec::new();
    for (&id, token) in stated.listed() {
        ids.insert(token.content.clone(), id.into());
        let special = token.special || tokens.iter().any(|other| other.content == token.content);
        // Python finds all of them in one pass.
        added.push(AddedToken { special, normalized: false, ..token.clone() });
    }
    for token in tokens {
        let next = ids.len();
        ids.entry(token.content.as_str()).or_insert_with(|| next.into());
        if added.iter().all(|other| other.content != token.content) {
            added.push(AddedToken { normalized: false, ..(*token).clone() });
        }
    }
    let words: Vec<String> =
        added.iter().filter(|token| token.single_word).map(|token| token.content.clone()).collect();
    if !words.is_empty() {
        warnings.push(format!(
            "{} count as words beside every character that is no letter, digit or mark; in Python only beside spaces",
            listed(&words)
        ));
    }
    added.iter().map(|token| spelled(ids[&token.content].as_u64().unwrap_or(0), token)).collect()
}
