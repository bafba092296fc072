//! Text to sentence embeddings, as `sentence-transformers` computes them, on one page. The
//! beginning is that of [`pipeline`](crate::pipeline); instead of a head,
//!
//! 1. a [`Pooling`] makes one vector of those of a text's tokens;
//! 2. dense layers and normalisations follow, if the folder has them.
//!
//! Which those are, is what [`Modules`] reads.

use serde_json::json;

use crate::error::Result;
use crate::models::{Config, HeadKind, Loader, Model};
use crate::nn::{Linear, unit_rows};
use crate::tasks::dense::{self, DenseLoader};
use crate::tasks::pooling::Pooling;
use crate::tasks::sentence_modules::{Kind, Modules, Settings, TextSettings, within};
use crate::text::{Batch, SmallFiles, Tokenizer};
use crate::weights::{Index, LoadOptions};

/// An encoder with its tokenizer, and what makes one vector of a text.
#[derive(Debug)]
pub struct TextEmbedder {
    /// The encoder.
    pub model: Model,
    /// The tokenizer that belongs to it.
    pub tokenizer: Tokenizer,
    parts: Parts,
}

/// Everything but the encoder and its tokenizer.
#[derive(Debug)]
struct Parts {
    pooling: Pooling,
    stages: Vec<Stage>,
    settings: TextSettings,
    has_modules: bool,
}

/// What happens to the pooled vector.
#[derive(Debug)]
enum Stage {
    Dense(Linear),
    Normalize,
}

/// An embedder whose weights are still to come.
#[derive(Debug)]
pub struct EmbedderLoader {
    tokenizer: Tokenizer,
    parts: Parts,
    encoder: Loader,
    encoder_files: Vec<String>,
    dense: Vec<DenseLoader>,
}

impl EmbedderLoader {
    /// Reads the small files of a model: those that [`Modules::small_files`] names, where they
    /// exist. The encoder's weights are in the files of `index`. They are not converted, whatever
    /// [`LoadOptions::convert`] says: that makes one file, and these may be several.
    ///
    /// # Errors
    /// Those of [`Modules::parse`], [`Config::parse`] and [`Tokenizer::from_files`];
    /// [`crate::Error::Config`] for modules that would be computed wrongly.
    pub fn new(files: &SmallFiles, index: Index, options: LoadOptions) -> Result<Self> {
        let modules = Modules::parse(files)?;
        let settings = modules.text_settings(files)?;
        let of_encoder = files.of_folder(&modules.encoder);
        let config = Config::parse(of_encoder.config()?)?;
        let tokenizer = tokenizer(&of_encoder, &config, &settings)?;
        let pooling = pooling(files, &modules, &settings)?;
        let mut width = pooling.width(config.hidden_size);
        let (mut stages, mut dense) = (Vec::new(), Vec::new());
        for (kind, folder) in &modules.stages {
            if *kind == Kind::Normalize {
                dense::refuse_other_vectors(&Settings::read(files, &within(folder, "config.json"))?)?;
                stages.push(Stage::Normalize);
                continue;
            }
            let (linear, loader) = dense::declare(files, folder, width, options.precision)?;
            width = loader.outputs;
            stages.push(Stage::Dense(linear));
            dense.push(loader);
        }
        let has_modules = modules.pooling.is_some();
        let encoder_files = index.files().iter().map(|file| within(&modules.encoder, file)).collect();
        let encoder = Loader::new(config, HeadKind::Base, LoadOptions { convert: false, ..options }, index);
        Ok(EmbedderLoader {
            tokenizer,
            parts: Parts { pooling, stages, settings, has_modules },
            encoder,
            encoder_files,
            dense,
        })
    }

    /// Names of the files with weights, from the model's folder: first those of the encoder.
    pub fn files(&self) -> Vec<String> {
        let dense = self.dense.iter().map(|dense| &dense.file);
        self.encoder_files.iter().chain(dense).cloned().collect()
    }

