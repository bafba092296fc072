//! What `config.json` says of quantised weights. The tensors themselves say what they are (I8 with
//! scales beside them), so this only refuses what would be read wrongly.
//!
//! The one convention that is read is that of the `compressed-tensors` package for int8 weights with
//! a scale for each output; for its fields see its `quantization/quant_args.py`.

use serde_json::{Map, Value, json};

use super::fields::{Fields, invalid};
use crate::error::{Error, Result};

/// The field of `config.json`, and its name in files of old versions of the package.
pub const QUANTIZATION_FIELDS: [&str; 2] = ["quantization_config", "compression_config"];

const METHOD: &str = "compressed-tensors";

/// Layouts of a plain integer tensor; the package treats them alike.
const FORMATS: [&str; 2] = ["int-quantized", "naive-quantized"];

/// The `quantization_config` of weights in int8 with a scale for each output, in the layers whose
/// names one of `targets` matches.
pub fn int8_per_channel(targets: &[String]) -> Value {
    json!({
        "quant_method": METHOD,
        "format": FORMATS[0],
        "quantization_status": "compressed",
        "config_groups": {
            "group_0": {
                "targets": targets,
                "weights": {"num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel", "dynamic": false},
                "format": FORMATS[0],
            },
        },
        "ignore": [],
    })
}

/// Refuses weights that are quantised in another way. How activations are to be quantised is left
/// aside: they are computed as they are.
///
/// # Errors
/// [`Error::Config`] naming the first field that says otherwise.
pub(super) fn check(fields: &Fields) -> Result<()> {
    for name in QUANTIZATION_FIELDS {
        if let Some(value) = fields.get(name) {
            let object = Part { path: name.into(), fields: object(name, value)? };
            check_method(&object, name == QUANTIZATION_FIELDS[0])?;
        }
    }
    Ok(())
}

/// An object within the file.
struct Part<'a> {
    path: String,
    fields: &'a Map<String, Value>,
}

fn check_method(config: &Part, is_current: bool) -> Result<()> {
    config.require("quant_method", &[json!(METHOD)], !is_current)?;
    config.require("quantization_status", &[json!("compressed")], true)?;
    config.require("kv_cache_scheme", &[], true)?;
    config.require("transform_config", &[json!({})], true)?;
    if let Some(sparsity) = config.part("sparsity_config")? {
        sparsity.require("format", &[json!("dense")], true)?;
    }
    let groups = config.part("config_groups")?.ok_or_else(|| config.refuse("config_groups", "groups of layers"))?;
    for name in groups.fields.keys() {
        let group = groups.part(name)?.ok_or_else(|| groups.refuse(name, "an object"))?;
        let weights = group.part("weights")?.ok_or_else(|| group.refuse("weights", "weights in int8"))?;
        check_weights(&weights)?;
        let home = if group.get("format").is_some() { &group } else { config };
        home.require("format", &FORMATS.map(Value::from), false)?;
    }
    Ok(())
}

fn check_weights(weights: &Part) -> Result<()> {
    weights.require("num_bits", &[json!(8)], true)?;
    weights.require("type", &[json!("int")], true)?;
    weights.require("symmetric", &[json!(true)], true)?;
    weights.require("dynamic", &[json!(false)], true)?;
    weights.require("block_structure", &[], true)?;
    weights.require("group_size", &[json!(-1)], true)?;
    // Without a strategy, a group of −1 means an output's weights, and no group a whole tensor.
    weights.require("strategy", &[json!("channel")], weights.get("group_size").is_some())?;
    weights.require("actorder", &[json!(false), json!("weight"), json!("static")], true)
}

impl<'a> Part<'a> {
    /// A value that is there and not null.
    fn get(&self, key: &str) -> Option<&'a Value> {
        self.fields.get(key).filter(|value| !value.is_null())
    }

    /// An object in it.
    fn part(&self, key: &str) -> Result<Option<Part<'a>>> {
        let path = self.path_of(key);
        let part = |value| Ok(Part { fields: object(&path, value)?, path: path.clone() });
        self.get(key).map(part).transpose()
    }

    /// Refuses other values than these, in any case of letters, and none if it is not `optional`.
    fn require(&self, key: &str, supported: &[Value], optional: bool) -> Result<()> {
        let is = |value: &Value, other: &Value| match (value.as_str(), other.as_str()) {
            (Some(value), Some(other)) => value.eq_ignore_ascii_case(other),
            _ => value == other,
        };
        match self.get(key) {
            None if optional => Ok(()),
            Some(value) if supported.iter().any(|other| is(value, other)) => Ok(()),
            _ => {
                let names: Vec<String> = supported.iter().map(Value::to_string).collect();
                Err(self.refuse(key, if names.is_empty() { "none".into() } else { names.join(", ") }))
            }
        }
    }

    fn refuse(&self, key: &str, supported: impl AsRef<str>) -> Error {
        invalid(&self.path_of(key), self.get(key), supported.as_ref())
    }

    fn path_of(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }
}

fn object<'a>(path: &str, value: &'a Value) -> Result<&'a Map<String, Value>> {
    value.as_object().ok_or_else(|| invalid(path, Some(value), "an object"))
}
