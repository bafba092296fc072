//! The one encoder: interprets the table of any architecture. Token ids go in, one hidden
//! vector per token comes out.

use candle_core::{Device, Tensor};

use super::architecture::{Architecture, LayerNames, Positions};
use super::config::Config;
use crate::error::Result;
use crate::nn::{Activation, Embedding, LayerNorm, Linear, self_attention};
use crate::text::Batch;
use crate::weights::{Declarations, Names};

/// A bare encoder (`BertModel`, `RobertaModel`, `DistilBertModel`).
#[derive(Debug)]
pub struct Encoder {
    words: Embedding,
    positions: Embedding,
    token_types: Option<Embedding>,
    norm: LayerNorm,
    layers: Vec<Layer>,
    attention_heads: usize,
    position_rule: Positions,
    pad_token_id: usize,
}

/// One transformer layer with its normalisations behind the residual sums (post-norm).
#[derive(Debug)]
struct Layer {
    qkv: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    up: Linear,
    activation: Activation,
    down: Linear,
    output_norm: LayerNorm,
}

impl Encoder {
    /// Declares the tensors of the architecture's table at the sizes of `config`.
    pub fn declare(needs: &mut Declarations, names: &Names, config: &Config) -> Self {
        let Architecture { embeddings, layer, positions, .. } = config.architecture;
        let hidden = config.hidden_size;
        let mut table = |name: &str, rows| Embedding::declare(needs, names.base(name), rows, hidden);
        Encoder {
            words: table(embeddings.word, config.vocab_size),
            positions: table(embeddings.position, config.max_positions),
            token_types: embeddings
                .token_type
                .filter(|_| config.type_vocab_size > 0)
                .map(|name| table(name, config.type_vocab_size)),
            norm: LayerNorm::declare(needs, names.base(embeddings.norm), hidden, config.layer_norm_eps),
            layers: (0..config.layers).map(|i| Layer::declare(needs, names, config, layer, i)).collect(),
            attention_heads: config.attention_heads,
            position_rule: *positions,
            pad_token_id: config.pad_token_id,
        }
    }

    /// `last_hidden_state` of every token of the batch: `[tokens, hidden]`.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] when an id, a type or a sequence lies beyond its table; the
    /// tokenizer sees to it that none does.
    pub fn forward(&self, batch: &Batch) -> Result<Tensor> {
        let mut x = self.embed(batch)?;
        for layer in &self.layers {
            x = layer.forward(&x, self.attention_heads, batch)?;
        }
        Ok(x)
    }

    fn embed(&self, batch: &Batch) -> Result<Tensor> {
        let column = |ids: &[u32]| Tensor::from_slice(ids, ids.len(), &Device::Cpu);
        let words = self.words.forward(&column(&batch.input_ids)?)?;
        let positions = self.positions.forward(&column(&self.position_ids(batch))?)?;
        let mut sum = (words + positions)?;
        if let Some(token_types) = &self.token_types {
            sum = (sum + token_types.forward(&column(&batch.token_type_ids)?)?)?;
        }
        self.norm.forward(&sum)
    }

    fn position_ids(&self, batch: &Batch) -> Vec<u32> {
        let mut positions = Vec::with_capacity(batch.input_ids.len());
        for sequence in &batch.sequences {
            match self.position_rule {
                Positions::Absolute => positions.extend(0..sequence.len() as u32),
                Positions::AfterPadding => {
                    let pad = self.pad_token_id as u32;
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

impl Layer {
    fn declare(needs: &mut Declarations, names: &Names, config: &Config, table: &LayerNames, index: usize) -> Self {
        let (hidden, intermediate, eps) = (config.hidden_size, config.intermediate_size, config.layer_norm_eps);
        let prefix = table.prefix.replace("{i}", &index.to_string());
        let name = |name: &str| names.base(&format!("{prefix}{name}"));
        let qkv = [table.query, table.key, table.value].map(name);
        Layer {
            qkv: Linear::declare_stacked(needs, &qkv, hidden, hidden),
            attention_output: Linear::declare(needs, name(table.attention_output), hidden, hidden),
            attention_norm: LayerNorm::declare(needs, name(table.attention_norm), hidden, eps),
            up: Linear::declare(needs, name(table.up), hidden, intermediate),
            activation: config.activation,
            down: Linear::declare(needs, name(table.down), intermediate, hidden),
            output_norm: LayerNorm::declare(needs, name(table.output_norm), hidden, eps),
        }
    }

    /// `[tokens, hidden]` → `[tokens, hidden]`.
    fn forward(&self, x: &Tensor, heads: usize, batch: &Batch) -> Result<Tensor> {
        let mixed = self_attention(&self.qkv.forward(x)?, heads, &batch.sequences)?;
        let x = self.attention_norm.forward(&(x + self.attention_output.forward(&mixed)?)?)?;
        let inner = self.activation.forward(&self.up.forward(&x)?)?;
        self.output_norm.forward(&(&x + self.down.forward(&inner)?)?)
    }
}
