//! Words for the masks of a text, as `transformers` `pipelines/fill_mask.py` finds them. The vocabulary is compared with
//! the masks alone, never with the other tokens.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::tasks::TaskName;
//! use headwise::internals::tasks::run::run;
//! use headwise::internals::tasks::fill_mask::{FillMask, Options};
//! use headwise::internals::text_model::TextModel;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-masked-lm");
//! let model = Arc::new(TextModel::open(folder, TaskName::FillMask, Precision::Fp32)?);
//! let task = FillMask::new(model, Options { top_k: 3, ..Options::default() })?;
//! let results = run(task, ["The [MASK] fox.".into()])?;
//! for word in &results[0][0] {
//!     println!("{}: {}", word.token_str, word.sequence);
//! }
//! # assert_eq!(results[0][0].len(), 3);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::Serialize;

use super::call_options::{CallOptions, OneOrMore};
use super::run::Task;
use super::text::Text;
use super::text_classification::Function;
use super::{best_first, check_head, cut_to, positive};
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::nn::chosen_rows;
use crate::text::{Batch, Shortened, Tokens};
use crate::text_model::TextModel;

/// Masks that are compared with the vocabulary at once: 250,002 pieces take a megabyte for each.
const MASKS: usize = 32;

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many words for each mask, best first.
    pub top_k: usize,
    /// The only words that are considered; of one that the vocabulary lacks its first piece. `None` for all.
    pub targets: Option<Vec<String>>,
    /// Whether texts that are too long are cut; an error otherwise.
    pub truncation: bool,
    /// Most tokens that are read of a text; as many as the model can by default.
    pub max_length: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options { top_k: 5, targets: None, truncation: true, max_length: None }
    }
}

impl Options {
    /// Reads the options of a call.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        let targets = given.texts("targets")?.map(OneOrMore::into_vec);
        given.spread("tokenizer_kwargs")?;
        given.no_padding()?;
        Ok(Options {
            top_k: given.count("top_k")?.unwrap_or(5),
            targets,
            truncation: given.truncation()?,
            max_length: given.count("max_length")?,
        })
    }
}

/// A word in place of a mask.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Filled {
    /// Its probability in the whole vocabulary, whatever the targets.
    pub score: f32,
    /// Its id.
    pub token: u32,
    /// The word.
    pub token_str: String,
    /// The text with it; other masks stay.
    pub sequence: String,
}

/// Words for masks.
#[derive(Debug)]
pub struct FillMask {
    model: Arc<TextModel>,
    options: Options,
    mask: u32,
    /// Ids, each once; empty for the whole vocabulary.
    targets: Vec<u32>,
}

impl FillMask {
    /// A request to a model with a masked language modelling head.
    ///
    /// # Errors
    /// [`Error::Tokenizer`] when the tokenizer has no mask; [`Error::Option`].
    pub fn new(model: Arc<TextModel>, options: Options) -> Result<Self> {
        check_head(&model.model, HeadKind::MaskedLm)?;
        positive("top_k", Some(options.top_k))?;
        let mask = model.tokenizer.special().mask.ok_or_else(|| Error::tokenizer("there is no mask token"))?;
        let mut targets = Vec::new();
        for target in options.targets.iter().flatten() {
            let id = match model.tokenizer.id(target) {
                Some(id) => Some(id),
                None => model.tokenizer.pieces(target)?.first().copied(),
            };
            let known = |id: &u32| (*id as usize) < model.model.config.vocab_size && !targets.contains(id);
            targets.extend(id.filter(known));
        }
        if targets.is_empty()
            && let Some(given) = &options.targets
        {
            let supported = "at least one word that the model knows".into();
            return Err(Error::Option { option: "targets".into(), value: format!("{given:?}"), supported });
        }
        Ok(FillMask { model, options, mask, targets })
    }

    /// The best words, with their scores, of one row of logits.
    fn best(&self, logits: &[f32]) -> Vec<(u32, f32)> {
        let scores = Function::Softmax.apply(logits);
        if self.targets.is_empty() {
            let best = best_first(&scores, Some(self.options.top_k));
            return best.into_iter().map(|id| (id as u32, scores[id])).collect();
        }
        let of_targets: Vec<f32> = self.targets.iter().map(|&id| scores[id as usize]).collect();
        let best = best_first(&of_targets, Some(self.options.top_k));
        best.into_iter().map(|place| (self.targets[place], of_targets[place])).collect()
    }

    /// The text with a word in place of one of its masks. Where that was the only one, special tokens are left out.
    fn filled(&self, input_ids: &[u32], place: usize, word: u32, only: bool) -> Result<String> {
        let mut ids = input_ids.to_vec();
        ids[place] = word;
        ids.retain(|&id| Some(id) != self.model.tokenizer.special().pad);
        self.model.tokenizer.decode(&ids, only)
    }
}

impl Task for FillMask {
    type Input = Text;
    type Output = Vec<Vec<Filled>>;
    type Computed = Vec<Vec<(u32, f32)>>;

    fn texts(input: &Text) -> (&str, Option<&str>) {
        (&input.0, None)
    }

    fn encode(&self, input: &Text) -> Result<Vec<Tokens>> {
        let tokenizer = &self.model.tokenizer;
        let cut = cut_to(tokenizer, Shortened::First, self.options.truncation, self.options.max_length);
        let tokens = tokenizer.encode_cut(&input.0, None, &cut)?;
        match tokens[0].input_ids.contains(&self.mask) {
            true => Ok(tokens),
            false => {
                let mask = tokenizer.token(self.mask);
                let reason = format!("there is no {mask} among the tokens that the model reads");
                Err(Error::Input { input: 0, reason })
            }
        }
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Self::Computed>> {
        let model = &self.model.model;
        let hidden = model.last_hidden_state(batch)?;
        let is_mask = |&token: &usize| batch.input_ids[token] == self.mask;
        let masks: Vec<usize> = (0..batch.tokens()).filter(is_mask).collect();
        let mut computed = vec![Vec::new(); batch.sequences.len()];
        for masks in masks.chunks(MASKS) {
            let hidden = chosen_rows(&hidden, masks)?;
            for (&token, logits) in masks.iter().zip(model.logits_of_tokens(&hidden)?.to_vec2::<f32>()?) {
                let sequence = batch.sequences.partition_point(|rows| rows.end <= token);
                if !logits.iter().all(|logit| logit.is_finite()) {
                    return Err(Error::NonFinite { input: sequence });
                }
                computed[sequence].push(self.best(&logits));
            }
        }
        Ok(computed)
    }

    fn finish(&self, _: &Text, tokens: &[Tokens], computed: Vec<Self::Computed>) -> Result<Vec<Vec<Filled>>> {
        let input_ids = &tokens[0].input_ids;
        let masks = (0..input_ids.len()).filter(|&place| input_ids[place] == self.mask);
        let words = computed.concat();
        let only = words.len() == 1;
        let of_mask = |(place, words): (usize, Vec<(u32, f32)>)| {
            let filled = |(token, score)| {
                let token_str = self.model.tokenizer.decode(&[token], false)?;
                Ok(Filled { score, token, token_str, sequence: self.filled(input_ids, place, token, only)? })
            };
            words.into_iter().map(filled).collect()
        };
        masks.zip(words).map(of_mask).collect()
    }
}
