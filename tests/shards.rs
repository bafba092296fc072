//! Checkpoints of several files, and the ways in which a tensor may stand in a file.

mod common;

use std::path::{Path, PathBuf};

use common::Fixture;
use common::tensors::{Random, Tensors, bits, saved, tensors};
use headwise::folder::load_model;
use headwise::kernels::Precision;
use headwise::models::{Config, HeadKind, Loader, Model};
use headwise::weights::{
    Checkpoint, Declarations, Filler, HeaderReader, Ignorable, Index, Initial, LoadOptions, Names, Param, Plan, Section,
};
use headwise::{Error, Result};
use safetensors::Dtype as Stored;
use serde_json::{Map, Value, json};

/// A checkpoint in several files.
struct Shards {
    index: String,
    /// In the order of their names.
    files: Vec<(String, Vec<u8>)>,
}

impl Shards {
    /// Puts each tensor into the file of the number that `file` gives.
    fn cut(tensors: &Tensors, mut file: impl FnMut(&str) -> usize) -> Shards {
        let mut parts: Vec<Tensors> = Vec::new();
        let mut weight_map = Map::new();
        for (name, tensor) in tensors {
            let number = file(name);
            parts.resize_with(parts.len().max(number + 1), Tensors::new);
            parts[number].insert(name.clone(), tensor.clone());
            weight_map.insert(name.clone(), Value::from(shard(number)));
        }
        let files = parts.iter().enumerate().filter(|(_, tensors)| !tensors.is_empty());
        Shards {
            index: json!({"metadata": {"total_size": 1}, "weight_map": weight_map}).to_string(),
            files: files.map(|(number, tensors)| (shard(number), saved(tensors))).collect(),
        }
    }

    fn loader(&self, fixture: &Fixture) -> Result<Loader> {
        let config = Config::parse(fixture.config)?;
        Ok(Loader::new(config, fixture.head(), exact(), Index::parse(self.index.as_bytes())?))
    }

    /// Loads file after file.
    fn load(&self, fixture: &Fixture) -> Result<Model> {
        let mut loader = self.loader(fixture)?;
        for (number, (_, bytes)) in self.files.iter().enumerate() {
            loader.push(number, bytes)?;
        }
        loader.finish()
    }

    fn error(&self) -> Error {
        self.load(Fixture::named("bert/sequence")).expect_err("damaged shards")
    }
}

fn shard(number: usize) -> String {
    format!("model-{:05}-of-00004.safetensors", number + 1)
}

/// The parts of a fused matrix go to different files.
fn third(name: &str) -> usize {
    ["query", "key", "value"].iter().position(|part| name.contains(part)).unwrap_or_default()
}

#[test]
fn shards_in_any_order_give_the_bits_of_the_single_file() {
    let mut random = Random(0x5eed);
    for name in ["bert/sequence", "bert-f16/sequence", "roberta/sequence", "distilbert/base"] {
        let fixture = Fixture::named(name);
        let single = bits(fixture.load(Precision::Fp32, usize::MAX).expect("a loadable fixture"));
        let by_part = Shards::cut(&tensors(fixture), third);
        assert!(bits(by_part.load(fixture).expect("loadable shards")) == single, "{name}, file after file");
        for round in 0..12 {
            let shards = Shards::cut(&tensors(fixture), |_| random.below(4) as usize);
            let mut loader = shards.loader(fixture).expect("a loader");
            let mut left: Vec<(usize, &[u8])> =
                shards.files.iter().map(|(_, bytes)| bytes.as_slice()).enumerate().collect();
            while !left.is_empty() {
                let chosen = random.below(left.len() as u64) as usize;
                let (number, bytes) = left[chosen];
                let (chunk, rest) = bytes.split_at(bytes.len().min(1 + random.below(5_000) as usize));
                loader.push(number, chunk).expect("a valid chunk");
                left[chosen].1 = rest;
                left.retain(|(_, bytes)| !bytes.is_empty());
            }
            let lengths: Vec<u64> = shards.files.iter().map(|(_, bytes)| bytes.len() as u64).collect();
            assert_eq!(loader.total_bytes(), Some(lengths.iter().sum()));
            assert!(lengths.iter().enumerate().all(|(number, &length)| loader.file_bytes(number) == Some(length)));
            assert!(bits(loader.finish().expect("whole files")) == single, "{name}, round {round}");
        }
    }
}

