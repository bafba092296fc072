//! The folders of `sentence-transformers`: which modules a model is made of, and their settings.
//!
//! `modules.json` lists the modules in the order in which they run; each has a folder of its own
//! within the model's. Formats: `base/model.py` and `base/modules/transformer.py` of that library,
//! in version 6.2 and before.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::arguments;
use super::prompts::Prompts;
use super::role::Role;
use super::settings::{CONFIG, Settings, read_json};
use crate::error::{Error, Result};
use crate::models::Config;
use crate::named::{self, named};
use crate::text::{SENTENCE_TRANSFORMERS, SMALL_FILES, SmallFiles, Tokenizer};
use crate::{json, limits};

/// The list of modules. A folder without it is that of a plain encoder.
pub const MODULES_FILE: &str = "modules.json";

/// Names that the settings of the encoder have had; the first that exists counts. Versions that know modules of rankings
/// write the first.
pub const ENCODER_SETTINGS: [&str; 7] = [
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
];

/// A kind of module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The encoder.
    Transformer,
    /// Vectors of tokens to one vector: see [`super::pooling`].
    Pooling,
    /// A linear layer: see [`super::dense`].
    Dense,
    /// Division by the length of the vector.
    Normalize,
    /// Layer normalisation.
    LayerNorm,
    /// Of training alone.
    Dropout,
}

// Names of the classes.
named!(Kind {
    Transformer => "Transformer",
    Pooling => "Pooling",
    Dense => "Dense",
    Normalize => "Normalize",
    LayerNorm => "LayerNorm",
    Dropout => "Dropout",
});

impl Kind {
    /// Whether its folder has a file with weights.
    pub fn has_weights(self) -> bool {
        matches!(self, Kind::Dense | Kind::LayerNorm)
    }
}

/// The modules of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    /// Folder of the encoder; empty for that of the model itself.
    pub encoder: String,
    /// What follows, with its folder; nothing without a `modules.json`.
    pub stages: Vec<(Kind, String)>,
    /// Whether there is a `modules.json`.
    pub stated: bool,
}

/// What the model's and the encoder's settings say of texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TextSettings {
    /// Longest sequence in tokens; wins over what the tokenizer's own files say.
    pub max_seq_length: Option<usize>,
    /// Whether texts are turned into lower case before anything else.
    pub do_lower_case: bool,
    /// What may stand before each text.
    pub prompts: Prompts,
    /// How many numbers of an embedding are kept; `None` for all.
    pub truncate_dim: Option<usize>,
}

impl Modules {
    /// Reads `modules.json`; without it the model is an encoder alone.
    ///
    /// # Errors
    /// [`Error::Config`] for a module that is not supported, and for a list that does not begin with an encoder.
    pub fn parse(files: &SmallFiles) -> Result<Self> {
        let list = match read_json(files, MODULES_FILE)? {
            None => return Ok(Modules::default()),
            Some(Value::Array(list)) => list,
            Some(other) => {
                return Err(json::invalid(MODULES_FILE, "the file", &other.to_string(), "a list of modules"));
            }
        };
        let mut names = BTreeSet::new();
        for entry in &list {
            // Of two modules with one name Python keeps the second alone.
            let name = entry.get("name").filter(|name| !name.is_null()).map(Value::to_string);
            if let Some(name) = name
                && !names.insert(name.clone())
            {
                return Err(json::invalid(MODULES_FILE, "name", &name, "a name that no other module has"));
            }
        }
        let mut modules = list.into_iter().map(module).collect::<Result<Vec<_>>>()?;
        match modules.first() {
            Some((Kind::Transformer, encoder)) => {
                Ok(Modules { encoder: encoder.clone(), stages: modules.split_off(1), stated: true })
            }
            _ => Err(order(modules.iter().map(|&(kind, _)| kind))),
        }
    }

