//! The one encoder: interprets the table of any architecture. Token ids go in, one hidden
//! vector per token comes out.

use candle_core::Tensor;

use super::attention::Scheme;
use super::config::Config;
use super::fields::invalid;
use super::layer::{Layer, Tokens};
use super::trace::{Stack, Trace};
use super::word_embeddings::WordEmbeddings;
use crate::architectures::words::{EmbeddingTable, EncoderTable, LayerTable, Positions, Setting};
use crate::error::Result;
use crate::limits;
use crate::nn::{Activation, Convolution, Embedding, Linear, Norm, sum_of_embeddings};
use crate::text::Batch;
use crate::weights::{Declarations, Names};

/// A bare encoder (`BertModel`, `RobertaModel`, `DistilBertModel`, …).
#[derive(Debug)]
pub struct Encoder {
    embeddings: Embeddings,
    layers: Vec<Layer>,
    /// Layers in the order of their use: some architectures use one several times.
    order: Vec<usize>,
    scheme: Scheme,
    /// On the embeddings, added after the first layer.
    convolution: Option<(Convolution, Norm)>,
    final_norm: Option<Norm>,
}

impl Encoder {
    /// Declares the tensors of `table` at the sizes of `config`.
    ///
    /// # Errors
    /// [`crate::Error::Config`].
    pub fn declare(
        needs: &mut Declarations,
        names: &Names,
        config: &Config,
        table: &EncoderTable,
        words: &mut WordEmbeddings,
    ) -> Result<Self> {
        let (prefixes, order) = layer_prefixes(config, &table.layer)?;
        let layer =
            |(index, prefix): (usize, &String)| Layer::declare(needs, names, config, &table.layer, prefix, index);
        Ok(Encoder {
            layers: prefixes.iter().enumerate().map(layer).collect::<Result<_>>()?,
            order,
            embeddings: Embeddings::declare(needs, names, config, &table.embeddings, words)?,
            scheme: Scheme::declare(needs, names, config, &table.attention)?,
            convolution: match table.convolution {
                None => None,
                Some(name) => convolution(needs, names, config, name)?,
            },
            final_norm: table.final_norm.map(|name| norm(needs, names, config, name, config.hidden_size)),
        })
    }

    /// Computes what depends on weights alone, once they are loaded.
    pub fn prepare(&self) -> Result<()> {
        self.scheme.prepare(&self.layers)
    }

    /// Bytes of what [`Encoder::prepare`] makes.
    pub fn prepared_bytes(&self) -> u64 {
        self.scheme.prepared_bytes()
    }

    /// `last_hidden_state` of the wanted tokens of the batch: `[tokens, hidden]`. The last layer
    /// computes nothing that they do not need, unless `trace` keeps what all tokens give.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] when an id, a type or a sequence lies beyond its table; see
    /// [`super::Model::forward`].
    pub fn forward(&self, batch: &Batch, wanted: Tokens<'_>, trace: &mut Trace) -> Result<Tensor> {
        let longest = batch.sequences.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
        let shared = self.scheme.for_batch(longest)?;
        let embedded = self.embeddings.forward(batch)?;
        let mut x = embedded.clone();
        // The convolution after the first layer mixes all tokens.
        let narrow = match (self.order.len(), &self.convolution) {
            (1, Some(_)) => None,
            (steps, _) => steps.checked_sub(1).filter(|_| !trace.wants_anything()),
        };
        for (step, &layer) in self.order.iter().enumerate() {
            trace.hidden_state(Stack::Only, &x);
            let attend = self.scheme.of_layer(&shared, layer)?;
            let tokens = if narrow == Some(step) { wanted } else { Tokens::All };
            x = self.layers[layer].forward(&x, &attend, tokens, batch, trace)?;
            if let (0, Some((convolution, norm))) = (step, &self.convolution) {
                x = norm.forward_residual(&convolution.forward(&embedded, &batch.sequences)?, &x)?;
            }
        }
        if let Some(norm) = &self.final_norm {
            x = norm.forward(&x)?;
        }
        trace.hidden_state(Stack::Only, &x);
        if narrow.is_some() { Ok(x) } else { wanted.select(&x, batch) }
    }
}

/// What a token's first vector is made of.
#[derive(Debug)]
struct Embeddings {
    words: Embedding,
    positions: Option<(Embedding, Positions)>,
    token_types: Option<Embedding>,
    norm: Option<Norm>,
    projection: Option<Linear>,
    projection_after_norm: bool,
    pad_token_id: u32,
}

