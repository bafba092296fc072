//! Options of a call as JSON, read one by one under the names that Python gives them. Null counts as absent
//! where Python takes it.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::{json, named};

/// What was given, less what has been read.
#[derive(Debug)]
pub struct CallOptions {
    left: Map<String, Value>,
    known: Vec<&'static str>,
}

impl CallOptions {
    /// Starts to read an object; null is an empty one.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn new(options: Value) -> Result<Self> {
        match options {
            Value::Object(left) => Ok(CallOptions { left, known: Vec::new() }),
            Value::Null => Ok(CallOptions { left: Map::new(), known: Vec::new() }),
            other => Err(refused("options", &other, "an object")),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Error::Option`] for an option that nobody has read.
    pub fn finish(self) -> Result<()> {
        match self.left.into_iter().find(|(_, value)| !value.is_null()) {
            None => Ok(()),
            Some((name, value)) => Err(refused(&name, &value, &format!("the options {}", self.known.join(", ")))),
        }
    }

    /// The value of an option before it is read, null too.
    pub fn peek(&self, name: &str) -> Option<&Value> {
        self.left.get(name)
    }

    /// What `accept` makes of an option; `supported` says what it takes.
    ///
    /// # Errors
    /// [`Error::Option`] for a value that it does not take.
    pub fn read<T>(
        &mut self,
        name: &'static str,
        supported: &str,
        accept: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        self.known.push(name);
        match self.left.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => accept(&value).map(Some).ok_or_else(|| refused(name, &value, supported)),
        }
    }

    /// A positive whole number.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn count(&mut self, name: &'static str) -> Result<Option<usize>> {
        self.read(name, "a positive whole number", |value| {
            value.as_u64().and_then(|count| usize::try_from(count).ok()).filter(|&count| count > 0)
        })
    }

    /// A number of tokens, which may be none.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn tokens(&mut self, name: &'static str) -> Result<Option<usize>> {
        self.read(name, "a whole number of tokens", |value| {
            value.as_u64().and_then(|count| usize::try_from(count).ok())
        })
    }

    /// Yes or no.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn flag(&mut self, name: &'static str) -> Result<Option<bool>> {
        self.read(name, "true or false", Value::as_bool)
    }

    /// A text.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn text(&mut self, name: &'static str) -> Result<Option<String>> {
        self.read(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    /// A text, or several.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn texts(&mut self, name: &'static str) -> Result<Option<OneOrMore>> {
        self.read(name, "a text, or an array of texts", |value| match value {
            Value::String(text) => Some(OneOrMore::One(text.clone())),
            Value::Array(texts) => {
                let texts = texts.iter().map(|text| text.as_str().map(str::to_owned));
                texts.collect::<Option<_>>().map(OneOrMore::More)
            }
            _ => None,
        })
    }

    /// Whether texts that are too long are cut, in the spellings that Python takes for the longer text first.
    ///
    /// # Errors
    /// [`Error::Option`] for anything else.
    pub fn truncation(&mut self) -> Result<bool> {
        let names = [("longest_first", true), ("do_not_truncate", false)];
        let truncation = self.read("truncation", "true, false, longest_first, do_not_truncate", |value| {
            value.as_bool().or_else(|| names.iter().find(|&&(name, _)| value == name).map(|&(_, cut)| cut))
        })?;
        Ok(truncation.unwrap_or(true))
    }

    /// Padding in the spellings that add nothing to a text alone: nothing is padded here.
    ///
    /// # Errors
    /// [`Error::Option`] for others, which would add tokens.
    pub fn no_padding(&mut self) -> Result<()> {
        let supported = "true, false, longest, do_not_pad, which mean the same here: nothing is padded";
        self.read("padding", supported, |value| {
            (value.is_boolean() || value == "longest" || value == "do_not_pad").then_some(())
        })?;
        Ok(())
    }

    /// Takes the options in an object called `name` for options of the call, as Python's pipelines do with what is meant
    /// for their tokenizer.
    ///
    /// # Errors
    /// [`Error::Option`] for anything but an object, and for an option that is given twice.
    pub fn spread(&mut self, name: &'static str) -> Result<()> {
        for (option, value) in self.read(name, "an object", |value| value.as_object().cloned())?.into_iter().flatten() {
            if self.left.get(&option).is_some_and(|given| !given.is_null()) {
                return Err(refused(
                    name,
                    &Value::Object(Map::from_iter([(option, value)])),
                    "what is not given beside it",
                ));
            }
            self.left.insert(option, value);
        }
        Ok(())
    }

    /// One of a few words, in any case of letters.
    ///
    /// # Errors
    /// [`Error::Option`] for another.
    pub fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Result<Option<T>> {
        self.read(name, &named::all(choices), |value| {
            let given = value.as_str()?;
            choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(given)).map(|&(_, choice)| choice)
        })
    }
}

/// A text alone is not the same as an array of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OneOrMore {
    /// A text alone.
    One(String),
    /// An array.
    More(Vec<String>),
}

impl OneOrMore {
    /// All of them.
    pub fn into_vec(self) -> Vec<String> {
        match self {
            OneOrMore::One(text) => vec![text],
            OneOrMore::More(texts) => texts,
        }
    }
}

/// The error of an option; the value is quoted up to a length that fits a message.
pub(super) fn refused(option: &str, value: &Value, supported: &str) -> Error {
    Error::Option { option: option.into(), value: json::shown(&value.to_string()), supported: supported.into() }
}
