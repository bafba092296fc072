//! `headwise lock`: the files of a model and their hashes, as the option `integrity` takes them.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use headwise::Result;
use headwise::internals::folder::index;
use headwise::internals::text::SMALL_FILES;
use headwise::internals::weights::{INDEX_FILE, MODEL_FILE};
use headwise::limits::WINDOW_BYTES;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::file_error;

pub fn run(folder: &Path) -> Result<()> {
    let hashes = files(folder)?.into_iter().map(|name| {
        let hash = sha256(&folder.join(&name))?;
        Ok((name, Value::from(format!("sha256-{hash}"))))
    });
    super::print_line(format_args!("{:#}", Value::Object(hashes.collect::<Result<Map<_, _>>>()?)))?;
    Ok(())
}

/// The files that a load fetches, as far as they exist.
pub fn files(folder: &Path) -> Result<Vec<String>> {
    let index = index(folder)?;
    let is_list = index.files() != [MODEL_FILE];
    let small = SMALL_FILES.iter().map(|&name| name.to_owned()).filter(|name| folder.join(name).exists());
    Ok(small.chain(is_list.then(|| INDEX_FILE.to_owned())).chain(index.files().iter().cloned()).collect())
}

/// Size of the files that a load fetches, in millions of bytes.
pub fn megabytes(folder: &Path) -> Result<f64> {
    let length = |name: String| {
        let path = folder.join(name);
        std::fs::metadata(&path).map(|metadata| metadata.len()).map_err(|error| file_error(&path, error))
    };
    let bytes = files(folder)?.into_iter().map(length).sum::<Result<u64>>()?;
    Ok((bytes as f64 / 1e3).round() / 1e3)
}

/// In base64.
fn sha256(path: &Path) -> Result<String> {
    let failed = |error| file_error(path, error);
    let mut file = File::open(path).map_err(failed)?;
    let (mut hasher, mut window) = (Sha256::new(), vec![0; WINDOW_BYTES]);
    loop {
        match file.read(&mut window).map_err(failed)? {
            0 => return Ok(BASE64_STANDARD.encode(hasher.finalize())),
            length => hasher.update(&window[..length]),
        }
    }
}
