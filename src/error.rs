//! The one error type of the crate. Every variant has a stable [`Error::code`] that
//! JavaScript sees as `error.code`, and its fields become `error.details`.

use serde::Serialize;

/// `Result` with this crate's [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong, each naming the file, field, tensor or value and what is supported.
/// Messages are sentences: a page shows them as they are.
#[derive(Debug, Clone, PartialEq, Serialize, thiserror::Error)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Error {
    /// A configuration file holds a value that cannot be used.
    #[error("{file}: {field} is {value}; supported: {supported}.")]
    Config {
        /// Name of the file, such as `config.json`.
        file: String,
        /// Key within the file.
        field: String,
        /// The value found, as JSON, or a description of it.
        value: String,
        /// What would have been accepted.
        supported: String,
    },
    /// `model_type` names an architecture that is not implemented.
    #[error("{}", unsupported_model(model_type, *own_code, supported))]
    UnsupportedModel {
        /// The `model_type` of `config.json`; empty where there is none.
        model_type: String,
        /// Whether it comes with code of its own, which is not run.
        own_code: bool,
        /// Every model type that can be loaded.
        supported: Vec<String>,
    },
    /// The tokenizer files are missing, broken or of a kind that is not supported.
    #[error("Tokenizer: {reason} (files found: {}).", if files.is_empty() { "none".into() } else { files.join(", ") })]
    Tokenizer {
        /// What is wrong.
        reason: String,
        /// The tokenizer files that were there.
        files: Vec<String>,
    },
    /// The header of a safetensors file is malformed.
    #[error("{file} is not a valid safetensors file: {reason}.")]
    Safetensors {
        /// Name of the file.
        file: String,
        /// The rule that is broken.
        reason: String,
    },
    /// A file ends before, or goes on after, the length its header promises.
    #[error("{file} is {got} bytes long, but its header promises {expected}.")]
    Incomplete {
        /// Name of the file.
        file: String,
        /// Bytes that the header promises.
        expected: u64,
        /// Bytes that arrived (at least, when there were too many).
        got: u64,
    },
    /// The checkpoint holds the encoder but not the head that was asked for.
    #[error("The checkpoint has no trained {head} head; missing: {}.", listed(missing))]
    MissingHead {
        /// The head that was asked for.
        head: String,
        /// Names of all missing tensors, as the files spell names.
        missing: Vec<String>,
    },
    /// There is no head of this kind for this architecture.
    #[error("There is no {head} head for the model type {model_type:?}; supported: {}.", supported.join(", "))]
    UnsupportedHead {
        /// The head that was asked for.
        head: String,
        /// The `model_type` of `config.json`.
        model_type: String,
        /// The heads there are.
        supported: Vec<String>,
    },
    /// The checkpoint lacks tensors of the encoder.
    #[error("The checkpoint lacks tensors of the encoder: {}.", listed(missing))]
    MissingTensors {
        /// Names of all missing tensors, as the files spell names.
        missing: Vec<String>,
    },
    /// The files are an adapter, which changes a model, and not a model.
    #[error("{}", adapter(file, kind, base.as_deref()))]
    Adapter {
        /// Name of the file that shows it.
        file: String,
        /// The adapter's type, such as `LORA`.
        kind: String,
        /// The model that it belongs to, where the file names one.
        base: Option<String>,
    },
    /// A tensor's shape differs from what the configuration implies.
    #[error("Tensor {tensor} has shape {got:?}, but config.json implies {expected:?}.")]
    Shape {
        /// Name of the tensor in the file.
        tensor: String,
        /// Shape that follows from `config.json`.
        expected: Vec<usize>,
        /// Shape in the file.
        got: Vec<usize>,
    },
    /// A tensor is stored in a number type that cannot be read.
    #[error("Tensor {tensor} is stored as {dtype}; supported: {}.", supported.join(", "))]
    Dtype {
        /// Name of the tensor in the file.
        tensor: String,
        /// Its number type.
        dtype: String,
        /// The number types that can be read.
        supported: Vec<String>,
    },
    /// The model computed infinities or NaN: its weights are broken.
    #[error("The model's logits are not finite for input {input}: its weights are damaged.")]
    NonFinite {
        /// Index of the input within the request.
        input: usize,
    },
    /// A text or a batch that cannot be classified.
    #[error("Input {input}: {reason}.")]
    Input {
        /// Index of the input within the request.
        input: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An option has a value that is not supported.
    #[error("Option {option} is {value}; supported: {supported}.")]
    Option {
        /// Name of the option.
        option: String,
        /// The value given.
        value: String,
        /// What would have been accepted.
        supported: String,
    },
    /// The weights do not fit into memory.
    #[error("Out of memory: the weights need {needed} bytes, and {available} are available.")]
    OutOfMemory {
        /// Bytes that the weights need in all, in the smallest form that was to be tried.
        needed: u64,
        /// Bytes that they may take, or that could be reserved for them.
        available: u64,
    },
    /// A file could not be read.
    #[error("{path}: {reason}.")]
    Io {
        /// Path of the file.
        path: String,
        /// The operating system's message.
        reason: String,
    },
    /// A tensor operation failed: a defect of this crate, not of its input.
    #[error("Internal error: {reason}.")]
    Internal {
        /// The message of the failed operation.
        reason: String,
    },
}