    /// Takes the next bytes of a file, by its number in [`EmbedderLoader::files`]. Files may come
    /// in any order, or by turns.
    ///
    /// # Errors
    /// Those of [`Loader::push`] and [`DenseLoader::push`].
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        match file.checked_sub(self.encoder_files.len()) {
            None => self.encoder.push(file, chunk),
            Some(number) => self.dense[number].push(chunk),
        }
    }

    /// Length of a file in bytes, known once its header is.
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn file_bytes(&self, file: usize) -> Option<u64> {
        match file.checked_sub(self.encoder_files.len()) {
            None => self.encoder.file_bytes(file),
            Some(number) => self.dense[number].file_bytes,
        }
    }

    /// Length of all files in bytes, known once all headers are.
    pub fn total_bytes(&self) -> Option<u64> {
        let dense = self.dense.iter().map(|dense| dense.file_bytes).sum::<Option<u64>>();
        Some(self.encoder.total_bytes()? + dense?)
    }

    /// The embedder, after the last byte.
    ///
    /// # Errors
    /// Those of [`Loader::finish`] and [`DenseLoader::finish`].
    pub fn finish(self) -> Result<TextEmbedder> {
        self.dense.into_iter().try_for_each(DenseLoader::finish)?;
        Ok(TextEmbedder { model: self.encoder.finish()?, tokenizer: self.tokenizer, parts: self.parts })
    }
}

impl TextEmbedder {
    /// Whether a `modules.json` says what becomes of the encoder's vectors.
    pub fn is_of_sentence_transformers(&self) -> bool {
        self.parts.has_modules
    }

    /// What whoever uses the model should know of its files: sentences that begin in lower case.
    pub fn warnings(&self) -> Vec<String> {
        [self.model.warnings().as_slice(), self.tokenizer.warnings()].concat()
    }

    /// What stands before each text.
    pub(crate) fn prompt(&self) -> &str {
        &self.parts.settings.prompt
    }

    pub(crate) fn embed_batch(&self, batch: &Batch) -> Result<Vec<Vec<f32>>> {
        let mut embeddings = self.parts.pooling.forward(&self.model.forward(batch)?, batch)?;
        for stage in &self.parts.stages {
            embeddings = match stage {
                Stage::Dense(linear) => linear.forward(&embeddings)?,
                Stage::Normalize => unit_rows(&embeddings)?,
            };
        }
        let mut embeddings = embeddings.to_vec2::<f32>()?;
        if let Some(length) = self.parts.settings.truncate_dim {
            embeddings.iter_mut().for_each(|embedding| embedding.truncate(length));
        }
        Ok(embeddings)
    }
}

/// The tokenizer, cut to what the model reads: `max_seq_length`, or else what the tokenizer and the
/// configuration allow.
fn tokenizer(files: &SmallFiles, config: &Config, settings: &TextSettings) -> Result<Tokenizer> {
    let mut tokenizer = Tokenizer::from_files(files, config.type_vocab_size)?;
    if settings.do_lower_case {
        tokenizer = tokenizer.lower_cased()?;
    }
    tokenizer = match settings.max_seq_length {
        Some(length) => tokenizer.with_model_max_length(length),
        None => tokenizer.truncate_to(config.max_positions)?,
    };
    let longest = config.max_length(tokenizer.model_max_length());
    tokenizer.truncate_to(longest)
}

/// The pooling; the mean behind a plain encoder.
fn pooling(files: &SmallFiles, modules: &Modules, settings: &TextSettings) -> Result<Pooling> {
    let Some(folder) = &modules.pooling else {
        return Ok(Pooling::default());
    };
    let stated = Settings::read(files, &within(folder, "config.json"))?;
    // Not needed, but always there: a file that is missing does not mean the mean.
    if stated.get("embedding_dimension").or(stated.get("word_embedding_dimension")).is_none() {
        return Err(stated.invalid("embedding_dimension", "the width of the encoder's vectors"));
    }
    if !settings.prompt.is_empty() {
        stated.refuse_unless("include_prompt", &json!(true))?;
    }
    Pooling::parse(&stated)
}
