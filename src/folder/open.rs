//! Opens what is in a folder, each kind of model by its own `open`.

use std::path::Path;

use super::files::{read_files, small_files};
use super::weights::{fill, index};
use crate::architectures::HeadKind;
use crate::error::Result;
use crate::models::{Config, Model};
use crate::pipeline::Pipeline;
use crate::sentences::embedder::TextEmbedder;
use crate::sentences::modules::{MODULES_FILE, Modules, within};
use crate::tasks::TaskName;
use crate::text::{ADAPTER_FILE, SmallFiles};
use crate::text_model::TextModel;
use crate::weights::{Index, LoadOptions};

impl Pipeline {
    /// Loads the model of a folder for a task. `options` may be a [`Precision`](crate::kernels::Precision) alone.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and those of [`index`] and [`Pipeline::load`].
    pub fn open(folder: impl AsRef<Path>, task: TaskName, options: impl Into<LoadOptions>) -> Result<Pipeline> {
        let folder = folder.as_ref();
        let (files, index) = files_of_task(folder, task)?;
        fill(folder, Pipeline::load(task, &files, index, options.into(), None)?)
    }
}

impl TextModel {
    /// Loads the model of a folder, with the head and the files that a task needs.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and those of [`index`] and [`TextModel::load`].
    pub fn open(folder: &Path, task: TaskName, options: impl Into<LoadOptions>) -> Result<TextModel> {
        let (files, index) = files_of_task(folder, task)?;
        fill(folder, TextModel::load(task.head(), &files, index, options.into(), None)?)
    }
}

impl TextEmbedder {
    /// Loads a model of sentence embeddings: a folder of `sentence-transformers`, or of a plain encoder.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and those of [`index`] and [`TextEmbedder::load`].
    pub fn open(folder: &Path, options: impl Into<LoadOptions>) -> Result<TextEmbedder> {
        let (files, index) = files_of_task(folder, TaskName::FeatureExtraction)?;
        fill(folder, TextEmbedder::load(&files, index, options.into())?)
    }
}

impl Model {
    /// Loads a model without its tokenizer.
    ///
    /// # Errors
    /// [`Error::Io`](crate::Error::Io), and those of [`index`], [`Config::of`] and [`Load`](crate::weights::Load).
    pub fn open(folder: &Path, kind: HeadKind, options: impl Into<LoadOptions>) -> Result<Model> {
        let index = index(folder)?;
        fill(folder, Model::load(Config::of(&small_files(folder)?)?, kind, options.into(), index))
    }
}

/// The small files that a task needs, and where the weights of the encoder are.
fn files_of_task(folder: &Path, task: TaskName) -> Result<(SmallFiles, Index)> {
    let mut files = SmallFiles::default();
    let mut encoder = folder.to_owned();
    if task == TaskName::FeatureExtraction {
        read_files(folder, &[MODULES_FILE], &mut files)?;
        let place = Modules::parse(&files)?.encoder;
        read_files(folder, &[within(&place, ADAPTER_FILE)], &mut files)?;
        encoder = folder.join(place);
    } else {
        read_files(folder, &[ADAPTER_FILE], &mut files)?;
    }
    let names = task.small_files(files.get(MODULES_FILE))?;
    read_files(folder, &names, &mut files)?;
    Ok((files, index(&encoder)?))
}
