//! Loads a model from the bytes of `model.safetensors` as they arrive, in pieces of any
//! size: the same path for a file on disk and for a download.

use super::config::Config;
use super::model::{HeadKind, Model};
use crate::error::Result;
use crate::kernels::Precision;
use crate::weights::{Filler, HeaderReader};

/// Name of the file that is read.
const FILE: &str = "model.safetensors";

/// A load under way.
#[derive(Debug)]
pub struct Loader {
    state: State,
}

#[derive(Debug)]
enum State {
    Header(Box<Waiting>),
    Weights(Box<Weights>),
}

/// Until the header is whole.
#[derive(Debug)]
struct Waiting {
    config: Config,
    kind: HeadKind,
    precision: Precision,
    reader: HeaderReader,
}

#[derive(Debug)]
struct Weights {
    model: Model,
    filler: Filler,
    file_bytes: u64,
}

impl Loader {
    /// Starts a load of the model that `config` describes, with the given head, its matrices
    /// kept in `precision`.
    pub fn new(config: Config, kind: HeadKind, precision: Precision) -> Self {
        let reader = HeaderReader::new(FILE);
        Loader { state: State::Header(Box::new(Waiting { config, kind, precision, reader })) }
    }

    /// Takes the next bytes of the file. As soon as its header is whole, everything that can
    /// be wrong with the checkpoint has been checked and memory is reserved.
    ///
    /// # Errors
    /// [`crate::Error::Safetensors`], those of [`Model::plan`], [`crate::Error::OutOfMemory`],
    /// [`crate::Error::Incomplete`] for a file that is too long. A loader that has failed
    /// must not be used again.
    pub fn push(&mut self, mut chunk: &[u8]) -> Result<()> {
        if let State::Header(waiting) = &mut self.state {
            let (header, taken) = waiting.reader.push(chunk)?;
            chunk = &chunk[taken..];
            let Some(header) = header else {
                return Ok(());
            };
            let file_bytes = header.file_bytes;
            let (model, plan) = Model::plan(waiting.config.clone(), &header, waiting.kind, waiting.precision)?;
            let filler = Filler::new(FILE, header, plan)?;
            self.state = State::Weights(Box::new(Weights { model, filler, file_bytes }));
        }
        match &mut self.state {
            State::Weights(weights) => weights.filler.push(chunk),
            State::Header(..) => Ok(()),
        }
    }

    /// Length of the whole file in bytes, known once its header is.
    pub fn file_bytes(&self) -> Option<u64> {
        match &self.state {
            State::Weights(weights) => Some(weights.file_bytes),
            State::Header(..) => None,
        }
    }

    /// Ends the load.
    ///
    /// # Errors
    /// [`crate::Error::Incomplete`], or [`crate::Error::Safetensors`] within the header, when
    /// bytes are missing.
    pub fn finish(self) -> Result<Model> {
        match self.state {
            State::Weights(weights) => {
                weights.filler.finish()?;
                Ok(weights.model)
            }
            State::Header(waiting) => Err(waiting.reader.ended()),
        }
    }
}