#[test]
fn every_bit_of_a_shard_counts() {
    let fixture = Fixture::named("bert/sequence");
    let mut shards = Shards::cut(&tensors(fixture), third);
    let whole = bits(shards.load(fixture).expect("loadable shards"));
    for number in 0..3 {
        let last = shards.files[number].1.len() - 4;
        shards.files[number].1[last] ^= 1;
        assert!(bits(shards.load(fixture).expect("loadable shards")) != whole, "file {number}");
        shards.files[number].1[last] ^= 1;
    }
}

#[test]
fn shards_that_end_early_are_named() {
    let fixture = Fixture::named("bert/sequence");
    let mut shards = Shards::cut(&tensors(fixture), third);
    let expected = shards.files[1].1.len() as u64;
    shards.files[1].1.pop();
    let incomplete = |got| Error::Incomplete { file: shard(1), expected, got };
    assert_eq!(shards.error(), incomplete(expected - 1));
    shards.files[1].1.extend(b"xy");
    assert_eq!(shards.error(), incomplete(expected + 1));
    shards.files[1].1.truncate(20);
    let Error::Safetensors { file, reason } = shards.error() else { panic!("within the header") };
    assert_eq!((file, reason.as_str()), (shard(1), "it ends after 20 bytes, within its header"));
}

/// An empty folder of this test's own.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shards-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

#[test]
fn folders_with_shards_load_and_say_what_is_missing() {
    let fixture = Fixture::named("bert/sequence");
    let folder = fresh("folder");
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("a written file");
    let load = || load_model(&folder, HeadKind::Sequence, exact());
    let reason = || match load().expect_err("a folder without weights") {
        Error::Io { reason, path } => (path, reason),
        other => panic!("{other:?}"),
    };
    write("config.json", fixture.config);
    assert!(reason().1.contains("neither model.safetensors nor model.safetensors.index.json"));
    write("pytorch_model.bin", b"PK");
    assert!(reason().1.contains("only pytorch_model.bin") && reason().1.contains("save_pretrained"));

    let shards = Shards::cut(&tensors(fixture), third);
    write("model.safetensors.index.json", shards.index.as_bytes());
    for (name, bytes) in &shards.files {
        assert!(reason().0.ends_with(name) && reason().1.contains("the file is missing"));
        write(name, bytes);
    }
    let single = bits(fixture.load(Precision::Fp32, usize::MAX).expect("a loadable fixture"));
    assert!(bits(load().expect("a whole folder")) == single);

    // A single file goes before the list.
    write("model.safetensors", b"");
    assert_eq!(load().expect_err("an empty file").code(), "safetensors");
}

fn exact() -> LoadOptions {
    LoadOptions { precision: Precision::Fp32.into(), ..LoadOptions::default() }
}

/// Fills what `declare` declares from a file of these tensors.
fn filled<T>(tensors: &Tensors, declare: impl FnOnce(&mut Declarations) -> Param<T>) -> Result<Param<T>> {
    let file = saved(tensors);
    let (header, taken) = HeaderReader::new("file").push(&file)?;
    let checkpoint = Checkpoint::new(vec![("file".into(), header.expect("a whole header"))])?;
    let mut needs = Declarations::default();
    let param = declare(&mut needs);
    let sections = vec![Section { head: None, needs }];
    let ignorable = Ignorable { buffers: &[], heads: &[] };
    let plan = Plan::new(&checkpoint, &Names::new(&checkpoint, &[]), sections, &ignorable, LoadOptions::default())?;
    let mut filler = Filler::new(&checkpoint, plan)?;
    filler.push(0, &file[taken..])?;
    filler.finish()?;
    Ok(param)
}

