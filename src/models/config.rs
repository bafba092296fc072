//! `config.json` in the terms of the encoder: sizes under one name whatever the
//! architecture calls them, labels, and refusals of what would be computed wrongly.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::architecture::{Architecture, Number, Positions};
use super::registry::{self, supported_model_types};
use crate::error::{Error, Result};
use crate::limits;
use crate::nn::{Activation, activation_named, activation_names};

const FILE: &str = "config.json";

/// Keys whose other values change what the encoder computes, and the values that are
/// implemented. An absent or null key is fine.
const REFUSALS: &[(&str, &[&str])] = &[
    ("position_embedding_type", &["\"absolute\""]),
    ("is_decoder", &["false"]),
    ("add_cross_attention", &["false"]),
    ("quantization_config", &[]),
];

/// What kind of answer a head was trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemType {
    /// Numbers.
    Regression,
    /// Exactly one label.
    SingleLabel,
    /// Any number of labels.
    MultiLabel,
}

impl ProblemType {
    const NAMES: &[(&str, ProblemType)] = &[
        ("regression", ProblemType::Regression),
        ("single_label_classification", ProblemType::SingleLabel),
        ("multi_label_classification", ProblemType::MultiLabel),
    ];

    /// The spelling of `config.json`.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, kind)| *kind == self).map_or("", |&(name, _)| name)
    }
}

/// The part of `config.json` that decides what is computed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table that interprets it.
    pub architecture: &'static Architecture,
    /// `model_type` as the file spells it.
    pub model_type: String,
    /// First of `architectures`, such as `BertForSequenceClassification`.
    pub class: Option<String>,
    /// Number of word pieces.
    pub vocab_size: usize,
    /// Width of the hidden vectors.
    pub hidden_size: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads of a layer; divides `hidden_size`.
    pub attention_heads: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Rows of the position table.
    pub max_positions: usize,
    /// Rows of the token-type table; 0 when there is none.
    pub type_vocab_size: usize,
    /// Id of the padding token.
    pub pad_token_id: usize,
    /// Activation of the feed-forward network.
    pub activation: Activation,
    /// Epsilon of every normalisation.
    pub layer_norm_eps: f64,
    /// Names of the labels; `None` where the file states neither names nor a number.
    pub labels: Option<Vec<String>>,
    /// What the head was trained for, where the file says it.
    pub problem_type: Option<ProblemType>,
}

impl Config {
    /// Reads `config.json`.
    ///
    /// # Errors
    /// [`Error::UnsupportedModel`] for a model type that is not in the registry;
    /// [`Error::Config`] for anything else that cannot be used.
    pub fn parse(json: &[u8]) -> Result<Config> {
        let fields = Fields::parse(json)?;
        let model_type = match fields.get("model_type") {
            Some(Value::String(name)) => name.clone(),
            other => return Err(invalid("model_type", other, &supported_model_types().join(", "))),
        };
        let architecture = registry::find(&model_type).ok_or_else(|| Error::UnsupportedModel {
            model_type: model_type.clone(),
            supported: supported_model_types(),
        })?;
        fields.refuse()?;
        let keys = &architecture.keys;
        let config = Config {
            architecture,
            class: fields.class(),
            vocab_size: fields.number(&keys.vocab_size, 1, limits::VOCABULARY)?,
            hidden_size: fields.number(&keys.hidden_size, 1, limits::HIDDEN_SIZE)?,
            layers: fields.number(&keys.layers, 0, limits::LAYERS)?,
            attention_heads: fields.number(&keys.attention_heads, 1, limits::HIDDEN_SIZE)?,
            intermediate_size: fields.number(&keys.intermediate_size, 1, limits::INTERMEDIATE_SIZE)?,
            max_positions: fields.number(&keys.max_positions, 1, limits::POSITIONS)?,
            type_vocab_size: match &keys.type_vocab_size {
                Some(number) => fields.number(number, 0, limits::VOCABULARY)?,
                None => 0,
            },
            pad_token_id: fields.number(&keys.pad_token_id, 0, limits::VOCABULARY)?,
            activation: fields.activation(keys.activation)?,
            layer_norm_eps: fields.epsilon(keys.layer_norm_eps)?,
            labels: fields.labels()?,
            problem_type: fields.problem_type()?,
            model_type,
        };
        config.check(&fields)?;
        Ok(config)
    }

