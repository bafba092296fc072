//! A model with its tokenizer, as the files of one folder give them: small files and bytes of weights in, a
//! [`TextModel`] out. Called by `pipeline` and `folder`. Never knows a task.

use crate::architectures::HeadKind;
use crate::error::Result;
use crate::models::{Config, Loader, Model};
use crate::sentences::cross_encoder::CrossEncoder;
use crate::text::{SmallFiles, Tokenizer};
use crate::weights::{Index, LoadOptions};

/// A model and its tokenizer.
#[derive(Debug)]
pub struct TextModel {
    /// The encoder and its head.
    pub model: Model,
    /// The tokenizer that belongs to them.
    pub tokenizer: Tokenizer,
    /// What its files say of rankings.
    pub(crate) cross_encoder: CrossEncoder,
}

/// A model with its tokenizer whose weights are still to come.
#[derive(Debug)]
pub struct TextModelLoader {
    tokenizer: Tokenizer,
    cross_encoder: CrossEncoder,
    /// See [`Config::check_label_names`].
    label_names: Result<()>,
    loader: Loader,
}

impl TextModelLoader {
    /// Reads the small files of a model with this head, whose weights are in the files of `index`. `labels` take the
    /// place of those of the configuration: they are for a new head. With a `modules.json` among the files the model is
    /// one that ranks.
    ///
    /// # Errors
    /// Those of [`Config::parse`], [`Tokenizer::from_files`] and [`CrossEncoder::read`].
    pub fn new(
        head: HeadKind,
        files: &SmallFiles,
        index: Index,
        options: LoadOptions,
        labels: Option<Vec<String>>,
    ) -> Result<Self> {
        let around = CrossEncoder::read(files)?;
        let files = around.as_ref().map_or(files, |(files, _)| files);
        let mut config = Config::of(files)?;
        if let Some(labels) = labels {
            config = config.with_labels(labels)?;
        }
        let tokenizer = match &around {
            Some((_, settings)) => settings.texts.tokenizer(files, &config)?,
            None => config.fit(Tokenizer::from_files(files, config.type_vocab_size)?)?,
        };
        let cross_encoder = match around {
            Some((_, settings)) => settings,
            None => CrossEncoder::none(files),
        };
        let label_names = config.check_label_names();
        let loader = Loader::new(config, head, options, index);
        Ok(TextModelLoader { tokenizer, cross_encoder, label_names, loader })
    }

    /// Refuses a model whose labels cannot all be named, for a task that names them.
    ///
    /// # Errors
    /// Those of [`Config::check_label_names`].
    pub(crate) fn check_label_names(&self) -> Result<()> {
        self.label_names.clone()
    }

    /// Takes the next bytes of a file of the index, by its number there.
    ///
    /// # Errors
    /// Those of [`Loader::push`].
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        self.loader.push(file, chunk)
    }

    /// Length of a file of the index in bytes, known once its header is.
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn file_bytes(&self, file: usize) -> Option<u64> {
        self.loader.file_bytes(file)
    }

    /// Length of the file that [`TextModelLoader::take_converted`] gives: see [`Loader::converted_bytes`].
    pub fn converted_bytes(&self) -> Option<u64> {
        self.loader.converted_bytes()
    }

    /// What has come of the checkpoint in the precision of the load: see [`Loader::take_converted`].
    pub fn take_converted(&mut self) -> Vec<u8> {
        self.loader.take_converted()
    }

    /// The model, after the last byte.
    ///
    /// # Errors
    /// Those of [`Loader::finish`].
    pub fn finish(self) -> Result<TextModel> {
        let TextModelLoader { tokenizer, cross_encoder, loader, .. } = self;
        Ok(TextModel { model: loader.finish()?, tokenizer, cross_encoder })
    }
}

impl TextModel {
    /// What whoever uses the model should know of its files: sentences that begin in lower case.
    pub fn warnings(&self) -> Vec<String> {
        [self.model.warnings().as_slice(), self.tokenizer.warnings()].concat()
    }
}
