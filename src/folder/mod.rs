//! Models from a folder on disk, as `huggingface_hub` or `git clone` leaves them.

pub mod prune;
pub mod quantize;

use std::fs::File;
use std::io::{BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use crate::architectures::HeadKind;
use crate::error::{Error, Result};
use crate::limits;
use crate::models::{Config, Loader, Model};
use crate::pipeline::{Pipeline, PipelineLoader};
use crate::sentences::embedder::{EmbedderLoader, TextEmbedder};
use crate::sentences::modules::{MODULES_FILE, Modules, within};
use crate::tasks::TaskName;
use crate::text::{ADAPTER_FILE, SMALL_FILES, SmallFiles, adapter};
use crate::text_model::{TextModel, TextModelLoader};
use crate::weights::{
    Checkpoint, Choice, Header, HeaderReader, INDEX_FILE, Index, LoadOptions, MODEL_FILE, NewHead, write_checkpoint,
};

/// What tokenizers keep beside the weights, in any library.
const TOKENIZER_FILES: &[&str] = &[
    "added_tokens.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "special_tokens_map.json",
    "spiece.model",
    "spm.model",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// Files with the weights of an adapter: of `peft` and of the library `adapters`.
const ADAPTER_WEIGHTS: [&str; 3] = ["adapter_model.safetensors", "adapter_model.bin", "pytorch_adapter.bin"];

/// Reads those of the small files that exist.
///
/// # Errors
/// [`Error::Io`] when one cannot be read.
pub fn small_files(folder: &Path) -> Result<SmallFiles> {
    let mut files = SmallFiles::default();
    read_files(folder, SMALL_FILES, &mut files)?;
    read_files(folder, &[ADAPTER_FILE], &mut files)?;
    Ok(files)
}

/// Adds those of the files that exist.
fn read_files(folder: &Path, names: &[impl AsRef<str>], files: &mut SmallFiles) -> Result<()> {
    for name in names.iter().map(AsRef::as_ref) {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(contents) => files.insert(name.to_owned(), contents),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&path, &error)),
        }
    }
    Ok(())
}

/// Loads a sequence classifier with its tokenizer. `precision` is a [`Choice`] or a
/// [`Precision`](crate::kernels::Precision).
///
/// # Errors
/// Those of [`load_text_model`].
pub fn load_classifier(folder: &Path, precision: impl Into<Choice>) -> Result<TextModel> {
    load_text_model(folder, HeadKind::Sequence, precision)
}

/// Loads a model with a head, and its tokenizer.
///
/// # Errors
/// [`Error::Io`], and those of [`index`] and [`TextModelLoader`].
pub fn load_text_model(folder: &Path, head: HeadKind, precision: impl Into<Choice>) -> Result<TextModel> {
    text_model(folder, head, &small_files(folder)?, precision.into())
}

/// Loads a model that ranks, with its tokenizer and what `sentence-transformers` says of it.
///
/// # Errors
/// Those of [`load_text_model`].
pub fn load_cross_encoder(folder: &Path, precision: impl Into<Choice>) -> Result<TextModel> {
    let (files, _) = files_of_task(folder, TaskName::TextRanking)?;
    text_model(folder, HeadKind::Sequence, &files, precision.into())
}

fn text_model(folder: &Path, head: HeadKind, files: &SmallFiles, precision: Choice) -> Result<TextModel> {
    let index = index(folder)?;
    let options = LoadOptions { precision, ..LoadOptions::default() };
    let mut loader = TextModelLoader::new(head, files, index.clone(), options, None)?;
    read_weights(folder, index.files(), |file, bytes| loader.push(file, bytes))?;
    loader.finish()
}

/// Loads a model of sentence embeddings with its tokenizer: a folder of `sentence-transformers`, or
/// of a plain encoder.
///
/// # Errors
/// [`Error::Io`], and those of [`index`] and [`EmbedderLoader`].
pub fn load_embedder(folder: &Path, precision: impl Into<Choice>) -> Result<TextEmbedder> {
    let options = LoadOptions { precision: precision.into(), ..LoadOptions::default() };
    let (files, index) = files_of_task(folder, TaskName::FeatureExtraction)?;
    let mut loader = EmbedderLoader::new(&files, index, options)?;
    read_weights(folder, &loader.files(), |file, bytes| loader.push(file, bytes))?;
    loader.finish()
}

