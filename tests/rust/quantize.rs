//! Weights that are stored in int8, or in f16: what is written, what is read, and that nothing is
//! rounded twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::common::Fixture;
use crate::common::tensors::{Random, Tensors, bits, read, saved, tensors};
use headwise::Error;
use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::checkpoint;
use headwise::internals::folder::quantize::quantize;
use headwise::internals::kernels::{Epilogue, KERNELS, Matrix, Precision, StoredRow, Table};
use headwise::internals::models::{Config, Model};
use headwise::internals::sentences::embedder::TextEmbedder;
use headwise::internals::weights::{Index, LoadOptions, Reason};
use safetensors::Dtype;
use serde_json::{Value, json};

const WORDS: &str = "bert.embeddings.word_embeddings.weight";
const KEY: &str = "bert.encoder.layer.1.attention.self.key.weight";

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A folder of this test's own that does not exist.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("quantize-{}", name.replace('/', "-")));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn options(precision: Precision) -> LoadOptions {
    LoadOptions { precision: precision.into(), ..LoadOptions::default() }
}

/// Every head that a folder serves.
fn heads(folder: &Path) -> Vec<HeadKind> {
    let config = Config::parse(&fs::read(folder.join("config.json")).expect("a file")).expect("a configuration");
    let whole = checkpoint(folder).expect("headers");
    let serves = |kind: &HeadKind| Model::plan(config.clone(), &whole, *kind, LoadOptions::default()).is_ok();
    HeadKind::ALL.iter().copied().filter(serves).collect()
}

#[test]
fn what_is_written_loads_to_the_bits_of_its_source() {
    for fixture in Fixture::all() {
        let source = golden(&fixture.name);
        for precision in [Precision::Q8, Precision::Fp16] {
            let target = fresh(&format!("{}-{}", fixture.name, precision.name()));
            quantize(&source, &target, precision).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
            let served = heads(&target);
            assert_eq!(served, heads(&source), "{}", fixture.name);
            for kind in served {
                let load = |folder: &Path| Model::open(folder, kind, options(precision)).expect("a model");
                let (before, mut after) = (load(&source), load(&target));
                // It also says how the weights are stored.
                after.config = before.config.clone();
                assert!(bits(before) == bits(after), "{} {} in {}", fixture.name, kind.name(), precision.name());
            }
        }
    }
}

#[test]
fn shards_become_one_file_and_auto_keeps_it_in_int8() {
    let target = fresh("shards");
    quantize(&golden("bert-shards/sequence"), &target, Precision::Q8).expect("a quantised model");
    assert!(!target.join("model.safetensors.index.json").exists());
    let model = Model::open(&target, HeadKind::Sequence, LoadOptions::default()).expect("a model");
    assert_eq!((model.precision, model.precision_reason), (Precision::Q8, Reason::File));
    let parameters = |model: &Model| model.usage.encoder.iter().map(|(_, parameters)| parameters).sum::<u64>();
    let source = Model::open(&golden("bert-shards/sequence"), HeadKind::Sequence, LoadOptions::default());
    assert_eq!(parameters(&model), parameters(&source.expect("a model")));
}

#[test]
fn sentence_embeddings_keep_their_modules() {
    let (source, target) = (golden("sentences/saved"), fresh("sentences"));
    quantize(&source, &target, Precision::Q8).expect("a quantised model");
    let embed = |folder: &Path| {
        let embedder = Arc::new(TextEmbedder::open(folder, Precision::Q8).expect("an embedder"));
        embedder.embed(&["the dog and the fox"]).expect("embeddings")
    };
    assert_eq!(embed(&source), embed(&target));
}

#[test]
fn packed_cells_are_scaled_whatever_their_form() {
    let mut random = Random(0xce11);
    for (outputs, inputs) in [(1, 1), (3, 5), (9, 33)] {
        let cells: Vec<f32> = (0..outputs * inputs).map(|_| random.below(256) as f32 - 128.0).collect();
        // Beyond the range of f16, too.
        let scales: Vec<f32> = (0..outputs).map(|row| [0.017, 1.0, 3e5][row % 3]).collect();
        let rows = || cells.chunks(inputs).zip(&scales).enumerate();
        let numbers: Vec<Vec<f32>> = rows().map(|(_, (row, scale))| row.iter().map(|x| x * scale).collect()).collect();
        let stored = |form: Precision, row: usize| match form {
            Precision::Q8 => {
                let cells = cells[row * inputs..][..inputs].iter().map(|&cell| cell as i8).collect();
                StoredRow::Int8 { cells, scale: scales[row] }
            }
            other => StoredRow::new(other, &numbers[row]),
        };
        for &kernel in KERNELS {
            let [mut apart, mut whole] = [(); 2].map(|()| Matrix::reserve(kernel, 1, outputs, inputs).expect("memory"));
            for (row, (cells, &scale)) in rows() {
                apart.write_row(row, &StoredRow::of_cells(kernel.precision(), cells));
                apart.rescale_row(row, scale);
                whole.write_row(row, &stored(kernel.precision(), row));
            }
            assert_eq!(format!("{apart:?}"), format!("{whole:?}"), "{}", kernel.name());
            let x = vec![1.0; inputs];
            assert_eq!(apart.multiply(&x, 0..1, Epilogue::default()).len(), outputs);
        }
        for form in [Precision::Fp32, Precision::Fp16, Precision::Q8] {
            let mut table = Table::reserve(form, outputs, inputs).expect("memory");
            for (row, (cells, &scale)) in rows() {
                table.write_row(row, &StoredRow::of_cells(form, cells));
                table.rescale_row(row, scale);
                let read = table.row(row).expect("a row");
                let close = |(x, y): (&f32, &f32)| {
                    (x - y).abs() <= if form == Precision::Fp16 { y.abs() / 2048.0 } else { 0.0 }
                };
                assert!(read.iter().zip(&numbers[row]).all(close), "{read:?} for {:?}", numbers[row]);
            }
        }
    }
}

