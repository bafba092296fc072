//! Heads that the checkpoint does not hold: when they are drawn, how, and how they are saved.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::common::Fixture;
use crate::common::tensors::{Tensors, bits, read, saved, tensors};
use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::save_new_head;
use headwise::internals::kernels::Table;
use headwise::internals::models::{Config, Model};
use headwise::internals::weights::{
    Checkpoint, Declarations, Filler, Ignorable, Index, Initial, Initializer, LoadOptions, Names, NewHead, Param, Plan,
    Section,
};
use headwise::{Error, Result};
use safetensors::Dtype as Stored;

const POOLER: [&str; 2] = ["bert.pooler.dense.weight", "bert.pooler.dense.bias"];
const CLASSIFIER: [&str; 2] = ["classifier.weight", "classifier.bias"];

fn options(seed: Option<u64>) -> LoadOptions {
    LoadOptions { new_head: seed.map(|seed| NewHead { seed }), ..LoadOptions::default() }
}

fn load(config: &[u8], tensors: &Tensors, seed: Option<u64>) -> Result<Model> {
    let mut loader = Model::load(Config::parse(config)?, HeadKind::Sequence, options(seed), Index::single_file());
    loader.push(0, &saved(tensors))?;
    loader.finish()
}

fn without(fixture: &Fixture, names: &[&str]) -> Tensors {
    let mut tensors = tensors(fixture);
    tensors.retain(|name, _| !names.contains(&name.as_str()));
    tensors
}

/// As in a file saved from a bare `BertModel`.
fn bare(tensors: Tensors) -> Tensors {
    let name = |name: String| name.strip_prefix("bert.").map(str::to_owned).unwrap_or(name);
    tensors.into_iter().map(|(full, tensor)| (name(full), tensor)).collect()
}

#[test]
fn what_is_missing_is_drawn_on_request_only() {
    let fixture = Fixture::named("bert/sequence");
    let whole = load(fixture.config, &tensors(fixture), Some(7)).expect("a whole model");
    assert!(whole.usage.new.is_empty());
    assert!(bits(whole) == bits(load(fixture.config, &tensors(fixture), None).expect("a whole model")));

    for missing in [&[CLASSIFIER, POOLER].concat()[..], &CLASSIFIER, &POOLER[..1]] {
        let tensors = without(fixture, missing);
        let Err(Error::MissingHead { missing: named, .. }) = load(fixture.config, &tensors, None) else {
            panic!("a head is missing");
        };
        let seed = |seed| load(fixture.config, &tensors, Some(seed)).expect("a new head");
        let mut expected = missing.to_vec();
        expected.sort();
        for mut names in [named, seed(7).usage.new] {
            names.sort();
            assert_eq!(names, expected);
        }
        assert!(bits(seed(7)) == bits(seed(7)));
        assert!(bits(seed(7)) != bits(seed(8)));
        let bare = load(fixture.config, &bare(tensors.clone()), Some(7)).expect("a new head");
        assert!(bits(seed(7)) == bits(bare));
    }
}

#[test]
fn a_head_of_another_size_is_replaced_on_request_only() {
    let fixture = Fixture::named("bert/sequence");
    let mut config: serde_json::Value = serde_json::from_slice(fixture.config).expect("JSON");
    let names = (0..7).map(|id| (id.to_string(), serde_json::Value::from(format!("label {id}"))));
    config["id2label"] = names.collect();
    let config = config.to_string();
    let error = load(config.as_bytes(), &tensors(fixture), None).expect_err("five rows for seven labels");
    assert_eq!(error.code(), "config");
    let model = load(config.as_bytes(), &tensors(fixture), Some(1)).expect("a new classifier");
    assert_eq!(model.usage.new, CLASSIFIER);
    assert_eq!(model.usage.head.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), POOLER);
    assert_eq!(model.usage.ignored, ["classifier.bias", "classifier.weight"]);
    let logits = model.forward(&fixture.rows().to_batch().expect("rows that fit")).expect("logits");
    let logits = logits.to_vec2::<f32>().expect("rows");
    assert!(logits.iter().all(|row| row.len() == 7 && row.iter().all(|logit| logit.is_finite())));
}

