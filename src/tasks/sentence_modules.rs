//! The folders of `sentence-transformers`: which modules a model is made of, and their settings.
//!
//! `modules.json` lists the modules in the order in which they run; each has a folder of its own
//! within the model's. Formats: `base/model.py` and `base/modules/transformer.py` of that library,
//! in version 6.2 and before.

use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::limits;
use crate::text::{SENTENCE_TRANSFORMERS, SMALL_FILES, SmallFiles};

/// The list of modules. A folder without it is that of a plain encoder.
pub const MODULES_FILE: &str = "modules.json";

/// Names that the settings of the encoder have had; the first that exists counts.
const ENCODER_SETTINGS: [&str; 7] = [
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
}

/// The modules of a model.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    /// Folder of the encoder; empty for that of the model itself.
    pub encoder: String,
    /// Folder of the pooling; `None` without a `modules.json`.
    pub pooling: Option<String>,
    /// What follows, with its folder: [`Kind::Dense`] and [`Kind::Normalize`].
    pub stages: Vec<(Kind, String)>,
}

/// What the model's and the encoder's settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextSettings {
    /// Longest sequence in tokens; wins over what the tokenizer's own files say.
    pub max_seq_length: Option<usize>,
    /// Whether texts are turned into lower case before anything else.
    pub do_lower_case: bool,
    /// Stands before each text.
    pub prompt: String,
    /// How many numbers of an embedding are kept; `None` for all.
    pub truncate_dim: Option<usize>,
}

impl Modules {
    /// Reads `modules.json`; without it the model is an encoder alone.
    ///
    /// # Errors
    /// [`Error::Config`] for anything but an encoder, a pooling, and dense layers and
    /// normalisations behind them.
    pub fn parse(files: &SmallFiles) -> Result<Self> {
        let list = match read_json(files, MODULES_FILE)? {
            None => return Ok(Modules::default()),
            Some(Value::Array(list)) => list,
            Some(other) => return Err(invalid(MODULES_FILE, "the file", other.to_string(), "a list of modules")),
        };
        let mut modules = list.into_iter().map(module).collect::<Result<Vec<_>>>()?;
        let (encoder, pooling) = match modules.as_slice() {
            [(Kind::Transformer, encoder), (Kind::Pooling, pooling), stages @ ..]
                if stages.iter().all(|(kind, _)| matches!(kind, Kind::Dense | Kind::Normalize)) =>
            {
                (encoder.clone(), pooling.clone())
            }
            _ => {
                let kinds: Vec<Kind> = modules.iter().map(|&(kind, _)| kind).collect();
                let supported = "Transformer, Pooling, then any number of Dense and Normalize";
                return Err(invalid(MODULES_FILE, "the order", format!("{kinds:?}"), supported));
            }
        };
        Ok(Modules { encoder, pooling: Some(pooling), stages: modules.split_off(2) })
    }

    /// Names, within the model's folder, of the small files that a load looks for.
    pub fn small_files(&self) -> Vec<String> {
        let of_encoder = SMALL_FILES.iter().chain(&ENCODER_SETTINGS).map(|name| within(&self.encoder, name));
        let folders = self.pooling.iter().chain(self.stages.iter().map(|(_, folder)| folder));
        let of_others = folders.map(|folder| within(folder, "config.json"));
        [MODULES_FILE, SENTENCE_TRANSFORMERS]
            .map(str::to_owned)
            .into_iter()
            .chain(of_encoder)
            .chain(of_others)
            .collect()
    }

    /// Reads the settings of the model and of its encoder, which count only with a
    /// `modules.json`.
    ///
    /// # Errors
    /// [`Error::Config`] for values that would be computed wrongly.
    pub fn text_settings(&self, files: &SmallFiles) -> Result<TextSettings> {
        if self.pooling.is_none() {
            return Ok(TextSettings::default());
        }
        let names = ENCODER_SETTINGS.map(|name| within(&self.encoder, name));
        let name = names.iter().find(|name| files.get(name).is_some()).unwrap_or(&names[0]);
        let encoder = Settings::read(files, name)?;
        encoder.refuse_unless("transformer_task", &json!("feature-extraction"))?;
        let modality = json!({"text": {"method": "forward", "method_output_name": "last_hidden_state"}});
        encoder.refuse_unless("modality_config", &modality)?;
        encoder.refuse_unless("module_output_name", &json!("token_embeddings"))?;
        encoder.refuse_unless("tokenizer_name_or_path", &Value::Null)?;
        for arguments in ["processing_kwargs", "processor_kwargs", "tokenizer_args", "config_kwargs", "config_args"] {
            encoder.refuse_unless(arguments, &json!({}))?;
        }
        let model = Settings::read(files, SENTENCE_TRANSFORMERS)?;
        model.refuse_unless("model_type", &json!("SentenceTransformer"))?;
        Ok(TextSettings {
            max_seq_length: encoder.number("max_seq_length", usize::MAX)?,
            do_lower_case: encoder.flag("do_lower_case")?,
            prompt: prompt(&model)?,
            truncate_dim: model.number("truncate_dim", usize::MAX)?,
        })
    }
}

