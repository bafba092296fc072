//! Whole classifiers: the results of Python's pipeline, and the shipped model.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use headwise::Error;
use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::small_files;
use headwise::internals::kernels::Precision;
use headwise::internals::tasks::TaskName;
use headwise::internals::tasks::text_classification::{Function, Label, Options, rank};
use headwise::internals::text::Input;
use headwise::internals::text_model::TextModel;
use headwise::internals::weights::{Index, LoadOptions};
use serde::Deserialize;

fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

fn classifier(relative: &str) -> Arc<TextModel> {
    Arc::new(
        TextModel::open(&path(relative), TaskName::TextClassification, Precision::Fp32).expect("a loadable classifier"),
    )
}

fn all_labels() -> Options {
    Options { top_k: None, ..Options::default() }
}

#[derive(Deserialize)]
struct PipelineResults {
    cases: Vec<PipelineCase>,
}

#[derive(Deserialize)]
struct PipelineCase {
    text: String,
    text_pair: Option<String>,
    results: Vec<PipelineLabel>,
}

#[derive(Deserialize)]
struct PipelineLabel {
    label: String,
    score: f32,
}

#[test]
fn scores_are_those_of_the_pipeline_of_python() {
    for name in [
        "tiny-bert",
        "tiny-roberta",
        "tiny-distilbert",
        "tiny-regression",
        "tiny-deberta",
        "tiny-modernbert",
        "tiny-bart",
    ] {
        let folder = format!("tests/golden/hub/{name}");
        let expected = std::fs::read(path(&folder).join("expected.json")).expect("expected results");
        let expected: PipelineResults = serde_json::from_slice(&expected).expect("readable results");
        let input = |case: &PipelineCase| Input { text: case.text.clone(), text_pair: case.text_pair.clone() };
        let inputs: Vec<Input> = expected.cases.iter().map(input).collect();
        let results = classifier(&folder).classify(&inputs, all_labels()).expect("results");
        for (case, labels) in expected.cases.iter().zip(results) {
            assert_eq!(case.results.len(), labels.len());
            for (python, ours) in case.results.iter().zip(labels) {
                assert_eq!(python.label, ours.label, "{name} {:?}", case.text);
                assert!((python.score - ours.score).abs() <= 1e-4, "{name} {:?}: {ours:?}", case.text);
            }
        }
    }
}

#[derive(Deserialize)]
struct Emotions {
    cases: Vec<EmotionsCase>,
}

#[derive(Deserialize)]
struct EmotionsCase {
    text: String,
    input_ids: Vec<u32>,
    logits: Vec<f32>,
}

#[test]
fn the_shipped_model_gives_the_logits_of_python() {
    let classifier = classifier("www/models/emotions");
    let expected: Emotions =
        serde_json::from_slice(include_bytes!("../golden/emotions.json")).expect("readable logits");
    let inputs: Vec<Input> = expected.cases.iter().map(|case| Input::from(case.text.as_str())).collect();
    let options = Options { function_to_apply: Some(Function::None), ..all_labels() };
    let results = classifier.classify(&inputs, options).expect("results");
    for (case, labels) in expected.cases.iter().zip(results) {
        let tokens = classifier.tokenizer.encode(&Input::from(case.text.as_str())).expect("tokens");
        assert_eq!(tokens.input_ids, case.input_ids, "{:?}", case.text);
        for (name, logit) in classifier.model.labels.iter().zip(&case.logits) {
            let ours = labels.iter().find(|label| label.label == *name).expect("every label").score;
            // 1e-5 is the precision of the expected numbers.
            assert!((ours - logit).abs() <= 2e-5, "{:?} {name}: {ours} {logit}", case.text);
        }
    }
}

#[test]
fn a_checkpoint_without_a_head_is_refused() {
    let Err(Error::MissingHead { head, missing }) =
        TextModel::open(&path("tests/golden/hub/bare-bert"), TaskName::TextClassification, Precision::Fp32)
    else {
        panic!("there is no head");
    };
    assert_eq!(head, "sequence");
    assert!(missing.iter().any(|name| name == "classifier.weight"), "{missing:?}");
}

#[test]
fn damaged_weights_never_classify() {
    let folder = path("tests/golden/hub/tiny-bert");
    let mut weights = std::fs::read(folder.join("model.safetensors")).expect("weights");
    let files = small_files(&folder).expect("files");
    let mut loader = TextModel::load(HeadKind::Sequence, &files, Index::single_file(), LoadOptions::default(), None)
        .expect("a loader");
    let end = weights.len();
    // NaN in F16, BF16 and F32 alike.
    weights[end - 2_048..].fill(0xff);
    loader.push(0, &weights).expect("NaN is a number");
    let classifier = Arc::new(loader.finish().expect("a whole file"));
    let error = classifier.classify(&["a text".into()], all_labels()).expect_err("NaN");
    assert_eq!(error, Error::NonFinite { input: 0 });
}

#[test]
fn inputs_and_options_are_checked() {
    let classifier = classifier("tests/golden/hub/tiny-bert");
    assert_eq!(classifier.classify(&[], all_labels()), Ok(Vec::new()));
    let zero = Options { top_k: Some(0), ..Options::default() };
    assert_eq!(classifier.classify(&["a".into()], zero).expect_err("no label").code(), "option");
    let long = Input::from("the dog ".repeat(500).as_str());
    let exact = Options { truncation: false, ..Options::default() };
    let error = classifier.classify(&["a".into(), long.clone()], exact).expect_err("too long");
    assert!(matches!(error, Error::Input { input: 1, .. }), "{error:?}");
    let labels = classifier.classify(&[long], Options::default()).expect("results");
    assert_eq!(labels[0].len(), 1);
    let many: Vec<Input> = (0..300).map(|index| Input::from(format!("the dog {index}").as_str())).collect();
    let together = classifier.classify(&many, all_labels()).expect("results");
    for (input, labels) in many.iter().zip(&together) {
        let alone = classifier.classify(std::slice::from_ref(input), all_labels()).expect("results");
        let close = |(a, b): (&Label, &Label)| a.label == b.label && (a.score - b.score).abs() < 1e-5;
        assert!(alone[0].iter().zip(labels).all(close), "{input:?}");
    }
}

#[test]
fn equal_scores_keep_the_order_of_the_labels() {
    let labels: Vec<String> = ["a", "b", "c", "d"].map(str::to_owned).into();
    let ranked = rank(&[0.5, 0.7, 0.5, 0.7], &labels, Some(3));
    let names: Vec<&str> = ranked.iter().map(|label| label.label.as_str()).collect();
    assert_eq!(names, ["b", "d", "a"]);
}

#[test]
fn functions_are_stable_for_large_logits() {
    assert_eq!(Function::Softmax.apply(&[1e4, 1e4]), [0.5, 0.5]);
    assert_eq!(Function::Softmax.apply(&[-1e4, 1e4]), [0.0, 1.0]);
    assert_eq!(Function::Sigmoid.apply(&[-1e4, 0.0, 1e4]), [0.0, 0.5, 1.0]);
    assert_eq!(Function::None.apply(&[-3.0, 2.0]), [-3.0, 2.0]);
}
