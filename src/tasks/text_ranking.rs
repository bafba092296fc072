//! Documents by how well they answer a query: what `CrossEncoder.rank` of `sentence-transformers` does
//! (`cross_encoder/model.py`, version 6.2).
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::tasks::TaskName;
//! use headwise::internals::tasks::run::run;
//! use headwise::internals::tasks::text_ranking::{Options, Query, TextRanking};
//! use headwise::internals::text_model::TextModel;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-ranking");
//! let model = Arc::new(TextModel::open(folder, TaskName::TextRanking, Precision::Fp32)?);
//! let documents = vec!["The lazy dog.".into(), "The quick brown fox.".into()];
//! let query = Query { query: "Where is the fox?".into(), documents };
//! let results = run(TextRanking::new(model, Options::default())?, [query])?;
//! println!("document {} is the best", results[0][0].corpus_id);
//! # assert_eq!(results[0].len(), 2);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call_options::CallOptions;
use super::run::{Task, logits_of_sequences};
use super::{best_first, check_head, positive};
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::nn::TorchActivation;
use crate::text::{Batch, SENTENCE_TRANSFORMERS, Shortened, Tokens};
use crate::text_model::TextModel;

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many documents, best first; `None` for all.
    pub top_k: Option<usize>,
    /// Whether results hold the documents.
    pub return_documents: bool,
    /// In place of the function that the configuration states; a sigmoid if it states none.
    pub activation_fn: Option<TorchActivation>,
    /// Stands before the query, in place of what the folder says.
    pub prompt: Option<String>,
    /// The same by its name in the folder.
    pub prompt_name: Option<String>,
    /// Whether pairs that are too long are cut, the longer text first; an error otherwise.
    pub truncation: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            top_k: None,
            return_documents: false,
            activation_fn: None,
            prompt: None,
            prompt_name: None,
            truncation: true,
        }
    }
}

impl Options {
    /// Reads the options of a call.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        Ok(Options {
            top_k: given.count("top_k")?,
            return_documents: given.flag("return_documents")?.unwrap_or(false),
            activation_fn: given.choice(
                "activation_fn",
                &[("identity", TorchActivation::IDENTITY), ("sigmoid", TorchActivation::SIGMOID)],
            )?,
            prompt: given.text("prompt")?,
            prompt_name: given.text("prompt_name")?,
            truncation: given.flag("truncation")?.unwrap_or(true),
        })
    }
}

/// A query and what may answer it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// What is looked for.
    pub query: String,
    /// Where.
    pub documents: Vec<String>,
}

/// A document and how well it answers the query.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranked {
    /// Its place among those that were given.
    pub corpus_id: usize,
    /// The higher, the better.
    pub score: f32,
    /// The document, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Rankings.
#[derive(Debug)]
pub struct TextRanking {
    model: Arc<TextModel>,
    options: Options,
    activation: TorchActivation,
    prompt: String,
}

impl TextRanking {
    /// A request to a model with a sequence head of a single label.
    ///
    /// # Errors
    /// [`Error::Config`] when there are more labels, or the configuration states a function that is not known;
    /// [`Error::Option`].
    pub fn new(model: Arc<TextModel>, options: Options) -> Result<Self> {
        check_head(&model.model, HeadKind::Sequence)?;
        positive("top_k", options.top_k)?;
        let labels = model.model.labels.len();
        if labels != 1 {
            let (file, supported) = ("config.json".into(), "a single one, which is a score".into());
            return Err(Error::Config { file, field: "id2label".into(), value: format!("{labels} labels"), supported });
        }
        let activation = match options.activation_fn {
            Some(activation) => activation,
            None => stated_activation(&model)?.unwrap_or(TorchActivation::SIGMOID),
        };
        let prompts = &model.cross_encoder.texts.prompts;
        let prompt = prompts.resolve(options.prompt.as_deref(), options.prompt_name.as_deref())?.to_owned();
        Ok(TextRanking { model, options, activation, prompt })
    }
}

impl Task for TextRanking {
    type Input = Query;
    type Output = Vec<Ranked>;
    type Computed = Vec<f32>;

    fn texts(input: &Query) -> (&str, Option<&str>) {
        (&input.query, None)
    }

    fn encode(&self, input: &Query) -> Result<Vec<Tokens>> {
        let tokenizer = &self.model.tokenizer;
        let cut = tokenizer.cut(Shortened::Longest, self.options.truncation);
        let mut tokens = tokenizer.encode_pairs(&format!("{}{}", self.prompt, input.query), &input.documents, &cut)?;
        // The prompt is no part of the text that was read.
        let prompt = self.prompt.chars().count();
        tokens.iter_mut().for_each(|tokens| tokens.kept.text_end = tokens.kept.text_end.saturating_sub(prompt));
        Ok(tokens)
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        logits_of_sequences(&self.model.model, batch)
    }

    fn finish(&self, input: &Query, _: &[Tokens], logits: Vec<Vec<f32>>) -> Result<Vec<Ranked>> {
        let mut scores = logits.concat();
        self.activation.apply(&mut scores);
        let ranked = |corpus_id: usize| Ranked {
            corpus_id,
            score: scores[corpus_id],
            text: self.options.return_documents.then(|| input.documents[corpus_id].clone()),
        };
        Ok(best_first(&scores, self.options.top_k).into_iter().map(ranked).collect())
    }
}

/// A function that the files state: where, under which key, and how.
struct Stated<'a> {
    file: &'static str,
    key: &'static str,
    value: &'a Value,
}

impl Stated<'_> {
    /// Whether it is of PyTorch; Python runs no other code unasked.
    fn is_trusted(&self) -> bool {
        self.value.as_str().is_none_or(|path| path.starts_with("torch."))
    }
}

/// What files state, the first that counts before others: `config_sentence_transformers.json`, then `config.json` under
/// its present key or else under the one it had before version 4.
fn stated(model: &TextModel) -> impl Iterator<Item = Stated<'_>> {
    let config = &model.model.config.fields;
    let present = config.get("sentence_transformers").and_then(|settings| settings.get("activation_fn"));
    let (key, value) = match present {
        Some(_) => ("sentence_transformers.activation_fn", present),
        None => ("sbert_ce_default_activation_function", config.get("sbert_ce_default_activation_function")),
    };
    let first = model.cross_encoder.activation_fn.as_ref().map(|value| Stated {
        file: SENTENCE_TRANSFORMERS,
        key: "activation_fn",
        value,
    });
    let second = value.filter(|value| !value.is_null()).map(|value| Stated { file: "config.json", key, value });
    first.into_iter().chain(second)
}

/// The function that the files state.
fn stated_activation(model: &TextModel) -> Result<Option<TorchActivation>> {
    let Some(Stated { file, key, value }) = stated(model).find(Stated::is_trusted) else {
        return Ok(None);
    };
    // Python leaves the function of a ranking in training mode.
    let known = value.as_str().and_then(TorchActivation::of_class).filter(|function| !function.is_drawn());
    known.map(Some).ok_or_else(|| Error::Config {
        file: file.into(),
        field: key.into(),
        value: value.to_string(),
        supported: format!("of torch.nn: {}; but no function of chance", TorchActivation::names()),
    })
}

/// Warnings about what the files say of rankings.
pub(crate) fn warnings(model: &TextModel) -> Vec<String> {
    // Python runs no code of a model unasked.
    let foreign = stated(model).find(|stated| !stated.is_trusted()).map(|Stated { file, key, value }| {
        format!("{key} of {file} is {value}, which is no class of PyTorch; the usual function takes its place")
    });
    foreign.into_iter().chain(model.cross_encoder.left_aside.clone()).collect()
}
