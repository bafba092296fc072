//! `config.json` in the terms of the encoder: sizes under one name whatever the
//! architecture calls them, labels, and refusals of what would be computed wrongly.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use super::fields::{Fields, Labels, generic_labels, invalid};
use super::quantization;
use crate::architectures::HeadKind;
use crate::architectures::heads::HeadTable;
use crate::architectures::words::{Architecture, Body, ModelType, Norm, Positions, Refusal, Setting};
use crate::architectures::{self, supported_model_types};
use crate::error::{Error, Result};
use crate::named::named;
use crate::nn::{Activation, NormKind};
use crate::text::{ADAPTER_FILE, SmallFiles, Tokenizer, adapter};
use crate::{json, limits};

/// Keys whose other values change what any encoder computes.
const REFUSALS: &[Refusal<'static>] = &[
    ("position_embedding_type", &["\"absolute\""]),
    ("is_decoder", &["false"]),
    ("add_cross_attention", &["false"]),
    ("adapters", &[]),
];

/// Names that mean the hidden size, the heads and the layers of every architecture, and count before those of its own.
/// `transformers`: `attribute_map`.
const COMMON_NAMES: [&str; 3] = ["hidden_size", "num_attention_heads", "num_hidden_layers"];

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

// The spelling of `config.json`.
named!(ProblemType {
    Regression => "regression",
    SingleLabel => "single_label_classification",
    MultiLabel => "multi_label_classification",
});

/// The part of `config.json` that decides what is computed.
#[derive(Debug, Clone)]
pub struct Config {
    /// The table that interprets it.
    pub architecture: &'static Architecture,
    /// Its `model_type`.
    pub model_type: &'static ModelType,
    /// First of `architectures`, such as `BertForSequenceClassification`.
    pub class: Option<String>,
    /// Number of word pieces.
    pub vocab_size: usize,
    /// Width of the hidden vectors.
    pub hidden_size: usize,
    /// Width of the embeddings.
    pub embedding_size: usize,
    /// Number of layers.
    pub layers: usize,
    /// Attention heads of a layer.
    pub attention_heads: usize,
    /// Heads of keys and values; divides that.
    pub kv_heads: usize,
    /// Numbers of a head's vector.
    pub head_size: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Rows of the position table, or how long sequences were in training.
    pub max_positions: usize,
    /// Rows of the token-type table; 0 when there is none.
    pub type_vocab_size: usize,
    /// Id of the padding token; 0 where there is none.
    pub pad_token_id: usize,
    /// Activation of the feed-forward network.
    pub activation: Activation,
    /// Epsilon of every normalisation.
    pub layer_norm_eps: f64,
    /// What every normalisation is.
    pub norm: NormKind,
    /// The longest sequence there are positions for; `None` where positions are not a table.
    pub usable_positions: Option<usize>,
    /// Names of the labels; `None` where the file states neither names nor a number.
    pub labels: Option<Vec<String>>,
    /// Ids of labels that the file gives no name, though it names others.
    pub nameless_labels: Vec<usize>,
    /// What the head was trained for, where the file says it.
    pub problem_type: Option<ProblemType>,
    /// All of the file, for what only some architectures or heads read.
    pub fields: Fields,
    /// What is left aside of the file, or read otherwise than it stands there: sentences.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads `config.json`, and looks at what lies beside it.
    ///
    /// # Errors
    /// Those of [`SmallFiles::config`] and [`Config::parse`].
    pub fn of(files: &SmallFiles) -> Result<Config> {
        let mut config = Config::parse(files.config()?)?;
        config.warnings.extend(files.get(ADAPTER_FILE).map(adapter::beside));
        Ok(config)
    }

