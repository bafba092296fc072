//! How weights are kept: compact tables, weights beyond f16's range, and what `auto` chooses.

use crate::common::Fixture;
use crate::common::tensors::{Random, saved, tensors};
use headwise::Error;
use headwise::internals::kernels::matrix::multiply_unpacked;
use headwise::internals::kernels::{Epilogue, KERNELS, Matrix, Precision, StoredRow, Table};
use headwise::internals::models::{Config, Model};
use headwise::internals::weights::{Choice, HeaderReader, Index, LoadOptions, Reason};
use safetensors::Dtype;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const PRECISIONS: [Precision; 3] = [Precision::Fp32, Precision::Fp16, Precision::Q8];

#[test]
fn tables_keep_rows_within_what_their_form_can_tell_apart() {
    let mut random = Random(0x7ab1e);
    for columns in [1, 3, 15, 16, 17, 100] {
        // Ordinary ones, tiny ones, all zeros, and three beyond f16's range.
        let rows = [1.0, 0.02, 1e-7, 0.0, 7e4, 1e9, 1e37].map(|size| numbers(&mut random, columns, size));
        for precision in PRECISIONS {
            let table = table(precision, &rows);
            assert_eq!((table.rows(), table.columns()), (rows.len(), columns));
            assert!(table.row(rows.len()).is_none());
            for (index, row) in rows.iter().enumerate() {
                let largest = row.iter().fold(0.0, |largest: f64, &x| largest.max(f64::from(x).abs()));
                for (&x, &read) in row.iter().zip(table.row(index).expect("a row").iter()) {
                    let error = (f64::from(read) - f64::from(x)).abs();
                    let bound = match precision {
                        Precision::Fp32 => 0.0,
                        // Half a unit in the last of eleven bits; below the normal numbers, of the
                        // smallest one beside the largest.
                        Precision::Fp16 => {
                            f64::from(x).abs() / 2048.0 + 2_f64.powi(-25) * (largest / 32_000.0).max(1.0)
                        }
                        Precision::Q8 => largest / 127.0 / 2.0 * 1.000_001,
                    };
                    assert!(error <= bound, "{x:e} is read as {read:e} from {}", precision.name());
                }
            }
        }
    }
}

#[test]
fn tables_of_f16_keep_every_f16() {
    let halves: Vec<Vec<f32>> = (0..=u16::MAX).map(|bits| vec![half::f16::from_bits(bits).to_f32()]).collect();
    let table = table(Precision::Fp16, &halves);
    for (index, half) in halves.iter().enumerate() {
        let read = table.row(index).expect("a row")[0];
        assert!(read.to_bits() == half[0].to_bits() || (read.is_nan() && half[0].is_nan()), "{read:e} for {half:?}");
    }
}

#[test]
fn damaged_rows_stay_damaged() {
    for damage in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for precision in PRECISIONS {
            let table = table(precision, &[vec![1.0, damage, 2.0], vec![1.0, 2.0, 3.0]]);
            let finite = |row| table.row(row).expect("a row").iter().all(|x: &f32| x.is_finite());
            assert!(!finite(0) && finite(1), "{damage} in {}", precision.name());
        }
    }
}

#[test]
fn a_tied_product_is_that_of_the_rows_as_they_are_read() {
    let mut random = Random(0x71ed);
    // 300 outputs are packed in two pieces.
    for (outputs, inputs) in [(5, 1), (256, 17), (300, 33)] {
        let rows: Vec<Vec<f32>> = (0..outputs).map(|_| numbers(&mut random, inputs, 0.5)).collect();
        let x = numbers(&mut random, 7 * inputs, 1.0);
        let bias = numbers(&mut random, outputs, 1.0);
        let epilogue = Epilogue { bias: Some(&bias), ..Epilogue::default() };
        for precision in PRECISIONS {
            let table = table(precision, &rows);
            let read = |row| table.row(row).expect("a row").into_owned();
            let y = multiply_unpacked(&x, &table, epilogue);
            for (place, &y) in y.iter().enumerate() {
                let (row, output) = (place / outputs, place % outputs);
                let products = x[row * inputs..][..inputs].iter().zip(read(output));
                let sum: f64 = products.map(|(&x, w)| f64::from(x) * f64::from(w)).sum();
                let exact = sum + f64::from(bias[output]);
                assert!((f64::from(y) - exact).abs() < 1e-5, "{y} for {exact} in {}", precision.name());
            }
        }
    }
}

