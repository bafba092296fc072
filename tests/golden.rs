//! Python's numbers for every fixture, natively and in a browser.

mod common;

use common::{FIXTURES, Fixture};
use headwise::kernels::Precision;
use headwise::models::{HeadKind, Model};
use headwise::text::{Batch, Rows};
use safetensors::SafeTensors;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};

#[cfg(target_arch = "wasm32")]
wasm_bindgen_test_configure!(run_in_browser);

/// Measured: 3e-6 at most. Sums of 44 products in another order differ by that much; a wrong
/// epsilon or activation differs by 1e-4 or more.
const TOLERANCE: f32 = 2e-5;

#[test]
fn every_fixture_gives_the_numbers_of_python() {
    for fixture in FIXTURES {
        let model =
            fixture.load(Precision::Fp32, usize::MAX).unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
        let rows = fixture.rows();
        let difference = largest_difference(&outputs(&model, fixture.head(), &rows), &expected(fixture, &rows));
        assert!(difference <= TOLERANCE, "{}: {difference:e}", fixture.name);
    }
}

#[test]
fn a_text_alone_gives_the_bits_it_gives_in_a_batch() {
    for fixture in FIXTURES {
        for precision in [Precision::Fp32, Precision::Fp16, Precision::Q8] {
            let model = fixture.load(precision, usize::MAX).expect("a loadable fixture");
            let rows = fixture.rows();
            let together = outputs(&model, fixture.head(), &rows);
            let alone: Vec<f32> = (0..rows.input_ids.len())
                .flat_map(|row| outputs(&model, fixture.head(), &single(&rows, row)))
                .collect();
            assert_eq!(together, alone, "{} in {}", fixture.name, precision.name());
        }
    }
}

#[test]
fn the_pieces_of_a_download_do_not_matter() {
    for name in ["bert/sequence", "bert-f16/sequence", "bert-prefix/base"] {
        let fixture = Fixture::named(name);
        let of_chunk = |chunk| {
            let model = fixture.load(Precision::Fp32, chunk).expect("a loadable fixture");
            outputs(&model, fixture.head(), &fixture.rows())
        };
        let whole = of_chunk(usize::MAX);
        for chunk in [1, 3, 7, 1_021] {
            assert_eq!(of_chunk(chunk), whole, "{name} in pieces of {chunk}");
        }
    }
}

/// Everything the model computes for the rows, flattened; nothing for padding.
fn outputs(model: &Model, head: HeadKind, rows: &Rows) -> Vec<f32> {
    let batch: Batch = rows.to_batch().expect("rows that fit");
    match head {
        HeadKind::Base => {
            let hidden = model.last_hidden_state(&batch).expect("hidden states");
            hidden.flatten_all().and_then(|flat| flat.to_vec1()).expect("numbers")
        }
        HeadKind::Sequence => model.logits(&batch).expect("logits").concat(),
    }
}

/// Python's outputs in the same form.
fn expected(fixture: &Fixture, rows: &Rows) -> Vec<f32> {
    let tensors = SafeTensors::deserialize(fixture.expected).expect("expected outputs");
    let name = match fixture.head() {
        HeadKind::Base => "last_hidden_state",
        HeadKind::Sequence => "logits",
    };
    let tensor = tensors.tensor(name).expect("the output of this head");
    let numbers: Vec<f32> = tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect();
    let [_, length, width] = *tensor.shape() else {
        return numbers;
    };
    let places = (0..rows.input_ids.len()).flat_map(|row| rows.tokens(row).into_iter().map(move |t| row * length + t));
    places.flat_map(|place| numbers[place * width..(place + 1) * width].to_vec()).collect()
}

fn single(rows: &Rows, row: usize) -> Rows {
    Rows {
        input_ids: vec![rows.input_ids[row].clone()],
        attention_mask: rows.attention_mask.as_ref().map(|mask| vec![mask[row].clone()]),
        token_type_ids: rows.token_type_ids.as_ref().map(|types| vec![types[row].clone()]),
    }
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |largest, difference| if difference.is_nan() { f32::INFINITY } else { difference.max(largest) })
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn no_fixture_is_left_out() {
    let golden = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let folders = |path: &std::path::Path| {
        let entries = std::fs::read_dir(path).expect("a readable folder");
        let folders = entries.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir());
        folders.collect::<Vec<_>>()
    };
    let mut found: Vec<String> = folders(&golden)
        .iter()
        .flat_map(|configuration| folders(configuration))
        .filter(|folder| folder.join("expected.safetensors").exists())
        .map(|folder| folder.strip_prefix(&golden).expect("a path below it").display().to_string())
        .collect();
    found.sort();
    let mut listed: Vec<&str> = FIXTURES.iter().map(|fixture| fixture.name).collect();
    listed.sort_unstable();
    assert_eq!(found, listed);
}
