//! The fields of `config.json`, read by key and checked one by one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::architecture::{Refusal, Setting};
use crate::error::{Error, Result};
use crate::limits;
use crate::nn::{Activation, activation_named, activation_names};

const FILE: &str = "config.json";

/// An object of JSON. A null counts as absent unless said otherwise.
#[derive(Debug, Clone)]
pub struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Config`] when it is too large or no object.
    pub(super) fn parse(json: &[u8]) -> Result<Fields> {
        let size = format!("{} bytes", json.len());
        if json.len() > limits::CONFIG_BYTES {
            return Err(whole_file(size, &format!("up to {} bytes", limits::CONFIG_BYTES)));
        }
        match serde_json::from_slice(json) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(whole_file(size, "a JSON object")),
            Err(error) => Err(whole_file(format!("not JSON ({error})"), "a JSON object")),
        }
    }

    /// All of the file.
    pub fn all(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The value of a key that is there and not null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    /// Whether the key is there with the value null.
    pub fn is_null(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(Value::is_null)
    }

    /// A whole number from `least` to `most`.
    pub fn number(&self, setting: Setting<usize>, least: usize, most: usize) -> Result<usize> {
        self.read(setting, &format!("a whole number from {least} to {most}"), |value| {
            let whole = value.as_u64().and_then(|whole| usize::try_from(whole).ok());
            whole.filter(|whole| (least..=most).contains(whole))
        })
    }

    /// A number for which `allowed` holds; `supported` says which those are.
    pub fn real(&self, setting: Setting<f64>, supported: &str, allowed: impl Fn(f64) -> bool) -> Result<f64> {
        self.read(setting, supported, |value| value.as_f64().filter(|&number| allowed(number)))
    }

    /// Yes or no.
    pub fn flag(&self, setting: Setting<bool>) -> Result<bool> {
        self.read(setting, "true or false", Value::as_bool)
    }

    /// An activation function by its name.
    pub fn activation(&self, setting: Setting<Activation>) -> Result<Activation> {
        self.read(setting, &activation_names(), |value| value.as_str().and_then(activation_named))
    }

    /// One of a few words.
    pub fn choice<T: Copy>(&self, setting: Setting<T>, choices: &[(&str, T)]) -> Result<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        self.read(setting, &names.join(", "), |value| {
            choices.iter().find(|(name, _)| value.as_str() == Some(name)).map(|&(_, choice)| choice)
        })
    }

    fn read<T>(&self, setting: Setting<T>, supported: &str, accept: impl Fn(&Value) -> Option<T>) -> Result<T> {
        match setting.key.and_then(|key| Some((key, self.get(key)?))) {
            None => Ok(setting.default),
            Some((key, value)) => accept(value).ok_or_else(|| invalid(key, Some(value), supported)),
        }
    }

    /// First of `architectures`.
    pub(super) fn class(&self) -> Option<String> {
        Some(self.get("architectures")?.get(0)?.as_str()?.to_owned())
    }

    /// Names by ascending id. `id2label` decides how many there are, then `num_labels`, which
    /// only old files have.
    pub(super) fn labels(&self) -> Result<Option<Vec<String>>> {
        if let Some(value) = self.get("id2label") {
            let supported = "an object from whole numbers to names";
            let names = id2label(value).ok_or_else(|| invalid("id2label", Some(value), supported))?;
            return Ok(Some(names));
        }
        match self.number(Setting::of("num_labels", 0), 1, limits::LABELS)? {
            0 => Ok(None),
            count => Ok(Some(generic_labels(count))),
        }
    }

    /// Refuses values that would be computed wrongly.
    pub(super) fn refuse(&self, refusals: &[Refusal<'_>]) -> Result<()> {
        for (key, supported) in refusals {
            if let Some(value) = self.get(key)
                && !supported.contains(&value.to_string().as_str())
            {
                let supported = supported.first().map_or("no value".to_owned(), |only| format!("only {only}"));
                return Err(invalid(key, Some(value), &supported));
            }
        }
        Ok(())
    }
}

/// `LABEL_0`, `LABEL_1`, …: what `transformers` calls labels without names.
pub(super) fn generic_labels(count: usize) -> Vec<String> {
    (0..count).map(|id| format!("LABEL_{id}")).collect()
}

/// `None` if the value is not of the form `{"0": "name", …}`, with at least one entry.
fn id2label(value: &Value) -> Option<Vec<String>> {
    let mut names = BTreeMap::new();
    for (id, name) in value.as_object()? {
        names.insert(id.parse::<u64>().ok()?, name.as_str()?.to_owned());
    }
    if names.is_empty() || names.len() > limits::LABELS {
        return None;
    }
    let mut labels = generic_labels(names.len());
    for (id, name) in names {
        if let Some(label) = labels.get_mut(usize::try_from(id).ok()?) {
            *label = name;
        }
    }
    Some(labels)
}

fn whole_file(value: String, supported: &str) -> Error {
    Error::Config { file: FILE.into(), field: "the file".into(), value, supported: supported.into() }
}

/// The value is quoted up to a length that fits a message.
pub(super) fn invalid(field: &str, value: Option<&Value>, supported: &str) -> Error {
    let value = value.map_or("missing".into(), Value::to_string);
    let shown = match value.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    };
    Error::Config { file: FILE.into(), field: field.into(), value: shown, supported: supported.into() }
}
