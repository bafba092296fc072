//! Changes within documents: bytes drawn at random hardly ever leave JSON valid.

use std::sync::LazyLock;

use libfuzzer_sys::fuzzer_mutate;
use serde_json::{Map, Value, json};

/// A mutator of targets whose input is a JSON document: see `libfuzzer_sys::fuzz_mutator`. One time
/// in eight, and where there is no JSON, libFuzzer's own.
pub fn bytes(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mutated = document(&data[..size], seed).filter(|_| !seed.is_multiple_of(8));
    match mutated.filter(|mutated| mutated.len() <= max_size) {
        Some(mutated) => {
            data[..mutated.len()].copy_from_slice(&mutated);
            mutated.len()
        }
        None => fuzzer_mutate(data, size, max_size),
    }
}

/// Values at the edges of what is allowed, or beyond, and parts of a `tokenizer.json` by their field.
pub static PARTS: LazyLock<Map<String, Value>> =
    LazyLock::new(|| serde_json::from_str(include_str!("parts.json")).expect("an object"));

/// The document with one value replaced or removed; `None` if it is no JSON.
pub fn document(json: &[u8], seed: u32) -> Option<Vec<u8>> {
    let mut document: Value = serde_json::from_slice(json).ok()?;
    let mut draw = Draw(seed.into());
    if draw.below(4) == 0 {
        exchange_part(&mut document, &mut draw);
    } else {
        let donor = draw.value_of(&document).clone();
        let place = draw.place_in(&mut document);
        let with = match draw.below(6) {
            0 => Some(donor),
            1 => None,
            2 | 3 => neighbour(place, &mut draw),
            _ => draw.one_of(&PARTS["values"]),
        };
        match with {
            Some(value) => *place = value,
            None => remove(place, &mut draw),
        }
    }
    serde_json::to_vec(&document).ok()
}

/// Another part of a tokenizer in place of one.
fn exchange_part(document: &mut Value, draw: &mut Draw) {
    let chosen = draw.below(PARTS.len());
    if let Some((field, parts)) = PARTS.iter().nth(chosen)
        && let Some(part) = draw.one_of(parts)
    {
        put_part(document, field, part);
    }
}

/// Puts a part of a tokenizer in place of that in a field, or behind those of a list; `None` if there
/// is no such field.
pub fn put_part(document: &mut Value, field: &str, part: Value) -> Option<()> {
    match document.get_mut(field)? {
        Value::Array(entries) => entries.push(part),
        other => *other = part,
    }
    Some(())
}

/// A value that is slightly different.
fn neighbour(value: &Value, draw: &mut Draw) -> Option<Value> {
    match value {
        Value::Bool(flag) => Some(json!(!flag)),
        Value::Number(number) => {
            let number = number.as_i64()?;
            Some(
                [number.checked_add(1)?, number.checked_sub(1)?, number / 2, number.checked_mul(2)?][draw.below(4)]
                    .into(),
            )
        }
        Value::String(text) => {
            let mut characters: Vec<char> = text.chars().collect();
            let place = draw.below(characters.len() + 1);
            let other = ['a', 'B', '1', 'é', '中', ' ', '\0', '(', '#', '🙂'][draw.below(10)];
            match (draw.below(3), characters.get_mut(place)) {
                (0, Some(_)) => drop(characters.remove(place)),
                (1, Some(character)) => *character = other,
                _ => characters.insert(place, other),
            }
            Some(characters.into_iter().collect::<String>().into())
        }
        _ => None,
    }
}

/// Removes an entry of the value; a value without entries becomes null.
fn remove(value: &mut Value, draw: &mut Draw) {
    match value {
        Value::Array(entries) if !entries.is_empty() => drop(entries.remove(draw.below(entries.len()))),
        Value::Object(entries) if !entries.is_empty() => {
            let key = entries.keys().nth(draw.below(entries.len())).cloned();
            key.and_then(|key| entries.shift_remove(&key));
        }
        _ => *value = Value::Null,
    }
}

/// Random numbers: `SplitMix64`.
#[derive(Debug)]
pub struct Draw(pub u64);

impl Draw {
    /// A number below `count`, or 0.
    pub fn below(&mut self, count: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count.max(1) as u64) as usize
    }

    /// An entry of a list.
    fn one_of(&mut self, list: &Value) -> Option<Value> {
        let list = list.as_array()?;
        list.get(self.below(list.len())).cloned()
    }

    /// A value somewhere in the document. Those above large lists are as likely as those within.
    fn value_of<'a>(&mut self, document: &'a Value) -> &'a Value {
        let entries: Vec<&Value> = match document {
            Value::Array(entries) => entries.iter().collect(),
            Value::Object(entries) => entries.values().collect(),
            _ => Vec::new(),
        };
        match entries.is_empty() || self.below(6) == 0 {
            true => document,
            false => {
                let chosen = self.below(entries.len());
                self.value_of(entries[chosen])
            }
        }
    }

    /// The same, to be changed.
    fn place_in<'a>(&mut self, document: &'a mut Value) -> &'a mut Value {
        let count = match document {
            Value::Array(entries) => entries.len(),
            Value::Object(entries) => entries.len(),
            _ => 0,
        };
        if count == 0 || self.below(6) == 0 {
            return document;
        }
        let chosen = self.below(count);
        match document {
            Value::Array(entries) => self.place_in(&mut entries[chosen]),
            Value::Object(entries) => self.place_in(entries.values_mut().nth(chosen).expect("an entry")),
            leaf => leaf,
        }
    }
}