/// Loads a model for a task.
///
/// # Errors
/// [`Error::Io`], and those of [`index`] and [`PipelineLoader`].
pub fn load_pipeline(folder: &Path, task: TaskName, precision: impl Into<Choice>) -> Result<Pipeline> {
    let options = LoadOptions { precision: precision.into(), ..LoadOptions::default() };
    let (files, index) = files_of_task(folder, task)?;
    let mut loader = PipelineLoader::new(task, &files, index, options, None)?;
    let weights = loader.files().to_vec();
    read_weights(folder, &weights, |file, bytes| loader.push(file, bytes))?;
    loader.finish()
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

/// Loads a model without its tokenizer.
///
/// # Errors
/// [`Error::Io`], and those of [`index`], [`Config::parse`] and [`Loader`].
pub fn load_model(folder: &Path, kind: HeadKind, options: LoadOptions) -> Result<Model> {
    let index = index(folder)?;
    let mut loader = Loader::new(Config::of(&small_files(folder)?)?, kind, options, index.clone());
    read_weights(folder, index.files(), |file, bytes| loader.push(file, bytes))?;
    loader.finish()
}

/// Reads the headers of the weights alone.
///
/// # Errors
/// [`Error::Io`], [`Error::Safetensors`], and those of [`index`] and [`Checkpoint::listed`].
pub fn checkpoint(folder: &Path) -> Result<Checkpoint> {
    let index = index(folder)?;
    let headers = index.files().iter().map(|file| Ok((file.clone(), header(folder, file)?)));
    Checkpoint::listed(headers.collect::<Result<_>>()?, &index)
}

/// Which files hold the weights: `model.safetensors` if it exists, else those that
/// `model.safetensors.index.json` lists.
///
/// # Errors
/// [`Error::Io`] when there is neither, or a listed file does not exist; those of
/// [`Index::parse`].
pub fn index(folder: &Path) -> Result<Index> {
    if folder.join(MODEL_FILE).exists() {
        return Ok(Index::single_file());
    }
    let path = folder.join(INDEX_FILE);
    if !path.exists() {
        return Err(no_weights(folder));
    }
    let index = Index::parse(&std::fs::read(&path).map_err(|error| io_error(&path, &error))?)?;
    match index.files().iter().map(|file| folder.join(file)).find(|file| !file.exists()) {
        None => Ok(index),
        Some(file) => Err(failed(&file, format!("the file is missing, but {INDEX_FILE} lists it"))),
    }
}

/// Writes the model of the folder `source` with a new head to the folder `target`: a copy of
/// the tokenizer's files, a `model.safetensors` of the encoder and the head as
/// [`LoadOptions::new_head`] gives them, to the bit (see [`write_checkpoint`]), and
/// `config_json`. Whatever the source has beside that, other heads' tensors above all, is left
/// out. A file that is cut off never carries its final name, and without `config.json`, which
/// comes last, the folder is no model. Returns the names of the tensors that are new.
///
/// # Errors
/// [`Error::Io`] when `target` holds a model already, or a file cannot be read or written;
/// those of [`checkpoint`] and [`Model::plan`].
pub fn save_new_head(
    source: &Path,
    target: &Path,
    config_json: &str,
    kind: HeadKind,
    new_head: NewHead,
) -> Result<Vec<String>> {
    refuse_model(target)?;
    let checkpoint = checkpoint(source)?;
    let options = LoadOptions { new_head: Some(new_head), ..LoadOptions::default() };
    let (model, plan) = Model::plan(Config::parse(config_json.as_bytes())?, &checkpoint, kind, options)?;
    let mut weights = Vec::new();
    for (name, header) in checkpoint.files() {
        weights.push(open_whole(source, name, header)?);
    }
    std::fs::create_dir_all(target).map_err(|error| io_error(target, &error))?;
    copy_tokenizer(source, target)?;
    write_whole(&target.join(MODEL_FILE), |out| write_checkpoint(&checkpoint, &plan, &mut weights, out))?;
    write_whole(&target.join("config.json"), |out| out.write_all(config_json.as_bytes()))?;
    Ok(model.usage.new)
}

/// Copies those of the tokenizer's files that exist.
pub(crate) fn copy_tokenizer(source: &Path, target: &Path) -> Result<()> {
    copy_files(source, target, TOKENIZER_FILES)
}

/// Copies what `sentence-transformers` keeps around an encoder: the modules behind it with their
/// settings and weights.
///
/// # Errors
/// [`Error::Io`], and those of [`Modules::parse`].
pub(crate) fn copy_modules(source: &Path, target: &Path) -> Result<()> {
    let mut files = SmallFiles::default();
    read_files(source, &[MODULES_FILE], &mut files)?;
    let modules = Modules::parse(&files)?;
    let mut names = modules.small_files();
    names.retain(|name| !SMALL_FILES.contains(&name.as_str()));
    for (_, folder) in modules.stages.iter().filter(|(kind, _)| kind.has_weights()) {
        let weights = within(folder, MODEL_FILE);
        open(source, &weights)?;
        names.push(weights);
    }
    copy_files(source, target, &names)
}

/// Copies those of the files that exist, with the folders they are in.
fn copy_files(source: &Path, target: &Path, names: &[impl AsRef<str>]) -> Result<()> {
    for name in names.iter().map(AsRef::as_ref) {
        let (path, copy) = (source.join(name), target.join(name));
        match File::open(&path) {
            Ok(mut file) => {
                let folder = copy.parent().unwrap_or(target);
                std::fs::create_dir_all(folder).map_err(|error| io_error(folder, &error))?;
                write_whole(&copy, |out| std::io::copy(&mut file, out).map(drop))?;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&path, &error)),
        }
    }
    Ok(())
}