/// The fixture with every matrix of its layers in int8 as others write it, cells of −128 among them,
/// and the same in F32. Scales are BF16, F16 or F32, `[rows, 1]` or `[rows]`; embeddings stay as they are.
fn by_others(fixture: &Fixture) -> (Tensors, Tensors) {
    let mut random = Random(0x07e5);
    let (mut quantized, mut plain) = (tensors(fixture), tensors(fixture));
    let layers = tensors(fixture).into_keys().filter(|name| name.contains(".layer.") && name.ends_with("dense.weight"));
    for (index, name) in layers.chain([KEY.to_owned()]).enumerate() {
        let shape = quantized[&name].1.clone();
        let cells: Vec<i8> = (0..shape[0] * shape[1]).map(|_| (random.below(256) as i64 - 128) as i8).collect();
        // What all three types can tell apart.
        let scales: Vec<f32> = (0..shape[0]).map(|_| (1 + random.below(127)) as f32 / 8192.0).collect();
        let rows = cells.chunks(shape[1]).zip(&scales);
        let numbers =
            rows.flat_map(|(row, scale)| row.iter().flat_map(move |&cell| (f32::from(cell) * scale).to_le_bytes()));
        plain.insert(name.clone(), (Dtype::F32, shape.clone(), numbers.collect()));
        let (dtype, bytes): (Dtype, Vec<u8>) = match index % 3 {
            0 => (Dtype::BF16, scales.iter().flat_map(|x| half::bf16::from_f32(*x).to_le_bytes()).collect()),
            1 => (Dtype::F16, scales.iter().flat_map(|x| half::f16::from_f32(*x).to_le_bytes()).collect()),
            _ => (Dtype::F32, scales.iter().flat_map(|x| x.to_le_bytes()).collect()),
        };
        let of_scales = if index % 2 == 0 { vec![shape[0], 1] } else { vec![shape[0]] };
        quantized.insert(format!("{name}_scale"), (dtype, of_scales, bytes));
        quantized.insert(name, (Dtype::I8, shape, cells.iter().map(|&cell| cell as u8).collect()));
    }
    (quantized, plain)
}

/// Loads tensors from files in which `file` puts them, one after the other.
fn load_shards(fixture: &Fixture, tensors: &Tensors, precision: Precision, file: impl Fn(&str) -> usize) -> String {
    let name = |file: usize| format!("part-{file}.safetensors");
    let map: serde_json::Map<String, Value> =
        tensors.keys().map(|tensor| (tensor.clone(), json!(name(file(tensor))))).collect();
    let index = Index::parse(json!({"weight_map": map}).to_string().as_bytes()).expect("an index");
    let config = Config::parse(fixture.config).expect("a configuration");
    let mut loader = Model::load(config, fixture.head(), options(precision), index.clone());
    for (number, of_index) in index.files().iter().enumerate() {
        let part: Tensors = tensors.clone().into_iter().filter(|(tensor, _)| name(file(tensor)) == *of_index).collect();
        for piece in saved(&part).chunks(997) {
            loader.push(number, piece).expect("valid bytes");
        }
    }
    bits(loader.finish().expect("a model"))
}

#[test]
fn files_by_others_are_their_cells_times_their_scales_in_any_order() {
    let fixture = Fixture::named("bert/sequence");
    let (quantized, plain) = by_others(fixture);
    for precision in [Precision::Fp32, Precision::Fp16, Precision::Q8] {
        let load = |tensors: &Tensors| {
            bits(
                crate::common::load(fixture.config, &saved(tensors), fixture.head(), precision, 1_021)
                    .expect("a model"),
            )
        };
        let one_file = load(&quantized);
        let is_scale = |tensor: &str| tensor.ends_with("_scale");
        assert!(load_shards(fixture, &quantized, precision, |tensor| usize::from(is_scale(tensor))) == one_file);
        assert!(load_shards(fixture, &quantized, precision, |tensor| usize::from(!is_scale(tensor))) == one_file);
        // In int8, that would be rounded once more.
        if precision != Precision::Q8 {
            assert!(load(&plain) == one_file, "{}", precision.name());
        }
    }
}