#[test]
fn a_large_weight_keeps_the_accuracy_of_f16_and_disturbs_no_neighbour() {
    let mut random = Random(0x1a49e);
    let (outputs, inputs) = (11, 37);
    let ordinary: Vec<Vec<f32>> = (0..outputs).map(|_| numbers(&mut random, inputs, 0.5)).collect();
    let x = numbers(&mut random, 6 * inputs, 1.0);
    for &kernel in KERNELS.iter().filter(|kernel| kernel.name().starts_with("f16")) {
        let multiply = |rows: &[Vec<f32>]| {
            let mut matrix = Matrix::reserve(kernel, 1, outputs, inputs).expect("memory");
            let stored = |weights| StoredRow::new(kernel.precision(), weights);
            rows.iter().enumerate().for_each(|(row, weights)| matrix.write_row(row, &stored(weights)));
            matrix.multiply(&x, 0..1, Epilogue::default())
        };
        let undisturbed = multiply(&ordinary);
        for (changed, large) in [(2, 65_520.0), (7, -70_000.0), (10, 3e30)] {
            let mut rows = ordinary.clone();
            rows[changed][5] = large;
            for (place, &y) in multiply(&rows).iter().enumerate() {
                if place % outputs != changed {
                    assert_eq!(y.to_bits(), undisturbed[place].to_bits(), "{}", kernel.name());
                    continue;
                }
                let products = x[place / outputs * inputs..][..inputs].iter().zip(&rows[changed]);
                let products: Vec<f64> = products.map(|(&x, &w)| f64::from(x) * f64::from(w)).collect();
                let (exact, magnitude): (f64, f64) = (products.iter().sum(), products.iter().map(|p| p.abs()).sum());
                let bound = magnitude / 2000.0 + f64::from(large.abs()) * 2_f64.powi(-34);
                assert!((f64::from(y) - exact).abs() <= bound, "{y:e} for {exact:e} by {}", kernel.name());
            }
        }
    }
}

#[test]
fn a_model_with_weights_beyond_f16_computes_in_fp16_what_it_computes_in_fp32() {
    let fixture = Fixture::named("bert/sequence");
    let mut weights = tensors(fixture);
    for name in ["bert.embeddings.word_embeddings.weight", "classifier.weight"] {
        let numbers = weights.get_mut(name).expect("the tensor").2.as_chunks_mut().0;
        numbers.iter_mut().for_each(|bytes| *bytes = (f32::from_le_bytes(*bytes) * 1e8).to_le_bytes());
    }
    let logits = |precision: Precision| {
        let options = LoadOptions { precision: precision.into(), ..LoadOptions::default() };
        let batch = fixture.rows().to_batch().expect("rows that fit");
        let logits = load(fixture, &saved(&weights), options).expect("a model").forward(&batch).expect("logits");
        logits.flatten_all().and_then(|x| x.to_vec1::<f32>()).expect("numbers")
    };
    let exact = logits(Precision::Fp32);
    let largest = exact.iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
    assert!(largest > 65_504.0, "the test does not reach f16's limit");
    for (half, exact) in logits(Precision::Fp16).into_iter().zip(exact) {
        assert!((half - exact).abs() < 0.005 * largest, "{half} for {exact}");
    }
}

#[test]
fn auto_keeps_the_numbers_of_the_file() {
    let chosen = |fixture: &Fixture, weights: &[u8]| {
        let model = load(fixture, weights, LoadOptions::default()).expect("a model");
        assert_eq!(model.precision_reason, Reason::File);
        model.precision
    };
    for (name, precision) in [
        ("bert/sequence", Precision::Fp32),
        ("bert-f16/sequence", Precision::Fp16),
        ("bert-bf16/sequence", Precision::Fp32),
    ] {
        let fixture = Fixture::named(name);
        assert_eq!(chosen(fixture, fixture.model), precision, "{name}");
    }
    // What is not read does not count, and a few tensors of another type do not decide.
    let fixture = Fixture::named("bert/sequence");
    let mut weights = tensors(fixture);
    weights.insert("cls.predictions.bias".into(), (Dtype::F16, vec![100_000], vec![0; 200_000]));
    assert_eq!(chosen(fixture, &saved(&weights)), Precision::Fp32);
    let halves = Fixture::named("bert-f16/sequence");
    let mut weights = tensors(halves);
    let bias = weights.get_mut("classifier.bias").expect("the tensor");
    *bias = (Dtype::F32, bias.1.clone(), vec![0; 2 * bias.2.len()]);
    assert_eq!(chosen(halves, &saved(&weights)), Precision::Fp16);
}

