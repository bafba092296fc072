//! Loads a model from the bytes of its safetensors files as they arrive, in pieces of any
//! size: the same path for files on disk and for a download, for one file and for shards.

use super::config::Config;
use super::model::Model;
use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::weights::{Checkpoint, Choice, Filler, Header, HeaderReader, Index, LoadOptions};

/// A load under way.
#[derive(Debug)]
pub struct Loader {
    index: Index,
    state: State,
}

#[derive(Debug)]
enum State {
    Headers(Box<Waiting>),
    Weights(Box<Weights>),
}

/// Until all headers are whole.
#[derive(Debug)]
struct Waiting {
    config: Config,
    kind: HeadKind,
    options: LoadOptions,
    files: Vec<Beginning>,
}

/// What has arrived of a file while the header of another one is missing.
#[derive(Debug)]
struct Beginning {
    reader: HeaderReader,
    header: Option<Header>,
    behind_header: Vec<u8>,
}

#[derive(Debug)]
struct Weights {
    model: Model,
    filler: Filler,
    checkpoint: Checkpoint,
}

impl Loader {
    /// Starts a load of the model that `config` describes, with the given head, from the files
    /// of `index`.
    pub fn new(config: Config, kind: HeadKind, options: LoadOptions, index: Index) -> Self {
        let beginning =
            |file: &String| Beginning { reader: HeaderReader::new(file), header: None, behind_header: Vec::new() };
        let files = index.files().iter().map(beginning).collect();
        Loader { index, state: State::Headers(Box::new(Waiting { config, kind, options, files })) }
    }

    /// The same for a model whose only file is `model.safetensors`.
    pub fn single_file(config: Config, kind: HeadKind, options: LoadOptions) -> Self {
        Self::new(config, kind, options, Index::single_file())
    }

    /// Takes the next bytes of a file, by its number in [`Index::files`]. Files may come in any
    /// order, or by turns. As soon as all headers are whole, everything that can be wrong with
    /// the checkpoint has been checked and memory is reserved. What arrives of a file behind
    /// its header before that is held in memory: push the beginnings of all files first.
    ///
    /// # Errors
    /// [`Error::Safetensors`], those of [`Checkpoint::listed`] and [`Model::plan`], [`Error::OutOfMemory`], [`Error::Incomplete`] for a file that is too
    /// long, [`Error::Option`] for a file out of turn where the checkpoint is converted. A loader
    /// that has failed must not be used again.
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        match &mut self.state {
            State::Weights(weights) => weights.filler.push(file, chunk)?,
            State::Headers(waiting) => {
                let bytes = waiting.files[file].take_header(chunk)?;
                if waiting.files.iter().all(|file| file.header.is_some()) {
                    self.state = State::Weights(Box::new(waiting.plan(&self.index, file, bytes)?));
                } else {
                    waiting.files[file].behind_header.extend_from_slice(bytes);
                }
            }
        }
        Ok(())
    }

    /// Length of a file in bytes, known once its header is.
    pub fn file_bytes(&self, file: usize) -> Option<u64> {
        let header = match &self.state {
            State::Headers(waiting) => waiting.files[file].header.as_ref(),
            State::Weights(weights) => Some(&weights.checkpoint.files()[file].1),
        };
        header.map(|header| header.file_bytes)
    }

    /// Length of all files in bytes, known once all headers are.
    pub fn total_bytes(&self) -> Option<u64> {
        (0..self.index.files().len()).map(|file| self.file_bytes(file)).sum()
    }

    /// Length of the file that [`Loader::take_converted`] gives, known once all headers are. `None`
    /// where [`LoadOptions::convert`] is not set, or the file would not be smaller than the source.
    pub fn converted_bytes(&self) -> Option<u64> {
        match &self.state {
            State::Headers(_) => None,
            State::Weights(weights) => weights.filler.converted_bytes(),
        }
    }

    /// What has come of the checkpoint in the precision of the load since the last call, its first
    /// bytes first: all together a safetensors file that takes the place of the source. It loads to
    /// the same bits, with any head of the source.
    pub fn take_converted(&mut self) -> Vec<u8> {
        match &mut self.state {
            State::Headers(_) => Vec::new(),
            State::Weights(weights) => weights.filler.take_converted(),
        }
    }

    /// Ends the load.
    ///
    /// # Errors
    /// [`Error::Incomplete`], or [`Error::Safetensors`] within a header, when bytes are missing.
    pub fn finish(self) -> Result<Model> {
        match self.state {
            State::Weights(weights) => {
                let Weights { mut model, filler, .. } = *weights;
                model.weights_take(filler.finish()?);
                model.prepare()?;
                Ok(model)
            }
            State::Headers(waiting) => {
                let cut = waiting.files.iter().find(|file| file.header.is_none());
                Err(cut
                    .map_or(Error::Internal { reason: "the load was not planned".into() }, |file| file.reader.ended()))
            }
        }
    }
}

impl Beginning {
    /// Takes what belongs to the header; returns the bytes behind it.
    fn take_header<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8]> {
        if self.header.is_some() {
            return Ok(chunk);
        }
        let (header, taken) = self.reader.push(chunk)?;
        self.header = header;
        Ok(&chunk[taken..])
    }
}

impl Waiting {
    /// Plans the load, once all headers are whole, and hands over what has arrived behind them: behind
    /// that of the `last` file, `bytes`.
    fn plan(&mut self, index: &Index, last: usize, bytes: &[u8]) -> Result<Weights> {
        let mut headers = Vec::new();
        let mut behind_headers = Vec::new();
        for (file, name) in std::mem::take(&mut self.files).into_iter().zip(index.files()) {
            headers.extend(file.header.map(|header| (name.clone(), header)));
            behind_headers.push(file.behind_header);
        }
        let checkpoint = Checkpoint::listed(headers, index)?;
        let (model, mut filler) = self.reserve(&checkpoint)?;
        let mut beginnings: Vec<&[u8]> = behind_headers.iter().map(Vec::as_slice).collect();
        beginnings[last] = bytes;
        filler.begin(&beginnings)?;
        Ok(Weights { model, filler, checkpoint })
    }

    /// Plans the load and reserves its memory. Where the choice is ours, in a smaller form if there turns out to be
    /// less memory than the options allow.
    fn reserve(&self, checkpoint: &Checkpoint) -> Result<(Model, Filler)> {
        let mut options = self.options;
        loop {
            let (model, plan) = Model::plan(self.config.clone(), checkpoint, self.kind, options)?;
            match Filler::new(checkpoint, plan) {
                Err(Error::OutOfMemory { needed, available })
                    if options.precision == Choice::Auto && available < needed =>
                {
                    options.max_memory = Some(available);
                }
                filler => return Ok((model, filler?)),
            }
        }
    }
}
