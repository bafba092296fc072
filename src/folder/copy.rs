//! What one folder takes from another as it is.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::files::{io_error, read_files, write_whole};
use super::weights::open;
use crate::error::Result;
use crate::sentences::modules::{MODULES_FILE, Modules, within};
use crate::text::{SMALL_FILES, SmallFiles};
use crate::weights::MODEL_FILE;

/// Of tokenizers in other libraries.
const OTHER_TOKENIZER: &str = "tokenizer.model";

/// Copies those of the tokenizer's files that exist.
pub(super) fn copy_tokenizer(source: &Path, target: &Path) -> Result<()> {
    let others = SMALL_FILES.iter().copied().filter(|&name| name != "config.json");
    copy_files(source, target, &others.chain([OTHER_TOKENIZER]).collect::<Vec<_>>())
}

/// Copies what `sentence-transformers` keeps around an encoder: the modules behind it with their
/// settings and weights.
///
/// # Errors
/// [`Error::Io`], and those of [`Modules::parse`].
pub(super) fn copy_modules(source: &Path, target: &Path) -> Result<()> {
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
