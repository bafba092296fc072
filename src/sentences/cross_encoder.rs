//! What `sentence-transformers` keeps around a model that ranks (`cross_encoder/model.py`, version 6.2). Small files in,
//! settings out. Called by `text_model`; read by the task of ranking.

use serde_json::Value;

use super::modules::{MODULES_FILE, Modules, TextSettings};
use super::role::CROSS_ENCODER;
use super::settings::Settings;
use crate::error::{Error, Result};
use crate::text::{SENTENCE_TRANSFORMERS, SmallFiles};

/// What `sentence-transformers` keeps beside the `config.json` of a model that ranks. The files count only with a
/// `modules.json`, as in Python.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CrossEncoder {
    /// What is said of texts.
    pub texts: TextSettings,
    /// The class of the function from logits to scores.
    pub(crate) activation_fn: Option<Value>,
    /// A warning about files that do not count.
    pub(crate) left_aside: Option<String>,
}

impl CrossEncoder {
    /// Reads the files around the model, with the files of the model itself; `None` where they are those of another kind
    /// of model, whose settings are not about rankings.
    ///
    /// # Errors
    /// [`Error::Config`] for modules besides the model, and for values that would be computed wrongly.
    pub fn read(files: &SmallFiles) -> Result<Option<(SmallFiles, Self)>> {
        let model = Settings::read(files, SENTENCE_TRANSFORMERS)?;
        let model_type = model.get("model_type").and_then(Value::as_str);
        if files.get(MODULES_FILE).is_none() || model_type != Some(CROSS_ENCODER.model_type) {
            return Ok(None);
        }
        let modules = Modules::parse(files)?;
        if modules != (Modules { stated: true, ..Modules::default() }) {
            let kinds: Vec<_> = modules.stages.iter().map(|(kind, _)| kind).collect();
            let supported = "a Transformer alone, in the folder of the model";
            let (file, field) = (MODULES_FILE.into(), "the list".into());
            let value = format!("a Transformer in the folder {:?}, then {kinds:?}", modules.encoder);
            return Err(Error::Config { file, field, value, supported: supported.into() });
        }
        let (files, texts) = modules.encoder_files(files, &CROSS_ENCODER)?;
        let activation_fn = model.get("activation_fn").cloned();
        Ok(Some((files, CrossEncoder { texts, activation_fn, left_aside: None })))
    }

    /// What counts where [`CrossEncoder::read`] finds nothing: no settings, but a warning if the files have some.
    pub fn none(files: &SmallFiles) -> Self {
        let stated = Settings::read(files, SENTENCE_TRANSFORMERS).ok();
        let keys = ["activation_fn", "default_prompt_name"];
        let key = keys.into_iter().find(|key| stated.as_ref().is_some_and(|model| model.get(key).is_some()));
        let left_aside = key.map(|key| {
            format!(
                "{key} of {SENTENCE_TRANSFORMERS} is left aside, as in Python: there is no {MODULES_FILE}, or the model_type \
                 is not {}",
                CROSS_ENCODER.model_type
            )
        });
        CrossEncoder { left_aside, ..CrossEncoder::default() }
    }
}
