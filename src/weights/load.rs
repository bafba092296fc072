//! The load of a model: bytes of safetensors files in, in pieces of any size and from any source, and out comes what is
//! made of their tensors. The same path for files on disk and for a download, for one file, for shards and for several
//! checkpoints. Whoever has the bytes calls it: `folder` and `web`. What is loaded, and how it is planned, come as
//! values; it knows neither models nor tasks.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::checkpoint::Checkpoint;
use super::fill::Filler;
use super::header::{Header, HeaderReader};
use super::index::Index;
use crate::error::{Error, Result};

/// A `T` whose weights are still to come.
pub struct Load<T> {
    files: Vec<String>,
    /// The checkpoints; their files are numbered through.
    sources: Vec<Source>,
    make: Make<T>,
}

/// Makes what is loaded, once all weights are there. Takes the memory of the weights of each checkpoint, in bytes.
type Make<T> = Box<dyn FnOnce(&[u64]) -> Result<T> + Send>;

/// Plans the load of a checkpoint and reserves its memory.
type PlanCheckpoint = Box<dyn FnOnce(&Checkpoint) -> Result<Filler> + Send>;

/// A checkpoint that arrives.
struct Source {
    /// Length of each file, known once its header is.
    file_bytes: Vec<Option<u64>>,
    state: State,
}

enum State {
    Headers(Headers),
    Weights(Filler),
    /// An error came out; nothing else may.
    Failed,
}

/// Until all headers are whole.
struct Headers {
    index: Index,
    files: Vec<Beginning>,
    plan: PlanCheckpoint,
}

/// What has arrived of a file while the header of another one is missing.
struct Beginning {
    reader: HeaderReader,
    header: Option<Header>,
    after_header: Vec<u8>,
}

impl<T: Send + 'static> Load<(T, u64)> {
    /// Starts a load from the files of `index`. As soon as their headers are whole, `plan` checks the checkpoint, builds
    /// what is loaded, still without weights, and reserves its memory. That comes out with the number of bytes that its
    /// weights take.
    pub fn new(index: Index, plan: impl FnOnce(&Checkpoint) -> Result<(T, Filler)> + Send + 'static) -> Self {
        let planned = Arc::new(Mutex::new(None));
        let place = planned.clone();
        let put = move |value| place.lock().map(|mut place| *place = Some(value)).map_err(|_| not_planned());
        let take = move || planned.lock().ok().and_then(|mut planned| planned.take()).ok_or_else(not_planned);
        let plan = move |checkpoint: &Checkpoint| {
            let (value, filler) = plan(checkpoint)?;
            put(value)?;
            Ok(filler)
        };
        Load {
            files: index.files().to_vec(),
            sources: vec![Source::new(index, Box::new(plan))],
            make: Box::new(move |bytes| Ok((take()?, bytes[0]))),
        }
    }
}

impl<T: 'static> Load<T> {
    /// The load of what `f` makes of this one's result, once all bytes have arrived.
    pub fn map<U>(self, f: impl FnOnce(T) -> Result<U> + Send + 'static) -> Load<U> {
        let Load { files, sources, make } = self;
        Load { files, sources, make: Box::new(move |bytes| f(make(bytes)?)) }
    }

    /// The load of both: this one's files first, then those of the other.
    pub fn and<U: 'static>(mut self, other: Load<U>) -> Load<(T, U)> {
        let (first, second, own) = (self.make, other.make, self.sources.len());
        self.files.extend(other.files);
        self.sources.extend(other.sources);
        let make = move |bytes: &[u64]| Ok((first(&bytes[..own])?, second(&bytes[own..])?));
        Load { files: self.files, sources: self.sources, make: Box::new(make) }
    }

    /// The same with other names of files; errors keep those of the index.
    pub fn with_files(mut self, name: impl Fn(&str) -> String) -> Self {
        self.files.iter_mut().for_each(|file| *file = name(file));
        self
    }

    /// Names of the files, from the model's folder.
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// Takes the next bytes of a file, by its number in [`Load::files`]. Files may come in any order, or by turns. As soon
    /// as all headers of a checkpoint are whole, everything that can be wrong with it has been checked and memory is
    /// reserved. What arrives of a file after its header before that is held in memory: push the beginnings of all files
    /// first.
    ///
    /// # Errors
    /// [`Error::Safetensors`], those of [`Checkpoint::listed`] and of the plan, [`Error::OutOfMemory`],
    /// [`Error::Incomplete`] for a file that is too long, [`Error::Option`] for a file out of turn where the checkpoint is
    /// converted. A load that has failed must not be used again.
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        let (source, file) = self.locate(file);
        self.sources[source].push(file, chunk)
    }

    /// Length of a file in bytes, known once its header is.
    ///
    /// # Panics
    /// When there is no file of this number.
    pub fn file_bytes(&self, file: usize) -> Option<u64> {
        let (source, file) = self.locate(file);
        self.sources[source].file_bytes[file]
    }

    /// Length of all files in bytes, known once all headers are.
    pub fn total_bytes(&self) -> Option<u64> {
        self.sources.iter().flat_map(|source| source.file_bytes.iter().copied()).sum()
    }

    /// Length of the file that [`Load::take_converted`] gives, known once all headers are. `None` where
    /// [`LoadOptions::convert`](super::LoadOptions::convert) is not set, where the file would not be smaller than the
    /// source, and of several checkpoints.
    pub fn converted_bytes(&self) -> Option<u64> {
        match self.sources.as_slice() {
            [Source { state: State::Weights(filler), .. }] => filler.converted_bytes(),
            _ => None,
        }
    }

    /// What has come of the checkpoint in the precision of the load since the last call, its first bytes first: all
    /// together a safetensors file that takes the place of the source. It loads to the same bits, with any head of the
    /// source.
    pub fn take_converted(&mut self) -> Vec<u8> {
        match self.sources.as_mut_slice() {
            [Source { state: State::Weights(filler), .. }] => filler.take_converted(),
            _ => Vec::new(),
        }
    }

    /// What was loaded, after the last byte.
    ///
    /// # Errors
    /// [`Error::Incomplete`], or [`Error::Safetensors`] within a header, when bytes are missing; those of what is made of
    /// the weights.
    pub fn finish(self) -> Result<T> {
        let bytes = self.sources.into_iter().map(Source::finish).collect::<Result<Vec<_>>>()?;
        (self.make)(&bytes)
    }

    /// The checkpoint of a file, and the file's number there.
    fn locate(&self, mut file: usize) -> (usize, usize) {
        let mut source = 0;
        while file >= self.sources[source].file_bytes.len() {
            file -= self.sources[source].file_bytes.len();
            source += 1;
        }
        (source, file)
    }
}

