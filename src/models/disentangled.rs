//! Disentangled attention (He et al., 2020): beside the words, the relative position of query
//! and key has a key and a query of its own. Those depend on weights alone, so they are
//! projected once, after the load. `transformers`:
//! `models/deberta_v2/modeling_deberta_v2.py`, `DisentangledSelfAttention`.

use std::sync::OnceLock;

use candle_core::Tensor;
use serde_json::Value;

use super::config::Config;
use super::distance::log_bucket;
use super::fields::invalid;
use super::layer::Layer;
use crate::architectures::words::Setting;
use crate::error::{Error, Result};
use crate::kernels::attention;
use crate::limits;
use crate::nn::{Embedding, Linear, Norm, sum_of_embeddings};
use crate::weights::{Declarations, Names};

/// The relative positions of an encoder.
#[derive(Debug)]
pub struct Disentangled {
    settings: Settings,
    positions: Embedding,
    norm: Option<Norm>,
    /// Projections of their own, for each layer; those of the words otherwise.
    projections: Vec<Projections>,
    /// For each layer.
    projected: OnceLock<Vec<Projected>>,
}

/// What the configuration says.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Settings {
    /// Buckets for distances of either sign; `None` for one per distance.
    buckets: Option<usize>,
    /// The largest distance told apart.
    farthest: usize,
    /// Whether queries look at relative keys.
    content_to_position: bool,
    /// Whether relative queries look at keys.
    position_to_content: bool,
    /// Whether the words' projections serve.
    shared: bool,
    normalised: bool,
}

#[derive(Debug, Default)]
struct Projections {
    keys: Option<Linear>,
    queries: Option<Linear>,
}

/// Keys and queries of all relative positions in one layer, `[2 · span, hidden]`.
#[derive(Debug)]
struct Projected {
    keys: Option<Vec<f32>>,
    queries: Option<Vec<f32>>,
}

impl Disentangled {
    /// Declares its tensors; `None` where the configuration has no relative attention.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub(super) fn declare(needs: &mut Declarations, names: &Names, config: &Config) -> Result<Option<Self>> {
        let Some(settings) = Settings::read(config)? else {
            return Ok(None);
        };
        let hidden = config.hidden_size;
        let mut projection = |layer: usize, wanted: bool, name: &str| {
            (wanted && !settings.shared).then(|| {
                let name = names.base(&format!("encoder.layer.{layer}.attention.self.{name}"));
                Linear::declare(needs, &name, hidden, hidden).with_biases(needs, &[name], hidden)
            })
        };
        let projections = (0..config.layers).map(|layer| Projections {
            keys: projection(layer, settings.content_to_position, "pos_key_proj"),
            queries: projection(layer, settings.position_to_content, "pos_query_proj"),
        });
        let projections = projections.collect();
        let (table, norm) = (names.base("encoder.rel_embeddings"), names.base("encoder.LayerNorm"));
        let eps = config.layer_norm_eps;
        Ok(Some(Disentangled {
            settings,
            projections,
            positions: Embedding::declare(needs, &table, 2 * settings.span(), hidden),
            norm: settings.normalised.then(|| Norm::declare(needs, &norm, hidden, eps, config.norm)),
            projected: OnceLock::new(),
        }))
    }

    /// One over the root of what is added up in a score, for heads of `size` numbers.
    pub(super) fn scale(&self, size: usize) -> f32 {
        let kinds = [true, self.settings.content_to_position, self.settings.position_to_content];
        1.0 / ((size * kinds.into_iter().filter(|&kind| kind).count()) as f32).sqrt()
    }

    /// Projects the relative positions, once all weights are loaded.
    pub(super) fn prepare(&self, layers: &[Layer]) -> Result<()> {
        let ids: Vec<u32> = (0..2 * self.settings.span() as u32).collect();
        let positions = sum_of_embeddings(&[(&self.positions, &ids)])?;
        let positions = match &self.norm {
            None => positions,
            Some(norm) => norm.forward(&positions)?,
        };
        let project = |(layer, own): (&Layer, &Projections)| -> Result<Projected> {
            let numbers = |own: &Option<Linear>, part: usize, wanted: bool| match (wanted, own) {
                (false, _) => Ok(None),
                (true, Some(own)) => numbers(own.forward(&positions)).map(Some),
                (true, None) => numbers(layer.qkv.forward_parts(&positions, part..part + 1)).map(Some),
            };
            Ok(Projected {
                keys: numbers(&own.keys, 1, self.settings.content_to_position)?,
                queries: numbers(&own.queries, 0, self.settings.position_to_content)?,
            })
        };
        let projected = layers.iter().zip(&self.projections).map(project).collect::<Result<_>>()?;
        self.projected.get_or_init(|| projected);
        Ok(())
    }

    /// Bytes of the projections that [`Disentangled::prepare`] makes.
    pub(super) fn prepared_bytes(&self) -> u64 {
        let kinds = [self.settings.content_to_position, self.settings.position_to_content];
        let tables = kinds.into_iter().filter(|&kind| kind).count() * self.projections.len();
        (tables * 2 * self.settings.span() * self.positions.size() * size_of::<f32>()) as u64
    }

    /// Rows of the relative positions by distance, from `−reach` to `reach`.
    pub(super) fn rows(&self, reach: usize) -> Vec<u32> {
        let span = self.settings.span() as i64;
        let row = |distance: i64| {
            let position = match self.settings.buckets {
                None => distance,
                Some(buckets) => log_bucket(distance, buckets, self.settings.farthest),
            };
            (position + span).clamp(0, 2 * span - 1) as u32
        };
        (-(reach as i64)..=reach as i64).map(row).collect()
    }

    /// What one layer adds to the scores.
    pub(super) fn of_layer<'a>(&'a self, layer: usize, rows: &'a [u32]) -> Result<attention::Disentangled<'a>> {
        let projected = self.projected.get().and_then(|layers| layers.get(layer));
        let unprepared = || Error::Internal { reason: "relative positions are used before they are projected".into() };
        let Projected { keys, queries } = projected.ok_or_else(unprepared)?;
        Ok(attention::Disentangled { keys: keys.as_deref(), queries: queries.as_deref(), rows, reach: rows.len() / 2 })
    }
}

