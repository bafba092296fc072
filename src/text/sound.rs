//! What the `tokenizers` crate takes for granted of a `tokenizer.json`. Where it is wrong the crate
//! panics, which ends a browser's worker; so that is looked for before the crate reads the file.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::charsmap;

/// The parts that are looked at. Most of a file is its vocabulary, of which hardly anything is kept.
#[derive(Deserialize)]
struct Outline<'a> {
    #[serde(default)]
    normalizer: Value,
    #[serde(default)]
    pre_tokenizer: Value,
    #[serde(default)]
    post_processor: Value,
    #[serde(borrow, default)]
    model: Model<'a>,
}

#[derive(Deserialize, Default)]
struct Model<'a> {
    #[serde(default)]
    vocab: LongestKey,
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

/// What replaces nothing is inserted beyond the end.
fn check_pattern(normalizer: &Map<String, Value>) -> Result<(), String> {
    let text = |kind: &str| normalizer.get("pattern").and_then(|pattern| pattern.get(kind)?.as_str());
    match text("String").or_else(|| text("Regex")) {
        Some("") => Err("a normalizer replaces an empty pattern".into()),
        _ => Ok(()),
    }
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
        if first.len() + rest.len() > model.vocab.0 {
            return Err(format!("the merges make {:?}, which is out of vocabulary", [first, rest].concat()));
        }
    }
    Ok(())
}

/// Length of the longest key of an object, in bytes; 0 of a list.
#[derive(Default)]
struct LongestKey(usize);

impl<'de> Deserialize<'de> for LongestKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

        struct LongestKeyVisitor;
        impl<'de> Visitor<'de> for LongestKeyVisitor {
            type Value = LongestKey;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a vocabulary")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LongestKey, A::Error> {
                let mut longest = 0;
                while let Some((Key(key), IgnoredAny)) = map.next_entry()? {
                    longest = longest.max(key.len());
                }
                Ok(LongestKey(longest))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LongestKey, A::Error> {
                while let Some(IgnoredAny) = list.next_element()? {}
                Ok(LongestKey(0))
            }
        }
        deserializer.deserialize_any(LongestKeyVisitor)
    }
}
