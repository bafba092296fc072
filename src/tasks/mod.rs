//! What Python's pipelines, and the library `sentence-transformers`, do with what a model computes. Each task is a
//! file with its options, inputs and results, and a [`Task`](super::run::Task) that
//! [`pipeline::run`](super::run::run) takes; [`any`] knows them all by name.

pub mod call_options;
pub mod feature_extraction;
pub mod fill_mask;
pub mod multiple_choice;
mod name;
pub mod question_answering;
pub mod run;
mod template;
pub mod text;
pub mod text_classification;
pub mod text_ranking;
pub mod token_classification;
pub mod zero_shot_classification;

pub use name::TaskName;

use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::models::Model;
use crate::text::{Cut, Input, Shortened, Tokenizer, Tokens};

/// Refuses a model with another head than the one whose logits a task reads.
fn check_head(model: &Model, head: HeadKind) -> Result<()> {
    match model.kind == head {
        true => Ok(()),
        false => Err(Error::Option {
            option: "model".into(),
            value: format!("one with the head {}", model.kind.name()),
            supported: format!("one with the head {}", head.name()),
        }),
    }
}

/// How texts are cut to what the model reads, or to `max_length` tokens of it. Without truncation that says nothing, as
/// in Python.
fn cut_to(tokenizer: &Tokenizer, shortened: Shortened, truncation: bool, max_length: Option<usize>) -> Cut {
    let cut = tokenizer.cut(shortened, truncation);
    let most = max_length.filter(|_| truncation).unwrap_or(cut.max_length);
    Cut { max_length: cut.max_length.min(most), ..cut }
}

/// A text or a pair as the tokens of the one sequence that is read of it.
fn encode_within(
    tokenizer: &Tokenizer,
    input: &Input,
    truncation: bool,
    max_length: Option<usize>,
) -> Result<Vec<Tokens>> {
    if max_length.is_none() {
        return Ok(vec![tokenizer.encode_input(0, input, truncation)?]);
    }
    let pair = input.text_pair.as_deref().filter(|pair| !pair.is_empty());
    tokenizer.encode_cut(&input.text, pair, &cut_to(tokenizer, Shortened::Longest, truncation, max_length))
}

/// Refuses a number of results, or the like, that is zero.
fn positive(option: &str, number: Option<usize>) -> Result<()> {
    match number {
        Some(0) => Err(Error::Option {
            option: option.into(),
            value: "0".into(),
            supported: "a positive whole number, or nothing".into(),
        }),
        _ => Ok(()),
    }
}

/// Places of the `top_k` highest scores; equal scores in their order.
fn best_first(scores: &[f32], top_k: Option<usize>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    let better = |&a: &usize, &b: &usize| scores[b].total_cmp(&scores[a]).then(a.cmp(&b));
    if let Some(top_k) = top_k.filter(|&top_k| top_k < scores.len()) {
        order.select_nth_unstable_by(top_k, better);
        order.truncate(top_k);
    }
    order.sort_by(better);
    order
}

/// The place of the highest score; of equal ones, the first.
fn best(scores: &[f32]) -> usize {
    (0..scores.len()).fold(0, |best, place| if scores[place] > scores[best] { place } else { best })
}

/// `text` up to where tokens end, as characters: offsets count them.
fn characters(text: &str, offsets: impl Iterator<Item = (usize, usize)>) -> Vec<char> {
    text.chars().take(offsets.map(|(_, end)| end).max().unwrap_or(0)).collect()
}

/// The part of a text between two places; less of it if they lie beyond its end.
fn between(text: &[char], start: usize, end: usize) -> String {
    text.iter().skip(start).take(end.saturating_sub(start)).collect()
}

/// Turns places in a text from characters to units of UTF-16.
pub(crate) struct Utf16 {
    /// The unit at which each character begins, and the end of the text.
    starts: Vec<usize>,
}

impl Utf16 {
    pub(crate) fn of(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.chars().scan(0, |units, character| {
            *units += character.len_utf16();
            Some(*units)
        }));
        Utf16 { starts }
    }

    pub(crate) fn at(&self, character: usize) -> usize {
        self.starts[character.min(self.starts.len() - 1)]
    }
}
