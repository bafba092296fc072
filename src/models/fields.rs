//! The fields of `config.json`, read by key and checked one by one.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::architectures::words::{Refusal, Setting};
use crate::error::{Error, Result};
use crate::nn::{Activation, activation_named, activation_names};
use crate::{json, limits};

const FILE: &str = "config.json";

/// Keys whose null is what their absence is, or is read where they are used. Of any other setting `transformers` refuses
/// it, and a default in its place would be a guess.
const NULL_ALLOWED: &[&str] = &["initializer_cutoff_factor", "local_rope_theta", "scale_embedding", "share_att_key"];

/// An object of JSON.
#[derive(Debug, Clone)]
pub struct Fields(pub(super) Map<String, Value>);

impl Fields {
    /// Reads the file.
    ///
    /// # Errors
    /// [`Error::Config`] when it is too large or no object.
    pub(super) fn parse(json: &[u8]) -> Result<Fields> {
        json::object(FILE, json, limits::CONFIG_BYTES).map(Fields)
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

    fn read<T: Copy>(&self, setting: Setting<T>, supported: &str, accept: impl Fn(&Value) -> Option<T>) -> Result<T> {
        match setting.keys().find_map(|key| Some((key, self.0.get(key)?))) {
            None => Ok(setting.default),
            Some((key, Value::Null)) if NULL_ALLOWED.contains(&key) => Ok(setting.default),
            Some((key, value)) => accept(value).ok_or_else(|| invalid(key, Some(value), supported)),
        }
    }

    /// First of `architectures`.
    pub(super) fn class(&self) -> Option<String> {
        Some(self.get("architectures")?.get(0)?.as_str()?.to_owned())
    }

    /// The labels, as `transformers` 5 counts them: `num_labels`, where it disagrees with `id2label`, makes all labels
    /// nameless. `label2id` says nothing alone, and is forgotten then, as it is there.
    pub(super) fn labels(&mut self) -> Result<Labels> {
        let stated = self.get("id2label").cloned();
        let names = match &stated {
            None => None,
            Some(value) => {
                let supported = "an object from whole numbers to names";
                Some(id2label(value).ok_or_else(|| invalid("id2label", Some(value), supported))?)
            }
        };
        if let Some(names) = &names
            && self.0.get("num_labels").is_none_or(|count| count.as_f64() == Some(names.len() as f64))
        {
            return Ok(Labels::named(names));
        }
        self.0.shift_remove("label2id");
        if stated.is_none() && !self.0.contains_key("num_labels") {
            return Ok(Labels::default());
        }
        let count = self.number(Setting::of("num_labels", 0), 0, limits::LABELS)?;
        let warning = names.map(|names| {
            format!(
                "num_labels is {count}, so the {} names of id2label are left aside, as in transformers 5",
                names.len()
            )
        });
        Ok(Labels { names: Some(generic_labels(count)), warning, ..Labels::default() })
    }

    /// Gives the value of one key to another, if it is there: `transformers` knows both names of a setting.
    pub(super) fn copy(&mut self, from: &str, to: &str) {
        if from != to
            && let Some(value) = self.0.get(from)
        {
            let value = value.clone();
            self.0.insert(to.to_owned(), value);
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

/// What a file says of labels.
#[derive(Debug, Default)]
pub(super) struct Labels {
    /// `None` where it states neither names nor a number.
    pub names: Option<Vec<String>>,
    /// Ids that have no name, though others have one.
    pub nameless: Vec<usize>,
    /// What should be known of them.
    pub warning: Option<String>,
}

impl Labels {
    /// The names by id. Who asks Python for one that is missing gets an error; `LABEL_1` stands for it here until then.
    fn named(by_id: &BTreeMap<i64, &Value>) -> Self {
        let texts = by_id.values().filter(|name| !name.is_string()).count();
        let warning = format!("{texts} of the labels in id2label are no texts; their JSON serves as names");
        let named = |id: &usize| by_id.get(&(*id as i64)).copied();
        let names = (0..by_id.len()).map(|id| match named(&id) {
            Some(Value::String(name)) => name.clone(),
            Some(other) => other.to_string(),
            None => format!("LABEL_{id}"),
        });
        Labels {
            names: Some(names.collect()),
            nameless: (0..by_id.len()).filter(|id| named(id).is_none()).collect(),
            warning: (texts > 0).then_some(warning),
        }
    }
}

/// `LABEL_0`, `LABEL_1`, …: what `transformers` calls labels without names.
pub(super) fn generic_labels(count: usize) -> Vec<String> {
    (0..count).map(|id| format!("LABEL_{id}")).collect()
}

/// `None` if the value is not of the form `{"0": name, …}`. Ids may have white space and a sign, as Python's `int`
/// takes them; of two that are the same number, the later one counts.
fn id2label(value: &Value) -> Option<BTreeMap<i64, &Value>> {
    let names = value.as_object().filter(|names| names.len() <= limits::LABELS)?;
    names.iter().map(|(id, name)| Some((id.trim().parse().ok()?, name))).collect()
}

/// The error of a field of `config.json`.
pub(super) fn invalid(field: &str, value: Option<&Value>, supported: &str) -> Error {
    json::invalid(FILE, field, &value.map_or("missing".into(), Value::to_string), supported)
}
