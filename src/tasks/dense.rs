//! A linear layer behind the pooling, with weights in a file of its own: the module `Dense` of
//! `sentence-transformers` (`base/modules/dense.py`).

use serde_json::json;

use super::sentence_modules::{Settings, within};
use crate::error::Result;
use crate::limits;
use crate::nn::{Activation, Linear};
use crate::text::SmallFiles;
use crate::weights::{
    Checkpoint, Choice, Declarations, Filler, Header, HeaderReader, Ignorable, LoadOptions, MODEL_FILE, Names, Plan,
    Section,
};

/// What the library reads and writes unless told otherwise.
const EMBEDDING: &str = "sentence_embedding";

/// Classes of activations, by the end of their path, which begins with `torch.nn.`.
const ACTIVATIONS: [(&str, Option<Activation>); 5] = [
    ("Tanh", Some(Activation::Tanh)),
    ("Identity", None),
    ("ReLU", Some(Activation::Relu)),
    ("GELU", Some(Activation::Gelu)),
    ("SiLU", Some(Activation::Silu)),
];

/// Fills a layer with its weights as the bytes of their file arrive.
#[derive(Debug)]
pub struct DenseLoader {
    /// Name of the file with the weights, from the model's folder.
    pub file: String,
    /// Length of that file, known once its header is.
    pub file_bytes: Option<u64>,
    /// Length of the vectors behind the layer.
    pub outputs: usize,
    precision: Choice,
    state: State,
}

#[derive(Debug)]
enum State {
    Header(HeaderReader, Declarations),
    Weights(Filler),
}

/// Builds the layer that the module in `folder` describes, still without weights, and what will
/// load them. It takes vectors of `inputs` numbers.
///
/// # Errors
/// [`crate::Error::Config`] for what would be computed wrongly.
pub fn declare(files: &SmallFiles, folder: &str, inputs: usize, precision: Choice) -> Result<(Linear, DenseLoader)> {
    let settings = Settings::read(files, &within(folder, "config.json"))?;
    settings.refuse_unless("use_residual", &json!(false))?;
    refuse_other_vectors(&settings)?;
    if settings.number("in_features", usize::MAX)? != Some(inputs) {
        return Err(settings.invalid("in_features", &format!("{inputs}, the length of the vectors before it")));
    }
    let outputs = settings.number("out_features", limits::INTERMEDIATE_SIZE)?;
    let outputs = outputs.ok_or_else(|| settings.invalid("out_features", "a number"))?;
    let mut needs = Declarations::default();
    let name = "linear".to_owned();
    let mut linear = Linear::declare(&mut needs, &name, inputs, outputs).with_activation(activation(&settings)?);
    if settings.get("bias").is_none() || settings.flag("bias")? {
        linear = linear.with_biases(&mut needs, &[name], outputs);
    }
    let file = within(folder, MODEL_FILE);
    let state = State::Header(HeaderReader::new(&file), needs);
    Ok((linear, DenseLoader { file, file_bytes: None, outputs, precision, state }))
}

/// Refuses a module that reads or writes anything but the vector of the sequence.
///
/// # Errors
/// [`crate::Error::Config`].
pub fn refuse_other_vectors(settings: &Settings) -> Result<()> {
    settings.refuse_unless("module_input_name", &json!(EMBEDDING))?;
    settings.refuse_unless("module_output_name", &json!(EMBEDDING))
}

/// The activation by the path of its class; the hyperbolic tangent where none is stated.
fn activation(settings: &Settings) -> Result<Option<Activation>> {
    let Some(path) = settings.get("activation_function") else {
        return Ok(Some(Activation::Tanh));
    };
    let class = path.as_str().and_then(|path| path.strip_prefix("torch.nn.")?.rsplit('.').next());
    let found = ACTIVATIONS.iter().find(|(name, _)| Some(*name) == class);
    let supported = || ACTIVATIONS.map(|(name, _)| name).join(", ");
    found.map(|&(_, activation)| activation).ok_or_else(|| settings.invalid("activation_function", &supported()))
}

impl DenseLoader {
    /// Takes the next bytes of the file. What can be wrong with its tensors is found as soon as
    /// its header is whole.
    ///
    /// # Errors
    /// [`crate::Error::Safetensors`], those of [`Plan::new`] and of [`Filler`].
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        let mut bytes = chunk;
        if let State::Header(reader, needs) = &mut self.state {
            let (header, taken) = reader.push(chunk)?;
            let Some(header) = header else {
                return Ok(());
            };
            self.file_bytes = Some(header.file_bytes);
            let needs = std::mem::take(needs);
            self.state = State::Weights(filler(&self.file, header, needs, self.precision)?);
            bytes = &chunk[taken..];
        }
        match &mut self.state {
            State::Weights(filler) => filler.push(0, bytes),
            State::Header(..) => Ok(()),
        }
    }

    /// Ends the load.
    ///
    /// # Errors
    /// [`crate::Error::Incomplete`], or [`crate::Error::Safetensors`] within the header, when
    /// bytes are missing.
    pub fn finish(self) -> Result<()> {
        match self.state {
            State::Weights(filler) => filler.finish().map(drop),
            State::Header(reader, _) => Err(reader.ended()),
        }
    }
}

fn filler(file: &str, header: Header, needs: Declarations, precision: Choice) -> Result<Filler> {
    let checkpoint = Checkpoint::new(vec![(file.to_owned(), header)])?;
    let names = Names::new(&checkpoint, &[]);
    let section = Section { head: Some("dense"), needs };
    let nothing = Ignorable { buffers: &[], heads: &[] };
    let options = LoadOptions { precision, ..LoadOptions::default() };
    Filler::new(&checkpoint, Plan::new(&checkpoint, &names, vec![section], &nothing, options)?)
}
