//! Lists of files: whatever is accepted names files within the folder only.

#![no_main]

use headwise::internals::weights::Index;
use headwise_fuzz::mutate;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(index) = Index::parse(bytes) {
        assert!(!index.files().is_empty());
        assert!(index.files().is_sorted_by(|one, next| one < next));
        for file in index.files() {
            assert!(file.ends_with(".safetensors") && !file.contains(['\\', ':', '\0']));
            assert!(file.split('/').all(|name| !["", ".", ".."].contains(&name)));
        }
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate::bytes(data, size, max_size, seed) });