impl Settings {
    fn read(config: &Config) -> Result<Option<Settings>> {
        let fields = &config.fields;
        let size = config.head_size;
        fields.refuse(&[("attention_head_size", &[size.to_string().as_str()])])?;
        if !fields.flag(Setting::of("relative_attention", false))? {
            return Ok(None);
        }
        // −1 stands for a number that is not given.
        let number = |key: &'static str, least: usize| -> Result<Option<usize>> {
            match fields.get(key) {
                Some(value) if value.as_i64().is_some_and(|number| number < 1) => Ok(None),
                _ => {
                    Ok(Some(fields.number(Setting::of(key, 0), least, limits::POSITIONS)?).filter(|&number| number > 0))
                }
            }
        };
        let buckets = number("position_buckets", 4)?;
        let least = buckets.map_or(1, |buckets| buckets / 2 + 2);
        let farthest = number("max_relative_positions", least)?.unwrap_or(config.max_positions);
        let kinds = words(config, "pos_att_type", &["c2p", "p2c"])?;
        Ok(Some(Settings {
            buckets,
            farthest,
            content_to_position: kinds.contains(&"c2p"),
            position_to_content: kinds.contains(&"p2c"),
            shared: fields.flag(Setting::of("share_att_key", false))?,
            normalised: words(config, "norm_rel_ebd", &["none", "layer_norm"])?.contains(&"layer_norm"),
        }))
    }

    /// Half the number of relative positions.
    fn span(&self) -> usize {
        self.buckets.unwrap_or(self.farthest)
    }
}

/// Words of a list, or of a string with bars between them.
fn words<'a>(config: &Config, key: &str, known: &[&'a str]) -> Result<Vec<&'a str>> {
    let Some(value) = config.fields.get(key) else {
        return Ok(Vec::new());
    };
    let words: Option<Vec<&str>> = match value {
        Value::String(words) => Some(words.split('|').collect()),
        Value::Array(words) => words.iter().map(Value::as_str).collect(),
        _ => None,
    };
    let known_as = |word: &str| known.iter().copied().find(|known| word.trim().eq_ignore_ascii_case(known));
    let words = words.and_then(|words| words.into_iter().filter(|word| !word.is_empty()).map(known_as).collect());
    words.ok_or_else(|| invalid(key, Some(value), &known.join(", ")))
}

fn numbers(tensor: Result<Tensor>) -> Result<Vec<f32>> {
    Ok(tensor?.flatten_all()?.to_vec1()?)
}
