//! A model with its tokenizer, as the files of one folder give them: small files and bytes of weights in, a
//! [`TextModel`] out. Called by `pipeline` and `folder`. Never knows a task.

use crate::architectures::HeadKind;
use crate::error::Result;
use crate::models::{Config, Model};
use crate::sentences::cross_encoder::CrossEncoder;
use crate::text::{SmallFiles, Tokenizer};
use crate::weights::{Index, Load, LoadOptions};

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

impl TextModel {
    /// Starts the load of a model with this head from its small files; its weights are in the files of `index`. `labels`
    /// take the place of those of the configuration: they are for a new head. With a `modules.json` among the files the
    /// model is one that ranks.
    ///
    /// # Errors
    /// Those of [`Config::parse`], [`Tokenizer::from_files`] and [`CrossEncoder::read`].
    pub fn load(
        head: HeadKind,
        files: &SmallFiles,
        index: Index,
        options: LoadOptions,
        labels: Option<Vec<String>>,
    ) -> Result<Load<TextModel>> {
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
        let load = Model::load(config, head, options, index);
        Ok(load.map(|model| Ok(TextModel { model, tokenizer, cross_encoder })))
    }

    /// What whoever uses the model should know of its files: sentences that begin in lower case.
    pub fn warnings(&self) -> Vec<String> {
        [self.model.warnings().as_slice(), self.tokenizer.warnings()].concat()
    }
}