impl Error {
    /// A short name that never changes, for programs to branch on.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Config { .. } => "config",
            Error::UnsupportedModel { .. } => "unsupported-model",
            Error::Tokenizer { .. } => "tokenizer",
            Error::Safetensors { .. } => "safetensors",
            Error::Incomplete { .. } => "incomplete",
            Error::MissingHead { .. } => "missing-head",
            Error::UnsupportedHead { .. } => "unsupported-head",
            Error::MissingTensors { .. } => "missing-tensors",
            Error::Adapter { .. } => "adapter",
            Error::Shape { .. } => "shape",
            Error::Dtype { .. } => "dtype",
            Error::NonFinite { .. } => "non-finite",
            Error::Input { .. } => "input",
            Error::Option { .. } => "option",
            Error::OutOfMemory { .. } => "out-of-memory",
            Error::Io { .. } => "io",
            Error::Internal { .. } => "internal",
        }
    }
}

fn unsupported_model(model_type: &str, own_code: bool, supported: &[String]) -> String {
    let code = if own_code { " with code of its own (auto_map in config.json), which is not run," } else { "" };
    let model = match model_type {
        "" => format!("A model without model_type{code}"),
        name => format!("Model type {name:?}{code}"),
    };
    format!("{model} is not supported; supported: {}.", supported.join(", "))
}

fn adapter(file: &str, kind: &str, base: Option<&str>) -> String {
    let base = base.unwrap_or("its model");
    format!(
        "{file} is of an adapter ({kind}), which is no model by itself; supported: whole models. In Python, \
         merge_and_unload() of peft makes one of {base} and the adapter."
    )
}

/// Names for a message: five of them, and how many there are beside them.
pub(crate) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 5;
    match names.split_at_checked(SHOWN) {
        Some((shown, more)) if !more.is_empty() => format!("{} and {} more", shown.join(", "), more.len()),
        _ => names.join(", "),
    }
}

impl Error {
    /// Of a tokenizer whose files were fine when it was read.
    pub(crate) fn tokenizer(reason: impl ToString) -> Self {
        Error::Tokenizer { reason: reason.to_string(), files: Vec::new() }
    }

    /// The number of the input that it is about, if it is about one.
    pub(crate) fn input(&self) -> Option<usize> {
        match self {
            Error::Input { input, .. } | Error::NonFinite { input } => Some(*input),
            _ => None,
        }
    }

    /// The same about another input, if it is about one.
    pub(crate) fn with_input(mut self, number: usize) -> Self {
        if let Error::Input { input, .. } | Error::NonFinite { input } = &mut self {
            *input = number;
        }
        self
    }

    /// The same for a request of which this was the part behind `inputs` others.
    pub(crate) fn behind(self, inputs: usize) -> Self {
        let number = self.input().map_or(0, |input| input + inputs);
        self.with_input(number)
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Error::Internal { reason: error.to_string() }
    }
}
