//! What stands before a text: `prompts` and `default_prompt_name` of `config_sentence_transformers.json`, and what a call
//! asks for in their place (`sentence-transformers`, `base/model.py`, `_resolve_prompt`).

use serde_json::{Map, Value};

use super::role::Role;
use super::settings::Settings;
use crate::error::{Error, Result};

/// The prompts of a model by their names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prompts {
    named: Map<String, Value>,
    /// The name of the one that is used where none is asked for.
    default: Option<String>,
}

impl Prompts {
    /// Those of a model whose files state none.
    pub fn none(role: &Role) -> Self {
        let named = role.prompts.iter().map(|&name| (name.to_owned(), Value::from("")));
        Prompts { named: named.collect(), default: None }
    }

    /// Reads `config_sentence_transformers.json`. A prompt that is null is empty.
    ///
    /// # Errors
    /// [`Error::Config`] for prompts that are no texts, and a default that is none of them.
    pub fn read(model: &Settings, role: &Role) -> Result<Self> {
        let mut named = Prompts::none(role).named;
        for (name, prompt) in model.object("prompts")? {
            if !prompt.is_string() && !prompt.is_null() {
                return Err(model.invalid("prompts", "texts by their names"));
            }
            named.insert(name, prompt);
        }
        let default = model.text("default_prompt_name")?.map(str::to_owned);
        match default.as_ref().is_none_or(|name| named.contains_key(name)) {
            true => Ok(Prompts { named, default }),
            false => Err(model.invalid("default_prompt_name", "one of the prompts")),
        }
    }

    /// The one that a call uses: `prompt` itself, the one of this name, or else the default.
    ///
    /// # Errors
    /// [`Error::Option`] when there is none of this name.
    pub fn resolve<'a>(&'a self, prompt: Option<&'a str>, name: Option<&str>) -> Result<&'a str> {
        let of_name = |name: &str| Some(self.named.get(name)?.as_str().unwrap_or_default());
        match (prompt, name) {
            (Some(prompt), _) => Ok(prompt),
            (None, Some(name)) => of_name(name).ok_or_else(|| self.unknown(name)),
            (None, None) => Ok(self.default.as_deref().and_then(of_name).unwrap_or_default()),
        }
    }

    fn unknown(&self, name: &str) -> Error {
        let names: Vec<&str> = self.named.keys().map(String::as_str).collect();
        let supported = match names.as_slice() {
            [] => "no name, as the model has no prompts; the option prompt takes any text".to_owned(),
            names => names.join(", "),
        };
        Error::Option { option: "prompt_name".into(), value: format!("{name:?}"), supported }
    }
}