    /// Reads `config.json`.
    ///
    /// # Errors
    /// [`Error::UnsupportedModel`] for a model type that is not in the registry;
    /// [`Error::Config`] for anything else that cannot be used.
    pub fn parse(json: &[u8]) -> Result<Config> {
        let mut fields = Fields::parse(json)?;
        let own_code = fields.get("auto_map").is_some();
        let name = match fields.get("model_type") {
            Some(Value::String(name)) => name,
            None if own_code => "",
            other => return Err(invalid("model_type", other, &supported_model_types().join(", "))),
        };
        let (architecture, model_type) = architectures::find(name).ok_or_else(|| unsupported(name, own_code))?;
        let keys = &architecture.keys;
        for (name, setting) in COMMON_NAMES.into_iter().zip([keys.hidden_size, keys.attention_heads, keys.layers]) {
            fields.copy(name, setting.key.unwrap_or(name));
        }
        let common = REFUSALS.iter().filter(|(key, _)| architecture.refusals.iter().all(|(own, _)| own != key));
        fields.refuse(&common.copied().collect::<Vec<_>>())?;
        quantization::check(&fields)?;
        fields.refuse(architecture.refusals)?;
        let Labels { names: labels, nameless: nameless_labels, warning } = fields.labels()?;
        let (problem_type, unknown_problem) = problem_type(&fields);
        let vocab_size = fields.number(keys.vocab_size, 1, limits::VOCABULARY)?;
        let hidden_size = fields.number(keys.hidden_size, 1, limits::HIDDEN_SIZE)?;
        let attention_heads = fields.number(keys.attention_heads, 1, limits::HIDDEN_SIZE)?;
        let head_size = fields.number(keys.head_size, 1, limits::HIDDEN_SIZE)?;
        let kv_heads = match keys.kv_heads.key {
            Some(key) if fields.is_null(key) => 0,
            _ => fields.number(keys.kv_heads, 1, limits::HIDDEN_SIZE)?,
        };
        let mut config = Config {
            architecture,
            model_type,
            class: fields.class(),
            vocab_size,
            hidden_size,
            embedding_size: match fields.number(keys.embedding_size, 1, limits::HIDDEN_SIZE)? {
                0 => hidden_size,
                size => size,
            },
            layers: fields.number(keys.layers, 0, limits::LAYERS)?,
            attention_heads,
            kv_heads: if kv_heads == 0 { attention_heads } else { kv_heads },
            head_size: if head_size == 0 { hidden_size / attention_heads } else { head_size },
            intermediate_size: fields.number(keys.intermediate_size, 1, limits::INTERMEDIATE_SIZE)?,
            max_positions: fields.number(keys.max_positions, 1, limits::POSITIONS)?,
            type_vocab_size: fields.number(keys.type_vocab_size, 0, limits::VOCABULARY)?,
            pad_token_id: pad_token_id(&fields, architecture, vocab_size)?,
            activation: fields.activation(keys.activation)?,
            layer_norm_eps: fields
                .real(keys.layer_norm_eps, "a number from 0 to 1", |eps| (0.0..1.0).contains(&eps))?,
            norm: match keys.norm {
                Norm::Layer(bias) => NormKind::Layer { bias: fields.flag(bias)? },
                Norm::Rms => NormKind::Rms,
            },
            usable_positions: None,
            labels,
            nameless_labels,
            problem_type,
            fields,
            warnings: warning.into_iter().chain(unknown_problem).collect(),
        };
        if own_code {
            config.warnings.push(format!(
                "config.json names code of the model's own (auto_map), which is not run; it is computed as {}, as \
                 transformers does without trust_remote_code.",
                config.model_type.name
            ));
        }
        config.usable_positions = config.positions()?;
        config.check()?;
        Ok(config)
    }

    /// The longest sequence to be read, given the tokenizer's `model_max_length`, if it has one:
    /// the table of positions allows no more; where there is none, the tokenizer decides, and
    /// then the length that the model was trained for.
    pub fn max_length(&self, model_max_length: Option<usize>) -> usize {
        self.shorter(self.usable_positions, model_max_length)
    }

    /// The same for this tokenizer, to the token: where positions are counted after that of the padding token, special
    /// tokens that are the same token, such as `<s>`, use up none.
    pub fn longest(&self, tokenizer: &Tokenizer) -> usize {
        let uncounted = match position_rule(self.architecture) {
            Some(Positions::AfterPadding) => tokenizer.special_tokens_that_are(self.pad_token_id as u32),
            _ => 0,
        };
        self.shorter(self.usable_positions.map(|positions| positions + uncounted), tokenizer.model_max_length())
    }

