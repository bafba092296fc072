//! One transformer layer, as its table describes it.

use candle_core::Tensor;

use super::config::Config;
use super::trace::{Stack, Trace};
use crate::architectures::words::{LayerTable, Norms};
use crate::error::Result;
use crate::kernels::attention::Sequence;
use crate::nn::{Attend, LayerNorm, Linear, add, attention_between, chosen_rows, self_attention};
use crate::text::Batch;
use crate::weights::{Declarations, Names};

/// Attention and a feed-forward network, each with a residual sum and a normalisation.
#[derive(Debug)]
pub struct Layer {
    /// Query, key and value projections.
    pub(super) qkv: Linear,
    attention_output: Linear,
    attention_norm: Option<LayerNorm>,
    up: Linear,
    down: Linear,
    output_norm: LayerNorm,
    norms: Norms,
}

/// Which tokens' vectors are wanted of a layer.
#[derive(Debug, Clone, Copy)]
pub enum Tokens<'a> {
    /// All.
    All,
    /// One of each sequence: its position there.
    One(&'a [usize]),
}

impl Tokens<'_> {
    /// The rows of the wanted tokens, or `x` itself.
    pub fn select(&self, x: &Tensor, batch: &Batch) -> Result<Tensor> {
        let Tokens::One(positions) = self else {
            return Ok(x.clone());
        };
        let starts = batch.sequences.iter().map(|sequence| sequence.start);
        let rows: Vec<usize> = starts.zip(*positions).map(|(start, position)| start + position).collect();
        chosen_rows(x, &rows)
    }
}

impl Layer {
    /// Declares the tensors below `prefix`, the layer's own. `index` counts the layers.
    pub fn declare(
        needs: &mut Declarations,
        names: &Names,
        config: &Config,
        table: &LayerTable,
        prefix: &str,
        index: usize,
    ) -> Result<Self> {
        let (hidden, intermediate) = (config.hidden_size, config.intermediate_size);
        let name = |name: &str| names.base(&format!("{prefix}{name}"));
        let norm = |needs: &mut Declarations, part: &str| {
            LayerNorm::declare(needs, &name(part), hidden, config.layer_norm_eps, config.norm_bias)
        };
        let attention_bias = config.fields.flag(table.attention_bias)?;
        let feed_forward_bias = config.fields.flag(table.feed_forward_bias)?;
        let linear = |needs: &mut Declarations, parts: &[&str], count, inputs, outputs, bias| {
            let parts: Vec<String> = parts.iter().map(|part| name(part)).collect();
            let linear = Linear::declare_parts(needs, &parts, count, inputs, outputs);
            if bias { linear.with_biases(needs, &parts, outputs) } else { linear }
        };
        let up_parts = if table.gated { 2 } else { 1 };
        let up = linear(needs, &[table.up], up_parts, hidden, intermediate, feed_forward_bias);
        let up = up.with_activation(Some(config.activation));
        let has_attention_norm = table.norms == Norms::Behind || index > 0;
        Ok(Layer {
            qkv: linear(needs, table.qkv, 3, hidden, hidden, attention_bias),
            attention_output: linear(needs, &[table.attention_output], 1, hidden, hidden, attention_bias),
            attention_norm: has_attention_norm.then(|| norm(needs, table.attention_norm)),
            up: if table.gated { up.gated() } else { up },
            down: linear(needs, &[table.down], 1, intermediate, hidden, feed_forward_bias),
            output_norm: norm(needs, table.output_norm),
            norms: table.norms,
        })
    }

    /// `[tokens, hidden]` → the rows of the wanted tokens. Keys and values are computed of all
    /// tokens, all else of the wanted ones alone.
    pub fn forward(
        &self,
        x: &Tensor,
        attend: &Attend<'_>,
        tokens: Tokens<'_>,
        batch: &Batch,
        trace: &mut Trace,
    ) -> Result<Tensor> {
        let before = match (self.norms, &self.attention_norm) {
            (Norms::BeforeButTheFirst, Some(norm)) => norm.forward(x)?,
            _ => x.clone(),
        };
        let mixed = trace.attention(Stack::Only, |probabilities| match tokens {
            Tokens::All => self_attention(&self.qkv.forward(&before)?, attend, &batch.sequences, probabilities),
            Tokens::One(positions) => {
                let asked = tokens.select(&before, batch)?;
                let [q, kv] = [self.qkv.forward_parts(&asked, 0..1)?, self.qkv.forward_parts(&before, 1..3)?];
                attention_between(&q, &kv, attend, &one_of_each(batch, positions), probabilities)
            }
        })?;
        let mixed = self.attention_output.forward(&mixed)?;
        let x = tokens.select(x, batch)?;
        match (self.norms, &self.attention_norm) {
            (Norms::Behind, Some(norm)) => {
                let x = norm.forward_residual(&mixed, &x)?;
                self.output_norm.forward_residual(&self.feed_forward(&x)?, &x)
            }
            _ => {
                let x = add(&mixed, &x)?;
                add(&self.feed_forward(&self.output_norm.forward(&x)?)?, &x)
            }
        }
    }

    fn feed_forward(&self, x: &Tensor) -> Result<Tensor> {
        self.down.forward(&self.up.forward(x)?)
    }
}

/// One query for each sequence of the batch.
pub(super) fn one_of_each(batch: &Batch, positions: &[usize]) -> Vec<Sequence> {
    let one = |(row, (keys, &position)): (usize, (&std::ops::Range<usize>, &usize))| Sequence {
        keys: keys.clone(),
        queries: row..row + 1,
        position,
    };
    batch.sequences.iter().zip(positions).enumerate().map(one).collect()
}
