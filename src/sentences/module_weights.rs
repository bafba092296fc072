//! The weights of a module that has a file of its own, `model.safetensors` in its folder.

use super::modules::within;
use crate::error::{Error, Result};
use crate::weights::{
    Checkpoint, Choice, Declarations, Filler, Header, HeaderReader, Ignorable, LoadOptions, MODEL_FILE, Names, Plan,
    Section,
};

/// Fills a module with its weights as the bytes of their file arrive.
#[derive(Debug)]
pub struct ModuleLoader {
    /// Name of the file with the weights, from the model's folder.
    pub file: String,
    /// Length of that file, known once its header is.
    pub file_bytes: Option<u64>,
    /// What errors call the module.
    kind: &'static str,
    precision: Choice,
    state: State,
}

#[derive(Debug)]
enum State {
    Header(HeaderReader, Declarations),
    Weights(Filler),
}

impl ModuleLoader {
    /// Loads what the module in `folder` needs.
    pub fn new(kind: &'static str, folder: &str, needs: Declarations, precision: Choice) -> Self {
        let file = within(folder, MODEL_FILE);
        let state = State::Header(HeaderReader::new(&file), needs);
        ModuleLoader { file, file_bytes: None, kind, precision, state }
    }

    /// Takes the next bytes of the file. What can be wrong with its tensors is found as soon as
    /// its header is whole.
    ///
    /// # Errors
    /// [`Error::Safetensors`], those of [`Plan::new`] and of [`Filler`]; [`Error::Config`] for a tensor that the module
    /// has no use for.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let mut bytes = chunk;
        if let State::Header(reader, needs) = &mut self.state {
            let (header, taken) = reader.push(chunk)?;
            let Some(header) = header else {
                return Ok(());
            };
            self.file_bytes = Some(header.file_bytes);
            let needs = std::mem::take(needs);
            self.state = State::Weights(self.filler(header, needs)?);
            bytes = &chunk[taken..];
        }
        match &mut self.state {
            State::Weights(filler) => filler.push(0, bytes),
            State::Header(..) => Ok(()),
        }
    }

    fn filler(&self, header: Header, needs: Declarations) -> Result<Filler> {
        let checkpoint = Checkpoint::new(vec![(self.file.clone(), header)])?;
        let names = Names::new(&checkpoint, &[], &[]);
        let section = Section { head: Some(self.kind), needs };
        let nothing = Ignorable { buffers: &[], heads: &[] };
        let options = LoadOptions { precision: self.precision, ..LoadOptions::default() };
        let plan = Plan::new(&checkpoint, &names, vec![section], &nothing, options)?;
        match plan.usage.unexpected.first() {
            None => Filler::new(&checkpoint, plan),
            Some(tensor) => Err(Error::Config {
                file: self.file.clone(),
                field: "a tensor".into(),
                value: tensor.clone(),
                supported: "only those that the settings of the module imply".into(),
            }),
        }
    }

    /// Ends the load.
    ///
    /// # Errors
    /// [`Error::Incomplete`], or [`Error::Safetensors`] within the header, when
    /// bytes are missing.
    pub fn finish(self) -> Result<()> {
        match self.state {
            State::Weights(filler) => filler.finish().map(drop),
            State::Header(reader, _) => Err(reader.ended()),
        }
    }
}
