//! Answers that stand in a text, as `pipelines/question_answering.py` of `transformers` 4.57 finds them; version 5 has
//! no such pipeline any more. A long text is read in windows.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::tasks::TaskName;
//! use headwise::internals::tasks::run::run;
//! use headwise::internals::tasks::question_answering::{Options, Question, QuestionAnswering};
//! use headwise::internals::text_model::TextModel;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-qa");
//! let model = Arc::new(TextModel::open(folder, TaskName::QuestionAnswering, Precision::Fp32)?);
//! let task = QuestionAnswering::new(model, Options { top_k: 2, ..Options::default() })?;
//! let context = "The quick brown fox jumps over the lazy dog.".to_owned();
//! let results = run(task, [Question { question: "Who jumps?".into(), context }])?;
//! println!("{} with {}", results[0][0].answer, results[0][0].score);
//! # assert_eq!(results[0].len(), 2);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call_options::CallOptions;
use super::run::{Task, logits_of_sequences};
use super::text_classification::Function;
use super::{Utf16, between, characters, check_head, positive};
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::text::{Batch, Cut, Overflow, Shortened, Tokens};
use crate::text_model::TextModel;

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many answers, best first; there may be less.
    pub top_k: usize,
    /// Tokens that neighbouring windows share; 128 or half a window by default.
    pub doc_stride: Option<usize>,
    /// Most tokens of an answer.
    pub max_answer_len: usize,
    /// Tokens of a window with the question and the special tokens; 384, or what the model reads, by default.
    pub max_seq_len: Option<usize>,
    /// Whether no answer is one: `""`, with its own score.
    pub handle_impossible_answer: bool,
    /// Whether answers are made of whole words.
    pub align_to_words: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            top_k: 1,
            doc_stride: None,
            max_answer_len: 15,
            max_seq_len: None,
            handle_impossible_answer: false,
            align_to_words: true,
        }
    }
}

impl Options {
    /// Reads the options of a call.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        let default = Options::default();
        // Neither changes what Python reads: the one belongs to slow tokenizers.
        given.count("max_question_len")?;
        given.no_padding()?;
        let old_name = given.count("topk")?;
        Ok(Options {
            top_k: given.count("top_k")?.or(old_name).unwrap_or(default.top_k),
            doc_stride: given.tokens("doc_stride")?,
            max_answer_len: given.count("max_answer_len")?.unwrap_or(default.max_answer_len),
            max_seq_len: given.count("max_seq_len")?,
            handle_impossible_answer: given.flag("handle_impossible_answer")?.unwrap_or(false),
            align_to_words: given.flag("align_to_words")?.unwrap_or(true),
        })
    }
}

/// A question about a text.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// What is asked.
    pub question: String,
    /// The text that holds the answer.
    pub context: String,
}

/// A part of the context.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// Its probability within its window; those of the same words add up.
    pub score: f32,
    /// Where it begins in the context, in characters.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The words.
    pub answer: String,
}

/// From a first to a last token.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    first: usize,
    last: usize,
    score: f32,
}

/// Answers to questions.
#[derive(Debug)]
pub struct QuestionAnswering {
    model: Arc<TextModel>,
    options: Options,
    cut: Cut,
}

impl QuestionAnswering {
    /// A request to a model with a question-answering head.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn new(model: Arc<TextModel>, options: Options) -> Result<Self> {
        check_head(&model.model, HeadKind::QuestionAnswering)?;
        positive("top_k", Some(options.top_k))?;
        positive("max_answer_len", Some(options.max_answer_len))?;
        let refuse = |option: &str, value: usize, supported: String| {
            Err(Error::Option { option: option.into(), value: value.to_string(), supported })
        };
        let most = model.tokenizer.max_length();
        let max_length = options.max_seq_len.unwrap_or(most.min(384));
        if max_length > most {
            return refuse("max_seq_len", max_length, format!("up to the {most} tokens that the model reads"));
        }
        let stride = options.doc_stride.unwrap_or((max_length / 2).min(128));
        if stride > max_length {
            return refuse("doc_stride", stride, format!("up to max_seq_len, {max_length}"));
        }
        let cut = Cut { max_length, shortened: Shortened::Second, overflow: Overflow::Windows(stride) };
        Ok(QuestionAnswering { model, options, cut })
    }

    /// The best spans of a window, and the probability that there is none.
    fn spans(&self, tokens: &Tokens, logits: &[f32]) -> (Vec<Span>, f32) {
        let classifies = self.model.tokenizer.special().cls;
        let of_context = |place: usize| tokens.sequence_ids[place] == Some(1);
        let may_be = |place: usize| of_context(place) || Some(tokens.input_ids[place]) == classifies;
        let probabilities = |column: usize| {
            let logits = logits.chunks_exact(2).enumerate();
            let masked = logits.map(|(place, pair)| if may_be(place) { pair[column] } else { -10_000.0 });
            Function::Softmax.apply(&masked.collect::<Vec<_>>())
        };
        let (start, end) = (probabilities(0), probabilities(1));
        let none = start[0] * end[0];
        // Aligned to words, several spans may be the same answer.
        let Options { top_k, max_answer_len, align_to_words, .. } = self.options;
        let wanted = if align_to_words { top_k.saturating_mul(2).saturating_add(10) } else { top_k };
        let mut best = Best { spans: Vec::new(), wanted };
        for first in (1..start.len()).filter(|&first| of_context(first)) {
            let beyond = first.saturating_add(max_answer_len).min(end.len());
            for last in (first..beyond).filter(|&last| of_context(last)) {
                best.push(Span { first, last, score: start[first] * end[last] });
            }
        }
        (best.sorted(), none)
    }

    /// Where a span begins and ends in the context.
    fn characters(&self, tokens: &Tokens, span: Span) -> (usize, usize) {
        let of_tokens = (tokens.offsets[span.first].0, tokens.offsets[span.last].1);
        if !self.options.align_to_words {
            return of_tokens;
        }
        let word = |place: usize| {
            let of_word = |&other: &usize| {
                tokens.sequence_ids[other] == Some(1) && tokens.word_ids[other] == tokens.word_ids[place]
            };
            tokens.word_ids[place]?;
            let mut places = (0..tokens.input_ids.len()).filter(of_word);
            let first = places.next()?;
            Some((tokens.offsets[first].0, tokens.offsets[places.next_back().unwrap_or(first)].1))
        };
        match (word(span.first), word(span.last)) {
            (Some((start, _)), Some((_, end))) => (start, end),
            _ => of_tokens,
        }
    }
}

