//! What a model answers to rows of token ids, under the names of `transformers`.

use candle_core::Tensor;

use super::model::Model;
use super::trace::Trace;
use crate::architectures::HeadKind;
use crate::error::Result;
use crate::text::{Batch, Rows};

/// Numbers with a shape, row after row.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// The shape; its product is the number of numbers.
    pub dims: Vec<usize>,
    /// The numbers.
    pub data: Vec<f32>,
}

/// A tensor, or one for each layer.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Logits, or hidden vectors.
    One(Numbers),
    /// Hidden states or attentions.
    Layers(Vec<Numbers>),
}

impl Output {
    /// Adds the same output of further rows.
    pub(super) fn append(&mut self, more: Output) {
        match (self, more) {
            (Output::One(all), Output::One(more)) => all.append(more),
            (Output::Layers(all), Output::Layers(more)) => {
                all.iter_mut().zip(more).for_each(|(all, more)| all.append(more));
            }
            _ => unreachable!("an output is of one kind"),
        }
    }
}

impl Numbers {
    fn append(&mut self, more: Numbers) {
        self.dims[0] += more.dims[0];
        self.data.extend(more.data);
    }
}

impl Model {
    /// Runs the model on the tokens of `rows` that are not padding. What belongs to tokens is `[rows, length, …]`, zero
    /// at the padding; what belongs to rows `[rows, outputs]`, or of a multiple choice `[questions, choices]`. With
    /// `trace` also what that asks for: hidden states `[rows, length, hidden]` and attentions
    /// `[rows, heads, length, length]` of each layer.
    ///
    /// # Errors
    /// [`Error::Input`](crate::Error::Input) for rows that do not fit, and those of [`Model::forward`].
    pub fn outputs(&self, rows: &Rows, mut trace: Trace) -> Result<Vec<(String, Output)>> {
        let batch = rows.to_batch()?;
        let result = self.forward_traced(&batch, &mut trace)?;
        let mut outputs = self.named(rows, &result)?;
        if self.kind == HeadKind::Base
            && let Some(encoded) = self.encode(&batch)?
        {
            outputs.push(("encoder_last_hidden_state".into(), Output::One(of_tokens(rows, &encoded)?)));
        }
        for (stack, hidden) in &trace.hidden_states {
            append(&mut outputs, format!("{}hidden_states", stack.prefix()), of_tokens(rows, hidden)?);
        }
        for (stack, probabilities) in &trace.attentions {
            append(&mut outputs, format!("{}attentions", stack.prefix()), of_pairs(rows, &batch, probabilities));
        }
        Ok(outputs)
    }

    /// The result under the names that it has in `transformers`.
    fn named(&self, rows: &Rows, result: &Tensor) -> Result<Vec<(String, Output)>> {
        let one = |name: &str, numbers: Numbers| (name.to_owned(), Output::One(numbers));
        Ok(match self.kind {
            HeadKind::Base => vec![one("last_hidden_state", of_tokens(rows, result)?)],
            HeadKind::Token | HeadKind::MaskedLm => vec![one("logits", of_tokens(rows, result)?)],
            HeadKind::Sequence => {
                vec![one("logits", Numbers { dims: result.dims().to_vec(), data: result.flatten_all()?.to_vec1()? })]
            }
            HeadKind::MultipleChoice => {
                let dims = vec![rows.input_ids.len() / rows.choices.max(1), rows.choices];
                vec![one("logits", Numbers { dims, data: result.flatten_all()?.to_vec1()? })]
            }
            HeadKind::QuestionAnswering => {
                let column = |column: usize| -> Result<Numbers> {
                    let mut numbers = of_tokens(rows, &result.narrow(1, column, 1)?)?;
                    numbers.dims.pop();
                    Ok(numbers)
                };
                vec![one("start_logits", column(0)?), one("end_logits", column(1)?)]
            }
        })
    }
}

/// `[tokens, width]` → `[rows, length, width]`.
fn of_tokens(rows: &Rows, vectors: &Tensor) -> Result<Numbers> {
    let width = vectors.dim(1)?;
    let data = rows.unflatten(&vectors.flatten_all()?.to_vec1::<f32>()?, width);
    Ok(Numbers { dims: vec![rows.input_ids.len(), rows.length(), width], data })
}

/// For each sequence `[heads, tokens, tokens]` → `[rows, heads, length, length]`.
fn of_pairs(rows: &Rows, batch: &Batch, probabilities: &[Vec<f32>]) -> Numbers {
    let pairs: usize = batch.sequences.iter().map(|sequence| sequence.len().pow(2)).sum();
    let heads = probabilities.iter().map(Vec::len).sum::<usize>() / pairs.max(1);
    let dims = vec![rows.input_ids.len(), heads, rows.length(), rows.length()];
    Numbers { dims, data: rows.unflatten_pairs(probabilities, heads) }
}

/// Adds a layer's numbers to the list of this name.
fn append(outputs: &mut Vec<(String, Output)>, name: String, numbers: Numbers) {
    match outputs.iter_mut().find(|(known, _)| *known == name) {
        Some((_, Output::Layers(layers))) => layers.push(numbers),
        _ => outputs.push((name, Output::Layers(vec![numbers]))),
    }
}
