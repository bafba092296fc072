//! The one head: interprets the table of any. Hidden vectors go in, raw logits come out.

use candle_core::Tensor;

use super::config::Config;
use super::word_embeddings::WordEmbeddings;
use crate::architectures::heads::{Applied, Bias, HeadTable, InitStd, Reads, Stage, Tied, Width};
use crate::architectures::words::Setting;
use crate::error::{Error, Result};
use crate::limits;
use crate::nn::{Activation, Linear, Norm, mean_of_sequences};
use crate::text::Batch;
use crate::weights::{Declarations, Initial, Initializer, Names};

/// What a head reads, and its layers.
#[derive(Debug)]
pub struct Head {
    pool: Pool,
    stages: Vec<(Linear, Option<Norm>)>,
}

/// Which hidden vectors a head reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pool {
    EachToken,
    FirstToken,
    /// That of the last token with this id.
    Last(u32),
    /// That of the last token with another id than this one, else the first; of the very last, if there is no such id.
    LastBut(Option<u32>),
    Mean,
}

/// What a head needs of the encoder for a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needs {
    /// The vectors of all tokens.
    All,
    /// One vector of each sequence: its position there.
    One(Vec<usize>),
}

impl Head {
    /// Declares the tensors of `table` for `outputs` numbers; a tied decoder compares with one of `words`.
    ///
    /// # Errors
    /// [`Error::Config`].
    pub fn declare(
        needs: &mut Declarations,
        names: &Names,
        config: &Config,
        table: &HeadTable,
        outputs: usize,
        words: &mut WordEmbeddings,
    ) -> Result<Self> {
        config.fields.refuse(table.refusals)?;
        let mut inputs = config.hidden_size;
        let mut stages = Vec::new();
        for stage in table.stages {
            let width = match stage.width {
                Width::Hidden => config.hidden_size,
                Width::Embedding => config.embedding_size,
                Width::Outputs => outputs,
                Width::Pair => 2,
            };
            needs.initializer = initializer(stage.init_std, config)?;
            let linear = linear(needs, names, config, stage, [inputs, width], words)?;
            let norm = |name| Norm::declare(needs, name, width, config.layer_norm_eps, config.norm);
            stages.push((linear, stage.norm.map(norm)));
            inputs = width;
        }
        Ok(Head { pool: pool(table.reads, config)?, stages })
    }

    /// The hidden vectors that [`Head::forward`] takes.
    ///
    /// # Errors
    /// [`Error::Input`] for a sequence without the token that the head reads.
    pub fn needs(&self, batch: &Batch) -> Result<Needs> {
        match self.pool {
            Pool::EachToken | Pool::Mean => Ok(Needs::All),
            Pool::FirstToken => Ok(Needs::One(vec![0; batch.sequences.len()])),
            Pool::LastBut(padding) => {
                let last = |ids: &[u32]| ids.iter().rposition(|&id| Some(id) != padding).unwrap_or(0);
                Ok(Needs::One(batch.sequences.iter().map(|rows| last(&batch.input_ids[rows.clone()])).collect()))
            }
            Pool::Last(id) => {
                let sequences = batch.sequences.iter().enumerate();
                let last = sequences.map(|(input, rows)| {
                    let position = batch.input_ids[rows.clone()].iter().rposition(|&other| other == id);
                    let reason = format!("there is no end-of-text token (id {id}) among its tokens");
                    position.ok_or(Error::Input { input, reason })
                });
                last.collect::<Result<_>>().map(Needs::One)
            }
        }
    }

    /// Whether there are logits for each token, not for each sequence.
    pub fn is_per_token(&self) -> bool {
        self.pool == Pool::EachToken
    }

    /// Whether a layer multiplies with the word embeddings.
    pub fn is_tied(&self) -> bool {
        self.stages.iter().any(|(linear, _)| linear.is_tied())
    }

