//! The command line: classifies, inspects and checks models in a folder. Each command
//! writes JSON to standard output; errors go to standard error as one JSON object.

mod agreement;
mod architectures;
mod classify;
mod embed;
mod evaluate;
mod forward;
mod inspect;
mod lock;
mod new_head;
mod prune;
mod quantize;
mod run;
mod tokenize;

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use headwise::Error;
use headwise::internals::architectures::HeadKind;
use headwise::internals::kernels::Precision;
use headwise::internals::models::Trace;
use headwise::internals::weights::{Choice, LoadOptions};
use serde::Serialize;
use serde_json::json;

/// Text classification straight from Hugging Face safetensors
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Classify texts, or the lines of standard input; prints one JSON line for each
    Classify {
        /// Folder with config.json, tokenizer and model.safetensors
        model_dir: PathBuf,
        /// How many labels, best first; 0 for all
        #[arg(long, default_value_t = 1)]
        top_k: usize,
        /// How weights are kept in memory
        #[arg(long, default_value = "fp32")]
        dtype: Dtype,
        /// Texts to classify
        texts: Vec<String>,
    },
    /// Do a task for each line of standard input, a JSON value; prints one JSON line for each, in their
    /// order: {"result": …, "tokens": …, "truncated": …}, or {"error": {"code": …, "message": …}}. If
    /// the line is an object with an "id", whatever that is, so has the answer.
    /// The exit code is 3 if there was an error among them
    Run {
        /// Name of the task, such as token-classification
        task: String,
        /// Folder with config.json, tokenizer and model.safetensors
        model_dir: PathBuf,
        /// Options of the task by their names in Python, as a JSON object
        #[arg(long)]
        options: Option<String>,
        /// Exit with 0 also if there was an error among the answers
        #[arg(long)]
        exit_zero: bool,
        /// How weights are kept in memory
        #[arg(long, default_value = "fp32")]
        dtype: Dtype,
    },
    /// Embed texts, or the lines of standard input, as sentence-transformers does; prints one JSON
    /// line for each
    Embed {
        /// Folder of sentence-transformers, or of a plain encoder
        model_dir: PathBuf,
        /// How weights are kept in memory
        #[arg(long, default_value = "fp32")]
        dtype: Dtype,
        /// Texts to embed
        texts: Vec<String>,
    },
    /// Tell what a folder holds and which heads it can serve
    Inspect {
        /// Folder with config.json and model.safetensors
        model_dir: PathBuf,
    },
    /// Print the SHA-256 of each file that a load fetches, for the option `integrity`
    Lock {
        /// Folder with config.json, tokenizer and weights
        model_dir: PathBuf,
    },
    /// Write a model without the word pieces that some texts never use
    Prune {
        /// Folder with config.json, tokenizer and weights
        model_dir: PathBuf,
        /// Folder to write to; must not hold a model
        out_dir: PathBuf,
        /// File of texts, one a line, for which the model has to stay the same
        #[arg(long, value_name = "TEXTS")]
        keep: PathBuf,
    },
    /// Write a model whose matrices and word embeddings take half or a quarter of the bytes
    Quantize {
        /// Folder with config.json, tokenizer and weights
        model_dir: PathBuf,
        /// Folder to write to; must not hold a model
        out_dir: PathBuf,
        /// How they are stored: fp16, or q8 in the layout of compressed-tensors
        #[arg(long, default_value = "q8")]
        dtype: Compact,
    },
    /// List the model types that are supported, and the heads of each
    Architectures,
    /// Write a model with a new head, drawn at random, to be trained
    NewHead {
        /// Folder with config.json and weights
        model_dir: PathBuf,
        /// Folder to write to; must not hold a model
        out_dir: PathBuf,
        /// Which head
        #[arg(long)]
        head: HeadName,
        /// Labels of a sequence or token head, with commas between them
        #[arg(long, value_delimiter = ',')]
        labels: Vec<String>,
        /// The same seed gives the same head
        #[arg(long, default_value_t = 0)]
        seed: u64,
    },
    /// Run a model on token ids; prints its raw outputs
    Forward {
        /// Folder with config.json and model.safetensors
        model_dir: PathBuf,
        /// What to compute from the hidden vectors
        #[arg(long)]
        head: HeadName,
        /// How weights are kept in memory
        #[arg(long, default_value = "fp32")]
        dtype: Dtype,
        /// JSON file: {"inputs": {"input_ids": [[…]], "attention_mask": …, "token_type_ids": …}}; one
        /// level more for multiple choice
        #[arg(long)]
        inputs: PathBuf,
        /// Also print the input of the first layer and the output of each
        #[arg(long)]
        hidden_states: bool,
        /// Also print what each token attended to, in each layer and head
        #[arg(long)]
        attentions: bool,
    },
    /// Tokenize the lines of standard input; prints one JSON line for each
    Tokenize {
        /// Folder with the tokenizer's files
        model_dir: PathBuf,
        /// Standard input is a JSON array of texts
        #[arg(long)]
        json: bool,
        /// Cut to this many tokens
        #[arg(long)]
        max_length: Option<usize>,
    },
    /// Tell how often a token classifier answers otherwise in fp16 and q8 than in fp32
    Agreement {
        /// Folder with config.json, tokenizer and model.safetensors
        model_dir: PathBuf,
        /// File of texts, one a line
        texts: PathBuf,
    },
    /// Measure a classifier on labelled texts; prints F1 scores
    Evaluate {
        /// Folder with config.json, tokenizer and model.safetensors
        model_dir: PathBuf,
        /// Lines of: text, tab, label numbers with commas between them
        data: PathBuf,
        /// Score from which a label counts as given
        #[arg(long, default_value_t = 0.3)]
        threshold: f32,
        /// How weights are kept in memory
        #[arg(long, default_value = "fp32")]
        dtype: Dtype,
    },
}

