//! What the `tokenizers` crate takes for granted of a `tokenizer.json`. Where it is wrong the crate
//! panics, which ends a browser's worker; so that is looked for before the crate reads the file.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use tokenizers::utils::SysRegex;
use tokenizers::{AddedToken, NormalizedString, Normalizer};

use super::charsmap;
use super::model::Inner;

/// Beginnings of texts: a pattern that matches nothing at the start of any text mostly does so before one of these.
const BEGINNINGS: [&str; 9] = ["a", "A", "1", " ", "\n", ".", "é", "中", "▁"];

/// The parts that are looked at. Most of a file is its vocabulary, of which hardly anything is kept.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    /// Read for its syntax alone: the crate takes for granted that it can be read.
    #[serde(default)]
    decoder: Value,
    #[serde(borrow, default)]
    model: Model<'a>,
}

#[derive(Deserialize, Default)]
struct Model<'a> {
    #[serde(default)]
    vocab: Vocabulary,
    #[serde(borrow, default)]
    merges: Vec<Merge<'a>>,
    continuing_subword_prefix: Option<String>,
}

/// A pair of pieces, or a line with a space between them.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge<'a> {
    Pair(#[serde(borrow)] Cow<'a, str>, #[serde(borrow)] Cow<'a, str>),
    Line(#[serde(borrow)] Cow<'a, str>),
}

/// Checks a `tokenizer.json`.
///
/// # Errors
/// A description of what is wrong.
pub fn check(tokenizer: &str) -> Result<(), String> {
    let outline: Outline = serde_json::from_str(tokenizer).map_err(|error| error.to_string())?;
    parts(&outline.normalizer, "normalizers")?.into_iter().try_for_each(check_normalizer)?;
    parts(&outline.pre_tokenizer, "pretokenizers")?.into_iter().try_for_each(check_pre_tokenizer)?;
    check_post_processors(&parts(&outline.post_processor, "processors")?)?;
    parts(&outline.decoder, "decoders")?;
    check_vocabulary(&outline.model.vocab)?;
    check_merges(&outline.model)
}

/// A part of a tokenizer and, if it is a sequence, those in its list.
fn parts<'a>(part: &'a Value, list: &str) -> Result<Vec<&'a Map<String, Value>>, String> {
    let mut found = Vec::new();
    match part {
        Value::Null => {}
        Value::Object(fields) => {
            found.push(fields);
            for inner in fields.get(list).and_then(Value::as_array).into_iter().flatten() {
                found.extend(parts(inner, list)?);
            }
        }
        other => return Err(format!("a part of the tokenizer is {:.80}, not an object", other.to_string())),
    }
    Ok(found)
}

fn check_normalizer(normalizer: &Map<String, Value>) -> Result<(), String> {
    match (normalizer.get("precompiled_charsmap"), normalizer.get("type")) {
        (Some(Value::String(charsmap)), _) => {
            charsmap::check(charsmap).map_err(|reason| format!("the precompiled_charsmap {reason}"))
        }
        (_, Some(Value::String(name))) if name == "Precompiled" => Err("the precompiled_charsmap is missing".into()),
        _ => check_pattern(normalizer),
    }
}

/// What is inserted before a text belongs to no part of it. The crate then looks for the text behind its end when
/// anything else changes it.
fn check_pattern(normalizer: &Map<String, Value>) -> Result<(), String> {
    let text = |key: &str| normalizer.get(key).and_then(Value::as_str);
    if text("prepend") == Some("") {
        return Err("a normalizer prepends an empty text".into());
    }
    let pattern = |kind: &str| normalizer.get("pattern").and_then(|pattern| pattern.get(kind)?.as_str());
    let (literal, regex) = (pattern("String"), pattern("Regex"));
    if literal.or(regex) == Some("") {
        return Err("a normalizer replaces an empty pattern".into());
    }
    match (regex, text("content")) {
        (Some(regex), Some(content)) if !content.is_empty() && matches_nothing(regex) => {
            Err(format!("a normalizer puts {content:?} before the text, where {regex:?} matches nothing"))
        }
        _ => Ok(()),
    }
}

/// Whether a regular expression matches at the start of a text without taking any of it.
fn matches_nothing(regex: &str) -> bool {
    let Ok(regex) = SysRegex::new(regex) else {
        return false;
    };
    BEGINNINGS.iter().any(|text| regex.find_iter(text).next() == Some((0, 0)))
}

fn check_pre_tokenizer(pre_tokenizer: &Map<String, Value>) -> Result<(), String> {
    match pre_tokenizer.get("length").and_then(Value::as_u64) {
        Some(0) => Err("a pre_tokenizer cuts texts into pieces of length 0".into()),
        _ => Ok(()),
    }
}