#[test]
fn only_memory_makes_auto_choose_less() {
    // DeBERTa has projections beside its weights, a masked language model reads its table twice.
    for name in ["bert/sequence", "bert-f16/sequence", "deberta-v2/sequence", "bart/sequence", "bert/masked-lm"] {
        let fixture = Fixture::named(name);
        let with = |precision, max_memory| {
            let options = LoadOptions { precision, max_memory, ..LoadOptions::default() };
            load(fixture, fixture.model, options)
                .map(|model| (model.precision, model.precision_reason, model.weight_bytes))
        };
        let bytes = |precision: Precision| with(precision.into(), None).expect("a model").2;
        let kept = with(Choice::Auto, None).expect("a model").0;
        let order: Vec<Precision> = PRECISIONS.into_iter().skip_while(|precision| *precision != kept).collect();
        for (place, &precision) in order.iter().enumerate() {
            let most = bytes(precision);
            let reason = if place == 0 { Reason::File } else { Reason::Memory };
            assert_eq!(with(Choice::Auto, Some(most)), Ok((precision, reason, most)), "{name}");
            assert_eq!(with(precision.into(), Some(most)), Ok((precision, Reason::Asked, most)), "{name}");
            let short = Err(Error::OutOfMemory { needed: most, available: most - 1 });
            assert_eq!(with(precision.into(), Some(most - 1)), short, "{name}");
        }
        let least = bytes(Precision::Q8);
        let short = Err(Error::OutOfMemory { needed: least, available: least - 1 });
        assert_eq!(with(Choice::Auto, Some(least - 1)), short, "{name}");
    }
}

#[test]
fn too_little_memory_is_an_error_before_the_weights_arrive() {
    let fixture = Fixture::named("bert/sequence");
    let (header, behind) = HeaderReader::new("file").push(fixture.model).expect("a header");
    assert!(header.is_some());
    let options = LoadOptions { max_memory: Some(1_000), ..LoadOptions::default() };
    let config = Config::parse(fixture.config).expect("a configuration");
    let error = Model::load(config, fixture.head(), options, Index::single_file()).push(0, &fixture.model[..behind]);
    let error = error.expect_err("too little memory");
    assert_eq!(error.code(), "out-of-memory");
    assert!(error.to_string().ends_with("bytes, and 1000 are available."), "{error}");
}

/// A `Vec` ends at 2 GiB there, a module's memory at 4.
#[cfg(target_arch = "wasm32")]
#[test]
fn a_parameter_that_no_memory_can_hold_is_refused() {
    let fixture = Fixture::named("bert/sequence");
    let enlarge = |size: usize| match size {
        61 => 1_000_000,
        18 => 600,
        other => other,
    };
    let config = String::from_utf8_lossy(fixture.config).replace(": 61", ": 1000000").replace(": 18", ": 600");
    let mut end = 0;
    let entries = tensors(fixture).into_iter().map(|(name, (_, shape, _))| {
        let shape: Vec<usize> = shape.into_iter().map(enlarge).collect();
        let start = end;
        end += 4 * shape.iter().product::<usize>() as u64;
        (name, serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [start, end]}))
    });
    let json = serde_json::Value::Object(entries.collect()).to_string();
    let header = [&(json.len() as u64).to_le_bytes(), json.as_bytes()].concat();
    let options = LoadOptions { precision: Precision::Fp32.into(), ..LoadOptions::default() };
    let config = Config::parse(config.as_bytes()).expect("a configuration");
    let error =
        Model::load(config, fixture.head(), options, Index::single_file()).push(0, &header).expect_err("too large");
    let Error::OutOfMemory { needed, available } = error else { panic!("{error}") };
    // All that comes before the table, and of the table the largest part that a block can have.
    assert!(((2 << 30) - (2 << 20)..needed).contains(&available), "{available} of {needed}");
}

fn load(fixture: &Fixture, weights: &[u8], options: LoadOptions) -> headwise::Result<Model> {
    let mut loader = Model::load(Config::parse(fixture.config)?, fixture.head(), options, Index::single_file());
    loader.push(0, weights)?;
    loader.finish()
}

fn table(precision: Precision, rows: &[Vec<f32>]) -> Table {
    let mut table = Table::reserve(precision, rows.len(), rows[0].len()).expect("memory");
    let stored = |numbers| StoredRow::new(precision, numbers);
    rows.iter().enumerate().for_each(|(row, numbers)| table.write_row(row, &stored(numbers)));
    table
}

/// Evenly spread over −`size`..`size`.
fn numbers(random: &mut Random, count: usize, size: f32) -> Vec<f32> {
    (0..count).map(|_| (random.below(1 << 24) as f32 / 8_388_608.0 - 1.0) * size).collect()
}
