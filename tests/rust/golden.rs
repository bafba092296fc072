//! Python's numbers for every fixture, natively and in a browser.

use std::sync::Arc;

use crate::common::Fixture;
use headwise::Error;
use headwise::internals::architectures::{ARCHITECTURES, HeadKind};
use headwise::internals::kernels::Precision;
use headwise::internals::models::{Forward, Model, Trace};
use headwise::internals::text::{Batch, Rows};
use safetensors::SafeTensors;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Sums of 22 products in another order differ by a quarter of this; a wrong epsilon or
/// activation differs by 1e-4 or more.
const TOLERANCE: f32 = 2e-5;

#[test]
fn every_fixture_gives_the_numbers_of_python() {
    let mut wrong = Vec::new();
    for fixture in Fixture::all() {
        let model = load(fixture, Precision::Fp32);
        let rows = fixture.rows();
        for (name, ours) in outputs(&model, &rows) {
            let difference = largest_difference(&ours, &expected(fixture, name, &rows));
            if difference > TOLERANCE {
                wrong.push(format!("{} {name}: {difference:e}", fixture.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn hidden_states_and_attentions_are_those_of_python() {
    for fixture in Fixture::all() {
        let stored = SafeTensors::deserialize(fixture.file("expected.safetensors")).expect("expected outputs");
        let traced = |name: &str| name.ends_with("hidden_states") || name.ends_with("attentions");
        let names: Vec<&str> = stored.names().into_iter().filter(|name| traced(name)).collect();
        let rows = fixture.rows();
        let batch = rows.to_batch().expect("rows that fit");
        let mut trace = Trace { wants_hidden_states: true, wants_attentions: true, ..Trace::default() };
        let model = load(fixture, Precision::Fp32);
        let with_trace = flat(&model.forward_traced(&batch, &mut trace).expect("outputs"));
        assert_eq!(with_trace, flat(&model.forward(&batch).expect("outputs")), "{}", fixture.name);
        for name in names {
            let python = numbers(fixture, name);
            let ours = traced_output(&trace, name, &rows);
            let difference = largest_difference(&ours, &python);
            assert!(difference <= TOLERANCE, "{} {name}: {difference:e}", fixture.name);
        }
    }
}

#[test]
fn a_text_alone_gives_the_bits_it_gives_in_a_batch() {
    for fixture in Fixture::all() {
        for precision in [Precision::Fp32, Precision::Fp16, Precision::Q8] {
            let model = load(fixture, precision);
            let rows = fixture.rows();
            let forward = |rows: &Rows| {
                let batch: Batch = rows.to_batch().expect("rows that fit");
                flat(&model.forward(&batch).expect("outputs"))
            };
            let alone: Vec<f32> = (0..rows.input_ids.len())
                .flat_map(|row| forward(&Rows { choices: 1, ..rows.part(row..row + 1) }))
                .collect();
            assert_eq!(forward(&rows), alone, "{} in {}", fixture.name, precision.name());
        }
    }
}

#[test]
fn rows_in_slices_give_the_bits_of_all_at_once() {
    for name in ["bert/base", "bart/base", "deberta-v2/token", "mpnet/qa", "roberta/multiple-choice"] {
        let fixture = Fixture::named(name);
        let model = Arc::new(load(fixture, Precision::Fp32));
        let rows = repeated(&fixture.rows(), 40);
        let trace = || Trace { wants_hidden_states: true, wants_attentions: true, ..Trace::default() };
        let mut call = Forward::new(model.clone(), rows.clone(), trace()).expect("rows of one length");
        let mut steps = 1;
        while !call.step().expect("outputs") {
            steps += 1;
        }
        assert!(steps > 3, "{name}");
        assert_eq!(call.finish(), model.outputs(&rows, trace()).expect("outputs"), "{name}");

        let mut wrong = rows;
        let last = wrong.input_ids.len() - 1;
        wrong.input_ids[last].fill(u32::MAX);
        let mut call = Forward::new(model, wrong, trace()).expect("rows of one length");
        let error = std::iter::from_fn(|| Some(call.step())).find_map(Result::err);
        assert!(matches!(error, Some(Error::Input { input, .. }) if input == last), "{name}: {error:?}");
    }
}

#[test]
fn the_pieces_of_a_download_do_not_matter() {
    for name in ["bert/sequence", "bert-f16/sequence", "bert-prefix/base", "bert-shards/sequence"] {
        let fixture = Fixture::named(name);
        let of_chunk = |chunk| {
            let model = fixture.load(Precision::Fp32, chunk).expect("a loadable fixture");
            outputs(&model, &fixture.rows())
        };
        let whole = of_chunk(usize::MAX);
        for chunk in [1, 3, 7, 1_021] {
            assert_eq!(of_chunk(chunk), whole, "{name} in pieces of {chunk}");
        }
    }
}

#[test]
fn what_lies_beyond_the_tables_is_refused_by_row() {
    let model = load(Fixture::named("bert/sequence"), Precision::Fp32);
    let fine = [2, 9, 3];
    for (ids, types, reason) in [
        (vec![2, 61, 3], vec![0; 3], "token id 61 is beyond the model's vocabulary of 61"),
        (vec![2, 9, 3], vec![0, 2, 0], "token type 2 is beyond the model's 2"),
        (vec![9; 31], vec![0; 31], "it has 31 tokens, and the model reads 30"),
    ] {
        let mut batch = Batch::default();
        batch.push(&fine, &[0; 3]);
        batch.push(&ids, &types);
        let Err(Error::Input { input, reason: given }) = model.forward(&batch) else { panic!("{reason}") };
        assert_eq!((input, given.as_str()), (1, reason));
    }
    let bart = load(Fixture::named("bart/sequence"), Precision::Fp32);
    let mut batch = Batch::default();
    batch.push(&[0, 9, 9], &[0; 3]);
    let Err(Error::Input { input, reason }) = bart.forward(&batch) else { panic!("no end of the text") };
    assert_eq!((input, reason.as_str()), (0, "there is no end-of-text token (id 2) among its tokens"));
}

#[test]
fn every_tensor_has_its_place() {
    for fixture in Fixture::all() {
        let usage = load(fixture, Precision::Fp32).usage;
        assert!(usage.unexpected.is_empty(), "{}: {:?}", fixture.name, usage.unexpected);
    }
}

#[test]
fn every_architecture_is_compared_with_every_head() {
    let model_type = |fixture: &Fixture| {
        let config: serde_json::Value = serde_json::from_slice(fixture.config).expect("JSON");
        config["model_type"].as_str().expect("a model type").to_owned()
    };
    let compared: Vec<(String, HeadKind)> =
        Fixture::all().iter().map(|fixture| (model_type(fixture), fixture.head())).collect();
    for architecture in ARCHITECTURES {
        for model_type in architecture.model_types {
            for &kind in HeadKind::ALL.iter().filter(|&&kind| architecture.heads.have(kind)) {
                let pair = (model_type.name.to_owned(), kind);
                assert!(compared.contains(&pair), "there is no fixture of {pair:?}");
            }
        }
    }
}

fn load(fixture: &Fixture, precision: Precision) -> Model {
    fixture.load(precision, usize::MAX).unwrap_or_else(|error| panic!("{}: {error}", fixture.name))
}

/// The rows several times.
fn repeated(rows: &Rows, times: usize) -> Rows {
    fn again<T: Clone>(column: &[Vec<T>], times: usize) -> Vec<Vec<T>> {
        column.iter().cycle().take(column.len() * times).cloned().collect()
    }
    Rows {
        input_ids: again(&rows.input_ids, times),
        attention_mask: rows.attention_mask.as_ref().map(|mask| again(mask, times)),
        token_type_ids: rows.token_type_ids.as_ref().map(|types| again(types, times)),
        choices: rows.choices,
    }
}

/// What the model computes for the rows under Python's names, nothing for padding.
fn outputs(model: &Model, rows: &Rows) -> Vec<(&'static str, Vec<f32>)> {
    let batch = rows.to_batch().expect("rows that fit");
    let output = model.forward(&batch).expect("outputs");
    let column = |column: usize| flat(&output.narrow(1, column, 1).and_then(|x| x.contiguous()).expect("a column"));
    let mut outputs = match model.kind {
        HeadKind::Base => vec![("last_hidden_state", flat(&output))],
        HeadKind::QuestionAnswering => vec![("start_logits", column(0)), ("end_logits", column(1))],
        _ => vec![("logits", flat(&output))],
    };
    if model.kind == HeadKind::Base
        && let Some(encoded) = model.encode(&batch).expect("outputs")
    {
        outputs.push(("encoder_last_hidden_state", flat(&encoded)));
    }
    outputs
}

/// One of Python's outputs in the same form.
fn expected(fixture: &Fixture, name: &str, rows: &Rows) -> Vec<f32> {
    let numbers = numbers(fixture, name);
    let length = rows.input_ids[0].len();
    let places = rows.input_ids.len() * length;
    let per_token = !matches!(fixture.head(), HeadKind::Sequence | HeadKind::MultipleChoice);
    if !per_token {
        return numbers;
    }
    let width = numbers.len() / places;
    let tokens = (0..rows.input_ids.len()).flat_map(|row| rows.tokens(row).into_iter().map(move |t| row * length + t));
    tokens.flat_map(|place| numbers[place * width..(place + 1) * width].to_vec()).collect()
}

/// Hidden states or attentions of all layers in Python's form, zero at padding.
fn traced_output(trace: &Trace, name: &str, rows: &Rows) -> Vec<f32> {
    let of_name = |prefix: &str, kind: &str| name == format!("{prefix}{kind}");
    let states = trace.hidden_states.iter().filter(|(stack, _)| of_name(stack.prefix(), "hidden_states"));
    let states = states.map(|(_, x)| rows.unflatten(&flat(x), x.dim(1).expect("a width")));
    let attentions = trace.attentions.iter().filter(|(stack, _)| of_name(stack.prefix(), "attentions"));
    let attentions = attentions.map(|(_, of_rows)| {
        let tokens = rows.tokens(0).len();
        let heads = of_rows[0].len() / (tokens * tokens);
        rows.unflatten_pairs(of_rows, heads)
    });
    states.chain(attentions).flatten().collect()
}

fn numbers(fixture: &Fixture, name: &str) -> Vec<f32> {
    let tensors = SafeTensors::deserialize(fixture.file("expected.safetensors")).expect("expected outputs");
    let tensor = tensors.tensor(name).unwrap_or_else(|_| panic!("{} has no {name}", fixture.name));
    tensor.data().as_chunks().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

fn flat(x: &candle_core::Tensor) -> Vec<f32> {
    x.flatten_all().and_then(|x| x.to_vec1()).expect("numbers")
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |largest, difference| if difference.is_nan() { f32::INFINITY } else { difference.max(largest) })
}