    /// Refuses an order of modules in which one would find nothing to read: vectors of tokens become one vector, once,
    /// and what comes before that can be told to read them.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn check_order(&self) -> Result<()> {
        let kinds = || self.stages.iter().map(|&(kind, _)| kind);
        let before = kinds().take_while(|&kind| kind != Kind::Pooling);
        let poolings = kinds().filter(|&kind| kind == Kind::Pooling).count();
        let encoders = kinds().filter(|&kind| kind == Kind::Transformer).count();
        match poolings == 1
            && encoders == 0
            && before.into_iter().all(|kind| matches!(kind, Kind::Dense | Kind::Normalize))
        {
            true => Ok(()),
            false => Err(order(std::iter::once(Kind::Transformer).chain(kinds()))),
        }
    }

    /// Names, within the model's folder, of the small files that a load looks for. Only the encoder's `config.json` and
    /// its tokenizer are always there; `Normalize`, above all, has no file in what is published.
    pub fn small_files(&self) -> Vec<String> {
        let of_encoder = SMALL_FILES.iter().map(|name| within(&self.encoder, name));
        let mut names: Vec<String> = [MODULES_FILE.to_owned()].into_iter().chain(of_encoder).collect();
        if self.stated {
            names.push(SENTENCE_TRANSFORMERS.to_owned());
            names.extend(ENCODER_SETTINGS.iter().map(|name| within(&self.encoder, name)));
            let stages = self.stages.iter().filter(|(kind, _)| *kind != Kind::Dropout);
            names.extend(stages.map(|(_, folder)| within(folder, CONFIG)));
        }
        names
    }

    /// The files of the encoder and its tokenizer, and what the settings around them say of texts. Those count only with
    /// a `modules.json`.
    ///
    /// # Errors
    /// [`Error::Config`] for values that would be computed wrongly.
    pub fn encoder_files(&self, files: &SmallFiles, role: &Role) -> Result<(SmallFiles, TextSettings)> {
        let mut own = files.of_folder(&self.encoder);
        if !self.stated {
            return Ok((own, TextSettings { prompts: Prompts::none(role), ..TextSettings::default() }));
        }
        let encoder = self.encoder_settings(files)?;
        role.check_encoder(&encoder)?;
        encoder.refuse_unless("tokenizer_name_or_path", &Value::Null)?;
        encoder.refuse_unless("processing_kwargs", &json!({}))?;
        let max_length = arguments::apply(&encoder, &mut own)?;
        let model = Settings::read(files, SENTENCE_TRANSFORMERS)?;
        if model.states("model_type", &Value::Null) {
            return Err(model.invalid("model_type", role.model_type));
        }
        model.refuse_unless("model_type", &json!(role.model_type))?;
        let settings = TextSettings {
            max_seq_length: max_length.or(encoder.number("max_seq_length", usize::MAX)?),
            do_lower_case: encoder.flag("do_lower_case")?,
            prompts: Prompts::read(&model, role)?,
            truncate_dim: model.number("truncate_dim", usize::MAX)?,
        };
        Ok((own, settings))
    }
}

impl Modules {
    /// The first of the encoder's settings that state anything.
    fn encoder_settings(&self, files: &SmallFiles) -> Result<Settings> {
        let mut all = ENCODER_SETTINGS.map(|name| within(&self.encoder, name)).into_iter();
        let mut settings = Settings::read(files, &all.next().unwrap_or_default())?;
        for name in all {
            if settings.fields.is_empty() && files.get(&name).is_some() {
                settings = Settings::read(files, &name)?;
            }
        }
        Ok(settings)
    }
}

impl TextSettings {
    /// The tokenizer, cut to what the model reads: `max_seq_length`, or else what the tokenizer and the
    /// configuration allow.
    ///
    /// # Errors
    /// Those of [`Tokenizer`].
    pub fn tokenizer(&self, files: &SmallFiles, config: &Config) -> Result<Tokenizer> {
        let mut tokenizer = Tokenizer::from_files(files, config.type_vocab_size)?;
        if self.do_lower_case {
            tokenizer = tokenizer.lower_cased()?;
        }
        tokenizer = match self.max_seq_length {
            Some(length) => tokenizer.with_model_max_length(length),
            None => tokenizer.truncate_to(config.max_positions)?,
        };
        let longest = config.longest(&tokenizer);
        tokenizer.truncate_to(longest)
    }
}

/// The error of modules that do not fit together.
fn order(kinds: impl Iterator<Item = Kind>) -> Error {
    let kinds: Vec<Kind> = kinds.collect();
    let supported = "Transformer, Dense or Normalize of token_embeddings, Pooling, then any of Dense, Normalize, LayerNorm \
                     and Dropout";
    json::invalid(MODULES_FILE, "the order", &format!("{kinds:?}"), supported)
}

/// An entry of `modules.json`. Types are paths of Python classes, which have moved over time.
fn module(entry: Value) -> Result<(Kind, String)> {
    let Value::Object(fields) = entry else {
        return Err(json::invalid(MODULES_FILE, "the list", &entry.to_string(), "objects with a type and a path"));
    };
    let entry = Settings { file: MODULES_FILE.into(), fields };
    let class =
        entry.get("type").and_then(Value::as_str).and_then(|class| class.strip_prefix("sentence_transformers."));
    let class = class.map(|class| class.rsplit('.').next().unwrap_or(class));
    let Some(kind) = class.and_then(Kind::parse) else {
        return Err(entry.invalid("type", &format!("{} of sentence_transformers", named::all(Kind::NAMES))));
    };
    let folder = entry.get("path").and_then(Value::as_str).and_then(plain);
    let folder = folder.ok_or_else(|| entry.invalid("path", "the name of a folder within the model's"))?;
    Ok((kind, folder))
}

/// The folder as it is found, without the parts of its path that mean nothing; `None` unless it can only be the model's
/// own folder or one within it, on any system and in any address.
fn plain(folder: &str) -> Option<String> {
    let parts: Vec<&str> = folder.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let is_plain = |part: &&str| {
        !part.starts_with('.') && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let fits = folder.len() <= limits::FILE_NAME_BYTES && !folder.starts_with('/');
    (fits && parts.iter().all(is_plain)).then(|| parts.join("/"))
}

/// Name of a file of a module, from the model's folder.
pub fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
