//! Documents by how well they answer a query: what `CrossEncoder.rank` of `sentence-transformers` does
//! (`cross_encoder/model.py`, version 6.2).
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::folder::load_text_model;
//! use headwise::kernels::Precision;
//! use headwise::models::HeadKind;
//! use headwise::pipeline::run;
//! use headwise::tasks::text_ranking::{Options, Query, TextRanking};
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-ranking");
//! let model = Arc::new(load_text_model(folder, HeadKind::Sequence, Precision::Fp32)?);
//! let documents = vec!["The lazy dog.".into(), "The quick brown fox.".into()];
//! let query = Query { query: "Where is the fox?".into(), documents };
//! let results = run(TextRanking::new(model, Options::default())?, [query])?;
//! println!("document {} is the best", results[0][0].corpus_id);
//! # assert_eq!(results[0].len(), 2);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::options::Given;
use super::text_classification::Function;
use super::{best_first, check_head, positive};
use crate::error::{Error, Result};
use crate::models::{Config, HeadKind};
use crate::pipeline::{Task, TextModel, logits_of_sequences};
use crate::text::{Batch, Shortened, Tokens};

/// Functions from logits to scores, by the names of their classes in PyTorch.
const ACTIVATIONS: &[(&str, Function)] =
    &[("torch.nn.modules.linear.Identity", Function::None), ("torch.nn.modules.activation.Sigmoid", Function::Sigmoid)];

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// How many documents, best first; `None` for all.
    pub top_k: Option<usize>,
    /// Whether results hold the documents.
    pub return_documents: bool,
    /// In place of the function that the configuration states; a sigmoid if it states none.
    pub activation_fn: Option<Function>,
    /// Whether pairs that are too long are cut, the longer text first; an error otherwise.
    pub truncation: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { top_k: None, return_documents: false, activation_fn: None, truncation: true }
    }
}

impl Options {
    /// Reads the options of a call.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut Given) -> Result<Self> {
        Ok(Options {
            top_k: given.count("top_k")?,
            return_documents: given.flag("return_documents")?.unwrap_or(false),
            activation_fn: given
                .choice("activation_fn", &[("identity", Function::None), ("sigmoid", Function::Sigmoid)])?,
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
    activation: Function,
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
            return Err(invalid("id2label", format!("{labels} labels"), "a single one, which is a score".into()));
        }
        let activation = match options.activation_fn {
            Some(activation) => activation,
            None => stated_activation(&model.model.config)?.unwrap_or(Function::Sigmoid),
        };
        Ok(TextRanking { model, options, activation })
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
        tokenizer.encode_pairs(&input.query, &input.documents, &cut)
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        logits_of_sequences(&self.model.model, batch)
    }

    fn finish(&self, input: &Query, _: &[Tokens], logits: Vec<Vec<f32>>) -> Result<Vec<Ranked>> {
        let scores = self.activation.apply(&logits.concat());
        let ranked = |corpus_id: usize| Ranked {
            corpus_id,
            score: scores[corpus_id],
            text: self.options.return_documents.then(|| input.documents[corpus_id].clone()),
        };
        Ok(best_first(&scores, self.options.top_k).into_iter().map(ranked).collect())
    }
}

/// The function that `config.json` states, under its present key or under the one it had before version 4.
fn stated_activation(config: &Config) -> Result<Option<Function>> {
    const OLD_KEY: &str = "sbert_ce_default_activation_function";
    let present = config.fields.get("sentence_transformers").and_then(|settings| settings.get("activation_fn"));
    let (key, stated) = match (present, config.fields.get(OLD_KEY)) {
        (Some(stated), _) => ("sentence_transformers.activation_fn", stated),
        (None, Some(stated)) => (OLD_KEY, stated),
        (None, None) => return Ok(None),
    };
    if stated.is_null() {
        return Ok(None);
    }
    // The classes are exported by their package too.
    let class = |path: &str| path.rsplit('.').next().unwrap_or_default().to_owned();
    let known = stated.as_str().filter(|path| path.starts_with("torch.")).and_then(|path| {
        ACTIVATIONS.iter().find(|(name, _)| class(name) == class(path)).map(|&(_, function)| function)
    });
    let supported = || ACTIVATIONS.iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ");
    known.map(Some).ok_or_else(|| invalid(key, stated.to_string(), supported()))
}

fn invalid(field: &str, value: String, supported: String) -> Error {
    Error::Config { file: "config.json".into(), field: field.into(), value, supported }
}
