//! One transformer layer, as its table describes it.

use candle_core::Tensor;

use super::config::Config;
use super::trace::{Stack, Trace};
use crate::architectures::words::{self, Gate, LayerTable, Norms, QkvOrder};
use crate::error::Result;
use crate::kernels::attention::Sequence;
use crate::nn::{Attend, Linear, Norm, add, attention_between, chosen_rows, self_attention};
use crate::text::Batch;
use crate::weights::{Declarations, Names, RowOrder};

/// Attention and a feed-forward network, each with a residual sum and a normalisation.
#[derive(Debug)]
pub struct Layer {
    /// Query, key and value projections: as many parts of queries as a key serves, then one of each.
    pub(super) qkv: Linear,
    head_norms: Option<[Norm; 2]>,
    attention_output: Linear,
    attention_norm: Option<Norm>,
    up: Linear,
    down: Linear,
    output_norm: Norm,
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
        let (heads, groups, size) = (config.attention_heads, config.kv_heads, config.head_size);
        let name = |name: &str| names.base(&format!("{prefix}{name}"));
        let norm = |needs: &mut Declarations, part: &str, size| {
            Norm::declare(needs, &name(part), size, config.layer_norm_eps, config.norm)
        };
        let linear =
            |needs: &mut Declarations, spellings: words::Names, parts: &[usize], order, sizes: [usize; 2], bias| {
                Linear::declare_shares(needs, &shares(names, spellings, parts, name), order, sizes[0], sizes[1], bias)
            };
        let one = |needs: &mut Declarations, part, inputs, bias| {
            let shares = [(name(part), 1)];
            Linear::declare_shares(needs, &shares, RowOrder::Same, inputs, hidden, bias)
        };
        let attention_bias = config.fields.flag(table.attention_bias)?;
        let up_bias = config.fields.flag(table.up_bias)?;
        let down_bias = config.fields.flag(table.down_bias)?;
        let group = heads / groups;
        let qkv_order = match table.qkv_order {
            QkvOrder::Blocks => RowOrder::Same,
            QkvOrder::PerHead => RowOrder::Grouped { size, group, groups },
        };
        let (up_parts, up_order): (&[usize], _) = match table.gate {
            Gate::None => (&[1], RowOrder::Same),
            Gate::First => (&[1, 1], RowOrder::Same),
            Gate::Second => (&[1, 1], RowOrder::Swapped(intermediate)),
        };
        let up = linear(needs, table.up, up_parts, up_order, [hidden, intermediate], up_bias);
        let up = up.with_activation(Some(config.activation));
        let has_attention_norm = table.norms != Norms::BeforeButTheFirst || index > 0;
        Ok(Layer {
            qkv: linear(needs, table.qkv, &[group, 1, 1], qkv_order, [hidden, groups * size], attention_bias),
            head_norms: table.head_norms.map(|parts| parts.map(|part| norm(needs, part, size))),
            attention_output: one(needs, table.attention_output, heads * size, attention_bias),
            attention_norm: has_attention_norm.then(|| norm(needs, table.attention_norm, hidden)),
            up: if table.gate == Gate::None { up } else { up.gated() },
            down: one(needs, table.down, intermediate, down_bias),
            output_norm: norm(needs, table.output_norm, hidden),
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
        let before = match &self.attention_norm {
            Some(norm) if self.norms != Norms::After => norm.forward(x)?,
            _ => x.clone(),
        };
        let attend = &Attend { norms: self.head_norms.as_ref(), ..*attend };
        let mixed = trace.attention(Stack::Only, |probabilities| match tokens {
            Tokens::All => self_attention(&self.qkv.forward(&before)?, attend, &batch.sequences, probabilities),
            Tokens::One(positions) => {
                let asked = tokens.select(&before, batch)?;
                let queries = attend.attention.heads / attend.attention.kv_heads;
                let q = self.qkv.forward_parts(&asked, 0..queries)?;
                let kv = self.qkv.forward_parts(&before, queries..queries + 2)?;
                attention_between(&q, &kv, attend, &one_of_each(batch, positions), probabilities)
            }
        })?;
        let mixed = self.attention_output.forward(&mixed)?;
        let x = tokens.select(x, batch)?;
        match (self.norms, &self.attention_norm) {
            (Norms::After, Some(norm)) => {
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

/// The names of layers that are declared as one, each with its share of `parts`: as the checkpoint spells them, else in
/// the first spelling.
fn shares(
    names: &Names,
    spellings: words::Names,
    parts: &[usize],
    full: impl Fn(&str) -> String,
) -> Vec<(String, usize)> {
    let is_there = |spelling: &&[&str]| names.location(&format!("{}.weight", full(spelling[0]))).is_some();
    let spelling = spellings.iter().copied().find(is_there).unwrap_or(spellings[0]);
    match spelling {
        [all] => vec![(full(all), parts.iter().sum())],
        each => each.iter().zip(parts).map(|(name, &parts)| (full(name), parts)).collect(),
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
