//! Configurations: whatever is accepted can be written and read again, and a model of it is
//! refused, or computes what is refused or finite, with any head.

#![no_main]

use std::sync::LazyLock;

use headwise::Result;
use headwise::internals::architectures::HeadKind;
use headwise::internals::models::{Config, Model};
use headwise::internals::text::Batch;
use headwise::internals::weights::{Index, LoadOptions, MODEL_FILE, NewHead};
use headwise_fuzz::fixtures::{Folder, complete, golden};
use headwise_fuzz::mutate;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};

/// Most bytes that weights may take: those of the fixtures are far smaller.
const MEMORY: u64 = 16 << 20;

/// A model for each model type: its name, and its weights.
static MODELS: LazyLock<Vec<(&str, Vec<u8>)>> = LazyLock::new(|| {
    let mut models: Vec<(&str, Vec<u8>)> = Vec::new();
    let parts =
        |folder: Folder| Some((Config::parse(folder.get("config.json")?).ok()?, folder.get(MODEL_FILE)?.clone()));
    for (config, header) in golden().into_iter().filter_map(parts) {
        let name = config.model_type.name;
        if !models.iter().any(|(known, _)| *known == name) {
            models.push((name, complete(&header)));
        }
    }
    models
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(config) = Config::parse(bytes) else {
        return;
    };
    let (_, weights) = MODELS.iter().find(|(name, _)| *name == config.model_type.name).expect("a fixture");
    for &kind in HeadKind::ALL {
        let _ = compute(&config, kind, weights);
        let again = Config::parse(config.json_with(kind).as_bytes()).expect("what was written can be read");
        assert_eq!(again.labels, config.labels);
    }
});

fn compute(config: &Config, kind: HeadKind, weights: &[u8]) -> Result<()> {
    let new_head = Some(NewHead { seed: 0 });
    let options = LoadOptions { max_memory: Some(MEMORY), new_head, ..LoadOptions::default() };
    let mut loader = Model::load(config.clone(), kind, options, Index::single_file());
    loader.push(0, weights)?;
    let mut batch = Batch::default();
    batch.push(&[0, 1, 2, 3, 4, 2], &[0; 6]);
    batch.push(&[2], &[0]);
    loader.finish()?.forward(&batch)?;
    Ok(())
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate::bytes(data, size, max_size, seed) });