#[test]
fn only_what_python_cannot_load_stays_in_float() {
    let stored = |target: &Path| read(&fs::read(target.join("model.safetensors")).expect("a file"));
    for (name, unchanged) in [
        ("bert/sequence", &[][..]),
        ("bert-untied/masked-lm", &[]),
        ("bert/masked-lm", &[WORDS]),
        ("bart/sequence", &["model.shared.weight"]),
        ("deberta-v2-conv/base", &[]),
    ] {
        let target = fresh(&format!("kept-{name}"));
        assert_eq!(quantize(&golden(name), &target, Precision::Q8).expect("a quantised model"), unchanged, "{name}");
        let tensors = stored(&target);
        for (tensor, (dtype, shape, _)) in &tensors {
            let is_int8 = *dtype == Dtype::I8;
            assert_eq!(tensors.contains_key(&format!("{tensor}_scale")), is_int8, "{name} {tensor}");
            let is_layer = tensor.contains("layer.") && tensor.ends_with(".weight") && shape.len() == 2;
            assert!(is_int8 || !is_layer, "{name} {tensor}");
        }
    }
    let (source, target) = (fresh("large"), fresh("large-f16"));
    let fixture = Fixture::named("bert/sequence");
    let mut large = tensors(fixture);
    large.get_mut(KEY).expect("the tensor").2[..4].copy_from_slice(&65_520.0_f32.to_le_bytes());
    fs::create_dir_all(&source).expect("a folder");
    fs::write(source.join("config.json"), fixture.config).expect("a written file");
    fs::write(source.join("model.safetensors"), saved(&large)).expect("a written file");
    assert_eq!(quantize(&source, &target, Precision::Fp16).expect("a smaller model"), [KEY]);
    assert_eq!((stored(&target)[KEY].0, stored(&target)[WORDS].0), (Dtype::F32, Dtype::F16));
}

#[test]
fn the_configuration_names_the_layers_as_python_has_them() {
    let target = fresh("config");
    quantize(&golden("bert-no-prefix/sequence"), &target, Precision::Q8).expect("a quantised model");
    let config: Value = serde_json::from_slice(&fs::read(target.join("config.json")).expect("a file")).expect("JSON");
    let group = &config["quantization_config"]["config_groups"]["group_0"];
    let targets: Vec<&str> = group["targets"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(targets.contains(&r"re:(bert\.)?encoder\.layer\.\d+\.attention\.self\.query$"), "{targets:?}");
    assert!(targets.contains(&r"re:(bert\.)?embeddings\.word_embeddings$"), "{targets:?}");
    assert_eq!(config["dtype"], "float32");
    let again = quantize(&target, &fresh("twice"), Precision::Q8).expect_err("a quantised source");
    let Error::Config { field, .. } = &again else { panic!("{again}") };
    assert_eq!(field, "quantization_config");
    assert_eq!(
        quantize(&golden("bert/base"), &fresh("none"), Precision::Fp32).expect_err("no change").code(),
        "option"
    );
    assert_eq!(quantize(&golden("bert/base"), &target, Precision::Q8).expect_err("a full folder").code(), "io");
}

#[cfg(feature = "cli")]
#[test]
fn a_quantised_model_can_be_pruned_and_the_command_line_says_what_was_saved() {
    use std::process::Command;

    use headwise::internals::tasks::TaskName;
    use headwise::internals::text::Input;
    use headwise::internals::text_model::TextModel;

    let (quantized, pruned) = (fresh("command"), fresh("command-pruned"));
    let run = Command::new(env!("CARGO_BIN_EXE_headwise"))
        .args(["quantize".as_ref(), golden("hub/tiny-roberta").as_os_str(), quantized.as_os_str()])
        .output()
        .expect("the command line runs");
    let report: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let megabytes = |key: &str| report["megabytes"][key].as_f64().expect("a number");
    assert!(report["dtype"] == "q8" && megabytes("after") < megabytes("before"), "{report}");
    let text = "the dog and the fox";
    headwise::internals::folder::prune::prune(&quantized, &pruned, &[text]).expect("a pruned model");
    let labels = [&quantized, &pruned].map(|folder| {
        let classifier = std::sync::Arc::new(
            TextModel::open(folder, TaskName::TextClassification, Precision::Q8).expect("a classifier"),
        );
        classifier.classify(&[Input::from(text)], Default::default()).expect("labels")
    });
    assert_eq!(labels[0], labels[1]);
}