#[test]
fn names_are_the_same_whatever_the_file_spells() {
    let number = || (Stored::F32, vec![1], vec![0; 4]);
    let checkpoint = |names: &[&str]| {
        let tensors = names.iter().map(|&name| (name.to_owned(), number())).collect();
        let header = HeaderReader::new("file").push(&saved(&tensors)).expect("a valid header").0;
        Checkpoint::new(vec![("file".into(), header.expect("a whole header"))]).expect("a checkpoint")
    };
    let spellings: [&[&str]; 4] = [
        &["bert.LayerNorm.weight", "classifier.bias"],
        &["LayerNorm.gamma", "classifier.bias"],
        &["old.LayerNorm.gamma", "classifier.bias"],
        &["LayerNorm.weight", "classifier.bias"],
    ];
    for spelling in spellings {
        let checkpoint = checkpoint(spelling);
        let names = Names::new(&checkpoint, &["bert", "old"]);
        let (norm, classifier) = (names.base("LayerNorm.weight"), "classifier.bias".to_owned());
        assert_eq!(norm, "bert.LayerNorm.weight");
        for (name, own) in [(&norm, spelling[0]), (&classifier, spelling[1])] {
            let location = names.location(name).expect("a known tensor");
            assert_eq!(checkpoint.entry(location).name, own);
        }
        assert_eq!(names.location("other.LayerNorm.weight"), None);
        let wanted = ["bert.nothing".to_owned(), norm.clone(), classifier];
        assert_eq!(names.first_of(&wanted), Some(&norm));
        assert_eq!(names.first_of(&wanted[..1]), None);
    }
}

#[test]
fn fused_and_reshaped_tensors_are_read_as_their_parts() {
    const PARTS: usize = 3;
    const OUTPUTS: usize = 5;
    const INPUTS: usize = 6;
    let rows: Vec<u8> = (0..(PARTS * OUTPUTS * INPUTS) as u32).flat_map(|i| (i as f32).sin().to_le_bytes()).collect();
    let part = rows.len() / PARTS;
    let tensor = |shape: &[usize], bytes: &[u8]| (Stored::F32, shape.to_vec(), bytes.to_vec());
    let names = ["a", "b", "c"].map(str::to_owned);

    let mut apart = Tensors::new();
    for (index, name) in names.iter().enumerate() {
        apart.insert(name.clone(), tensor(&[OUTPUTS, INPUTS], &rows[index * part..(index + 1) * part]));
    }
    let apart = filled(&apart, |needs| needs.matrix(&names, PARTS, OUTPUTS, INPUTS)).expect("three tensors");
    let fused = Tensors::from([("a".to_owned(), tensor(&[PARTS * OUTPUTS, INPUTS], &rows))]);
    let fused = filled(&fused, |needs| needs.matrix(&names[..1], PARTS, OUTPUTS, INPUTS)).expect("one tensor");
    assert_eq!(format!("{:?}", fused.get().expect("filled")), format!("{:?}", apart.get().expect("filled")));

    let shape = [OUTPUTS, 2, 3];
    let flat = Tensors::from([("a".to_owned(), tensor(&[OUTPUTS, INPUTS], &rows[..part]))]);
    let convolution = Tensors::from([("a".to_owned(), tensor(&shape, &rows[..part]))]);
    let flat = filled(&flat, |needs| needs.matrix(&names[..1], 1, OUTPUTS, INPUTS)).expect("a matrix");
    let reshaped = filled(&convolution, |needs| needs.matrix_of_shape("a", &shape, OUTPUTS, INPUTS));
    let reshaped = reshaped.expect("a convolution");
    assert_eq!(format!("{:?}", reshaped.get().expect("filled")), format!("{:?}", flat.get().expect("filled")));
    let error = filled(&convolution, |needs| needs.matrix(&names[..1], 1, OUTPUTS, INPUTS)).expect_err("another shape");
    assert_eq!(error, Error::Shape { tensor: "a".into(), expected: vec![OUTPUTS, INPUTS], got: shape.to_vec() });

    let bias = Tensors::from([("a".to_owned(), tensor(&[1, OUTPUTS], &rows[..OUTPUTS * 4]))]);
    let bias = filled(&bias, |needs| needs.vector_of_shape("a", &[1, OUTPUTS], Initial::Zeros)).expect("a row");
    let twin = bias.clone();
    assert_eq!(twin.get().expect("filled"), &[0.0_f32, 1.0, 2.0, 3.0, 4.0].map(f32::sin));
}
