//! Added tokens: those that are found in texts before anything else. How files state them, as text or with properties,
//! listed by id or without a role; beside a vocabulary in several files, of which `transformers` prefers the newer ones
//! (`tokenization_utils_base.py`).

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokenizers::AddedToken;

use super::files::SmallFiles;
use crate::error::Result;

/// The tokens of `added_tokens_decoder`, by id.
pub fn added_tokens(settings: &Map<String, Value>) -> BTreeMap<u32, AddedToken> {
    let listed = settings.get("added_tokens_decoder").and_then(Value::as_object).into_iter().flatten();
    listed.filter_map(|(id, token)| Some((id.parse().ok()?, added_token(token, false)?))).collect()
}

/// A token as files spell it: its text, or an object that holds it.
pub fn content(token: &Value) -> Option<&str> {
    token.as_str().or_else(|| token.get("content")?.as_str())
}

/// The same with its properties, if it has any there. `special` is what it is unless
/// it says so.
pub fn added_token(token: &Value, special: bool) -> Option<AddedToken> {
    let flag = |key: &str| token.get(key).and_then(Value::as_bool);
    let special = flag("special").unwrap_or(special);
    let plain = AddedToken::from(content(token)?, special).normalized(flag("normalized").unwrap_or(!special));
    let plain = plain.single_word(flag("single_word").unwrap_or(false));
    Some(plain.lstrip(flag("lstrip").unwrap_or(false)).rstrip(flag("rstrip").unwrap_or(false)))
}

/// Special tokens without a role that a file states, under the present key or the one it had before version 5.
pub fn extra_tokens(stated: &Map<String, Value>) -> Vec<AddedToken> {
    let tokens = |key: &&str| match stated.get(*key)? {
        Value::Array(tokens) if !tokens.is_empty() => Some(tokens.iter().collect()),
        Value::Object(by_name) => Some(by_name.values().collect()),
        _ => None,
    };
    let found: Option<Vec<&Value>> = ["extra_special_tokens", "additional_special_tokens"].iter().find_map(tokens);
    let special = |token: &Value| Some(AddedToken { special: true, ..added_token(token, true)? });
    found.into_iter().flatten().filter_map(special).collect()
}

/// What the files beside a vocabulary say of tokens that are found in texts before anything else.
pub struct StatedTokens {
    by_role: Map<String, Value>,
    /// By the ids that the files give them.
    listed: BTreeMap<u32, AddedToken>,
    /// Special tokens without a role.
    pub extra: Vec<AddedToken>,
}

impl StatedTokens {
    /// What `added_tokens_decoder` lists counts, beside the rest of `tokenizer_config.json`. Older folders have
    /// `special_tokens_map.json` and `added_tokens.json` instead.
    pub fn read(files: &SmallFiles, settings: &Map<String, Value>) -> Result<Self> {
        let object = |name: &str| -> Result<Map<String, Value>> {
            let text = files.text(name)?.unwrap_or("{}");
            serde_json::from_str(text).map_err(|error| files.tokenizer_error(format!("{name}: {error}")))
        };
        let mut by_role = settings.clone();
        let mut extra = extra_tokens(settings);
        if settings.contains_key("added_tokens_decoder") {
            return Ok(StatedTokens { by_role, listed: added_tokens(settings), extra });
        }
        let map = object("special_tokens_map.json")?;
        by_role.extend(map.clone());
        let roles = by_role.iter().filter(|(key, _)| key.ends_with("_token"));
        let mut special: BTreeSet<String> = extra.iter().map(|token| token.content.clone()).collect();
        special.extend(roles.filter_map(|(_, token)| Some(added_token(token, true)?.content)));
        let listed = object("added_tokens.json")?.into_iter().filter_map(|(token, id)| {
            let is_special = special.contains(&token);
            Some((u32::try_from(id.as_u64()?).ok()?, AddedToken::from(token, is_special)))
        });
        let listed = listed.collect();
        if extra.is_empty() {
            extra = extra_tokens(&map);
        }
        Ok(StatedTokens { by_role, listed, extra })
    }

    /// The token with this role, which has this name unless a file says otherwise.
    pub fn special(&self, (role, default): (&str, &str)) -> AddedToken {
        AddedToken { special: true, ..self.stated(role).unwrap_or_else(|| AddedToken::from(default, true)) }
    }

    /// The `added_tokens` of a `tokenizer.json`, by ascending id: the listed ones, then those of `tokens` that are not
    /// listed. `ids` are those of the vocabulary; what it lacks gets the next free ones.
    pub fn added(&self, tokens: &[AddedToken], ids: &Map<String, Value>) -> Vec<Value> {
        let mut added: BTreeMap<u64, &AddedToken> =
            self.listed.iter().map(|(&id, token)| (u64::from(id), token)).collect();
        let mut seen: BTreeSet<&str> = added.values().map(|token| token.content.as_str()).collect();
        let known = ids.values().filter_map(Value::as_u64).filter(|&id| id <= u64::from(u32::MAX));
        let last = known.chain(added.keys().copied()).max();
        let mut free = last.map_or(0, |last| last + 1)..;
        for token in tokens.iter().filter(|token| seen.insert(&token.content)) {
            let id = ids.get(&token.content).and_then(Value::as_u64).filter(|id| !added.contains_key(id));
            if let Some(id) = id.or_else(|| free.next()) {
                added.insert(id, token);
            }
        }
        added.into_iter().map(|(id, token)| spelled(id, token)).collect()
    }

    /// The same with the added tokens of a `tokenizer.json`, which Python's slow tokenizers read of it where
    /// `tokenizer_config.json` lists none.
    pub fn with_those_of(mut self, tokenizer_json: &str) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct File {
            #[serde(default)]
            added_tokens: Vec<Value>,
        }
        if !self.lists_by_id() {
            let File { added_tokens } = serde_json::from_str(tokenizer_json)?;
            let with_id =
                |token: &Value| Some((u32::try_from(token.get("id")?.as_u64()?).ok()?, added_token(token, false)?));
            self.listed.extend(added_tokens.iter().filter_map(with_id));
        }
        Ok(self)
    }

    /// Whether `tokenizer_config.json` lists them, so that older files do not count.
    pub fn lists_by_id(&self) -> bool {
        self.by_role.contains_key("added_tokens_decoder")
    }

    /// Those that files list, by the ids that they give them.
    pub fn listed(&self) -> &BTreeMap<u32, AddedToken> {
        &self.listed
    }

    /// Whether no file says more of the token with this role than its name.
    pub fn is_plain(&self, role: &str) -> bool {
        !self.by_role.get(role).is_some_and(Value::is_object)
    }

    /// The token that a file gives this role.
    pub fn stated(&self, role: &str) -> Option<AddedToken> {
        self.by_role.get(role).and_then(|token| added_token(token, true))
    }

    /// Whether a file says that no token has this role.
    pub fn is_null(&self, role: &str) -> bool {
        self.by_role.get(role).is_some_and(Value::is_null)
    }
}

/// A token as a `tokenizer.json` lists it.
pub fn spelled(id: u64, token: &AddedToken) -> Value {
    json!({
        "id": id, "content": token.content, "single_word": token.single_word, "lstrip": token.lstrip,
        "rstrip": token.rstrip, "normalized": token.normalized, "special": token.special,
    })
}