/// Heads as the command line spells them.
#[derive(Clone, Copy, ValueEnum)]
enum HeadName {
    /// The bare encoder: last_hidden_state
    Base,
    /// Sequence classification: logits
    Sequence,
    /// Token classification: logits of each token
    Token,
    /// Question answering: start_logits and end_logits
    Qa,
    /// Multiple choice: logits of each choice
    MultipleChoice,
    /// Masked language modelling: logits of each token
    MaskedLm,
}

/// Precisions as the command line spells them.
#[derive(Clone, Copy, ValueEnum)]
enum Dtype {
    /// As the file keeps its numbers: q8 for I8, fp16 for F16, else fp32
    Auto,
    /// Exact
    Fp32,
    /// Half the memory
    Fp16,
    /// A quarter of the memory, int8
    Q8,
}

/// Precisions in which a model can be stored.
#[derive(Clone, Copy, ValueEnum)]
enum Compact {
    /// Half the bytes
    Fp16,
    /// A quarter of the bytes, int8
    Q8,
}

impl From<Compact> for Precision {
    fn from(dtype: Compact) -> Self {
        match dtype {
            Compact::Fp16 => Precision::Fp16,
            Compact::Q8 => Precision::Q8,
        }
    }
}

impl From<Dtype> for Choice {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::Auto => Choice::Auto,
            Dtype::Fp32 => Choice::Fixed(Precision::Fp32),
            Dtype::Fp16 => Choice::Fixed(Precision::Fp16),
            Dtype::Q8 => Choice::Fixed(Precision::Q8),
        }
    }
}

impl From<HeadName> for HeadKind {
    fn from(name: HeadName) -> Self {
        match name {
            HeadName::Base => HeadKind::Base,
            HeadName::Sequence => HeadKind::Sequence,
            HeadName::Token => HeadKind::Token,
            HeadName::Qa => HeadKind::QuestionAnswering,
            HeadName::MultipleChoice => HeadKind::MultipleChoice,
            HeadName::MaskedLm => HeadKind::MaskedLm,
        }
    }
}