    /// The tokenizer, cut to [`Config::longest`].
    ///
    /// # Errors
    /// Those of [`Tokenizer::truncate_to`].
    pub fn fit(&self, mut tokenizer: Tokenizer) -> Result<Tokenizer> {
        let longest = self.longest(&tokenizer);
        if let Some(positions) = self.usable_positions.filter(|&positions| longest < positions) {
            tokenizer.warn(format!(
                "texts are cut to {longest} tokens, the model_max_length of tokenizer_config.json, as Python does with \
                 truncation=True; the model has {positions} positions"
            ));
        }
        tokenizer.truncate_to(longest)
    }

    /// Id of the padding token, where there is one that a text may hold.
    pub(super) fn padding(&self) -> Option<u32> {
        let Setting { key, default, .. } = self.architecture.keys.pad_token_id;
        let id = match key.and_then(|key| self.fields.all().get(key)) {
            None => default,
            Some(stated) => stated.as_u64().map(|_| self.pad_token_id),
        };
        id.map(|id| id as u32)
    }

    fn shorter(&self, positions: Option<usize>, model_max_length: Option<usize>) -> usize {
        match (positions, model_max_length) {
            (Some(positions), Some(length)) => positions.min(length),
            (None, Some(length)) => length.min(limits::POSITIONS),
            (Some(positions), None) => positions,
            (None, None) => self.max_positions,
        }
    }

    fn positions(&self) -> Result<Option<usize>> {
        let positions = match &self.architecture.body {
            Body::EncoderDecoder => return Ok(Some(self.max_positions)),
            Body::Encoder(table) => table.embeddings.position.as_ref(),
        };
        Ok(match positions {
            Some(table) if self.fields.flag(table.present)? => Some(match table.rule {
                Positions::Absolute => self.max_positions,
                Positions::AfterPadding => self.max_positions.saturating_sub(self.pad_token_id + 1),
            }),
            _ => None,
        })
    }

    /// Standard deviation of new weights.
    pub fn initializer_range(&self) -> Result<f64> {
        let setting = self.architecture.keys.initializer_range;
        self.fields.real(setting, "a number from 0 to 1", |std| (0.0..=1.0).contains(&std))
    }

    /// The name that `transformers` gives to the class of this model with a head, such as
    /// `BertForMaskedLM`.
    pub fn class_with(&self, head: HeadKind) -> String {
        format!("{}{}", self.model_type.class, head.class_suffix())
    }

    /// The text of a `config.json` like this one for a model with another head, with the labels
    /// of this one.
    pub fn json_with(&self, head: HeadKind) -> String {
        let mut fields = self.fields.0.clone();
        fields.insert("architectures".into(), json!([self.class_with(head)]));
        if let Some(labels) = &self.labels {
            let by_id = |(id, label): (usize, &String)| (id.to_string(), json!(label));
            let by_label = |(id, label): (usize, &String)| (label.clone(), json!(id));
            fields.insert("id2label".into(), labels.iter().enumerate().map(by_id).collect::<Map<_, _>>().into());
            fields.insert("label2id".into(), labels.iter().enumerate().map(by_label).collect::<Map<_, _>>().into());
            fields.shift_remove("num_labels");
            if self.problem_type.is_none() {
                fields.shift_remove("problem_type");
            }
        }
        format!("{:#}\n", Value::Object(fields))
    }

