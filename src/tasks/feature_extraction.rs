//! Hidden vectors of a text: those of its tokens, as `transformers` `pipelines/feature_extraction.py` gives them, or one
//! of them all, as the option `pooling` or the folder of a sentence-transformers model says.
//!
//! ```
//! use std::path::Path;
//! use std::sync::Arc;
//!
//! use headwise::internals::kernels::Precision;
//! use headwise::internals::sentences::embedder::TextEmbedder;
//! use headwise::internals::tasks::run::run;
//! use headwise::internals::tasks::feature_extraction::{FeatureExtraction, Options, Pooled};
//! use headwise::internals::sentences::pooling::Mode;
//!
//! let folder = Path::new("tests/golden/tasks/wordpiece-token");
//! let embedder = Arc::new(TextEmbedder::open(folder, Precision::Fp32)?);
//! let options = Options { pooling: Some(Pooled::By(Mode::Mean)), normalize: true, ..Options::default() };
//! let results = run(FeatureExtraction::new(embedder, options)?, ["The dog.".into(), "The fox.".into()])?;
//! let cosine: f32 = results[0].data.iter().zip(&results[1].data).map(|(a, b)| a * b).sum();
//! # assert!(cosine.abs() <= 1.0 + 1e-6);
//! # Ok::<(), headwise::Error>(())
//! ```

use std::sync::Arc;

use serde::Serializer;

use super::call_options::{CallOptions, refused};
use super::encode_within;
use super::positive;
use super::run::{Task, run};
use super::text::Text;
use crate::error::{Error, Result};
use crate::sentences::embedder::TextEmbedder;
use crate::sentences::pooling::{Mode, Pooling};
use crate::text::{Batch, Input, Tokens};

/// What is made of the vectors of a text's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pooled {
    /// They are given as they are.
    None,
    /// One of them all.
    By(Mode),
}

impl Pooled {
    const NAMES: &[(&str, Pooled)] = &[
        ("none", Pooled::None),
        ("mean", Pooled::By(Mode::Mean)),
        ("cls", Pooled::By(Mode::Cls)),
        ("max", Pooled::By(Mode::Max)),
        ("first_token", Pooled::By(Mode::Cls)),
        ("last_token", Pooled::By(Mode::LastToken)),
    ];
}

/// What one call asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What is made of the vectors; by default what the folder says, if it is one of sentence-transformers, else
    /// nothing.
    pub pooling: Option<Pooled>,
    /// Whether vectors are divided by their length, after everything else.
    pub normalize: bool,
    /// Stands before each text, in place of what the folder says.
    pub prompt: Option<String>,
    /// The same by its name in the folder.
    pub prompt_name: Option<String>,
    /// How many numbers of the vector of a text are kept, in place of what the folder says.
    pub truncate_dim: Option<usize>,
    /// Whether texts that are too long are cut; an error otherwise.
    pub truncation: bool,
    /// Most tokens that are read of a text; as many as the model can by default.
    pub max_length: Option<usize>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            pooling: None,
            normalize: false,
            prompt: None,
            prompt_name: None,
            truncate_dim: None,
            truncation: true,
            max_length: None,
        }
    }
}

impl Options {
    /// Reads the options of a call. `normalize_embeddings` is the name that `sentence-transformers` has for `normalize`.
    ///
    /// # Errors
    /// [`Error::Option`].
    pub fn read(given: &mut CallOptions) -> Result<Self> {
        given.spread("tokenize_kwargs")?;
        given.no_padding()?;
        Ok(Options {
            pooling: given.choice("pooling", Pooled::NAMES)?,
            normalize: [given.flag("normalize")?, given.flag("normalize_embeddings")?].contains(&Some(true)),
            prompt: given.text("prompt")?,
            prompt_name: given.text("prompt_name")?,
            truncate_dim: given.count("truncate_dim")?,
            truncation: given.truncation()?,
            max_length: given.count("max_length")?,
        })
    }
}

/// Vectors of a text. As JSON they are nested arrays.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// `[tokens, numbers]`, or `[numbers]` of a single vector.
    pub dims: Vec<usize>,
    /// The numbers, vector after vector.
    pub data: Vec<f32>,
}

impl serde::Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self.dims.as_slice() {
            [_, width] => serializer.collect_seq(self.data.chunks_exact(*width)),
            _ => self.data.serialize(serializer),
        }
    }
}

/// Vectors of texts.
#[derive(Debug)]
pub struct FeatureExtraction {
    embedder: Arc<TextEmbedder>,
    normalize: bool,
    truncation: bool,
    max_length: Option<usize>,
    vectors: Vectors,
    prompt: String,
    /// How many tokens of a sequence the prompt has, if they do not count.
    left_out: usize,
    truncate_dim: Option<usize>,
}

/// Which vectors are given.
#[derive(Debug)]
enum Vectors {
    /// What the folder says.
    ByFolder,
    /// One of those of the tokens.
    Pooled(Pooling),
    /// Those of the tokens.
    OfTokens,
}