#[test]
fn an_encoder_is_never_drawn() {
    let fixture = Fixture::named("bert/sequence");
    let gone = "bert.encoder.layer.1.output.dense.weight";
    let error = load(fixture.config, &without(fixture, &[gone]), Some(1)).expect_err("an encoder with a hole");
    assert_eq!(error, Error::MissingTensors { missing: vec![gone.into()] });

    let mut transposed = tensors(fixture);
    transposed.get_mut(gone).expect("the tensor").1.reverse();
    assert_eq!(load(fixture.config, &transposed, Some(1)).expect_err("a wrong shape").code(), "shape");

    // A head that fits but cannot be read is no reason to draw another.
    let mut complex = tensors(fixture);
    complex.insert(CLASSIFIER[0].into(), (Stored::C64, vec![5, 18], vec![0; 5 * 18 * 8]));
    assert_eq!(load(fixture.config, &complex, Some(1)).expect_err("a wrong type").code(), "dtype");
}

/// What a load draws for `declare`.
fn drawn<T>(seed: u64, declare: impl FnOnce(&mut Declarations) -> T) -> T {
    let checkpoint = Checkpoint::new(Vec::new()).expect("an empty checkpoint");
    let mut needs = Declarations::default();
    let params = declare(&mut needs);
    let sections = vec![Section { head: Some("test"), needs }];
    let ignorable = Ignorable { buffers: &[], heads: &[] };
    let names = Names::new(&checkpoint, &[], &[]);
    let plan = Plan::new(&checkpoint, &names, sections, &ignorable, options(Some(seed))).expect("a plan");
    Filler::new(&checkpoint, plan).and_then(Filler::finish).expect("drawn weights");
    params
}

fn table(needs: &mut Declarations, name: &str) -> Param<Table> {
    needs.table(name.into(), 500, 400, false)
}

fn numbers(table: &Param<Table>) -> Vec<f32> {
    let table = table.get().expect("filled");
    (0..table.rows()).flat_map(|row| table.row(row).expect("a row").into_owned()).collect()
}

#[test]
fn drawn_numbers_are_distributed_as_promised() {
    for (initializer, expected_std, beyond_two) in [
        (Initializer::default(), 0.02, 0.0455),
        // The variance of a normal distribution cut at ±2 is 1 − 4·φ(2)/(2·Φ(2) − 1) = 0.7737.
        (Initializer { std: 0.5, cutoff: Some(2.0) }, 0.5 * 0.7737_f64.sqrt(), 0.0),
    ] {
        let drawn = drawn(3, |needs| {
            needs.initializer = initializer;
            table(needs, "a")
        });
        let numbers: Vec<f64> = numbers(&drawn).into_iter().map(f64::from).collect();
        let count = numbers.len() as f64;
        let mean = numbers.iter().sum::<f64>() / count;
        let variance = numbers.iter().map(|number| (number - mean).powi(2)).sum::<f64>() / count;
        let far = numbers.iter().filter(|number| number.abs() > 2.0 * f64::from(initializer.std)).count() as f64;
        // Five standard errors.
        assert!(mean.abs() < 5.0 * expected_std / count.sqrt(), "{mean}");
        assert!((variance.sqrt() / expected_std - 1.0).abs() < 5.0 / (2.0 * count).sqrt(), "{}", variance.sqrt());
        assert!((far / count - beyond_two).abs() <= 5.0 * (beyond_two / count).sqrt(), "{far}");
    }
    let (weight, bias) = drawn(3, |needs| {
        let names = ["a", "b"].map(str::to_owned);
        (needs.vector(&names, 5, Initial::Ones), needs.vector_of_shape("c", &[1, 5], Initial::Zeros))
    });
    assert_eq!(weight.get().expect("filled"), &[1.0; 10]);
    assert_eq!(bias.get().expect("filled"), &[0.0; 5]);
}

#[test]
fn drawn_numbers_depend_on_seed_and_name_alone() {
    let (a, b) = drawn(3, |needs| (table(needs, "a"), table(needs, "b")));
    let (again_b, again_a) = drawn(3, |needs| (table(needs, "b"), table(needs, "a")));
    assert_eq!((numbers(&a), numbers(&b)), (numbers(&again_a), numbers(&again_b)));
    assert_ne!(numbers(&a), numbers(&b));
    assert_ne!(numbers(&a), numbers(&drawn(4, |needs| table(needs, "a"))));
    // A promise to whoever keeps a seed: these numbers never change.
    assert_eq!(numbers(&a)[..3], [-0.0028657897, -0.0073018544, 0.014790525]);
}

/// An empty folder of this test's own.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("new-head-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry").path());
    let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
    files.map(|path| (name(&path), std::fs::read(&path).expect("a readable file"))).collect()
}