    /// The vectors that [`Head::needs`] asked for → `[sequences, outputs]`, or
    /// `[tokens, outputs]` of a head that reads each token.
    pub fn forward(&self, hidden: &Tensor, batch: &Batch) -> Result<Tensor> {
        let mut x = match self.pool {
            Pool::Mean => mean_of_sequences(hidden, &batch.sequences)?,
            _ => hidden.clone(),
        };
        for (linear, norm) in &self.stages {
            x = linear.forward(&x)?;
            if let Some(norm) = norm {
                x = norm.forward(&x)?;
            }
        }
        Ok(x)
    }
}

/// The linear layer of a stage with its bias and activation.
fn linear(
    needs: &mut Declarations,
    names: &Names,
    config: &Config,
    stage: &Stage,
    [inputs, outputs]: [usize; 2],
    words: &mut WordEmbeddings,
) -> Result<Linear> {
    let name = stage.linear.name(names);
    let linear = match stage.tied {
        Tied::Always => Linear::tied(&words.first(needs, &name)),
        Tied::ByConfig if words.are_tied() => Linear::tied(&words.declare(needs, &name)),
        _ => Linear::declare(needs, &name, inputs, outputs),
    };
    let own = format!("{name}.bias");
    let bias = match stage.bias {
        Bias::None => None,
        Bias::Own => Some(own),
        Bias::If(key, default) => config.fields.flag(Setting::of(key, default))?.then_some(own),
        Bias::OrAt(other) => {
            let spellings = [own, other.to_owned()];
            let there = names.first_of(&spellings).unwrap_or(&spellings[1]);
            if there == other && !words.are_tied() {
                let [own, other] = &spellings;
                needs.warnings.push(format!(
                    "the checkpoint has no {own} but a {other}, which is used as transformers 4 does; transformers 5 \
                     ties it no more and begins with zeros."
                ));
            }
            Some(there.clone())
        }
        Bias::Row(row) => {
            let there = names.location(row).is_some();
            return Ok(if there {
                linear.with_bias(needs.vector_of_shape(row, &[1, outputs], Initial::Zeros))
            } else {
                linear
            });
        }
    };
    let linear = match bias {
        None => linear,
        Some(bias) => linear.with_bias(needs.vector(&[bias], outputs, Initial::Zeros)),
    };
    Ok(linear.with_activation(activation(stage.activation, config)?))
}

fn activation(applied: Applied, config: &Config) -> Result<Option<Activation>> {
    Ok(match applied {
        Applied::None => None,
        Applied::Always(activation) => Some(activation),
        Applied::OfEncoder => Some(config.activation),
        Applied::Key(key, default) => Some(config.fields.activation(Setting::of(key, default))?),
    })
}

fn pool(reads: Reads, config: &Config) -> Result<Pool> {
    Ok(match reads {
        Reads::EachToken => Pool::EachToken,
        Reads::FirstToken => Pool::FirstToken,
        Reads::LastEos => {
            Pool::Last(config.fields.number(Setting::of("eos_token_id", 2), 0, limits::VOCABULARY)? as u32)
        }
        Reads::LastToken => Pool::LastBut(config.padding()),
        Reads::FirstTokenOrMean => {
            let choices = [("cls", Pool::FirstToken), ("mean", Pool::Mean)];
            config.fields.choice(Setting::of("classifier_pooling", Pool::FirstToken), &choices)?
        }
    })
}

/// ModernBERT cuts off what it draws, other architectures do not.
fn initializer(init_std: InitStd, config: &Config) -> Result<Initializer> {
    let range = config.initializer_range()?;
    let std = match init_std {
        InitStd::Range => return Ok(Initializer { std: range as f32, cutoff: None }),
        InitStd::ByDepth => range / (2.0 * config.layers as f64).sqrt(),
        InitStd::ByWidth => 1.0 / (config.hidden_size as f64).sqrt(),
    };
    let key = "initializer_cutoff_factor";
    let default = if config.fields.is_null(key) { 3.0 } else { 2.0 };
    let cutoff = config
        .fields
        .real(Setting::of(key, default), "a number from 0.1 to 100", |factor| (0.1..=100.0).contains(&factor))?;
    Ok(Initializer { std: std as f32, cutoff: Some(cutoff as f32) })
}
