//! Text to sentence embeddings, as `sentence-transformers` computes them, on one page. The
//! beginning is that of [`pipeline`](crate::pipeline); instead of a head,
//!
//! 1. a [`Pooling`] makes one vector of those of a text's tokens;
//! 2. dense layers and normalisations follow, if the folder has them.
//!
//! Which those are, is what [`Modules`] reads.

use super::dense::{Declared, Dense};
use super::module_weights;
use super::modules::{Kind, Modules, TextSettings, within};
use super::pooling::Pooling;
use super::prompts::Prompts;
use super::role::EMBEDDER;
use super::settings::{CONFIG, SENTENCE_EMBEDDING, Settings, TOKEN_EMBEDDINGS};
use crate::architectures::HeadKind;
use crate::error::Result;
use crate::models::{Config, Model};
use crate::nn::{Norm, NormKind, unit_rows};
use crate::text::{Batch, SmallFiles, Tokenizer};
use crate::weights::{Choice, Declarations, Index, Load, LoadOptions};

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
    stages: Vec<Stage>,
    settings: TextSettings,
    has_modules: bool,
    warnings: Vec<String>,
}

/// What happens to the encoder's vectors. There is one pooling; before it vectors are those of tokens, after it those of
/// sequences.
#[derive(Debug)]
enum Stage {
    Pooling(Pooling),
    Dense(Dense),
    LayerNorm(Norm),
    Normalize,
}

impl TextEmbedder {
    /// Starts the load of a model from its small files: those that [`Modules::small_files`] names, where they exist. The
    /// encoder's weights are in the files of `index`, which come first, then those of the modules. They are not
    /// converted, whatever [`LoadOptions::convert`] says: that makes one file, and these may be several.
    ///
    /// # Errors
    /// Those of [`Modules::parse`], [`Config::parse`] and [`Tokenizer::from_files`];
    /// [`crate::Error::Config`] for modules that would be computed wrongly.
    pub fn load(files: &SmallFiles, index: Index, options: LoadOptions) -> Result<Load<TextEmbedder>> {
        let modules = Modules::parse(files)?;
        let (of_encoder, settings) = modules.encoder_files(files, &EMBEDDER)?;
        let config = Config::of(&of_encoder)?;
        let tokenizer = settings.tokenizer(&of_encoder, &config)?;
        let mut builder = Builder::new(files, config.hidden_size, options.precision);
        match modules.stated {
            true => builder.add_all(&modules)?,
            false => builder.stages.push(Stage::Pooling(Pooling::default())),
        }
        let Builder { stages, weights, warnings, .. } = builder;
        let parts = Parts { stages, settings, has_modules: modules.stated, warnings };
        let encoder = Model::load(config, HeadKind::Base, LoadOptions { convert: false, ..options }, index)
            .with_files(|file| within(&modules.encoder, file));
        let both = weights.into_iter().fold(encoder, |load, module| load.and(module).map(|(encoder, ())| Ok(encoder)));
        Ok(both.map(|model| Ok(TextEmbedder { model, tokenizer, parts })))
    }

    /// Whether a `modules.json` says what becomes of the encoder's vectors.
    pub fn is_of_sentence_transformers(&self) -> bool {
        self.parts.has_modules
    }

    /// What whoever uses the model should know of its files: sentences that begin in lower case.
    pub fn warnings(&self) -> Vec<String> {
        [self.model.warnings().as_slice(), self.tokenizer.warnings(), &self.parts.warnings].concat()
    }

    /// What may stand before a text.
    pub(crate) fn prompts(&self) -> &Prompts {
        &self.parts.settings.prompts
    }

    /// How many numbers of an embedding the folder says to keep.
    pub(crate) fn truncate_dim(&self) -> Option<usize> {
        self.parts.settings.truncate_dim
    }

    /// How many tokens of a sequence are those of the prompt, and do not count: none if the pooling includes them.
    pub(crate) fn tokens_left_out(&self, prompt: &str) -> Result<usize> {
        let includes = |stage: &Stage| matches!(stage, Stage::Pooling(pooling) if pooling.include_prompt);
        if prompt.is_empty() || self.parts.stages.iter().any(includes) {
            return Ok(0);
        }
        let tokens = self.tokenizer.encode(&prompt.into())?;
        let Some((id, text)) = tokens.input_ids.last().zip(tokens.sequence_ids.last()) else {
            return Ok(0);
        };
        let special = self.tokenizer.special();
        let known = [special.cls, special.mask, special.pad, special.sep, special.unknown];
        Ok(tokens.input_ids.len() - usize::from(text.is_none() || known.contains(&Some(*id))))
    }