/// Exit code of `run` where some lines have no result. 1 means that the command failed, 2 that it was called wrongly.
const SOME_FAILED: u8 = 3;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Classify { model_dir, top_k, dtype, texts } => classify::run(&model_dir, top_k, dtype.into(), texts),
        Command::Run { task, model_dir, options, exit_zero, dtype } => {
            match run::run(&task, &model_dir, options.as_deref(), dtype.into()) {
                Ok(false) if !exit_zero => return ExitCode::from(SOME_FAILED),
                outcome => outcome.map(drop),
            }
        }
        Command::Embed { model_dir, dtype, texts } => embed::run(&model_dir, dtype.into(), texts),
        Command::Inspect { model_dir } => inspect::run(&model_dir),
        Command::Lock { model_dir } => lock::run(&model_dir),
        Command::Prune { model_dir, out_dir, keep } => prune::run(&model_dir, &out_dir, &keep),
        Command::Quantize { model_dir, out_dir, dtype } => quantize::run(&model_dir, &out_dir, dtype.into()),
        Command::Architectures => architectures::run(),
        Command::NewHead { model_dir, out_dir, head, labels, seed } => {
            new_head::run(&model_dir, &out_dir, head.into(), labels, seed)
        }
        Command::Forward { model_dir, head, dtype, inputs, hidden_states, attentions } => {
            let options = LoadOptions { precision: dtype.into(), ..LoadOptions::default() };
            let trace = Trace { wants_hidden_states: hidden_states, wants_attentions: attentions, ..Trace::default() };
            forward::run(&model_dir, head.into(), options, &inputs, trace)
        }
        Command::Tokenize { model_dir, json, max_length } => tokenize::run(&model_dir, json, max_length),
        Command::Agreement { model_dir, texts } => agreement::run(&model_dir, &texts),
        Command::Evaluate { model_dir, data, threshold, dtype } => {
            evaluate::run(&model_dir, &data, threshold, dtype.into())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", json!({"code": error.code(), "message": error.to_string(), "details": error}));
            ExitCode::FAILURE
        }
    }
}

/// Tells on standard error what whoever uses a model should know of its files.
fn warn(folder: &std::path::Path, warnings: &[String]) {
    for warning in warnings {
        eprintln!("{}: {warning}", folder.display());
    }
}

/// A file that the command was pointed at cannot be used.
fn file_error(path: &std::path::Path, reason: impl ToString) -> Error {
    Error::Io { path: path.display().to_string(), reason: reason.to_string() }
}

/// Prints a line of results.
fn print_line(line: impl Display) -> headwise::Result<()> {
    written(writeln!(std::io::stdout(), "{line}"))
}

/// Prints a result as a line of JSON.
fn print_json(result: &impl Serialize) -> headwise::Result<()> {
    print_line(serde_json::to_string(result).expect("results have string keys"))
}

/// What came of writing to standard output. Whoever reads it may stop at any time, as `head` does: that ends the
/// program, and is no error.
fn written(outcome: std::io::Result<()>) -> headwise::Result<()> {
    outcome.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => std::process::exit(0),
        _ => file_error("standard output".as_ref(), error),
    })
}

/// Lines computed together: enough to share the work, few enough to answer soon.
const LINES: usize = 32;

/// The texts, or if there are none the lines of standard input.
fn texts_or_lines(texts: Vec<String>) -> headwise::Result<Vec<String>> {
    match texts.is_empty() {
        true => Ok(standard_input()?.lines().map(str::to_owned).collect()),
        false => Ok(texts),
    }
}

/// Standard input, whole.
fn standard_input() -> headwise::Result<String> {
    std::io::read_to_string(std::io::stdin()).map_err(|error| file_error("standard input".as_ref(), error))
}
