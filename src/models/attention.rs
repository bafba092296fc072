//! What the attention of an encoder knows of positions: declared with its weights, worked out
//! once for each batch, and handed to each layer.

use super::config::Config;
use super::disentangled::Disentangled;
use super::distance::shared_bias_bucket;
use super::layer::Layer;
use super::rotary::{self, RotaryLayer};
use crate::architectures::words::AttentionKind;
use crate::error::Result;
use crate::kernels::attention::rotary::{Rotary, frequencies};
use crate::kernels::attention::{Attention, RelativeBias};
use crate::nn::{Attend, Embedding};
use crate::weights::{Declarations, Names};

/// Rows of MPNet's table of biases.
const SHARED_BIAS_BUCKETS: usize = 32;

/// The attention of all layers.
#[derive(Debug)]
pub struct Scheme {
    heads: usize,
    hidden: usize,
    positions: RelativePositions,
}

#[derive(Debug)]
enum RelativePositions {
    None,
    SharedBias(Embedding),
    Rotary(Vec<RotaryLayer>),
    Disentangled(Disentangled),
}

/// What all layers share for the sequences of one batch.
#[derive(Debug)]
pub enum ForBatch {
    /// Nothing.
    None,
    /// `[heads, 2 · reach + 1]`
    SharedBias {
        /// By distance of the key from the query.
        table: Vec<f32>,
        /// The largest distance.
        reach: usize,
    },
    /// One for each base.
    Rotary(Vec<(f64, Rotary)>),
    /// Rows of the relative positions by distance.
    Disentangled(Vec<u32>),
}

impl Scheme {
    /// Declares the tensors of the architecture's kind of attention.
    ///
    /// # Errors
    /// [`crate::Error::Config`].
    pub fn declare(needs: &mut Declarations, names: &Names, config: &Config, kind: AttentionKind) -> Result<Self> {
        let (heads, hidden) = (config.attention_heads, config.hidden_size);
        let positions = match kind {
            AttentionKind::Plain => RelativePositions::None,
            AttentionKind::SharedBias(name) => {
                RelativePositions::SharedBias(Embedding::declare(needs, &names.base(name), SHARED_BIAS_BUCKETS, heads))
            }
            AttentionKind::Rotary => RelativePositions::Rotary(rotary::layers(config)?),
            AttentionKind::Disentangled => Disentangled::declare(needs, names, config)?
                .map_or(RelativePositions::None, RelativePositions::Disentangled),
        };
        Ok(Scheme { heads, hidden, positions })
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
                let mut table = Vec::with_capacity(self.heads * (2 * reach + 1));
                for head in 0..self.heads {
                    for distance in -(reach as i64)..=reach as i64 {
                        table.push(buckets.vector(shared_bias_bucket(distance) as u32)?[head]);
                    }
                }
                ForBatch::SharedBias { table, reach }
            }
            RelativePositions::Rotary(layers) => {
                let mut rotations: Vec<(f64, Rotary)> = Vec::new();
                for &RotaryLayer { theta, .. } in layers {
                    if rotations.iter().all(|(known, _)| *known != theta) {
                        let frequencies = frequencies(theta, self.hidden / self.heads);
                        rotations.push((theta, Rotary::new(&frequencies, longest)));
                    }
                }
                ForBatch::Rotary(rotations)
            }
            RelativePositions::Disentangled(disentangled) => ForBatch::Disentangled(disentangled.rows(reach)),
        })
    }

    /// How one layer attends.
    pub fn of_layer<'a>(&'a self, shared: &'a ForBatch, layer: usize) -> Result<Attend<'a>> {
        let plain = Attend::plain(self.heads, self.hidden);
        let attention = plain.attention;
        Ok(match (&self.positions, shared) {
            (RelativePositions::Rotary(layers), ForBatch::Rotary(rotations)) => {
                let RotaryLayer { theta, mask } = layers[layer];
                let rotation = rotations.iter().find(|(known, _)| *known == theta).map(|(_, rotation)| rotation);
                Attend { attention: Attention { mask, ..attention }, rotation }
            }
            (RelativePositions::Disentangled(disentangled), ForBatch::Disentangled(rows)) => {
                let relative = Some(disentangled.of_layer(layer, rows)?);
                let scale = disentangled.scale(attention.size);
                Attend { attention: Attention { scale, relative, ..attention }, ..plain }
            }
            (_, ForBatch::SharedBias { table, reach }) => {
                let bias = Some(RelativeBias { table, reach: *reach });
                Attend { attention: Attention { bias, ..attention }, ..plain }
            }
            _ => plain,
        })
    }
}