/// A template must know its tokens, and its single text must be there. It leaves a text in pieces,
/// of which another template makes nothing.
fn check_post_processors(processors: &[&Map<String, Value>]) -> Result<(), String> {
    let templates: Vec<_> = processors.iter().filter(|processor| processor.contains_key("single")).collect();
    if templates.len() > 1 {
        return Err(format!("the post_processor has {} templates", templates.len()));
    }
    let Some(template) = templates.first() else {
        return Ok(());
    };
    if !processors.last().is_some_and(|last| last.contains_key("single")) {
        return Err("the post_processor changes what its template made".into());
    }
    let pieces = |field: &str| template.get(field).and_then(Value::as_array).into_iter().flatten();
    let in_template = |piece: &Value| {
        let token = piece["SpecialToken"]["id"].as_str().and_then(|id| template.get("special_tokens")?.get(id));
        let length = |field: &str| token.and_then(|token| Some(token[field].as_array()?.len()));
        (length("ids").is_some() && length("ids") == length("tokens")) || piece["Sequence"]["id"] == "A"
    };
    let in_pair = |piece: &Value| in_template(piece) || piece["Sequence"]["id"] == "B";
    match pieces("single").find(|piece| !in_template(piece)).or_else(|| pieces("pair").find(|piece| !in_pair(piece))) {
        Some(piece) => {
            Err(format!("the post_processor's template names {:.80}, which is not there", piece.to_string()))
        }
        None => Ok(()),
    }
}

/// The crate counts on from the highest id.
fn check_vocabulary(vocabulary: &Vocabulary) -> Result<(), String> {
    match vocabulary.highest {
        u32::MAX => Err(format!("the vocabulary has the id {}, after which there is none", u32::MAX)),
        _ => Ok(()),
    }
}

/// The crate finds a token of which the normalizer leaves nothing between the bytes of a character. And it takes white
/// space twice where a token takes what is right of it, and the next one is that white space and takes what is left.
pub fn check_added_tokens(tokenizer: &Inner) -> tokenizers::Result<()> {
    let tokens = tokenizer.get_added_tokens_decoder();
    for token in tokens.values() {
        let mut content = NormalizedString::from(token.content.as_str());
        if token.normalized {
            tokenizer.get_normalizer().map_or(Ok(()), |normalizer| normalizer.normalize(&mut content))?;
            if content.is_empty() {
                return Err(format!("the normalizer leaves nothing of the added token {:?}", token.content).into());
            }
        }
        let takes_right = |other: &AddedToken| other.rstrip && other.normalized == token.normalized;
        let is_space = content.get().chars().all(char::is_whitespace);
        if is_space && token.lstrip && tokens.values().any(takes_right) {
            let reason = "is white space and takes what is left of it, which another takes too";
            return Err(format!("the added token {:?} {reason}", token.content).into());
        }
    }
    Ok(())
}

/// Two pieces are joined in the room of the longest of the vocabulary. The second one loses the
/// prefix of what continues a word.
fn check_merges(model: &Model) -> Result<(), String> {
    let prefix = model.continuing_subword_prefix.as_deref().unwrap_or_default();
    for merge in &model.merges {
        let (first, second) = match merge {
            Merge::Pair(first, second) => (&**first, &**second),
            Merge::Line(line) if line.starts_with("#version") => continue,
            Merge::Line(line) => line.split_once(' ').unwrap_or((line, prefix)),
        };
        let Some(rest) = second.strip_prefix(prefix) else {
            return Err(format!("the merges join {second:?}, which does not begin with {prefix:?}"));
        };
        if first.len() + rest.len() > model.vocab.longest {
            return Err(format!("the merges make {:?}, which is out of vocabulary", [first, rest].concat()));
        }
    }
    Ok(())
}

/// What counts of a vocabulary of ids by piece; zeros for a list.
#[derive(Default)]
struct Vocabulary {
    /// Length of the longest piece, in bytes.
    longest: usize,
    /// The highest id.
    highest: u32,
}

impl<'de> Deserialize<'de> for Vocabulary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

        struct VocabularyVisitor;
        impl<'de> Visitor<'de> for VocabularyVisitor {
            type Value = Vocabulary;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a vocabulary")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocabulary, A::Error> {
                let mut vocabulary = Vocabulary::default();
                while let Some((Key(key), id)) = map.next_entry()? {
                    vocabulary.longest = vocabulary.longest.max(key.len());
                    vocabulary.highest = vocabulary.highest.max(id);
                }
                Ok(vocabulary)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vocabulary, A::Error> {
                while let Some(IgnoredAny) = list.next_element()? {}
                Ok(Vocabulary::default())
            }
        }
        deserializer.deserialize_any(VocabularyVisitor)
    }
}
