//! Models from a folder on disk, as `huggingface_hub` or `git clone` leaves them.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::classifier::{ClassifierLoader, TextClassifier};
use crate::error::{Error, Result};
use crate::kernels::Precision;
use crate::limits;
use crate::models::{Config, HeadKind, Loader, Model};
use crate::text::{SMALL_FILES, SmallFiles};
use crate::weights::{Header, HeaderReader};

/// Name of the file with the weights.
const WEIGHTS: &str = "model.safetensors";

/// Reads those of the small files that exist.
///
/// # Errors
/// [`Error::Io`] when one cannot be read.
pub fn small_files(folder: &Path) -> Result<SmallFiles> {
    let mut files = SmallFiles::default();
    for &name in SMALL_FILES {
        let path = folder.join(name);
        match std::fs::read(&path) {
            Ok(contents) => files.insert(name.to_owned(), contents),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(io_error(&path, &error)),
        }
    }
    Ok(files)
}

/// Loads a classifier with its tokenizer.
///
/// # Errors
/// [`Error::Io`], and those of [`ClassifierLoader`].
pub fn load_classifier(folder: &Path, precision: Precision) -> Result<TextClassifier> {
    let mut loader = ClassifierLoader::new(&small_files(folder)?, precision)?;
    read_windows(&folder.join(WEIGHTS), |bytes| loader.push(bytes).map(|()| true))?;
    loader.finish()
}

/// Loads a model without its tokenizer.
///
/// # Errors
/// [`Error::Io`], and those of [`Config::parse`] and [`Loader`].
pub fn load_model(folder: &Path, kind: HeadKind, precision: Precision) -> Result<Model> {
    let mut loader = Loader::new(Config::parse(small_files(folder)?.config()?)?, kind, precision);
    read_windows(&folder.join(WEIGHTS), |bytes| loader.push(bytes).map(|()| true))?;
    loader.finish()
}

/// Reads the header of the weights alone.
///
/// # Errors
/// [`Error::Io`], [`Error::Safetensors`].
pub fn header(folder: &Path) -> Result<Header> {
    let mut reader = HeaderReader::new(WEIGHTS);
    let mut header = None;
    read_windows(&folder.join(WEIGHTS), |bytes| {
        header = reader.push(bytes)?.0;
        Ok(header.is_none())
    })?;
    header.ok_or_else(|| reader.ended())
}

/// Passes the file on in pieces, until its end or until `take` returns false.
fn read_windows(path: &Path, mut take: impl FnMut(&[u8]) -> Result<bool>) -> Result<()> {
    let mut file = File::open(path).map_err(|error| io_error(path, &error))?;
    let mut window = vec![0; limits::WINDOW_BYTES];
    loop {
        let length = file.read(&mut window).map_err(|error| io_error(path, &error))?;
        if length == 0 || !take(&window[..length])? {
            return Ok(());
        }
    }
}

fn io_error(path: &Path, error: &std::io::Error) -> Error {
    Error::Io { path: path.display().to_string(), reason: error.to_string() }
}
