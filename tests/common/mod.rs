//! Golden fixtures made by `tests/golden/generate.py`, embedded so that the same tests run
//! natively and as WebAssembly.

// Each test binary uses a part of this.
#![allow(dead_code)]

pub mod tensors;

use headwise::kernels::Precision;
use headwise::models::{Config, HeadKind, Loader, Model};
use headwise::text::Rows;
use headwise::weights::LoadOptions;
use serde::Deserialize;

/// One configuration with one head, and what Python computes.
pub struct Fixture {
    pub name: &'static str,
    pub config: &'static [u8],
    pub model: &'static [u8],
    pub inputs: &'static [u8],
    pub expected: &'static [u8],
}

macro_rules! fixtures {
    ($($name:literal)*) => {
        &[$(Fixture {
            name: $name,
            config: include_bytes!(concat!("../golden/", $name, "/config.json")),
            model: include_bytes!(concat!("../golden/", $name, "/model.safetensors")),
            inputs: include_bytes!(concat!("../golden/", $name, "/inputs.json")),
            expected: include_bytes!(concat!("../golden/", $name, "/expected.safetensors")),
        }),*]
    };
}

/// Every fixture; a native test compares this list with the folders.
pub const FIXTURES: &[Fixture] = fixtures! {
    "bert/base" "bert/sequence"
    "bert-aligned/base"
    "bert-bf16/base" "bert-bf16/sequence"
    "bert-edges/base" "bert-edges/sequence"
    "bert-eps/base" "bert-eps/sequence"
    "bert-f16/base" "bert-f16/sequence"
    "bert-prefix/base" "bert-prefix/sequence"
    "bert-relu/base" "bert-relu/sequence"
    "distilbert/base" "distilbert/sequence"
    "distilbert-relu/base" "distilbert-relu/sequence"
    "roberta/base" "roberta/sequence"
    "roberta-edges/base" "roberta-edges/sequence"
    "roberta-eps/base" "roberta-eps/sequence"
    "roberta-pooler/sequence"
};

impl Fixture {
    pub fn named(name: &str) -> &'static Fixture {
        FIXTURES.iter().find(|fixture| fixture.name == name).expect("a fixture of this name")
    }

    pub fn head(&self) -> HeadKind {
        let kind = HeadKind::ALL.iter().find(|kind| self.name.ends_with(kind.name()));
        *kind.expect("a known head")
    }

    pub fn rows(&self) -> Rows {
        #[derive(Deserialize)]
        struct File {
            inputs: Rows,
        }
        serde_json::from_slice::<File>(self.inputs).expect("readable inputs").inputs
    }

    /// Loads the model from pieces of `chunk` bytes.
    pub fn load(&self, precision: Precision, chunk: usize) -> headwise::Result<Model> {
        load(self.config, self.model, self.head(), precision, chunk)
    }
}

/// Loads a model from pieces of `chunk` bytes.
pub fn load(
    config: &[u8],
    weights: &[u8],
    kind: HeadKind,
    precision: Precision,
    chunk: usize,
) -> headwise::Result<Model> {
    let options = LoadOptions { precision, ..LoadOptions::default() };
    let mut loader = Loader::single_file(Config::parse(config)?, kind, options);
    for piece in weights.chunks(chunk) {
        loader.push(0, piece)?;
    }
    loader.finish()
}
