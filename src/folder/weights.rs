//! The files of weights in a folder: which those are, their headers, and a load of what is in them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::files::{failed, io_error};
use crate::error::{Error, Result};
use crate::limits;
use crate::text::{ADAPTER_FILE, adapter};
use crate::weights::{Checkpoint, Header, HeaderReader, INDEX_FILE, Index, Load, MODEL_FILE};

/// Files with the weights of an adapter: of `peft` and of the library `adapters`.
const ADAPTER_WEIGHTS: [&str; 3] = ["adapter_model.safetensors", "adapter_model.bin", "pytorch_adapter.bin"];

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

/// Reads the headers of the weights alone.
///
/// # Errors
/// [`Error::Io`], [`Error::Safetensors`], and those of [`index`] and [`Checkpoint::listed`].
pub fn checkpoint(folder: &Path) -> Result<Checkpoint> {
    let index = index(folder)?;
    let headers = index.files().iter().map(|file| Ok((file.clone(), header(folder, file)?)));
    Checkpoint::listed(headers.collect::<Result<_>>()?, &index)
}

/// Opens a file with weights that is as long as its header says.
pub(super) fn open_whole(folder: &Path, name: &str, header: &Header) -> Result<File> {
    let path = folder.join(name);
    let opened = File::open(&path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    let (file, got) = opened.map_err(|error| io_error(&path, &error))?;
    match got == header.file_bytes {
        true => Ok(file),
        false => Err(Error::Incomplete { file: name.to_owned(), expected: header.file_bytes, got }),
    }
}

/// Loads all files in pieces: their headers first, so that nothing else has to wait.
pub(super) fn fill<T: 'static>(folder: &Path, mut load: Load<T>) -> Result<T> {
    let open = |name: &String| open(folder, name).map(|file| (file, folder.join(name)));
    let mut files = load.files().iter().map(open).collect::<Result<Vec<_>>>()?;
    for (number, (file, path)) in files.iter_mut().enumerate() {
        let mut length = Vec::new();
        file.take(size_of::<u64>() as u64).read_to_end(&mut length).map_err(|error| io_error(path, &error))?;
        load.push(number, &length)?;
        let length = length.try_into().map_or(0, u64::from_le_bytes);
        read_windows(&mut file.take(length), path, |bytes| load.push(number, bytes).map(|()| true))?;
    }
    for (number, (file, path)) in files.iter_mut().enumerate() {
        read_windows(file, path, |bytes| load.push(number, bytes).map(|()| true))?;
    }
    load.finish()
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

/// Opens a file with weights.
pub(super) fn open(folder: &Path, name: &str) -> Result<File> {
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