    /// The longest sequence the position table has rows for.
    pub fn usable_positions(&self) -> usize {
        match self.architecture.positions {
            Positions::Absolute => self.max_positions,
            Positions::AfterPadding => self.max_positions.saturating_sub(self.pad_token_id + 1),
        }
    }

    /// What has to hold between fields.
    fn check(&self, fields: &Fields) -> Result<()> {
        let keys = &self.architecture.keys;
        if !self.hidden_size.is_multiple_of(self.attention_heads) {
            let key = keys.attention_heads.key;
            let supported = format!("a divisor of the hidden size {}", self.hidden_size);
            return Err(invalid(key, fields.get(key), &supported));
        }
        if self.usable_positions() == 0 {
            let key = keys.max_positions.key;
            let supported = format!("more than the padding id {} and one", self.pad_token_id);
            return Err(invalid(key, fields.get(key), &supported));
        }
        let labels = self.labels.as_ref().map_or(2, Vec::len);
        if labels == 1 && self.problem_type == Some(ProblemType::SingleLabel) {
            let value = Value::from(ProblemType::SingleLabel.name());
            return Err(invalid("problem_type", Some(&value), "any other with a single label"));
        }
        Ok(())
    }
}

/// The fields of the file, null taken as absent.
struct Fields(Map<String, Value>);

impl Fields {
    fn parse(json: &[u8]) -> Result<Fields> {
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

    fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    fn number(&self, number: &Number, least: usize, most: usize) -> Result<usize> {
        let Some(value) = self.get(number.key) else {
            return Ok(number.default);
        };
        let whole = value.as_u64().and_then(|whole| usize::try_from(whole).ok());
        let whole = whole.filter(|whole| (least..=most).contains(whole));
        whole.ok_or_else(|| invalid(number.key, Some(value), &format!("a whole number from {least} to {most}")))
    }

    fn class(&self) -> Option<String> {
        Some(self.get("architectures")?.get(0)?.as_str()?.to_owned())
    }

    fn activation(&self, key: &str) -> Result<Activation> {
        let Some(value) = self.get(key) else {
            return Ok(Activation::Gelu);
        };
        let known = value.as_str().and_then(activation_named);
        known.ok_or_else(|| invalid(key, Some(value), &activation_names()))
    }

    fn epsilon(&self, key: Option<&str>) -> Result<f64> {
        let Some((key, value)) = key.and_then(|key| Some((key, self.get(key)?))) else {
            return Ok(1e-12);
        };
        let number = value.as_f64().filter(|eps| (0.0..1.0).contains(eps));
        number.ok_or_else(|| invalid(key, Some(value), "a number from 0 to 1"))
    }

    /// Names by ascending id. `id2label` decides how many there are, then `num_labels`, which
    /// only old files have.
    fn labels(&self) -> Result<Option<Vec<String>>> {
        if let Some(value) = self.get("id2label") {
            let supported = "an object from whole numbers to names";
            let names = id2label(value).ok_or_else(|| invalid("id2label", Some(value), supported))?;
            return Ok(Some(names));
        }
        let number = Number { key: "num_labels", default: 0 };
        match self.number(&number, 1, limits::LABELS)? {
            0 => Ok(None),
            count => Ok(Some(generic_labels(count))),
        }
    }

    fn problem_type(&self) -> Result<Option<ProblemType>> {
        let Some(value) = self.get("problem_type") else {
            return Ok(None);
        };
        let known = ProblemType::NAMES.iter().find(|(name, _)| value.as_str() == Some(name));
        match known {
            Some(&(_, kind)) => Ok(Some(kind)),
            None => {
                let names: Vec<&str> = ProblemType::NAMES.iter().map(|&(name, _)| name).collect();
                Err(invalid("problem_type", Some(value), &names.join(", ")))
            }
        }
    }

    fn refuse(&self) -> Result<()> {
        for (key, supported) in REFUSALS {
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
pub fn generic_labels(count: usize) -> Vec<String> {
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
fn invalid(field: &str, value: Option<&Value>, supported: &str) -> Error {
    let value = value.map_or("missing".into(), Value::to_string);
    let shown = match value.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    };
    Error::Config { file: FILE.into(), field: field.into(), value: shown, supported: supported.into() }
}
