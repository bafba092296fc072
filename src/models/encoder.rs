//! The one encoder: interprets the table of any architecture. Token ids go in, one hidden
//! vector per token comes out.

use candle_core::{Device, Tensor};

use super::architecture::{Architecture, LayerNames, Positions};
use super::config::Config;
use crate::error::Result;
use crate::nn::{Embedding, LayerNorm, Linear, attention_of_first_tokens, self_attention, sum_of_embeddings};
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
        self.through(&self.layers, batch)
    }

    /// `last_hidden_state` of the first token of each sequence: `[sequences, hidden]`. The last
    /// layer computes nothing that no first token needs.
    ///
    /// # Errors
    /// As [`Encoder::forward`].
    pub fn first_tokens(&self, batch: &Batch) -> Result<Tensor> {
        let starts: Vec<u32> = batch.sequences.iter().map(|sequence| sequence.start as u32).collect();
        let starts = Tensor::from_vec(starts, batch.sequences.len(), &Device::Cpu)?;
        match self.layers.split_last() {
            None => Ok(self.embed(batch)?.index_select(&starts, 0)?),
            Some((last, layers)) => {
                last.forward_first_tokens(&self.through(layers, batch)?, &starts, self.attention_heads, batch)
            }
        }
    }

    fn through(&self, layers: &[Layer], batch: &Batch) -> Result<Tensor> {
        let mut x = self.embed(batch)?;
        for layer in layers {
            x = layer.forward(&x, self.attention_heads, batch)?;
        }
        Ok(x)
    }

    fn embed(&self, batch: &Batch) -> Result<Tensor> {
        let positions = self.position_ids(batch);
        let mut tables = vec![(&self.words, batch.input_ids.as_slice()), (&self.positions, &positions)];
        tables.extend(self.token_types.iter().map(|types| (types, batch.token_type_ids.as_slice())));
        self.norm.forward(&sum_of_embeddings(&tables)?)
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
            up: Linear::declare(needs, name(table.up), hidden, intermediate).with_activation(Some(config.activation)),
            down: Linear::declare(needs, name(table.down), intermediate, hidden),
            output_norm: LayerNorm::declare(needs, name(table.output_norm), hidden, eps),
        }
    }

    /// `[tokens, hidden]` → `[tokens, hidden]`.
    fn forward(&self, x: &Tensor, heads: usize, batch: &Batch) -> Result<Tensor> {
        let mixed = self_attention(&self.qkv.forward(x)?, heads, &batch.sequences)?;
        self.behind_attention(&mixed, x)
    }

    /// `[tokens, hidden]` → `[sequences, hidden]`; `starts` are the rows of the first tokens.
    /// Keys and values are needed of all tokens, all else of the first ones alone.
    fn forward_first_tokens(&self, x: &Tensor, starts: &Tensor, heads: usize, batch: &Batch) -> Result<Tensor> {
        let first = x.index_select(starts, 0)?;
        let [q, kv] = [self.qkv.forward_parts(&first, 0..1)?, self.qkv.forward_parts(x, 1..3)?];
        let mixed = attention_of_first_tokens(&q, &kv, heads, &batch.sequences)?;
        self.behind_attention(&mixed, &first)
    }

    /// From the heads' outputs to the layer's, both of the rows of its input `x`.
    fn behind_attention(&self, mixed: &Tensor, x: &Tensor) -> Result<Tensor> {
        let x = self.attention_norm.forward_residual(&self.attention_output.forward(mixed)?, x)?;
        self.output_norm.forward_residual(&self.down.forward(&self.up.forward(&x)?)?, &x)
    }
}