/// Refuses a folder to write to that holds a model.
pub(crate) fn refuse_model(target: &Path) -> Result<()> {
    match ["config.json", MODEL_FILE, INDEX_FILE].iter().find(|name| target.join(name).exists()) {
        Some(name) => Err(failed(target, format!("the folder holds a model already: {name}"))),
        None => Ok(()),
    }
}

/// Opens a file with weights that is as long as its header says.
pub(crate) fn open_whole(folder: &Path, name: &str, header: &Header) -> Result<File> {
    let path = folder.join(name);
    let opened = File::open(&path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    let (file, got) = opened.map_err(|error| io_error(&path, &error))?;
    match got == header.file_bytes {
        true => Ok(file),
        false => Err(Error::Incomplete { file: name.to_owned(), expected: header.file_bytes, got }),
    }
}

/// Writes a file under another name and gives it its own when it is whole.
pub(crate) fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<()> {
    let partial = path.with_added_extension("partial");
    let written = || {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        let mut out = BufWriter::new(File::create(&partial)?);
        write(&mut out)?;
        out.into_inner()?.sync_all()?;
        std::fs::rename(&partial, path)
    };
    written().map_err(|error| {
        // What matters is the first error.
        let _ = std::fs::remove_file(&partial);
        io_error(path, &error)
    })
}

fn no_weights(folder: &Path) -> Error {
    if let Ok(json) = std::fs::read(folder.join(ADAPTER_FILE)) {
        return adapter::alone(ADAPTER_FILE, &json);
    }
    if let Some(file) = ADAPTER_WEIGHTS.iter().find(|file| folder.join(file).exists()) {
        return adapter::alone(file, b"");
    }
    let reason = match folder.join("pytorch_model.bin").exists() {
        true => {
            "the folder has no model.safetensors, only pytorch_model.bin. Convert it in Python:\n\
             from transformers import AutoModelForSequenceClassification as Model\n\
             Model.from_pretrained('.').save_pretrained('.', safe_serialization=True)"
        }
        false => "the folder has neither model.safetensors nor model.safetensors.index.json",
    };
    failed(folder, reason.into())
}

/// Opens a file with weights.
fn open(folder: &Path, name: &str) -> Result<File> {
    let path = folder.join(name);
    File::open(&path).map_err(|error| {
        let old = name.strip_suffix(MODEL_FILE).map(|module| format!("{module}pytorch_model.bin"));
        match old.filter(|old| error.kind() == ErrorKind::NotFound && folder.join(old).exists()) {
            None => io_error(&path, &error),
            Some(old) => failed(
                folder,
                format!(
                    "the folder has no {name}, only {old}. In the folder, convert it in Python:\n\
                     import torch\n\
                     from safetensors.torch import save_file\n\
                     save_file(torch.load('{old}', map_location='cpu', weights_only=True), '{name}')\n\
                     and load the model again"
                ),
            ),
        }
    })
}

fn header(folder: &Path, file: &str) -> Result<Header> {
    let mut reader = HeaderReader::new(file);
    let mut header = None;
    let path = folder.join(file);
    let mut open = File::open(&path).map_err(|error| io_error(&path, &error))?;
    read_windows(&mut open, &path, |bytes| {
        header = reader.push(bytes)?.0;
        Ok(header.is_none())
    })?;
    header.ok_or_else(|| reader.ended())
}

/// Passes all files on in pieces: their headers first, so that nothing else has to wait.
fn read_weights(folder: &Path, files: &[String], mut push: impl FnMut(usize, &[u8]) -> Result<()>) -> Result<()> {
    let open = |name: &String| open(folder, name).map(|file| (file, folder.join(name)));
    let mut files = files.iter().map(open).collect::<Result<Vec<_>>>()?;
    for (number, (file, path)) in files.iter_mut().enumerate() {
        let mut length = Vec::new();
        file.take(size_of::<u64>() as u64).read_to_end(&mut length).map_err(|error| io_error(path, &error))?;
        push(number, &length)?;
        let length = length.try_into().map_or(0, u64::from_le_bytes);
        read_windows(&mut file.take(length), path, |bytes| push(number, bytes).map(|()| true))?;
    }
    for (number, (file, path)) in files.iter_mut().enumerate() {
        read_windows(file, path, |bytes| push(number, bytes).map(|()| true))?;
    }
    Ok(())
}

/// Passes what is left of a file on in pieces, until its end or until `take` returns false.
fn read_windows(file: &mut impl Read, path: &Path, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let mut window = vec![0; limits::WINDOW_BYTES];
    loop {
        let length = file.read(&mut window).map_err(|error| io_error(path, &error))?;
        if length == 0 || !take(&window[..length])? {
            return Ok(());
        }
    }
}

pub(crate) fn io_error(path: &Path, error: &std::io::Error) -> Error {
    failed(path, error.to_string())
}

fn failed(path: &Path, reason: String) -> Error {
    Error::Io { path: path.display().to_string(), reason }
}
