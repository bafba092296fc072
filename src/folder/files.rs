//! Files of a folder by name: read where they exist, and written so that one that is cut off never carries its name.

use std::fs::File;
use std::io::{BufWriter, ErrorKind};
use std::path::Path;

use crate::error::{Error, Result};
use crate::text::{ADAPTER_FILE, SMALL_FILES, SmallFiles};
use crate::weights::{INDEX_FILE, MODEL_FILE};

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
pub(super) fn read_files(folder: &Path, names: &[impl AsRef<str>], files: &mut SmallFiles) -> Result<()> {
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

/// Refuses a folder to write to that holds a model.
pub(super) fn refuse_model(target: &Path) -> Result<()> {
    match ["config.json", MODEL_FILE, INDEX_FILE].iter().find(|name| target.join(name).exists()) {
        Some(name) => Err(failed(target, format!("the folder holds a model already: {name}"))),
        None => Ok(()),
    }
}

/// Writes a file under another name and gives it its own when it is whole.
pub(super) fn write_whole(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> std::io::Result<()>) -> Result<()> {
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

/// What went wrong with a file.
pub(super) fn io_error(path: &Path, error: &std::io::Error) -> Error {
    failed(path, error.to_string())
}

/// What is wrong with a file or a folder.
pub(super) fn failed(path: &Path, reason: String) -> Error {
    Error::Io { path: path.display().to_string(), reason }
}
