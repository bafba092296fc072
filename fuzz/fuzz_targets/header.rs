//! Headers of safetensors files: read whole and in two pieces, to the same end, and as the
//! `safetensors` crate reads them.

#![no_main]

use headwise::Result;
use headwise::internals::weights::{Header, HeaderReader, MODEL_FILE};
use headwise_fuzz::fixtures::complete;
use libfuzzer_sys::fuzz_target;
use safetensors::SafeTensors;

fuzz_target!(|bytes: &[u8]| {
    let whole = read(&[bytes]);
    let (first, second) = bytes.split_at(bytes.len() / 2);
    assert_eq!(whole, read(&[first, second]));
    if let Ok(Some(header)) = whole {
        let mut position = 0;
        for entry in &header.entries {
            assert_eq!(entry.start, position);
            position = entry.end;
        }
        assert_eq!(header.file_bytes, header.data_start() + position);
        compare(&header, &complete(bytes));
    }
});

fn read(pieces: &[&[u8]]) -> Result<Option<Header>> {
    let mut reader = HeaderReader::new(MODEL_FILE);
    for piece in pieces {
        if let (Some(header), _) = reader.push(piece)? {
            return Ok(Some(header));
        }
    }
    Ok(None)
}

/// The crate knows fewer number types, and wants metadata to be texts; what it accepts, it reads
/// alike.
fn compare(header: &Header, file: &[u8]) {
    if let Ok(theirs) = SafeTensors::deserialize(file) {
        assert_eq!(theirs.len(), header.entries.len());
        for entry in &header.entries {
            let view = theirs.tensor(&entry.name).expect("a known tensor");
            assert_eq!(view.shape(), entry.shape);
            assert_eq!(view.data().len() as u64, entry.end - entry.start);
        }
    }
}
