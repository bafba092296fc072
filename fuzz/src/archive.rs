//! A model as one run of bytes: how it is to be loaded, then for each file a length of four
//! bytes and its contents. Any bytes are such a model.

use std::collections::BTreeMap;

use headwise::internals::text::SMALL_FILES;
use headwise::internals::weights::MODEL_FILE;

/// A model and how it is to be loaded.
#[derive(Debug)]
pub struct Archive {
    /// Any number.
    pub options: u8,
    /// Contents of files by name.
    pub folder: BTreeMap<String, Vec<u8>>,
}

fn files() -> impl Iterator<Item = &'static str> {
    SMALL_FILES.iter().copied().chain([MODEL_FILE])
}

impl Archive {
    /// One run of bytes. Other files are left out, those without content are absent.
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = vec![self.options];
        for name in files() {
            let contents = self.folder.get(name).map_or(&[][..], Vec::as_slice);
            bytes.extend((contents.len() as u32).to_le_bytes());
            bytes.extend(contents);
        }
        bytes
    }

    /// The model that these bytes are.
    pub fn unpack(bytes: &[u8]) -> Archive {
        let (&options, mut rest) = bytes.split_first().unwrap_or((&0, &[]));
        let mut folder = BTreeMap::new();
        for name in files() {
            let Some((length, behind)) = rest.split_first_chunk() else {
                break;
            };
            let (contents, behind) = behind.split_at(behind.len().min(u32::from_le_bytes(*length) as usize));
            if !contents.is_empty() {
                folder.insert(name.to_owned(), contents.to_vec());
            }
            rest = behind;
        }
        Archive { options, folder }
    }
}
