//! What the attention of an encoder knows of positions: declared with its weights, worked out
//! once for each batch, and handed to each layer.

use super::config::Config;
use super::disentangled::Disentangled;
use super::distance::shared_bias_bucket;
use super::layer::Layer;
use super::rotary::Rotation;
use super::window;
use crate::architectures::words::{self, AttentionTable};
use crate::error::Result;
use crate::kernels::attention::rotary::Rotary;
use crate::kernels::attention::{Attention, AttentionMask, RelativeBias};
use crate::nn::{Attend, Embedding};
use crate::weights::{Declarations, Names};

/// Rows of MPNet's table of biases.
const SHARED_BIAS_BUCKETS: usize = 32;

/// The attention of all layers.
#[derive(Debug)]
pub struct Scheme {
    plain: Attend<'static>,
    /// What a token sees, and what in layers with a window.
    masks: [AttentionMask; 2],
    /// Which layers have a window; empty where none has.
    windowed: Vec<bool>,
    positions: RelativePositions,
}

#[derive(Debug)]
enum RelativePositions {
    None,
    SharedBias(Embedding),
    /// Slopes of the heads.
    Alibi(Vec<f32>),
    /// Of layers that see all, and of those that have a window, if that is another one.
    Rotary(Rotation, Option<Rotation>),
    Disentangled(Disentangled),
}

/// What all layers share for the sequences of one batch.
#[derive(Debug)]
pub enum ForBatch {
    /// Nothing.
    None,
    /// `[heads, 2 · reach + 1]`
    Bias {
        /// By distance of the key from the query.
        table: Vec<f32>,
        /// The largest distance.
        reach: usize,
    },
    /// Of layers that see all, and of those that have a window, if that is another one.
    Rotary(Rotary, Option<Rotary>),
    /// Rows of the relative positions by distance.
    Disentangled(Vec<u32>),
}

impl Scheme {
    /// Declares the tensors of the architecture's kind of attention.
    ///
    /// # Errors
    /// [`crate::Error::Config`].
    pub fn declare(needs: &mut Declarations, names: &Names, config: &Config, table: &AttentionTable) -> Result<Self> {
        let heads = config.attention_heads;
        let positions = match &table.positions {
            words::RelativePositions::None => RelativePositions::None,
            words::RelativePositions::SharedBias(name) => {
                RelativePositions::SharedBias(Embedding::declare(needs, &names.base(name), SHARED_BIAS_BUCKETS, heads))
            }
            words::RelativePositions::Alibi => RelativePositions::Alibi(slopes(heads)),
            words::RelativePositions::Rotary(table) => {
                let (full, local) = Rotation::read(config, table)?;
                RelativePositions::Rotary(full, local)
            }
            words::RelativePositions::Disentangled => Disentangled::declare(needs, names, config)?
                .map_or(RelativePositions::None, RelativePositions::Disentangled),
        };
        let plain = Attend::plain(heads, config.head_size);
        let plain = Attend { attention: Attention { kv_heads: config.kv_heads, ..plain.attention }, ..plain };
        let (window, windowed) = window::read(config, table.window.as_ref())?;
        let masks = match table.causal {
            false => [AttentionMask::ALL, AttentionMask::window(window / 2)],
            true => [AttentionMask::CAUSAL, AttentionMask { before: window.saturating_sub(1), after: 0 }],
        };
        Ok(Scheme { plain, masks, windowed, positions })
    }

    /// Computes what depends on weights alone, once they are loaded.
    pub fn prepare(&self, layers: &[Layer]) -> Result<()> {
        match &self.positions {
            RelativePositions::Disentangled(disentangled) => disentangled.prepare(layers),
            _ => Ok(()),
        }
    }

    /// Bytes of what [`Scheme::prepare`] makes.
    pub fn prepared_bytes(&self) -> u64 {
        match &self.positions {
            RelativePositions::Disentangled(disentangled) => disentangled.prepared_bytes(),
            _ => 0,
        }
    }

    /// What all layers share for sequences of up to `longest` tokens.
    pub fn for_batch(&self, longest: usize) -> Result<ForBatch> {
        let reach = longest.saturating_sub(1);
        Ok(match &self.positions {
            RelativePositions::None => ForBatch::None,
            RelativePositions::SharedBias(buckets) => {
                let heads = self.plain.attention.heads;
                let mut table = Vec::with_capacity(heads * (2 * reach + 1));
                for head in 0..heads {
                    for distance in -(reach as i64)..=reach as i64 {
                        table.push(buckets.vector(shared_bias_bucket(distance) as u32)?[head]);
                    }
                }
                ForBatch::Bias { table, reach }
            }
            RelativePositions::Alibi(slopes) => {
                let distances = || (0..=2 * reach).map(|place| place.abs_diff(reach) as f32);
                let of_head = |slope: &f32| distances().map(|distance| -slope * distance).collect::<Vec<_>>();
                ForBatch::Bias { table: slopes.iter().flat_map(of_head).collect(), reach }
            }
            RelativePositions::Rotary(full, local) => {
                let local = local.as_ref().filter(|_| self.windowed.contains(&true));
                ForBatch::Rotary(full.of_length(longest), local.map(|local| local.of_length(longest)))
            }
            RelativePositions::Disentangled(disentangled) => ForBatch::Disentangled(disentangled.rows(reach)),
        })
    }

    /// How one layer attends.
    pub fn of_layer<'a>(&'a self, shared: &'a ForBatch, layer: usize) -> Result<Attend<'a>> {
        let windowed = self.windowed.get(layer) == Some(&true);
        let attention = Attention { mask: self.masks[usize::from(windowed)], ..self.plain.attention };
        let plain = Attend { attention, ..self.plain };
        Ok(match (&self.positions, shared) {
            (_, ForBatch::Rotary(full, local)) => {
                let local = local.as_ref().filter(|_| windowed);
                Attend { rotation: Some(local.unwrap_or(full)), ..plain }
            }
            (RelativePositions::Disentangled(disentangled), ForBatch::Disentangled(rows)) => {
                let relative = Some(disentangled.of_layer(layer, rows)?);
                let scale = disentangled.scale(attention.size);
                Attend { attention: Attention { scale, relative, ..attention }, ..plain }
            }
            (_, ForBatch::Bias { table, reach }) => {
                let bias = Some(RelativeBias { table, reach: *reach });
                Attend { attention: Attention { bias, ..attention }, ..plain }
            }
            _ => plain,
        })
    }
}

/// What a score loses with each step of distance, by head: a geometric series; of a number of heads that is no power of
/// two that of the next smaller one, and then every other one of the next larger (Press et al., 2022).
fn slopes(heads: usize) -> Vec<f32> {
    let series = |count: usize| (1..=count).map(move |index| (-8.0 * index as f64 / count as f64).exp2() as f32);
    let power = 1 << heads.ilog2();
    series(power).chain(series(2 * power).step_by(2)).take(heads).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_python() {
        assert_eq!(slopes(4), [0.25, 0.0625, 0.015625, 0.00390625]);
        assert_eq!(slopes(3), [0.0625, 0.00390625, 0.25]);
        let of_twelve = [0.5, 0.25, 0.125, 0.0625, 0.03125, 0.015625, 0.0078125, 0.00390625];
        let others = [0.5, 0.25, 0.125, 0.0625].map(|slope| slope * std::f32::consts::SQRT_2);
        assert_eq!(slopes(12), [of_twelve.as_slice(), &others].concat());
    }
}
