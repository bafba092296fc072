//! The models of `tests/golden`, and weights that are made of a header alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use headwise::internals::text::SMALL_FILES;
use headwise::internals::weights::{Header, HeaderReader, MODEL_FILE};

/// Contents of files by name.
pub type Folder = BTreeMap<String, Vec<u8>>;

/// Longest file that is made of a header, in bytes.
const FILE_BYTES: u64 = 1 << 20;

/// Every folder below `tests/golden` that holds a model of one file, or a tokenizer. Weights are cut
/// behind their header.
pub fn golden() -> Vec<Folder> {
    let mut folders = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden"), &mut folders);
    folders
}

fn collect(path: &Path, folders: &mut Vec<Folder>) {
    let mut folder = Folder::new();
    for &name in SMALL_FILES {
        folder.extend(fs::read(path.join(name)).map(|contents| (name.to_owned(), contents)));
    }
    if let Ok(weights) = fs::read(path.join(MODEL_FILE)) {
        folder.insert(MODEL_FILE.to_owned(), header_of(&weights).to_vec());
    }
    if !folder.is_empty() {
        folders.push(folder);
    }
    let entries = fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut below: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    below.sort();
    below.iter().for_each(|path| collect(path, folders));
}

/// The header of a safetensors file; all of a file that has none.
pub fn header_of(weights: &[u8]) -> &[u8] {
    header(weights).map_or(weights, |header| &weights[..header.data_start() as usize])
}

/// A safetensors file with as many numbers behind what is there as its header promises: 0.01 in F32
/// and BF16. Longer ones, and those without a header, stay as they are.
pub fn complete(beginning: &[u8]) -> Vec<u8> {
    let mut file = beginning.to_vec();
    if let Some(header) = header(beginning).filter(|header| header.file_bytes <= FILE_BYTES) {
        let missing = (header.file_bytes as usize).saturating_sub(file.len());
        file.extend(0.01_f32.to_le_bytes().iter().cycle().take(missing));
    }
    file
}

/// The header that these bytes begin with.
pub fn header(bytes: &[u8]) -> Option<Header> {
    HeaderReader::new(MODEL_FILE).push(bytes).ok()?.0
}