    /// The embeddings of sequences whose first `skipped` tokens the pooling leaves out.
    pub(crate) fn embed_batch(&self, batch: &Batch, skipped: usize) -> Result<Vec<Vec<f32>>> {
        let mut vectors = self.model.forward(batch)?;
        for stage in &self.parts.stages {
            vectors = match stage {
                Stage::Pooling(pooling) => pooling.forward(&vectors, batch, skipped)?,
                Stage::Dense(dense) => dense.forward(&vectors)?,
                Stage::LayerNorm(norm) => norm.forward(&vectors)?,
                Stage::Normalize => unit_rows(&vectors)?,
            };
        }
        Ok(vectors.to_vec2::<f32>()?)
    }
}

/// Builds the stages one after the other.
struct Builder<'a> {
    files: &'a SmallFiles,
    /// Name of the vectors that the next stage reads.
    vectors: &'static str,
    /// Length of those vectors.
    width: usize,
    precision: Choice,
    stages: Vec<Stage>,
    weights: Vec<Load<()>>,
    warnings: Vec<String>,
}

impl<'a> Builder<'a> {
    fn new(files: &'a SmallFiles, width: usize, precision: Choice) -> Self {
        let (stages, weights, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Builder { files, vectors: TOKEN_EMBEDDINGS, width, precision, stages, weights, warnings }
    }

    fn add_all(&mut self, modules: &Modules) -> Result<()> {
        modules.check_order()?;
        for (kind, folder) in &modules.stages {
            let stage = self.stage(*kind, folder)?;
            self.stages.extend(stage);
        }
        Ok(())
    }

    /// A module; `None` if it changes nothing.
    fn stage(&mut self, kind: Kind, folder: &str) -> Result<Option<Stage>> {
        let settings = Settings::read(self.files, &within(folder, CONFIG))?;
        Ok(match kind {
            Kind::Pooling => {
                let pooling = pooling(&settings)?;
                self.vectors = SENTENCE_EMBEDDING;
                self.width = pooling.width(self.width);
                Some(Stage::Pooling(pooling))
            }
            Kind::Dense => {
                let Declared { dense, outputs, weights, warnings } =
                    Dense::declare(&settings, folder, self.vectors, self.width, self.precision)?;
                self.width = outputs;
                self.weights.push(weights);
                self.warnings.extend(warnings);
                Some(Stage::Dense(dense))
            }
            Kind::LayerNorm => Some(Stage::LayerNorm(self.layer_norm(&settings, folder)?)),
            Kind::Normalize => {
                // Where there are no vectors of the name that it reads, or nobody reads those of the name that it
                // writes, it changes nothing.
                let (read, written) = settings.vectors()?;
                if written == self.vectors && read == TOKEN_EMBEDDINGS {
                    settings.refuse_other_vectors(self.vectors)?;
                }
                (read == self.vectors && written == self.vectors).then_some(Stage::Normalize)
            }
            Kind::Transformer | Kind::Dropout => None,
        })
    }

    fn layer_norm(&mut self, settings: &Settings, folder: &str) -> Result<Norm> {
        /// That of `torch.nn.LayerNorm`.
        const EPSILON: f64 = 1e-5;
        settings.refuse_unknown(&["dimension"])?;
        if settings.number("dimension", usize::MAX)? != Some(self.width) {
            let supported = format!("{}, the length of the vectors before it", self.width);
            return Err(settings.invalid("dimension", &supported));
        }
        let mut needs = Declarations::default();
        let norm = Norm::declare(&mut needs, "norm", self.width, EPSILON, NormKind::Layer { bias: true });
        self.weights.push(module_weights::load("layer norm", folder, needs, self.precision));
        Ok(norm)
    }
}

fn pooling(stated: &Settings) -> Result<Pooling> {
    // Not needed, but always there: a file that is missing does not mean the mean.
    if stated.get("embedding_dimension").or(stated.get("word_embedding_dimension")).is_none() {
        return Err(stated.invalid("embedding_dimension", "the width of the encoder's vectors"));
    }
    Pooling::parse(stated)
}
