//! The settings of a module of `sentence-transformers`, in a file of its own, read by key and checked one by one.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::text::SmallFiles;
use crate::{json, limits};

/// The settings of a module, in its folder.
pub const CONFIG: &str = "config.json";

/// The name of the vectors of tokens.
pub const TOKEN_EMBEDDINGS: &str = "token_embeddings";

/// The name of the vector of a text.
pub const SENTENCE_EMBEDDING: &str = "sentence_embedding";

/// A file with an object of settings. A null counts as absent.
#[derive(Debug)]
pub struct Settings {
    pub(super) file: String,
    pub(super) fields: Map<String, Value>,
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
            Some(other) => return Err(json::invalid(file, "the file", &other.to_string(), "a JSON object")),
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

    /// Yes or no; as said where the key is not there. Null is no.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    pub fn flag_or(&self, key: &str, absent: bool) -> Result<bool> {
        if self.fields.contains_key(key) { self.flag(key) } else { Ok(absent) }
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

    /// The keys that are not among those `known`.
    pub fn unknown(&self, known: &[&str]) -> Vec<String> {
        self.fields.keys().filter(|key| !known.contains(&key.as_str())).cloned().collect()
    }

    /// Refuses keys that are not among those `known`.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn refuse_unknown(&self, known: &[&str]) -> Result<()> {
        match self.unknown(known).first() {
            None => Ok(()),
            Some(key) => Err(self.invalid(key, &format!("the settings {}", known.join(", ")))),
        }
    }

    /// Whether a key is there with this value, null too.
    pub fn states(&self, key: &str, value: &Value) -> bool {
        self.fields.get(key) == Some(value)
    }

    /// A text.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    pub fn text(&self, key: &str) -> Result<Option<&str>> {
        let text = self.get(key).map(|value| value.as_str().ok_or_else(|| self.invalid(key, "a text")));
        text.transpose()
    }

    /// An object; an empty one where nothing is stated.
    ///
    /// # Errors
    /// [`Error::Config`] for anything else.
    pub fn object(&self, key: &str) -> Result<Map<String, Value>> {
        match self.get(key) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object.clone()),
            Some(_) => Err(self.invalid(key, "an object")),
        }
    }

    /// The names of the vectors that a module reads and writes.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn vectors(&self) -> Result<(&str, &str)> {
        let read = self.text("module_input_name")?.unwrap_or(SENTENCE_EMBEDDING);
        Ok((read, self.text("module_output_name")?.unwrap_or(read)))
    }

    /// Refuses a module that reads or writes anything but the vectors of this name.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn refuse_other_vectors(&self, name: &str) -> Result<()> {
        let (read, written) = self.vectors()?;
        match (read == name, written == name) {
            (true, true) => Ok(()),
            (false, _) => Err(self.invalid("module_input_name", &format!("here only {name}"))),
            (true, false) => Err(self.invalid("module_output_name", &format!("here only {name}"))),
        }
    }

    /// A warning about what the file states.
    pub fn warning(&self, what: &str) -> String {
        format!("of {}, {what}", self.file)
    }

    /// Refuses any stated value but `only`.
    pub fn refuse_unless(&self, key: &str, only: &Value) -> Result<()> {
        match self.get(key).is_none_or(|value| value == only) {
            true => Ok(()),
            false => Err(self.invalid(key, &format!("only {only}"))),
        }
    }

    /// The error of a value that is a part of that of a key.
    pub fn invalid_part(&self, field: &str, value: &Value, supported: &str) -> Error {
        json::invalid(&self.file, field, &value.to_string(), supported)
    }

    /// The error that the value of a key cannot be used.
    pub fn invalid(&self, key: &str, supported: &str) -> Error {
        if self.fields.is_empty() {
            return json::invalid(&self.file, key, "missing (there is no such file, or nothing in it)", supported);
        }
        json::invalid(&self.file, key, &self.fields.get(key).map_or("missing".into(), Value::to_string), supported)
    }
}

/// A file as JSON, if it is there.
pub(super) fn read_json(files: &SmallFiles, file: &str) -> Result<Option<Value>> {
    files.get(file).map(|contents| json::parse(file, contents, limits::CONFIG_BYTES)).transpose()
}
