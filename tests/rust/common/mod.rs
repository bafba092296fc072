//! Golden fixtures made by `tests/golden/generate.py`, embedded so that the same tests run
//! natively and as WebAssembly.

// Each test binary uses a part of this.
#![allow(dead_code)]

pub mod tensors;

use std::sync::LazyLock;

use headwise::internals::architectures::HeadKind;
use headwise::internals::kernels::Precision;
use headwise::internals::models::{Config, Model};
use headwise::internals::text::Rows;
use headwise::internals::weights::{INDEX_FILE, Index, LoadOptions};
use include_dir::{Dir, File, include_dir};
use serde::Deserialize;

static GOLDEN: Dir = include_dir!("$CARGO_MANIFEST_DIR/tests/golden");

/// One configuration with one head, and what Python computes.
#[derive(Debug)]
pub struct Fixture {
    pub name: String,
    pub config: &'static [u8],
    /// Empty if the weights are in several files.
    pub model: &'static [u8],
    folder: &'static Dir<'static>,
}

impl Fixture {
    /// Every fixture.
    pub fn all() -> &'static [Fixture] {
        static ALL: LazyLock<Vec<Fixture>> = LazyLock::new(|| {
            let folders = GOLDEN.dirs().flat_map(Dir::dirs);
            folders.filter(|folder| contents(folder, "expected.safetensors").is_some()).map(Fixture::of).collect()
        });
        &ALL
    }

    fn of(folder: &'static Dir) -> Self {
        let name = folder.path().display().to_string();
        let config = contents(folder, "config.json").unwrap_or_else(|| panic!("{name} has no config.json"));
        Fixture { name, config, model: contents(folder, "model.safetensors").unwrap_or_default(), folder }
    }

    pub fn named(name: &str) -> &'static Fixture {
        let fixture = Self::all().iter().find(|fixture| fixture.name == name);
        fixture.unwrap_or_else(|| panic!("there is no fixture {name}"))
    }

    /// A fixture of a made model: its table is that of no `model_type`.
    pub fn made(name: &str) -> Fixture {
        let folder = GOLDEN.get_dir(format!("made/{name}"));
        Fixture::of(folder.unwrap_or_else(|| panic!("there is no made fixture {name}")))
    }

    pub fn file(&self, name: &str) -> &'static [u8] {
        contents(self.folder, name).unwrap_or_else(|| panic!("{} has no {name}", self.name))
    }

    pub fn head(&self) -> HeadKind {
        let kind = HeadKind::ALL.iter().find(|kind| self.name.ends_with(&format!("/{}", kind.name())));
        *kind.expect("a known head")
    }

    pub fn rows(&self) -> Rows {
        #[derive(Deserialize)]
        struct Inputs {
            inputs: Rows,
        }
        serde_json::from_slice::<Inputs>(self.file("inputs.json")).expect("readable inputs").inputs
    }

    /// Which files its weights are in.
    pub fn index(&self) -> Index {
        match contents(self.folder, INDEX_FILE) {
            Some(index) => Index::parse(index).expect("a valid index"),
            None => Index::single_file(),
        }
    }

    /// Loads the model from pieces of `chunk` bytes.
    pub fn load(&self, precision: Precision, chunk: usize) -> headwise::Result<Model> {
        let index = self.index();
        let files: Vec<&[u8]> = index.files().iter().map(|name| self.file(name)).collect();
        let options = LoadOptions { precision: precision.into(), ..LoadOptions::default() };
        let mut loader = Model::load(Config::parse(self.config)?, self.head(), options, index);
        for (number, bytes) in files.into_iter().enumerate() {
            for piece in bytes.chunks(chunk) {
                loader.push(number, piece)?;
            }
        }
        loader.finish()
    }
}

/// The folders within one of the golden folder.
pub fn folders(name: &str) -> impl Iterator<Item = &'static Dir<'static>> {
    GOLDEN.get_dir(name).unwrap_or_else(|| panic!("there is no folder {name}")).dirs()
}

pub fn contents(folder: &'static Dir, name: &str) -> Option<&'static [u8]> {
    folder.get_file(folder.path().join(name)).map(File::contents)
}

/// Loads a model of a single file from pieces of `chunk` bytes.
pub fn load(
    config: &[u8],
    weights: &[u8],
    kind: HeadKind,
    precision: Precision,
    chunk: usize,
) -> headwise::Result<Model> {
    let options = LoadOptions { precision: precision.into(), ..LoadOptions::default() };
    let mut loader = Model::load(Config::parse(config)?, kind, options, Index::single_file());
    for piece in weights.chunks(chunk) {
        loader.push(0, piece)?;
    }
    loader.finish()
}

/// Loads a model of a configuration that no file states.
pub fn load_with(config: Config, weights: &[u8], kind: HeadKind) -> headwise::Result<Model> {
    let mut loader = Model::load(config, kind, LoadOptions::default(), Index::single_file());
    loader.push(0, weights)?;
    loader.finish()
}