impl<T> fmt::Debug for Load<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Load").field("files", &self.files).finish_non_exhaustive()
    }
}

impl Source {
    fn new(index: Index, plan: PlanCheckpoint) -> Self {
        let files: Vec<Beginning> = index.files().iter().map(|file| Beginning::new(file)).collect();
        Source { file_bytes: vec![None; files.len()], state: State::Headers(Headers { index, files, plan }) }
    }

    fn push(&mut self, file: usize, chunk: &[u8]) -> Result<()> {
        let headers = match &mut self.state {
            State::Weights(filler) => return filler.push(file, chunk),
            State::Headers(headers) => headers,
            State::Failed => return Err(not_planned()),
        };
        let beginning = &mut headers.files[file];
        let bytes = beginning.take_header(chunk)?;
        self.file_bytes[file] = beginning.header.as_ref().map(|header| header.file_bytes);
        if self.file_bytes.contains(&None) {
            beginning.after_header.extend_from_slice(bytes);
        } else if let State::Headers(headers) = std::mem::replace(&mut self.state, State::Failed) {
            self.state = State::Weights(headers.fill(file, bytes)?);
        }
        Ok(())
    }

    fn finish(self) -> Result<u64> {
        match self.state {
            State::Weights(filler) => filler.finish(),
            State::Headers(Headers { files, .. }) => {
                let cut = files.iter().find(|file| file.header.is_none());
                Err(cut.map_or_else(not_planned, |file| file.reader.ended()))
            }
            State::Failed => Err(not_planned()),
        }
    }
}

impl Headers {
    /// Plans the load, once all headers are whole, and hands over what has arrived after them: after that of the `last`
    /// file, `bytes`.
    fn fill(self, last: usize, bytes: &[u8]) -> Result<Filler> {
        let mut headers = Vec::new();
        let mut after_headers = Vec::new();
        for (file, name) in self.files.into_iter().zip(self.index.files()) {
            headers.extend(file.header.map(|header| (name.clone(), header)));
            after_headers.push(file.after_header);
        }
        let mut filler = (self.plan)(&Checkpoint::listed(headers, &self.index)?)?;
        let mut beginnings: Vec<&[u8]> = after_headers.iter().map(Vec::as_slice).collect();
        beginnings[last] = bytes;
        filler.begin(&beginnings)?;
        Ok(filler)
    }
}

impl Beginning {
    fn new(file: &str) -> Self {
        Beginning { reader: HeaderReader::new(file), header: None, after_header: Vec::new() }
    }

    /// Takes what belongs to the header; returns the bytes after it.
    fn take_header<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8]> {
        if self.header.is_some() {
            return Ok(chunk);
        }
        let (header, taken) = self.reader.push(chunk)?;
        self.header = header;
        Ok(&chunk[taken..])
    }
}

fn not_planned() -> Error {
    Error::Internal { reason: "the load was not planned".into() }
}
