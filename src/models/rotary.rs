//! How queries and keys turn, from a configuration: in the spelling of `transformers` 5 (`rope_parameters`, for all
//! layers or for each kind of them) and of version 4 (`rope_theta` and its like, `rope_scaling`). `transformers`:
//! `modeling_rope_utils.py`.

use std::f64::consts::TAU;

use serde_json::Value;

use super::config::Config;
use super::fields::{Fields, invalid};
use super::window::{FULL, SLIDING};
use crate::architectures::words::{RotaryTable, Scaling, Setting};
use crate::error::Result;
use crate::kernels::attention::rotary::{Rotary, frequencies};
use crate::limits;

/// What turns the queries and keys of some layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Rotation {
    frequencies: Vec<f32>,
    /// How much longer vectors become.
    scale: f32,
    interleaved: bool,
}

impl Rotation {
    /// That of layers that see everything, and that of layers with a window, if it is another one.
    ///
    /// # Errors
    /// [`crate::Error::Config`] for what is not implemented.
    pub(super) fn read(config: &Config, table: &RotaryTable) -> Result<(Rotation, Option<Rotation>)> {
        let fields = &config.fields;
        if table.scaling.is_empty() {
            fields.refuse(&[("rope_scaling", &[])])?;
        }
        let base = Parameters::of(fields, table, FULL).base(table.base)?;
        let full = Rotation::of_kind(config, table, FULL, base)?;
        let Some(local) = table.local_base else {
            return Ok((full, None));
        };
        // In version 4 a null meant the other base.
        let default = if local.keys().any(|key| fields.is_null(key)) { base } else { local.default };
        let base = Parameters::of(fields, table, SLIDING).base(Setting { default, ..local })?;
        let local = Rotation::of_kind(config, table, SLIDING, base)?;
        let local = (local != full).then_some(local);
        Ok((full, local))
    }

    fn of_kind(config: &Config, table: &RotaryTable, kind: &'static str, base: f64) -> Result<Rotation> {
        let parameters = Parameters::of(&config.fields, table, kind);
        let size = parameters.turning(config, table)?;
        let (frequencies, scale) = match parameters.scaling(table)? {
            None => (frequencies(base, size), 1.0),
            Some(scaling) => parameters.scaled(config, scaling, base, size)?,
        };
        Ok(Rotation { frequencies, scale, interleaved: table.interleaved })
    }

    /// For sequences of up to that many tokens.
    pub(super) fn of_length(&self, longest: usize) -> Rotary {
        Rotary::new(&self.frequencies, self.scale, self.interleaved, longest)
    }
}

/// What is stated of a kind of layers, or of all.
struct Parameters<'a> {
    fields: &'a Fields,
    /// Its key, for messages.
    path: String,
    values: Option<&'a Value>,
}

impl<'a> Parameters<'a> {
    /// Where kinds of layers have bases of their own, only what is stated of each counts.
    fn of(fields: &'a Fields, table: &RotaryTable, kind: &str) -> Self {
        let stated = ["rope_scaling", "rope_parameters"].into_iter().find_map(|key| Some((key, fields.get(key)?)));
        let Some((key, all)) = stated else {
            return Parameters { fields, path: "rope_parameters".into(), values: None };
        };
        match table.local_base.is_some() {
            true => Parameters { fields, path: format!("{key}.{kind}"), values: all.get(kind) },
            false => Parameters { fields, path: key.into(), values: Some(all) },
        }
    }

