//! Which layers see only a neighbourhood, and how wide it is. `transformers`: `layer_types` of version 5, and what
//! configurations of version 4 state in its place.

use serde_json::Value;

use super::config::Config;
use super::fields::invalid;
use crate::architectures::words::{WindowTable, WindowedLayers};
use crate::error::Result;
use crate::limits;

/// `layer_types` of a layer that sees everything.
pub(super) const FULL: &str = "full_attention";
/// `layer_types` of a layer that sees its neighbourhood.
pub(super) const SLIDING: &str = "sliding_attention";

/// The width of the window, and for each layer whether it has one; none where no layer ever has.
///
/// # Errors
/// [`crate::Error::Config`].
pub(super) fn read(config: &Config, table: Option<&WindowTable>) -> Result<(usize, Vec<bool>)> {
    let (fields, layers) = (&config.fields, config.layers);
    let Some(table) = table else {
        return Ok((0, Vec::new()));
    };
    let unlimited = table.width.key.is_some_and(|key| fields.is_null(key)) || !fields.flag(table.used)?;
    let width = if unlimited { 0 } else { fields.number(table.width, 0, limits::POSITIONS)? };
    let Some(types) = fields.get("layer_types") else {
        let windowed: Vec<bool> = match table.layers {
            WindowedLayers::ButEvery(every) => {
                let every = fields.number(every, 1, limits::LAYERS)?;
                (0..layers).map(|layer| layer % every != 0).collect()
            }
            WindowedLayers::From(first) => {
                let first = fields.number(first, 0, limits::POSITIONS)?;
                (0..layers).map(|layer| layer >= first).collect()
            }
        };
        return Ok((width, windowed.into_iter().map(|windowed| windowed && !unlimited).collect()));
    };
    let kind = |value: &Value| match value.as_str() {
        Some(FULL) => Some(false),
        Some(SLIDING) if !unlimited => Some(true),
        _ => None,
    };
    let kinds: Option<Vec<bool>> = types.as_array().and_then(|types| types.iter().map(kind).collect());
    let supported = match unlimited {
        false => format!("{layers} times {FULL} or {SLIDING}"),
        true => format!("{layers} times {FULL}, as there is no window"),
    };
    let kinds = kinds.filter(|kinds| kinds.len() == layers);
    Ok((width, kinds.ok_or_else(|| invalid("layer_types", Some(types), &supported))?))
}