impl Embeddings {
    fn declare(
        needs: &mut Declarations,
        names: &Names,
        config: &Config,
        table: &EmbeddingTable,
        words: &mut WordEmbeddings,
    ) -> Result<Self> {
        let size = config.embedding_size;
        let words = words.declare(needs, &names.base(table.word));
        let mut embedding = |name: &str, rows| Embedding::declare(needs, &names.base(name), rows, size);
        let positions = match &table.position {
            Some(position) if config.fields.flag(position.present)? => {
                Some((embedding(position.name, config.max_positions), position.rule))
            }
            _ => None,
        };
        let types = table.token_type.filter(|_| config.type_vocab_size > 0);
        let token_types = types.map(|name| embedding(name, config.type_vocab_size));
        let projection = table.projection.as_ref().filter(|one| one.always || size != config.hidden_size);
        let after_norm = projection.is_none_or(|projection| projection.after_norm);
        let normalised = if after_norm { size } else { config.hidden_size };
        Ok(Embeddings {
            words,
            positions,
            token_types,
            norm: table.norm.map(|name| norm(needs, names, config, name, normalised)),
            projection: projection.map(|projection| {
                let name = names.base(projection.name);
                let linear = Linear::declare(needs, &name, size, config.hidden_size);
                if projection.after_norm { linear.with_biases(needs, &[name], config.hidden_size) } else { linear }
            }),
            projection_after_norm: after_norm,
            pad_token_id: config.pad_token_id as u32,
        })
    }

    /// `[tokens, hidden]`
    fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let mut tables = vec![(&self.words, batch.input_ids.as_slice())];
        let positions = self.positions.as_ref().map(|(table, rule)| (table, self.position_ids(*rule, batch)));
        tables.extend(positions.iter().map(|(table, ids)| (*table, ids.as_slice())));
        tables.extend(self.token_types.iter().map(|types| (types, batch.token_type_ids.as_slice())));
        let sum = sum_of_embeddings(&tables)?;
        let normalised = |x: Tensor| self.norm.as_ref().map_or(Ok(x.clone()), |norm| norm.forward(&x));
        match &self.projection {
            None => normalised(sum),
            Some(projection) if self.projection_after_norm => projection.forward(&normalised(sum)?),
            Some(projection) => normalised(projection.forward(&sum)?),
        }
    }

    fn position_ids(&self, rule: Positions, batch: &Batch) -> Vec<u32> {
        let mut positions = Vec::with_capacity(batch.input_ids.len());
        for sequence in &batch.sequences {
            match rule {
                Positions::Absolute => positions.extend(0..sequence.len() as u32),
                Positions::AfterPadding => {
                    let pad = self.pad_token_id;
                    let mut last = pad;
                    positions.extend(batch.input_ids[sequence.clone()].iter().map(|&id| {
                        let real = id != pad;
                        last += u32::from(real);
                        if real { last } else { pad }
                    }));
                }
            }
        }
        positions
    }
}

/// Prefixes of the layers, and the order in which they are used.
fn layer_prefixes(config: &Config, table: &LayerTable) -> Result<(Vec<String>, Vec<usize>)> {
    let Some((groups, inner)) = table.shared else {
        let prefixes = (0..config.layers).map(|layer| table.prefix.replace("{i}", &layer.to_string()));
        return Ok((prefixes.collect(), (0..config.layers).collect()));
    };
    let number = |key| config.fields.number(Setting::of(key, 1), 1, limits::LAYERS);
    let (groups, inner) = (number(groups)?, number(inner)?);
    let prefix = |layer: usize| {
        let prefix = table.prefix.replace("{group}", &(layer / inner).to_string());
        prefix.replace("{inner}", &(layer % inner).to_string())
    };
    let group_of = |step: usize| step * groups / config.layers;
    let order = (0..config.layers).flat_map(|step| (0..inner).map(move |one| (step, one)));
    Ok(((0..groups * inner).map(prefix).collect(), order.map(|(step, one)| group_of(step) * inner + one).collect()))
}

/// The convolution with the normalisation of its residual sum, where the configuration has one.
fn convolution(
    needs: &mut Declarations,
    names: &Names,
    config: &Config,
    name: &str,
) -> Result<Option<(Convolution, Norm)>> {
    let key = "conv_kernel_size";
    let width = config.fields.number(Setting::of(key, 0), 0, limits::CONVOLUTION)?;
    if width == 0 {
        return Ok(None);
    }
    if width.is_multiple_of(2) {
        return Err(invalid(key, config.fields.get(key), "an odd number"));
    }
    let activation = config.fields.activation(Setting::of("conv_act", Activation::Tanh))?;
    let (size, inner) = (config.hidden_size, names.base(&format!("{name}.conv")));
    let convolution = Convolution::declare(needs, &inner, size, width, Some(activation));
    Ok(Some((convolution, norm(needs, names, config, &format!("{name}.LayerNorm"), size))))
}

fn norm(needs: &mut Declarations, names: &Names, config: &Config, name: &str, size: usize) -> Norm {
    Norm::declare(needs, &names.base(name), size, config.layer_norm_eps, config.norm)
}
