//! Rotary positions and local attention of ModernBERT, from its configuration: each layer sees
//! the whole sequence or a neighbourhood, and each kind of layer has a base of its own.
//! `transformers`: `models/modernbert/configuration_modernbert.py`, in the spelling of version 5
//! (`layer_types`, `rope_parameters`) and of version 4 (`global_attn_every_n_layers`,
//! `global_rope_theta`, `local_rope_theta`).

use serde_json::Value;

use super::config::Config;
use super::fields::{Fields, invalid};
use crate::architectures::words::Setting;
use crate::error::Result;
use crate::kernels::attention::AttentionMask;
use crate::limits;

/// How one layer attends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RotaryLayer {
    /// Base of the frequencies.
    pub theta: f64,
    /// What a token sees.
    pub mask: AttentionMask,
}

/// `layer_types` of a layer that sees everything.
const FULL: &str = "full_attention";
/// `layer_types` of a layer that sees its neighbourhood.
const SLIDING: &str = "sliding_attention";

/// Reads the layers of a configuration.
///
/// # Errors
/// [`crate::Error::Config`] for kinds of layers or of positions that are not implemented.
pub(super) fn layers(config: &Config) -> Result<Vec<RotaryLayer>> {
    let fields = &config.fields;
    fields.refuse(&[("rope_scaling", &[])])?;
    if !(config.hidden_size / config.attention_heads).is_multiple_of(2) {
        let key = "num_attention_heads";
        return Err(invalid(key, fields.get(key), "a number that leaves heads of an even width"));
    }
    let window = fields.number(Setting::of("local_attention", 128), 0, limits::POSITIONS)? / 2;
    let global = theta(fields, FULL, "global_rope_theta", 160_000.0)?;
    // In version 4 a null meant the other base.
    let local_default = if fields.is_null("local_rope_theta") { global } else { 10_000.0 };
    let local = theta(fields, SLIDING, "local_rope_theta", local_default)?;
    let layer = |sliding| match sliding {
        true => RotaryLayer { theta: local, mask: AttentionMask::Window(window) },
        false => RotaryLayer { theta: global, mask: AttentionMask::All },
    };
    Ok(sliding_layers(fields, config.layers)?.into_iter().map(layer).collect())
}

/// Which layers see only their neighbourhood.
fn sliding_layers(fields: &Fields, layers: usize) -> Result<Vec<bool>> {
    let every = fields.number(Setting::of("global_attn_every_n_layers", 3), 1, limits::LAYERS)?;
    let Some(types) = fields.get("layer_types") else {
        return Ok((0..layers).map(|layer| layer % every != 0).collect());
    };
    let kind = |value: &Value| match value.as_str() {
        Some(FULL) => Some(false),
        Some(SLIDING) => Some(true),
        _ => None,
    };
    let kinds: Option<Vec<bool>> = types.as_array().and_then(|types| types.iter().map(kind).collect());
    let kinds = kinds.filter(|kinds| kinds.len() == layers);
    kinds.ok_or_else(|| invalid("layer_types", Some(types), &format!("{layers} times {FULL} or {SLIDING}")))
}

/// The base of a kind of layers.
fn theta(fields: &Fields, kind: &str, old_key: &'static str, default: f64) -> Result<f64> {
    let supported = "a number from 1 to 1e9";
    let allowed = |theta: f64| (1.0..=1e9).contains(&theta);
    let default = fields.real(Setting::of(old_key, default), supported, allowed)?;
    let Some(parameters) = fields.get("rope_parameters").and_then(|all| all.get(kind)) else {
        return Ok(default);
    };
    let of_kind = |key: &str| (format!("rope_parameters.{kind}.{key}"), parameters.get(key).filter(|v| !v.is_null()));
    let (key, rope_type) = of_kind("rope_type");
    if rope_type.is_some_and(|name| name.as_str() != Some("default")) {
        return Err(invalid(&key, rope_type, "only \"default\""));
    }
    match of_kind("rope_theta") {
        (_, None) => Ok(default),
        (key, Some(value)) => {
            value.as_f64().filter(|&theta| allowed(theta)).ok_or_else(|| invalid(&key, Some(value), supported))
        }
    }
}