/// The prompt that is used where none is asked for.
fn prompt(model: &Settings) -> Result<String> {
    let Some(name) = model.get("default_prompt_name") else {
        return Ok(String::new());
    };
    let prompt = name.as_str().and_then(|name| model.get("prompts")?.get(name)?.as_str());
    prompt.map(str::to_owned).ok_or_else(|| model.invalid("default_prompt_name", "one of the prompts"))
}

/// An entry of `modules.json`. Types are paths of Python classes, which have moved over time.
fn module(entry: Value) -> Result<(Kind, String)> {
    let Value::Object(fields) = entry else {
        return Err(invalid(MODULES_FILE, "the list", entry.to_string(), "objects with a type and a path"));
    };
    let entry = Settings { file: MODULES_FILE.into(), fields };
    let class =
        entry.get("type").and_then(Value::as_str).and_then(|class| class.strip_prefix("sentence_transformers."));
    let kind = match class.map(|class| class.rsplit('.').next().unwrap_or(class)) {
        Some("Transformer") => Kind::Transformer,
        Some("Pooling") => Kind::Pooling,
        Some("Dense") => Kind::Dense,
        Some("Normalize") => Kind::Normalize,
        _ => {
            let supported = "Transformer, Pooling, Dense, Normalize of sentence_transformers";
            return Err(entry.invalid("type", supported));
        }
    };
    let folder = entry.get("path").and_then(Value::as_str).filter(|folder| is_plain(folder));
    let folder = folder.ok_or_else(|| entry.invalid("path", "the name of a folder within the model's"))?;
    Ok((kind, folder.to_owned()))
}

/// Whether `folder` can only mean the model's own folder or one within it, on any system and in
/// any address.
fn is_plain(folder: &str) -> bool {
    folder.len() <= limits::FILE_NAME_BYTES
        && !folder.starts_with('.')
        && folder.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Name of a file of a module, from the model's folder.
pub fn within(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A file with an object of settings. A null counts as absent.
#[derive(Debug)]
pub struct Settings {
    file: String,
    fields: Map<String, Value>,
}

impl Settings {
    /// Reads a file; where there is none, nothing is stated.
    ///
    /// # Errors
    /// [`Error::Config`] when it is too large or no object.
    pub fn read(files: &SmallFiles, file: &str) -> Result<Self> {
        let fields = match read_json(files, file)? {
            None => Map::new(),
            Some(Value::Object(fields)) => fields,
            Some(other) => return Err(invalid(file, "the file", other.to_string(), "a JSON object")),
        };
        Ok(Settings { file: file.to_owned(), fields })
    }

    /// The value of a key that is there and not null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// Yes or no; no where nothing is stated.
    pub fn flag(&self, key: &str) -> Result<bool> {
        let flag = self.get(key).map_or(Some(false), Value::as_bool);
        flag.ok_or_else(|| self.invalid(key, "true or false"))
    }

    /// A whole number from 1 to `most`.
    pub fn number(&self, key: &str, most: usize) -> Result<Option<usize>> {
        let accept = |value: &Value| {
            let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
            let number = number.filter(|number| (1..=most).contains(number));
            number.ok_or_else(|| self.invalid(key, &format!("a whole number from 1 to {most}")))
        };
        self.get(key).map(accept).transpose()
    }

    /// Refuses any stated value but `only`.
    pub fn refuse_unless(&self, key: &str, only: &Value) -> Result<()> {
        match self.get(key).is_none_or(|value| value == only) {
            true => Ok(()),
            false => Err(self.invalid(key, &format!("only {only}"))),
        }
    }

    /// The error that the value of a key cannot be used.
    pub fn invalid(&self, key: &str, supported: &str) -> Error {
        invalid(&self.file, key, self.get(key).map_or("missing".into(), Value::to_string), supported)
    }
}

/// A file as JSON, if it is there.
fn read_json(files: &SmallFiles, file: &str) -> Result<Option<Value>> {
    let Some(contents) = files.get(file) else {
        return Ok(None);
    };
    if contents.len() > limits::CONFIG_BYTES {
        let supported = format!("up to {} bytes", limits::CONFIG_BYTES);
        return Err(invalid(file, "the file", format!("{} bytes", contents.len()), &supported));
    }
    let parsed = serde_json::from_slice(contents).map(Some);
    parsed.map_err(|error| invalid(file, "the file", format!("not JSON ({error})"), "JSON"))
}

/// The value is quoted up to a length that fits a message.
fn invalid(file: &str, field: &str, value: String, supported: &str) -> Error {
    let value = value.chars().take(80).collect();
    Error::Config { file: file.into(), field: field.into(), value, supported: supported.into() }
}