impl FeatureExtraction {
    /// A request to a bare encoder, or to a model of sentence embeddings. What the folder says of prompts and of the
    /// length of vectors counts where it says how they are pooled.
    ///
    /// # Errors
    /// [`Error::Option`] for a prompt of a name that the folder does not have, and for `truncate_dim` without a pooling;
    /// [`Error::Tokenizer`].
    pub fn new(embedder: Arc<TextEmbedder>, options: Options) -> Result<Self> {
        let Options { pooling, normalize, prompt, prompt_name, truncate_dim, truncation, max_length } = options;
        positive("truncate_dim", truncate_dim)?;
        let vectors = match pooling {
            Some(Pooled::By(mode)) => Vectors::Pooled(Pooling::from(mode)),
            None if embedder.is_of_sentence_transformers() => Vectors::ByFolder,
            _ => Vectors::OfTokens,
        };
        let by_folder = matches!(vectors, Vectors::ByFolder);
        let asked_for = prompt.is_some() || prompt_name.is_some();
        let prompt = match by_folder || asked_for {
            true => embedder.prompts().resolve(prompt.as_deref(), prompt_name.as_deref())?.to_owned(),
            false => String::new(),
        };
        if let (Vectors::OfTokens, Some(length)) = (&vectors, truncate_dim) {
            return Err(refused("truncate_dim", &length.into(), "with a pooling: what is cut is the vector of a text"));
        }
        let left_out = if by_folder { embedder.tokens_left_out(&prompt)? } else { 0 };
        let truncate_dim = truncate_dim.or(embedder.truncate_dim().filter(|_| by_folder));
        Ok(FeatureExtraction { embedder, normalize, truncation, max_length, vectors, prompt, left_out, truncate_dim })
    }

    /// Vectors of each sequence, end to end.
    fn vectors(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        let hidden = || self.embedder.model.forward(batch);
        match &self.vectors {
            Vectors::ByFolder => self.embedder.embed_batch(batch, self.left_out),
            Vectors::Pooled(pooling) => Ok(pooling.forward(&hidden()?, batch, 0)?.to_vec2()?),
            Vectors::OfTokens => {
                let hidden = hidden()?;
                let sequence = |rows: &std::ops::Range<usize>| {
                    Ok(hidden.narrow(0, rows.start, rows.len())?.flatten_all()?.to_vec1()?)
                };
                batch.sequences.iter().map(sequence).collect()
            }
        }
    }
}

impl Task for FeatureExtraction {
    type Input = Text;
    type Output = Features;
    type Computed = Vec<f32>;

    fn texts(input: &Text) -> (&str, Option<&str>) {
        (&input.0, None)
    }

    fn encode(&self, input: &Text) -> Result<Vec<Tokens>> {
        let prompt = &self.prompt;
        let text = Input { text: format!("{prompt}{}", input.0), text_pair: None };
        let mut tokens = encode_within(&self.embedder.tokenizer, &text, self.truncation, self.max_length)?;
        // The prompt is no part of the text that was read.
        for tokens in &mut tokens {
            tokens.kept.text_end = tokens.kept.text_end.saturating_sub(prompt.chars().count());
        }
        Ok(tokens)
    }

    fn compute(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        let vectors = self.vectors(batch)?;
        match vectors.iter().position(|vectors| !vectors.iter().all(|number| number.is_finite())) {
            None => Ok(vectors),
            Some(input) => Err(Error::NonFinite { input }),
        }
    }

    fn finish(&self, _: &Text, tokens: &[Tokens], computed: Vec<Vec<f32>>) -> Result<Features> {
        let mut data = computed.concat();
        let of_tokens = matches!(self.vectors, Vectors::OfTokens);
        if let Some(length) = self.truncate_dim {
            data.truncate(length);
        }
        let vectors = if of_tokens { tokens[0].input_ids.len() } else { 1 };
        let width = data.len() / vectors;
        if self.normalize {
            data.chunks_exact_mut(width).for_each(normalize);
        }
        Ok(Features { dims: if of_tokens { vec![vectors, width] } else { vec![width] }, data })
    }
}

impl TextEmbedder {
    /// The embedding of each text, all of the same length: as the folder says, of a plain encoder the mean. A text
    /// longer than the model reads is cut.
    ///
    /// # Errors
    /// [`Error::Input`] naming the text that cannot be read; [`Error::NonFinite`] when the weights are damaged.
    pub fn embed(self: &Arc<Self>, texts: &[&str]) -> Result<Vec<Vec<f32>>> {
        let pooling = (!self.is_of_sentence_transformers()).then_some(Pooled::By(Mode::Mean));
        let task = FeatureExtraction::new(self.clone(), Options { pooling, ..Options::default() })?;
        let features = run(task, texts.iter().map(|&text| text.into()))?;
        Ok(features.into_iter().map(|features| features.data).collect())
    }
}

/// Divides a vector by its length, or by 1e-12 if that is smaller.
fn normalize(vector: &mut [f32]) {
    let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
    vector.iter_mut().for_each(|x| *x /= length);
}