impl Task for QuestionAnswering {
    type Input = Question;
    type Output = Vec<Answer>;
    type Computed = Vec<f32>;

    fn texts(input: &Question) -> (&str, Option<&str>) {
        (&input.question, Some(&input.context))
    }

    fn encode(&self, input: &Question) -> Result<Vec<Tokens>> {
        let Question { question, context } = input;
        if let Some((name, _)) = [("question", question), ("context", context)].iter().find(|(_, text)| text.is_empty())
        {
            return Err(Error::Input { input: 0, reason: format!("the {name} is empty") });
        }
        self.model.tokenizer.encode_cut(question, Some(context), &self.cut)
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        logits_of_sequences(&self.model.model, batch)
    }

    fn finish(&self, input: &Question, windows: &[Tokens], logits: Vec<Vec<f32>>) -> Result<Vec<Answer>> {
        let text = characters(&input.context, windows.iter().flat_map(|tokens| tokens.offsets.iter().copied()));
        let mut answers: Vec<Answer> = Vec::new();
        let mut places = HashMap::new();
        let mut least_for_none = f32::INFINITY;
        for (tokens, logits) in windows.iter().zip(&logits) {
            let (spans, none) = self.spans(tokens, logits);
            least_for_none = least_for_none.min(none);
            for span in spans {
                let (start, end) = self.characters(tokens, span);
                let answer = between(&text, start, end);
                let place = *places.entry(answer.to_lowercase()).or_insert(answers.len());
                match answers.get_mut(place) {
                    Some(same) => same.score += span.score,
                    None => answers.push(Answer { score: span.score, start, end, answer }),
                }
            }
        }
        if self.options.handle_impossible_answer {
            answers.push(Answer { score: least_for_none, start: 0, end: 0, answer: String::new() });
        }
        answers.sort_by(|a, b| b.score.total_cmp(&a.score));
        answers.truncate(self.options.top_k);
        Ok(answers)
    }

    fn count_in_utf16(input: &Question, answers: &mut Vec<Answer>) {
        let context = Utf16::of(&input.context);
        for answer in answers {
            (answer.start, answer.end) = (context.at(answer.start), context.at(answer.end));
        }
    }
}

/// The best of many spans; of equal ones, the first.
struct Best {
    spans: Vec<Span>,
    wanted: usize,
}

impl Best {
    fn push(&mut self, span: Span) {
        self.spans.push(span);
        if self.spans.len() >= self.wanted.saturating_add(512).saturating_mul(2) {
            self.prune();
        }
    }

    fn prune(&mut self) {
        self.spans.sort_by(|a, b| b.score.total_cmp(&a.score));
        self.spans.truncate(self.wanted);
    }

    fn sorted(mut self) -> Vec<Span> {
        self.prune();
        self.spans
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A rival holds every start with every end.
    #[test]
    fn the_best_spans_are_those_of_all_and_few_are_held() {
        // Scores repeat, so that ties count.
        let spans: Vec<Span> = (0..20_000_usize)
            .map(|number| Span { first: number, last: number, score: (number * 7_919 % 1_009) as f32 })
            .collect();
        for wanted in [1, 12, 700] {
            let (mut best, mut most) = (Best { spans: Vec::new(), wanted }, 0);
            for &span in &spans {
                best.push(span);
                most = most.max(best.spans.len());
            }
            assert!(most < 2 * (wanted + 512), "{most} are held for {wanted}");
            let mut all = spans.clone();
            all.sort_by(|a, b| b.score.total_cmp(&a.score));
            assert_eq!(best.sorted(), all[..wanted]);
        }
    }
}
