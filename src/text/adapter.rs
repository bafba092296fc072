//! Adapters: files that change a model, and are none themselves. They are not computed, but never passed over in
//! silence. `peft` keeps a LoRA in `adapter_config.json` and `adapter_model.safetensors` (or `.bin`), the library
//! `adapters` in `adapter_config.json` and `pytorch_adapter.bin`.

use serde_json::Value;

use crate::error::Error;

/// What an adapter's configuration says of it: its kind, and the model that it belongs to.
fn described(json: &[u8]) -> (String, Option<String>) {
    let config: Value = serde_json::from_slice(json).unwrap_or_default();
    let text = |key: &str| config[key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let kind = text("peft_type").unwrap_or_else(|| "adapter".into());
    (kind, text("base_model_name_or_path").or_else(|| text("model_name")))
}

/// The error for an adapter without a model; `file` shows it, `json` is its configuration.
pub(crate) fn alone(file: &str, json: &[u8]) -> Error {
    let (kind, base) = described(json);
    Error::Adapter { file: file.into(), kind, base }
}

/// The warning for an adapter beside a model.
pub(crate) fn beside(json: &[u8]) -> String {
    let (kind, base) = described(json);
    let base = base.map_or(String::new(), |base| format!(" for {base}"));
    format!(
        "an adapter ({kind}{base}) lies beside the model and is not applied; with the package peft, transformers loads \
         it and the model that it names."
    )
}
