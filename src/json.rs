//! The JSON of a model's files: bytes in, values out, or an error that names file, field, value and what is supported.
//! Called by every room that reads such a file. Never knows what a field means.

use serde_json::{Map, Value};

use crate::error::{Error, Result};

/// Reads a file of at most `most` bytes, as Python does: `NaN` and the infinities are numbers too, in the form that
/// `transformers` 5 writes in their place: `{"__float__": "NaN"}`.
///
/// # Errors
/// [`Error::Config`].
pub(crate) fn parse(file: &str, json: &[u8], most: usize) -> Result<Value> {
    if json.len() > most {
        return Err(invalid(file, "the file", &format!("{} bytes", json.len()), &format!("up to {most} bytes")));
    }
    serde_json::from_slice(json).or_else(|error| {
        let tagged = with_tagged_numbers(json).and_then(|json| serde_json::from_slice(&json).ok());
        tagged.ok_or_else(|| invalid(file, "the file", &format!("not JSON ({error})"), "JSON"))
    })
}

/// The same of a file that is an object.
///
/// # Errors
/// [`Error::Config`].
pub(crate) fn object(file: &str, json: &[u8], most: usize) -> Result<Map<String, Value>> {
    match parse(file, json, most)? {
        Value::Object(fields) => Ok(fields),
        other => Err(invalid(file, "the file", &other.to_string(), "a JSON object")),
    }
}

/// The error of a value in a file.
pub(crate) fn invalid(file: &str, field: &str, value: &str, supported: &str) -> Error {
    Error::Config { file: file.into(), field: field.into(), value: shown(value), supported: supported.into() }
}

/// A value up to a length that fits a message.
pub(crate) fn shown(value: &str) -> String {
    match value.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

/// The text with `NaN`, `Infinity` and `-Infinity` in that form; `None` if there are none of them.
fn with_tagged_numbers(json: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(json).ok()?;
    let (mut tagged, mut rest, mut found) = (String::new(), text, false);
    while let Some(character) = rest.chars().next() {
        let number = ["NaN", "Infinity", "-Infinity"].into_iter().find(|&name| rest.starts_with(name));
        let length = match (character, number) {
            ('"', _) => string_length(rest),
            (_, Some(name)) => {
                tagged.push_str(&format!("{{\"__float__\": \"{name}\"}}"));
                rest = &rest[name.len()..];
                found = true;
                continue;
            }
            _ => character.len_utf8(),
        };
        tagged.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    found.then(|| tagged.into_bytes())
}

/// Bytes of the string of JSON that a text begins with.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().enumerate().skip(1).find(|&(_, byte)| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |(end, _)| end + 1)
}