/// A bare encoder in two shards and two number types, with buffers and other heads, its names
/// the old ones.
fn write_source(fixture: &Fixture, folder: &Path) -> Tensors {
    let mut encoder = without(fixture, &[CLASSIFIER, POOLER].concat());
    encoder.get_mut("bert.encoder.layer.0.output.dense.weight").expect("the tensor").0 = Stored::BF16;
    let mut files = [bare(encoder.clone()), Tensors::new()];
    for (old, new) in [("gamma", "weight"), ("beta", "bias")] {
        let tensor = files[0].remove(&format!("embeddings.LayerNorm.{new}")).expect("the tensor");
        files[1].insert(format!("embeddings.LayerNorm.{old}"), tensor);
    }
    files[1].insert("embeddings.position_ids".into(), (Stored::I64, vec![1, 1], vec![0; 8]));
    files[1].insert("cls.predictions.bias".into(), (Stored::F32, vec![1], vec![0; 4]));
    files[1].insert("adapter.weight".into(), (Stored::F32, vec![1], vec![0; 4]));
    let mut weight_map = serde_json::Map::new();
    for (file, tensors) in ["a.safetensors", "b.safetensors"].iter().zip(&files) {
        weight_map.extend(tensors.keys().map(|name| (name.clone(), (*file).into())));
        std::fs::write(folder.join(file), saved(tensors)).expect("a written file");
    }
    let index = serde_json::json!({"weight_map": weight_map}).to_string();
    let others = [("model.safetensors.index.json", index.as_bytes()), ("config.json", fixture.config)];
    for (name, bytes) in others.into_iter().chain([("vocab.txt", &b"[PAD]\n"[..]), ("README.md", b"#")]) {
        std::fs::write(folder.join(name), bytes).expect("a written file");
    }
    encoder
}

#[test]
fn a_saved_head_is_the_head_that_was_drawn() {
    let fixture = Fixture::named("bert-f16/sequence");
    let (source, target) = (fresh("source"), fresh("target"));
    let encoder = write_source(fixture, &source);
    let config = std::str::from_utf8(fixture.config).expect("UTF-8");
    let save = || save_new_head(&source, &target, config, HeadKind::Sequence, NewHead { seed: 5 });
    save().expect("a saved model");

    let files = contents(&target);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["config.json", "model.safetensors", "vocab.txt"]);
    assert_eq!((&files["config.json"][..], &files["vocab.txt"][..]), (fixture.config, &b"[PAD]\n"[..]));

    // The encoder's bytes are untouched, and nothing but the head is beside them.
    let tensors = read(&files["model.safetensors"]);
    let (head, copied): (Tensors, Tensors) = tensors
        .clone()
        .into_iter()
        .partition(|(name, _)| CLASSIFIER.contains(&name.as_str()) || POOLER.contains(&name.as_str()));
    assert_eq!(copied, encoder);
    assert_eq!(head.len(), 4);
    assert!(head.values().all(|(dtype, ..)| *dtype == Stored::F32));
    // The file is laid out as the safetensors crate does.
    assert!(files["model.safetensors"] == saved(&tensors));

    let loaded = Model::open(&target, HeadKind::Sequence, options(None)).expect("the saved model");
    assert!(loaded.usage.new.is_empty() && loaded.usage.ignored.is_empty() && loaded.usage.unexpected.is_empty());
    let drawn = Model::open(&source, HeadKind::Sequence, options(Some(5))).expect("a new head");
    assert_eq!(drawn.usage.unexpected, ["adapter.weight"]);
    assert!(bits(loaded) == bits(drawn));

    let Err(Error::Io { reason, .. }) = save() else { panic!("a model is there") };
    assert_eq!(reason, "the folder holds a model already: config.json");
    assert_eq!(contents(&target), files);
}

#[test]
fn nothing_is_saved_of_a_damaged_model() {
    let fixture = Fixture::named("bert-f16/sequence");
    let (source, target) = (fresh("damaged"), fresh("damaged-target"));
    write_source(fixture, &source);
    let shard = source.join("b.safetensors");
    let mut bytes = std::fs::read(&shard).expect("the shard");
    let expected = bytes.len() as u64;
    bytes.pop();
    std::fs::write(&shard, bytes).expect("a written file");
    let config = std::str::from_utf8(fixture.config).expect("UTF-8");
    let error = save_new_head(&source, &target, config, HeadKind::Sequence, NewHead { seed: 5 });
    let incomplete = Error::Incomplete { file: "b.safetensors".into(), expected, got: expected - 1 };
    assert_eq!(error, Err(incomplete));
    assert!(contents(&target).is_empty());
}