    /// The table of a kind of head; `None` for the bare encoder.
    ///
    /// # Errors
    /// [`Error::UnsupportedHead`] that lists those that there are.
    pub(super) fn head_table(&self, kind: HeadKind) -> Result<Option<&'static HeadTable>> {
        let heads = &self.architecture.heads;
        if !heads.have(kind) {
            let supported = HeadKind::ALL.iter().filter(|&&kind| heads.have(kind)).map(|kind| kind.name().to_owned());
            let model_type = self.model_type.name.to_owned();
            return Err(Error::UnsupportedHead {
                head: kind.name().into(),
                model_type,
                supported: supported.collect(),
            });
        }
        let table = heads.of(kind);
        match table.and_then(|table| table.unless) {
            Some((key, other)) if !self.fields.flag(Setting::of(key, true))? => Ok(Some(other)),
            _ => Ok(table),
        }
    }

    /// The same with other labels, of no stated problem.
    ///
    /// # Errors
    /// [`Error::Option`] when there are none, too many, or two of one name.
    pub fn with_labels(mut self, labels: Vec<String>) -> Result<Config> {
        let different: HashSet<&String> = labels.iter().collect();
        if labels.is_empty() || labels.len() > limits::LABELS || different.len() < labels.len() {
            return Err(Error::Option {
                option: "labels".into(),
                value: format!("{} names, {} of them different", labels.len(), different.len()),
                supported: format!("1 to {} different names", limits::LABELS),
            });
        }
        self.fields.0.shift_remove("label2id");
        Ok(Config { labels: Some(labels), nameless_labels: Vec::new(), problem_type: None, ..self })
    }

    /// Refuses to name labels of which only some have names, where Python fails as it names one.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub(crate) fn check_label_names(&self) -> Result<()> {
        let Some(id) = self.nameless_labels.first() else {
            return Ok(());
        };
        let last = self.labels.as_ref().map_or(0, |labels| labels.len().saturating_sub(1));
        let supported = format!("a name for each label from 0 to {last}; there is none for {id}");
        Err(invalid("id2label", self.fields.get("id2label"), &supported))
    }

    /// The labels, or as many without names as the architecture's configuration class has.
    pub(super) fn labels_or_default(&self) -> Vec<String> {
        self.labels.clone().unwrap_or_else(|| generic_labels(self.architecture.keys.default_labels))
    }

    /// What has to hold between fields.
    fn check(&self) -> Result<()> {
        let keys = &self.architecture.keys;
        let refuse = |setting: Setting<usize>, supported: String| {
            let key = setting.key.unwrap_or_default();
            Err(invalid(key, self.fields.get(key), &supported))
        };
        let is_stated = keys.head_size.default > 0 || keys.head_size.keys().any(|key| self.fields.get(key).is_some());
        if !is_stated && !self.hidden_size.is_multiple_of(self.attention_heads) {
            return refuse(keys.attention_heads, format!("a divisor of the hidden size {}", self.hidden_size));
        }
        if !self.attention_heads.is_multiple_of(self.kv_heads) {
            return refuse(keys.kv_heads, format!("a divisor of the {} attention heads", self.attention_heads));
        }
        if self.usable_positions == Some(0) {
            return refuse(keys.max_positions, format!("more than the padding id {} and one", self.pad_token_id));
        }
        if self.labels_or_default().len() == 1 && self.problem_type == Some(ProblemType::SingleLabel) {
            let value = Value::from(ProblemType::SingleLabel.name());
            return Err(invalid("problem_type", Some(&value), "any other with a single label"));
        }
        Ok(())
    }
}

/// The error of a model type that cannot be computed, or not without the model's own code.
pub(super) fn unsupported(model_type: &str, own_code: bool) -> Error {
    Error::UnsupportedModel { model_type: model_type.into(), own_code, supported: supported_model_types() }
}

/// The stated problem; a warning of one that is not known, which `transformers` 5 leaves aside, too.
fn problem_type(fields: &Fields) -> (Option<ProblemType>, Option<String>) {
    let Some(value) = fields.get("problem_type") else {
        return (None, None);
    };
    let known = value.as_str().and_then(ProblemType::parse);
    let unknown = || {
        let value = json::shown(&value.to_string());
        format!("problem_type is {value}, which is none that is known, and is left aside, as in transformers 5")
    };
    (known, known.is_none().then(unknown))
}

/// How positions are counted, where there is a table of them.
fn position_rule(architecture: &Architecture) -> Option<Positions> {
    match &architecture.body {
        Body::EncoderDecoder => None,
        Body::Encoder(table) => table.embeddings.position.as_ref().map(|table| table.rule),
    }
}

/// The padding id decides where positions begin, if it decides anything; otherwise it may be null, or count from the end
/// of the vocabulary.
fn pad_token_id(fields: &Fields, architecture: &Architecture, vocab_size: usize) -> Result<usize> {
    let Setting { key, aliases, default } = architecture.keys.pad_token_id;
    let setting = Setting { key, aliases, default: default.unwrap_or(0) };
    let counts = position_rule(architecture) == Some(Positions::AfterPadding);
    let from_the_end = |key| fields.get(key)?.as_i64().filter(|id| (-(vocab_size as i64)..0).contains(id));
    match setting.key.filter(|_| !counts) {
        Some(key) if fields.is_null(key) || from_the_end(key).is_some() => Ok(setting.default),
        _ => fields.number(setting, 0, limits::VOCABULARY),
    }
}
