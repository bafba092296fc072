//! Checkpoints of several files, and the ways in which a tensor may stand in a file.

use std::path::{Path, PathBuf};

use crate::common::Fixture;
use crate::common::tensors::{Random, Tensors, bits, read, saved, tensors};
use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::save_new_head;
use headwise::internals::kernels::Precision;
use headwise::internals::models::{Config, Model};
use headwise::internals::weights::{
    Checkpoint, Declarations, Filler, HeaderReader, Ignorable, Index, Initial, Load, LoadOptions, Names, NewHead,
    Param, Plan, Section,
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

    fn loader(&self, fixture: &Fixture) -> Result<Load<Model>> {
        let config = Config::parse(fixture.config)?;
        Ok(Model::load(config, fixture.head(), exact(), Index::parse(self.index.as_bytes())?))
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
    let load = || Model::open(&folder, HeadKind::Sequence, exact());
    let reason = || match load().expect_err("a folder without weights") {
        Error::Io { reason, path } => (path, reason),
        other => panic!("{other:?}"),
    };
    write("config.json", fixture.config);
    write("adapter_config.json", br#"{"peft_type": "LORA", "base_model_name_or_path": "org/base"}"#);
    let adapter = load().expect_err("an adapter without a model");
    assert!(adapter.code() == "adapter" && adapter.to_string().contains("(LORA)"), "{adapter}");
    assert!(adapter.to_string().contains("org/base"), "{adapter}");
    std::fs::remove_file(folder.join("adapter_config.json")).expect("a file");
    write("adapter_model.bin", b"PK");
    assert!(load().expect_err("no model").to_string().starts_with("adapter_model.bin is of an adapter"));
    std::fs::remove_file(folder.join("adapter_model.bin")).expect("a file");
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
    let whole = load().expect("a whole folder");
    assert!(whole.warnings().is_empty());
    assert!(bits(whole) == single);
    write("adapter_config.json", br#"{"model_name": "org/base"}"#);
    let beside = load().expect("a model with an adapter beside it").warnings();
    assert!(beside.len() == 1 && beside[0].starts_with("an adapter (adapter for org/base) lies beside"), "{beside:?}");

    // A single file goes before the list.
    write("model.safetensors", b"");
    assert_eq!(load().expect_err("an empty file").code(), "safetensors");
}

/// The shards of a fixture after a change of what is in which, and of the list.
fn changed(change: impl FnOnce(&mut [Tensors; 2], &mut Map<String, Value>)) -> Shards {
    let mut parts = [Tensors::new(), Tensors::new()];
    let mut map = Map::new();
    for (name, tensor) in tensors(Fixture::named("bert/sequence")) {
        let number = usize::from(name.contains("layer.1"));
        map.insert(name.clone(), shard(number).into());
        parts[number].insert(name, tensor);
    }
    change(&mut parts, &mut map);
    let files = parts.iter().enumerate().map(|(number, part)| (shard(number), saved(part))).collect();
    Shards { index: json!({"weight_map": map}).to_string(), files }
}

#[test]
fn what_the_files_hold_counts_and_of_two_what_the_list_names() {
    const NAME: &str = "classifier.weight";
    let fixture = Fixture::named("bert/sequence");
    type Change<'a> = &'a dyn Fn(&mut [Tensors; 2], &mut Map<String, Value>);
    let load = |change: Change| {
        let model = changed(|parts, map| change(parts, map)).load(fixture).expect("loadable shards");
        let warnings = model.warnings();
        (bits(model), warnings)
    };
    let whole = (bits(fixture.load(Precision::Fp32, usize::MAX).expect("a loadable fixture")), Vec::new());
    // Nobody has it, it is elsewhere, it is not listed, the list is of one file more than needed.
    assert!(load(&|_, map| drop(map.insert("ghost".into(), shard(0).into()))) == whole);
    assert!(load(&|_, map| map[NAME] = shard(1).into()) == whole);
    assert!(load(&|_, map| drop(map.shift_remove(NAME))) == whole);
    assert!(
        load(&|_, map| *map =
            map.keys().map(|name| (name.clone(), shard(0).into())).chain([("x".into(), shard(1).into())]).collect())
            == whole
    );

    let doubled = |tensors: &Tensors| {
        let (dtype, shape, bytes) = tensors[NAME].clone();
        let double = |number: &[u8; 4]| (2.0 * f32::from_le_bytes(*number)).to_le_bytes();
        (dtype, shape, bytes.as_chunks().0.iter().flat_map(double).collect())
    };
    let once = |parts: &mut [Tensors; 2]| drop(parts[0].insert(NAME.into(), doubled(&parts[0])));
    let twice = |parts: &mut [Tensors; 2]| drop(parts[1].insert(NAME.into(), doubled(&parts[0])));
    let other = load(&|parts, _| once(parts));
    assert!(other.0 != whole.0 && other.1.is_empty());
    let first = load(&|parts, _| twice(parts));
    let second = load(&|parts, map| {
        twice(parts);
        map[NAME] = shard(1).into();
    });
    let unlisted = load(&|parts, map| {
        twice(parts);
        map.shift_remove(NAME);
    });
    assert!(first.0 == whole.0 && second.0 == other.0 && unlisted.0 == other.0);
    for (_, warnings) in [first, second, unlisted] {
        assert!(warnings.len() == 1 && warnings[0].contains(NAME), "{warnings:?}");
    }
}

#[test]
fn shards_may_have_any_name_within_the_folder() {
    let fixture = Fixture::named("bert/sequence");
    let folder = fresh("names");
    let names = ["./my model 1 of 2.safetensors", "weights/größe/50%20?#.safetensors"];
    let mut shards = Shards::cut(&tensors(fixture), |name| usize::from(name.contains("layer.1")));
    std::fs::create_dir_all(folder.join("weights/größe")).expect("a folder");
    for (number, name) in names.iter().enumerate() {
        shards.index = shards.index.replace(&shard(number), name);
        std::fs::write(folder.join(name), &shards.files[number].1).expect("a written file");
    }
    std::fs::write(folder.join("model.safetensors.index.json"), &shards.index).expect("a written file");
    std::fs::write(folder.join("config.json"), fixture.config).expect("a written file");
    let single = bits(fixture.load(Precision::Fp32, usize::MAX).expect("a loadable fixture"));
    assert!(bits(Model::open(&folder, HeadKind::Sequence, exact()).expect("a whole folder")) == single);
}

/// The names of word embeddings and of the decoder that is tied to them, of each prefix.
const TIED: &[(&str, &str, &str)] = &[
    ("bert.", "bert.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"),
    ("roberta.", "roberta.embeddings.word_embeddings.weight", "lm_head.decoder.weight"),
    ("data2vec_text.", "data2vec_text.embeddings.word_embeddings.weight", "lm_head.decoder.weight"),
    ("distilbert.", "distilbert.embeddings.word_embeddings.weight", "vocab_projector.weight"),
    ("electra.", "electra.embeddings.word_embeddings.weight", "generator_lm_head.weight"),
    ("albert.", "albert.embeddings.word_embeddings.weight", "predictions.decoder.weight"),
    ("mpnet.", "mpnet.embeddings.word_embeddings.weight", "lm_head.decoder.weight"),
    ("deberta.", "deberta.embeddings.word_embeddings.weight", "cls.predictions.decoder.weight"),
    ("model.", "model.embeddings.tok_embeddings.weight", "decoder.weight"),
    ("model.", "model.shared.weight", "lm_head.weight"),
    ("model.", "model.shared.weight", "model.encoder.embed_tokens.weight"),
    ("model.", "model.shared.weight", "model.decoder.embed_tokens.weight"),
];

/// Fixtures with the name of their word embeddings and a name that is tied to it, which is not there.
fn tied_fixtures() -> Vec<(&'static Fixture, &'static str, &'static str)> {
    let others = ["untied", "lm-predictions", "apart"];
    let fixtures = Fixture::all().iter().filter(|fixture| !others.iter().any(|word| fixture.name.contains(word)));
    let mut all = Vec::new();
    for fixture in fixtures.filter(|fixture| !fixture.model.is_empty()) {
        let tensors = tensors(fixture);
        let own = Config::parse(fixture.config).expect("a configuration").architecture.prefixes[0];
        for &(prefix, words, decoder) in TIED.iter().filter(|(prefix, ..)| prefix.strip_suffix('.') == Some(own)) {
            let bare = |name: &'static str| name.strip_prefix(prefix).unwrap_or(name);
            for (words, decoder) in [(words, decoder), (bare(words), bare(decoder))] {
                if tensors.contains_key(words) && !tensors.contains_key(decoder) {
                    all.push((fixture, words, decoder));
                }
            }
        }
    }
    all
}

fn load_bytes(fixture: &Fixture, bytes: &[u8], precision: Precision, chunk: usize) -> Result<Model> {
    crate::common::load(fixture.config, bytes, fixture.head(), precision, chunk)
}

#[test]
fn any_of_the_tied_names_holds_the_weights() {
    let fixtures = tied_fixtures();
    for kind in HeadKind::ALL {
        assert!(fixtures.iter().filter(|(fixture, ..)| fixture.head() == *kind).count() >= 8, "{}", kind.name());
    }
    for (fixture, words, decoder) in fixtures {
        let mut tensors = tensors(fixture);
        let table = tensors.remove(words).expect("the words");
        // Without its own, BART's encoder or decoder takes what is left, which then is the other one's.
        tensors.insert(decoder.into(), table);
        let renamed = load_bytes(fixture, &saved(&tensors), Precision::Fp32, usize::MAX);
        let renamed = renamed.unwrap_or_else(|error| panic!("{} by {decoder}: {error}", fixture.name));
        let single = fixture.load(Precision::Fp32, usize::MAX).expect("a loadable fixture");
        assert!(renamed.usage.unexpected.is_empty() && bits(renamed) == bits(single), "{} by {decoder}", fixture.name);

        let untied = String::from_utf8_lossy(fixture.config);
        let untied = untied.trim_end().trim_end_matches('}').to_owned() + r#", "tie_word_embeddings": false}"#;
        let error =
            crate::common::load(untied.as_bytes(), &saved(&tensors), fixture.head(), Precision::Fp32, usize::MAX);
        let code = error.expect_err("word embeddings are missing").code();
        assert_eq!(code, "missing-tensors", "{} by {decoder}", fixture.name);
    }
}

#[test]
fn equal_tables_take_the_memory_of_one_and_others_that_of_both() {
    for (fixture, words, decoder) in tied_fixtures() {
        if fixture.head() != HeadKind::MaskedLm {
            continue;
        }
        let name = |precision: Precision| format!("{} and {decoder} in {}", fixture.name, precision.name());
        let mut tensors = tensors(fixture);
        tensors.insert(decoder.into(), tensors[words].clone());
        let file = saved(&tensors);
        for precision in [Precision::Fp32, Precision::Fp16, Precision::Q8] {
            let single = load_bytes(fixture, fixture.model, precision, usize::MAX).expect("a loadable fixture");
            let both = load_bytes(fixture, &file, precision, 1_021).expect("both tables");
            assert!(both.warnings() == single.warnings() && bits(both) == bits(single), "{}", name(precision));
        }
        // One row differs: the first, one in the middle, the last.
        let rows = tensors[words].1[0];
        for row in [0, rows / 2, rows - 1] {
            let mut tensors = tensors.clone();
            let bytes = &mut tensors.get_mut(decoder).expect("the decoder").2;
            let length = bytes.len() / rows;
            bytes[row * length..][..length].fill(0x3c);
            let file = saved(&tensors);
            for precision in [Precision::Fp32, Precision::Fp16, Precision::Q8] {
                let single = load_bytes(fixture, fixture.model, precision, usize::MAX).expect("a loadable fixture");
                let apart = load_bytes(fixture, &file, precision, usize::MAX).expect("both tables");
                assert_eq!(apart.warnings().len(), 1, "{}", name(precision));
                assert!(apart.weight_bytes > single.weight_bytes, "{}", name(precision));
                let options = LoadOptions {
                    precision: precision.into(),
                    max_memory: Some(apart.weight_bytes - 1),
                    ..LoadOptions::default()
                };
                let config = Config::parse(fixture.config).expect("a configuration");
                let mut loader = Model::load(config, fixture.head(), options, Index::single_file());
                let error = loader.push(0, &file).expect_err("no memory for both");
                let (needed, available) = (apart.weight_bytes, apart.weight_bytes - 1);
                assert_eq!(error, Error::OutOfMemory { needed, available }, "{}", name(precision));
                // In which order the rows arrive does not matter.
                let expected = bits(apart);
                for home in [
                    |name: &str| usize::from(name.contains("decoder")),
                    |name: &str| usize::from(!name.contains("decoder")),
                ] {
                    let shards = Shards::cut(&tensors, home);
                    let config = Config::parse(fixture.config).expect("a configuration");
                    let options = LoadOptions { precision: precision.into(), ..LoadOptions::default() };
                    let index = Index::parse(shards.index.as_bytes()).expect("a list");
                    let mut loader = Model::load(config, fixture.head(), options, index);
                    let mut left: Vec<&[u8]> = shards.files.iter().map(|(_, bytes)| bytes.as_slice()).collect();
                    while left.iter().any(|bytes| !bytes.is_empty()) {
                        for (number, bytes) in left.iter_mut().enumerate() {
                            let (chunk, rest) = bytes.split_at(bytes.len().min(300));
                            loader.push(number, chunk).expect("a valid chunk");
                            *bytes = rest;
                        }
                    }
                    assert!(bits(loader.finish().expect("whole files")) == expected, "{} {row}", name(precision));
                }
            }
        }
    }
}

#[test]
fn an_encoder_saved_from_its_decoder_bears_its_own_name() {
    let fixture = Fixture::named("roberta-decoder/masked-lm");
    let (source, target) = (fresh("decoder"), fresh("decoder-saved"));
    std::fs::write(source.join("config.json"), fixture.config).expect("a written file");
    std::fs::write(source.join("model.safetensors"), fixture.model).expect("a written file");
    let config = std::str::from_utf8(fixture.config).expect("UTF-8");
    save_new_head(&source, &target, config, HeadKind::Sequence, NewHead { seed: 5 }).expect("a saved model");
    let saved = read(&std::fs::read(target.join("model.safetensors")).expect("a file"));
    let words = "roberta.embeddings.word_embeddings.weight";
    assert_eq!(saved[words], tensors(fixture)["lm_head.decoder.weight"]);
    assert!(!saved.keys().any(|name| name.starts_with("lm_head")));
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
    let plan =
        Plan::new(&checkpoint, &Names::new(&checkpoint, &[], &[]), sections, &ignorable, LoadOptions::default())?;
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
    let spellings: [&[&str]; 6] = [
        &["bert.LayerNorm.weight", "classifier.bias"],
        &["LayerNorm.gamma", "classifier.bias"],
        &["old.LayerNorm.gamma", "classifier.bias"],
        &["LayerNorm.weight", "classifier.bias"],
        // Others carry the prefix.
        &["LayerNorm.weight", "classifier.bias", "bert.other.weight"],
        // Both spellings: Python reads the old one.
        &["bert.LayerNorm.gamma", "classifier.bias", "bert.LayerNorm.weight"],
    ];
    for spelling in spellings {
        let checkpoint = checkpoint(spelling);
        let names = Names::new(&checkpoint, &["bert", "old"], &[]);
        let (norm, classifier) = (names.base("LayerNorm.weight"), "classifier.bias".to_owned());
        assert_eq!(norm, "bert.LayerNorm.weight");
        for (name, own) in [(&norm, spelling[0]), (&classifier, spelling[1])] {
            let location = names.location(name).expect("a known tensor");
            assert_eq!(checkpoint.entry(location).name, own);
        }
        assert_eq!(names.location("none.LayerNorm.weight"), None);
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