    fn get(&self, key: &str) -> Option<&'a Value> {
        self.values?.get(key).filter(|value| !value.is_null())
    }

    /// A number for which `allowed` holds, here or, where it is missing here, by a setting.
    fn number(
        &self,
        key: &str,
        otherwise: Setting<f64>,
        supported: &str,
        allowed: impl Fn(f64) -> bool,
    ) -> Result<f64> {
        match self.get(key) {
            None => self.fields.real(otherwise, supported, allowed),
            Some(value) => {
                let number = value.as_f64().filter(|&number| allowed(number));
                number.ok_or_else(|| invalid(&format!("{}.{key}", self.path), Some(value), supported))
            }
        }
    }

    fn positive(&self, key: &str) -> Result<Option<f64>> {
        let allowed = |number: f64| number > 0.0 && number <= 1e9;
        match self.get(key) {
            None => Ok(None),
            Some(_) => self.number(key, Setting::fixed(1.0), "a number above 0 and up to 1e9", allowed).map(Some),
        }
    }

    fn base(&self, setting: Setting<f64>) -> Result<f64> {
        let supported = "a number from 1 to 1e9";
        let allowed = |base: f64| (1.0..=1e9).contains(&base);
        // Whatever counts: a stated number that is not allowed is refused.
        let setting = Setting { default: self.fields.real(setting, supported, allowed)?, ..Setting::fixed(0.0) };
        self.number("rope_theta", setting, supported, allowed)
    }

    /// How many numbers of a head turn.
    fn turning(&self, config: &Config, table: &RotaryTable) -> Result<usize> {
        let allowed = |share: f64| share > 0.0 && share <= 1.0;
        let share = match table.share.key {
            None => table.share.default,
            Some(_) => self.number("partial_rotary_factor", table.share, "a share above 0 and up to 1", allowed)?,
        };
        let size = (config.head_size as f64 * share) as usize;
        if size == 0 || !size.is_multiple_of(2) {
            let key = config.architecture.keys.attention_heads.key.unwrap_or_default();
            return Err(invalid(
                key,
                config.fields.get(key),
                "a number that leaves heads of an even width, as far as they turn",
            ));
        }
        Ok(size)
    }

    /// The stated way of reaching further.
    fn scaling(&self, table: &RotaryTable) -> Result<Option<Scaling>> {
        let Some((key, name)) = ["rope_type", "type"].into_iter().find_map(|key| Some((key, self.get(key)?))) else {
            return Ok(None);
        };
        if name.as_str() == Some("default") {
            return Ok(None);
        }
        let found = name.as_str().and_then(Scaling::parse).filter(|scaling| table.scaling.contains(scaling));
        found.map(Some).ok_or_else(|| {
            let or = |all, scaling: &Scaling| format!("{all} or \"{}\"", scaling.name());
            let supported = table.scaling.iter().fold("only \"default\"".to_owned(), or);
            invalid(&format!("{}.{key}", self.path), Some(name), &supported)
        })
    }

    /// The frequencies of vectors of `size` numbers, changed, and how much longer vectors become. Roundings to f32 are
    /// those of Python.
    fn scaled(&self, config: &Config, scaling: Scaling, base: f64, size: usize) -> Result<(Vec<f32>, f32)> {
        for key in ["mixed_b", "mscale", "mscale_all_dim", "truncate"] {
            if let Some(value) = self.get(key) {
                return Err(invalid(&format!("{}.{key}", self.path), Some(value), "no value"));
            }
        }
        let Some(factor) = self.positive("factor")? else {
            return Err(invalid(&format!("{}.factor", self.path), None, "a number above 0"));
        };
        let plain = frequencies(base, size);
        let divided = |frequencies: Vec<f32>, by: f64| frequencies.iter().map(|one| one / by as f32).collect();
        Ok(match scaling {
            Scaling::Linear => (divided(plain, factor), 1.0),
            Scaling::Ntk if factor <= 1.0 => (plain, 1.0),
            Scaling::Ntk => (divided(frequencies(base * factor, size), factor.powf(2.0 / size as f64)), 1.0),
            Scaling::Yarn => {
                let longer = if factor > 1.0 { 0.1 * factor.ln() + 1.0 } else { 1.0 };
                let longer = self.positive("attention_factor")?.unwrap_or(longer);
                (self.yarn(config, factor as f32, base, size)?, longer as f32)
            }
            Scaling::Llama3 => (self.llama3(config, factor as f32, &plain)?, 1.0),
        })
    }

    /// `transformers`: `_compute_yarn_parameters`.
    fn yarn(&self, config: &Config, factor: f32, base: f64, size: usize) -> Result<Vec<f32>> {
        let trained = self.trained(config)?;
        let plane = |turns: f64| size as f64 * (trained / (turns * TAU)).ln() / (2.0 * base.ln());
        let low = plane(self.positive("beta_fast")?.unwrap_or(32.0)).floor().max(0.0);
        let high = plane(self.positive("beta_slow")?.unwrap_or(1.0)).ceil().min(size as f64 - 1.0);
        let width = if low == high { 0.001 } else { high - low };
        let mixed = frequencies(base, size).into_iter().enumerate().map(|(index, frequency)| {
            let kept = 1.0 - ((index as f32 - low as f32) / width as f32).clamp(0.0, 1.0);
            let power = base.powf(f64::from((2 * index) as f32 / size as f32)) as f32;
            1.0 / (factor * power) * (1.0 - kept) + frequency * kept
        });
        Ok(mixed.collect())
    }

    /// `transformers`: `_compute_llama3_parameters`.
    fn llama3(&self, config: &Config, factor: f32, plain: &[f32]) -> Result<Vec<f32>> {
        let trained = self.trained(config)?;
        let low = self.positive("low_freq_factor")?.unwrap_or(1.0);
        let high = self.positive("high_freq_factor")?.unwrap_or(4.0);
        let change = |&frequency: &f32| {
            let length = TAU as f32 / frequency;
            if f64::from(length) > trained / low {
                frequency / factor
            } else if f64::from(length) < trained / high {
                frequency
            } else {
                let kept = (trained as f32 / length - low as f32) / (high - low) as f32;
                (1.0 - kept) * frequency / factor + kept * frequency
            }
        };
        Ok(plain.iter().map(change).collect())
    }

    /// The length of the texts of training.
    fn trained(&self, config: &Config) -> Result<f64> {
        const KEY: &str = "original_max_position_embeddings";
        match self.fields.get(KEY) {
            Some(_) => Ok(self.fields.number(Setting::of(KEY, 1), 1, limits::POSITIONS)? as f64),
            None => Ok(self.positive(KEY)?.unwrap_or(config.max_positions as f64)),
        }
    }
}
