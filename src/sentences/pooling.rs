//! One vector for a sequence out of those of its tokens: the module `Pooling` of
//! `sentence-transformers` (`sentence_transformer/modules/pooling.py`).

use candle_core::{Device, Tensor};
use serde_json::Value;

use super::settings::Settings;
use crate::error::Result;
use crate::text::Batch;

/// What is taken of the vectors of a sequence's tokens, special tokens included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The first.
    Cls,
    /// The greatest number of each column.
    Max,
    /// The mean.
    Mean,
    /// The sum, divided by the square root of their number.
    MeanSqrtLength,
    /// The mean with the weights 1, 2, 3, ….
    WeightedMean,
    /// The last.
    LastToken,
}

/// The modes with their names, and with the keys they had when each was a yes or no; those that
/// were true were put side by side in this order.
const MODES: [(&str, &str, Mode); 6] = [
    ("cls", "pooling_mode_cls_token", Mode::Cls),
    ("max", "pooling_mode_max_tokens", Mode::Max),
    ("mean", "pooling_mode_mean_tokens", Mode::Mean),
    ("mean_sqrt_len_tokens", "pooling_mode_mean_sqrt_len_tokens", Mode::MeanSqrtLength),
    ("weightedmean", "pooling_mode_weightedmean_tokens", Mode::WeightedMean),
    ("lasttoken", "pooling_mode_lasttoken", Mode::LastToken),
];

/// The modes whose results stand side by side in the vector of a sequence; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pooling {
    modes: Vec<Mode>,
    /// Whether the tokens of a prompt count, too.
    pub include_prompt: bool,
}

impl Default for Pooling {
    /// The mean alone.
    fn default() -> Self {
        Pooling::from(Mode::Mean)
    }
}

impl From<Mode> for Pooling {
    /// This mode alone.
    fn from(mode: Mode) -> Self {
        Pooling { modes: vec![mode], include_prompt: true }
    }
}

impl Pooling {
    /// Reads the configuration of the module, in the form with `pooling_mode` or in the older one.
    ///
    /// # Errors
    /// [`crate::Error::Config`] for a mode that does not exist.
    pub fn parse(settings: &Settings) -> Result<Self> {
        let present = ["embedding_dimension", "word_embedding_dimension", "pooling_mode", "include_prompt"];
        settings.refuse_unknown(&[present.as_slice(), &MODES.map(|(_, key, _)| key)].concat())?;
        let include_prompt = settings.flag_or("include_prompt", true)?;
        Ok(Pooling { modes: modes(settings)?, include_prompt })
    }

    /// Numbers of a sequence's vector.
    pub fn width(&self, hidden_size: usize) -> usize {
        self.modes.len() * hidden_size
    }

    /// `[tokens, hidden]` → `[sequences, width]`. The first `skipped` tokens of each sequence do not count.
    ///
    /// # Errors
    /// Those of candle.
    pub fn forward(&self, hidden: &Tensor, batch: &Batch, skipped: usize) -> Result<Tensor> {
        let hidden_size = hidden.dim(1)?;
        let numbers = hidden.flatten_all()?.to_vec1::<f32>()?;
        let (sequences, width) = (batch.sequences.len(), self.width(hidden_size));
        let mut pooled = Vec::with_capacity(sequences * width);
        for rows in &batch.sequences {
            let vectors = &numbers[rows.start * hidden_size..rows.end * hidden_size];
            for mode in &self.modes {
                pooled.extend(mode.pool(vectors, hidden_size, skipped));
            }
        }
        Ok(Tensor::from_vec(pooled, (sequences, width), &Device::Cpu)?)
    }
}

fn modes(settings: &Settings) -> Result<Vec<Mode>> {
    if let Some(stated) = settings.get("pooling_mode") {
        let names = stated.as_array().map_or(std::slice::from_ref(stated), Vec::as_slice);
        let modes: Option<Vec<Mode>> = names.iter().map(mode_named).collect();
        let supported = MODES.map(|(name, ..)| name).join(", ");
        let modes = modes.filter(|modes| !modes.is_empty());
        return modes.ok_or_else(|| settings.invalid("pooling_mode", &supported));
    }
    let mut modes = Vec::new();
    for (_, key, mode) in MODES {
        if settings.flag(key)? {
            modes.push(mode);
        }
    }
    Ok(if modes.is_empty() { vec![Mode::Mean] } else { modes })
}

impl Mode {
    /// `[tokens, size]` → `[size]`; there is at least one token. Where all are skipped, the result is what Python makes
    /// of none: mostly zeros, but the first token itself.
    fn pool(self, vectors: &[f32], size: usize, skipped: usize) -> Vec<f32> {
        let tokens = vectors.len() / size;
        let skipped = skipped.min(tokens);
        let kept = &vectors[skipped * size..];
        let count = tokens - skipped;
        let sum = || weighted_sum(kept, size, |_| 1.0);
        match self {
            Mode::Cls if count == 0 => vectors[..size].to_vec(),
            Mode::Cls => kept[..size].to_vec(),
            Mode::LastToken if count == 0 => vec![0.0; size],
            Mode::LastToken => kept[kept.len() - size..].to_vec(),
            Mode::Max => fold(kept, size, f32::NEG_INFINITY, |_, most, x| greater(most, x)),
            Mode::Mean => divided(sum(), count as f32),
            Mode::MeanSqrtLength => divided(sum(), (count as f32).sqrt()),
            Mode::WeightedMean => {
                let total: usize = (skipped + 1..=tokens).sum();
                divided(weighted_sum(kept, size, |place| skipped as f32 + place), total as f32)
            }
        }
    }
}

/// The sum of the vectors, each times the weight that its place has (counted from 1).
fn weighted_sum(vectors: &[f32], size: usize, weight: impl Fn(f32) -> f32) -> Vec<f32> {
    fold(vectors, size, 0.0, |place, sum, x| sum + weight(place) * x)
}

/// A vector divided by a number; the sum of no vectors stays as it is.
fn divided(mut vector: Vec<f32>, divisor: f32) -> Vec<f32> {
    if divisor > 0.0 {
        vector.iter_mut().for_each(|number| *number /= divisor);
    }
    vector
}

/// Folds the numbers of each column, with the place of their vector, counted from 1.
fn fold(vectors: &[f32], size: usize, first: f32, step: impl Fn(f32, f32, f32) -> f32) -> Vec<f32> {
    let mut folded = vec![first; size];
    for (index, vector) in vectors.chunks_exact(size).enumerate() {
        for (so_far, &x) in folded.iter_mut().zip(vector) {
            *so_far = step((index + 1) as f32, *so_far, x);
        }
    }
    folded
}

/// The greater number. NaN stays, so that broken weights are noticed.
fn greater(most: f32, x: f32) -> f32 {
    if x > most || x.is_nan() { x } else { most }
}

fn mode_named(name: &Value) -> Option<Mode> {
    MODES.iter().find(|(known, ..)| name.as_str() == Some(known)).map(|&(.., mode)| mode)
}
