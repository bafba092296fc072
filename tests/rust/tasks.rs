//! Every task on tiny models: the answers of Python's pipelines (`tests/golden/generate_tasks.py`), what is refused, and
//! that inputs do not see each other. Natively and in a browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::common::{contents, folders};
use headwise::internals::architectures::heads::HeadKind;
use headwise::internals::pipeline::{Offsets, Output, Pipeline};
use headwise::internals::tasks::TaskName;
use headwise::internals::tasks::fill_mask::{self, FillMask};
use headwise::internals::tasks::multiple_choice::MultipleChoice;
use headwise::internals::tasks::question_answering::QuestionAnswering;
use headwise::internals::tasks::run::{self, Read, Run};
use headwise::internals::tasks::text::Text;
use headwise::internals::tasks::text_classification::TextClassification;
use headwise::internals::tasks::text_ranking::TextRanking;
use headwise::internals::tasks::token_classification::TokenClassification;
use headwise::internals::tasks::zero_shot_classification::{self, ZeroShotClassification};
use headwise::internals::text::SmallFiles;
use headwise::internals::text_model::TextModel;
use headwise::internals::weights::{Index, LoadOptions};
use headwise::{Error, Result};
use include_dir::Dir;
use serde::Deserialize;
use serde_json::{Value, json};

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Of scores, and of hidden vectors.
const TOLERANCE: f64 = 1e-5;

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    task: String,
    options: Value,
    input: Value,
    result: Value,
}

/// A tiny model with what Python answers.
struct Fixture {
    folder: &'static Dir<'static>,
}

impl Fixture {
    fn all() -> impl Iterator<Item = Fixture> {
        folders("tasks").map(|folder| Fixture { folder })
    }

    fn named(name: &str) -> Fixture {
        Fixture::all().find(|fixture| fixture.name() == name).unwrap_or_else(|| panic!("there is no fixture {name}"))
    }

    fn name(&self) -> String {
        self.folder.path().file_name().expect("a name").display().to_string()
    }

    fn file(&self, name: &str) -> &'static [u8] {
        contents(self.folder, name).unwrap_or_else(|| panic!("{} has no {name}", self.name()))
    }

    fn cases(&self) -> Vec<Case> {
        serde_json::from_slice::<Expected>(self.file("expected.json")).expect("readable cases").cases
    }

    fn small_files(&self) -> SmallFiles {
        let mut files = SmallFiles::default();
        for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
            files.insert(name.into(), self.file(name).to_vec());
        }
        files
    }

    fn pipeline(&self, task: &str) -> Pipeline {
        self.pipeline_with(task, &self.small_files())
    }

    fn pipeline_with(&self, task: &str, files: &SmallFiles) -> Pipeline {
        let task = TaskName::parse(task).expect("a task");
        let loader = Pipeline::load(task, files, Index::single_file(), LoadOptions::default(), None);
        let mut loader = loader.expect("a loader");
        assert_eq!(loader.files(), ["model.safetensors"]);
        loader.push(0, self.file("model.safetensors")).expect("weights");
        loader.finish().unwrap_or_else(|error| panic!("{} for {}: {error}", self.name(), task.name()))
    }

    fn text_model(&self, head: HeadKind) -> Arc<TextModel> {
        let options = LoadOptions::default();
        let loader = TextModel::load(head, &self.small_files(), Index::single_file(), options, None);
        let mut loader = loader.expect("a loader");
        loader.push(0, self.file("model.safetensors")).expect("weights");
        Arc::new(loader.finish().expect("a model"))
    }
}

/// The result of each input, errors at their places.
fn answers(pipeline: &Pipeline, inputs: &[Value], options: &Value, offsets: Offsets) -> Result<Vec<Result<Output>>> {
    let mut run = pipeline.start(inputs.iter().cloned().map(Ok), options.clone(), offsets)?;
    let mut answers = Vec::new();
    loop {
        let done = run.step();
        answers.extend(std::iter::from_fn(|| run.ready()).map(|answer| answer.map(|(output, _)| output)));
        if done {
            return Ok(answers);
        }
    }
}

fn answer(pipeline: &Pipeline, input: &Value, options: &Value) -> Result<Output> {
    answers(pipeline, std::slice::from_ref(input), options, Offsets::Characters)?.remove(0)
}

/// What the model has read of an input.
fn read(pipeline: &Pipeline, input: Value, options: Value, offsets: Offsets) -> Read {
    let mut run = pipeline.start(std::iter::once(Ok(input)), options, offsets).expect("a request");
    while !run.step() {}
    run.ready().expect("a result").expect("an answer").1
}

/// The error of a request.
fn error(pipeline: &Pipeline, input: Value, options: Value) -> Error {
    let refused = answer(pipeline, &input, &options);
    refused.err().unwrap_or_else(|| panic!("{input} with {options}"))
}

fn to_json(output: &Output) -> Value {
    serde_json::to_value(output).expect("JSON")
}

/// Where two results differ, but for scores that are close.
fn difference(ours: &Value, python: &Value, place: String) -> Option<String> {
    match (ours, python) {
        (Value::Array(ours), Value::Array(python)) if ours.len() == python.len() => {
            let mut pairs = ours.iter().zip(python).enumerate();
            pairs.find_map(|(index, (ours, python))| difference(ours, python, format!("{place}[{index}]")))
        }
        (Value::Object(ours), Value::Object(python)) if ours.len() == python.len() => {
            let mut keys = python.iter();
            keys.find_map(|(key, python)| difference(&ours[key], python, format!("{place}.{key}")))
        }
        (Value::Number(ours), Value::Number(python)) if python.is_f64() => {
            let (ours, python) = (ours.as_f64().expect("a number"), python.as_f64().expect("a number"));
            ((ours - python).abs() > TOLERANCE).then(|| format!("{place}: {ours} for {python}"))
        }
        (ours, python) => (ours != python).then(|| format!("{place}: {ours} for {python}")),
    }
}

#[test]
fn answers_are_those_of_python() {
    let (mut compared, mut wrong) = (BTreeMap::<String, usize>::new(), Vec::new());
    for fixture in Fixture::all() {
        let mut pipelines = BTreeMap::new();
        for case in fixture.cases() {
            let pipeline = pipelines.entry(case.task.clone()).or_insert_with(|| fixture.pipeline(&case.task));
            let about = format!("{} {} of {:.60} with {}", fixture.name(), case.task, case.input, case.options);
            match answer(pipeline, &case.input, &case.options) {
                Err(error) => wrong.push(format!("{about}: {error}")),
                Ok(ours) => {
                    wrong.extend(
                        difference(&to_json(&ours), &case.result, String::new()).map(|at| format!("{about}: {at}")),
                    );
                }
            }
            *compared.entry(case.task).or_default() += 1;
        }
    }
    assert!(wrong.is_empty(), "{} differ: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
    assert_eq!(compared.len(), 8, "{compared:?}");
}

#[test]
fn answers_do_not_depend_on_what_is_asked_with_them() {
    for fixture in Fixture::all() {
        let mut requests: Vec<(String, Value, Vec<Value>)> = Vec::new();
        for case in fixture.cases() {
            match requests.iter_mut().find(|(task, options, _)| *task == case.task && *options == case.options) {
                Some((.., inputs)) => inputs.push(case.input),
                None => requests.push((case.task, case.options, vec![case.input])),
            }
        }
        for (task, options, inputs) in requests {
            let pipeline = fixture.pipeline(&task);
            // More than a slice, and something that cannot be answered in the middle.
            let mut all: Vec<Value> = inputs.iter().cycle().take(4 * inputs.len()).cloned().collect();
            all.insert(2 * inputs.len(), json!(3));
            let together = answers(&pipeline, &all, &options, Offsets::Characters).expect("a request");
            assert_eq!(together.len(), all.len());
            for (place, (input, ours)) in all.iter().zip(together).enumerate() {
                match ours {
                    Ok(ours) => assert_eq!(Ok(ours), answer(&pipeline, input, &options), "{input} with {options}"),
                    Err(error) => {
                        assert_eq!((input, error.code()), (&json!(3), "input"), "{error}");
                        assert!(error.to_string().starts_with(&format!("Input {place}: an input of this task is ")));
                    }
                }
            }
        }
    }
}

#[test]
fn offsets_count_utf_16_where_they_are_wanted() {
    let mut wide = 0;
    for fixture in Fixture::all() {
        for case in fixture.cases().into_iter().filter(|case| case.input.to_string().contains('😀')) {
            let text = match (&case.input, case.task.as_str()) {
                (Value::String(text), _) => text.clone(),
                (input, "question-answering") => input["context"].as_str().expect("a context").to_owned(),
                _ => continue,
            };
            let pipeline = fixture.pipeline(&case.task);
            let inputs = [case.input.clone()];
            let ours = answers(&pipeline, &inputs, &case.options, Offsets::Utf16).expect("a request").remove(0);
            let units: Vec<u16> = text.encode_utf16().collect();
            for (ours, python) in to_json(&ours.expect("an answer"))
                .as_array()
                .into_iter()
                .flatten()
                .zip(case.result.as_array().into_iter().flatten().filter(|entity| entity.get("start").is_some()))
            {
                let place = |entity: &Value, key: &str| entity[key].as_u64().expect("an offset") as usize;
                let written: String = text
                    .chars()
                    .skip(place(python, "start"))
                    .take(place(python, "end") - place(python, "start"))
                    .collect();
                let ours =
                    String::from_utf16(&units[place(ours, "start")..place(ours, "end")]).expect("whole characters");
                assert_eq!(ours, written, "{} {text}", fixture.name());
                wide += usize::from(place(python, "start") > text.chars().position(|c| c == '😀').expect("an emoji"));
            }
        }
    }
    assert!(wide > 20, "{wide} behind a character of two units");
}

#[test]
fn what_was_read_is_told() {
    let token = Fixture::named("wordpiece-token").pipeline("token-classification");
    let long = format!("😀 {}", "the dog and the fox ".repeat(30));
    let whole = read(&token, json!("😀 the dog"), json!({}), Offsets::Utf16);
    assert_eq!(whole, Read { tokens: 5, truncated: false, text_end: 10, text_pair_end: None });
    let cut = read(&token, json!(long), json!({}), Offsets::Characters);
    assert_eq!((cut.tokens, cut.truncated), (48, true));
    assert!(long.chars().skip(cut.text_end).collect::<String>().starts_with(' '), "{cut:?}");
    let in_units = read(&token, json!(long), json!({}), Offsets::Utf16);
    assert_eq!(in_units, Read { text_end: cut.text_end + 1, ..cut });
    let strided = json!({"stride": 8, "aggregation_strategy": "simple"});
    let windows = read(&token, json!(long), strided, Offsets::Characters);
    assert!(!windows.truncated && windows.tokens > 4 * 48 && windows.text_end == long.chars().count(), "{windows:?}");

    let qa = Fixture::named("wordpiece-qa").pipeline("question-answering");
    let shared = |tokens: usize| {
        let question = json!({"question": "who?", "context": long});
        read(&qa, question, json!({"doc_stride": tokens}), Offsets::Characters).tokens
    };
    assert!(shared(0) < shared(8) && shared(8) < shared(16), "{} {} {}", shared(0), shared(8), shared(16));

    let nli = Fixture::named("wordpiece-nli").pipeline("text-classification");
    let pair = json!({"text": "the dog", "text_pair": long});
    let cut = read(&nli, pair, json!({}), Offsets::Utf16);
    assert_eq!((cut.truncated, cut.text_end), (true, 7));
    assert!(cut.text_pair_end.is_some_and(|end| end < long.len()), "{cut:?}");
    // All labels read the same part of the text.
    let zero_shot = Fixture::named("wordpiece-nli").pipeline("zero-shot-classification");
    let labels = json!({"candidate_labels": ["dog", "a fox that was not amused"]});
    let shared = read(&zero_shot, json!(long), labels, Offsets::Characters);
    let longest = json!({"candidate_labels": ["a fox that was not amused"]});
    let alone = read(&zero_shot, json!(long), longest, Offsets::Characters);
    assert_eq!((shared.text_end, shared.text_pair_end), (alone.text_end, None));
    assert!(shared.truncated && shared.tokens > 48);
}

/// A rival cuts after the special tokens were added, and the labels of long texts away.
#[test]
fn labels_of_a_long_text_differ() {
    let nli = Fixture::named("bpe-nli").pipeline("zero-shot-classification");
    let long = json!("the dog and the fox ".repeat(500));
    let Output::Classified(classified) =
        answer(&nli, &long, &json!({"candidate_labels": ["sport", "rain", "arts"], "multi_label": true}))
            .expect("scores")
    else {
        panic!("labels were asked for")
    };
    assert!(classified.scores.windows(2).all(|pair| pair[0] - pair[1] > 1e-4), "{:?}", classified.scores);
}

/// A rival runs the model once for each label.
#[test]
fn labels_of_all_texts_share_slices() {
    let nli = Fixture::named("wordpiece-nli").pipeline("zero-shot-classification");
    let labels: Vec<String> = (0..20).map(|number| format!("a {number}")).collect();
    let texts = ["the dog", "the fox"].map(|text| Ok(json!(text)));
    let request = nli.start(texts.into_iter(), json!({"candidate_labels": labels}), Offsets::Characters);
    let (mut run, mut slices) = (request.expect("a request"), 1);
    while !run.step() {
        slices += 1;
    }
    let tokens: usize = std::iter::from_fn(|| run.ready()).map(|done| done.expect("scores").1.tokens).sum();
    assert!(slices <= tokens.div_ceil(200), "{slices} slices for {tokens} tokens of 40 sequences");
}

/// A rival cuts nothing when no length is stated, and asks for positions that the model does not have.
#[test]
fn a_text_is_cut_to_the_positions_where_no_length_is_stated() {
    let fixture = Fixture::named("wordpiece-token");
    let mut files = fixture.small_files();
    files.insert("tokenizer_config.json".into(), b"{}".to_vec());
    let pipeline = fixture.pipeline_with("token-classification", &files);
    let config: Value = serde_json::from_slice(fixture.file("config.json")).expect("JSON");
    let cut = read(&pipeline, json!("the dog ".repeat(200)), Value::Null, Offsets::Characters);
    assert_eq!((json!(cut.tokens), cut.truncated), (config["max_position_embeddings"].clone(), true));
}

#[test]
fn options_are_refused_by_name() {
    let cases = [
        ("nli", "text-classification", json!({"top_k": 0}), "top_k is 0"),
        ("nli", "text-classification", json!({"function_to_apply": "relu"}), "supported: softmax, sigmoid, none"),
        ("nli", "zero-shot-classification", json!({}), "candidate_labels is empty"),
        ("nli", "zero-shot-classification", json!({"candidate_labels": " , "}), "candidate_labels is empty"),
        ("nli", "zero-shot-classification", json!({"candidate_labels": [3]}), "candidate_labels is [3]"),
        (
            "nli",
            "zero-shot-classification",
            json!({"candidate_labels": "a", "hypothesis_template": "It is."}),
            "(there is no place for the label); supported: a text with {} where the label goes",
        ),
        (
            "nli",
            "zero-shot-classification",
            json!({"candidate_labels": "a", "hypothesis_template": "{{}} is {x}."}),
            "({x} is not the label)",
        ),
        (
            "nli",
            "zero-shot-classification",
            json!({"candidate_labels": "a", "hypothesis_template": null}),
            "hypothesis_template is null",
        ),
        ("nli", "text-classification", json!({"batch_size": 0}), "batch_size is 0"),
        ("nli", "text-classification", json!({"padding": "max_length"}), "nothing is padded"),
        ("masked-lm", "fill-mask", json!({"tokenizer_kwargs": 1}), "tokenizer_kwargs is 1; supported: an object"),
        ("masked-lm", "fill-mask", json!({"tokenizer_kwargs": {"stride": 1}}), "stride is 1"),
        (
            "token",
            "feature-extraction",
            json!({"truncation": true, "tokenize_kwargs": {"truncation": true}}),
            "what is not given beside it",
        ),
        ("token", "token-classification", json!({"aggregation_strategy": "sum"}), "none, simple, first, average, max"),
        (
            "token",
            "token-classification",
            json!({"stride": 4, "aggregation_strategy": "none"}),
            "none with the aggregation_strategy none",
        ),
        ("token", "token-classification", json!({"stride": 48, "aggregation_strategy": "max"}), "less than the 48"),
        ("token", "token-classification", json!({"stride": -1}), "stride is -1; supported: a whole number"),
        ("qa", "question-answering", json!({"top_k": 0}), "top_k is 0"),
        ("qa", "question-answering", json!({"max_seq_len": 49}), "up to the 48 tokens that the model reads"),
        ("qa", "question-answering", json!({"max_seq_len": 20, "doc_stride": 21}), "up to max_seq_len, 20"),
        ("qa", "question-answering", json!({"doc_stride": -1}), "a whole number of tokens"),
        ("qa", "question-answering", json!({"align_to_words": "yes"}), "true or false"),
        ("masked-lm", "fill-mask", json!({"targets": []}), "targets is []"),
        ("masked-lm", "fill-mask", json!({"top_k": 1.5}), "top_k is 1.5"),
        ("token", "feature-extraction", json!({"pooling": "sum"}), "none, mean, cls, max, first_token, last_token"),
        ("multiple-choice", "multiple-choice", json!({"top_p": 1}), "top_p is 1; supported: the options top_k"),
        ("ranking", "text-ranking", json!({"activation_fn": "relu"}), "identity, sigmoid"),
        ("ranking", "text-ranking", json!([]), "options is []; supported: an object"),
    ];
    for (model, task, options, words) in cases {
        let pipeline = Fixture::named(&format!("wordpiece-{model}")).pipeline(task);
        let refused = error(&pipeline, json!("a"), options);
        assert_eq!(refused.code(), "option", "{refused}");
        assert!(refused.to_string().contains(words), "{refused} does not say {words}");
    }
    let error = TaskName::parse("translation").expect_err("no such task").to_string();
    assert!(error.contains("text-ranking") && error.contains("sentiment-analysis"), "{error}");
}

/// Spellings that Python takes for what can be said otherwise.
#[test]
fn options_may_be_spelled_as_in_python() {
    let text = json!("The quick brown fox");
    let mask = json!("The [MASK] brown fox");
    let question = json!({"question": "Who?", "context": "the dog and the fox"});
    let cases = [
        (
            "token",
            "token-classification",
            &text,
            json!({"aggregation_strategy": "SIMPLE"}),
            json!({"aggregation_strategy": "simple"}),
        ),
        (
            "nli",
            "text-classification",
            &text,
            json!({"function_to_apply": "Sigmoid"}),
            json!({"function_to_apply": "sigmoid"}),
        ),
        (
            "nli",
            "text-classification",
            &text,
            json!({"batch_size": 8, "num_workers": 0, "padding": true, "max_length": 512}),
            json!({}),
        ),
        ("nli", "text-classification", &text, json!({"max_length": 3, "truncation": false}), json!({})),
        (
            "nli",
            "text-classification",
            &text,
            json!({"truncation": "longest_first", "function_to_apply": null}),
            json!({}),
        ),
        (
            "masked-lm",
            "fill-mask",
            &mask,
            json!({"tokenizer_kwargs": {"truncation": true, "padding": "longest"}}),
            json!({}),
        ),
        (
            "token",
            "feature-extraction",
            &text,
            json!({"tokenize_kwargs": {"max_length": 2048}, "batch_size": 1}),
            json!({}),
        ),
        ("qa", "question-answering", &question, json!({"topk": 2, "max_question_len": 9}), json!({"top_k": 2})),
    ];
    for (model, task, input, spelled, plain) in cases {
        let pipeline = Fixture::named(&format!("wordpiece-{model}")).pipeline(task);
        assert_eq!(answer(&pipeline, input, &spelled), answer(&pipeline, input, &plain), "{task} {spelled}");
    }
    let shortened = |model: &str, task: &str, input: &Value, options: Value| {
        read(&Fixture::named(&format!("wordpiece-{model}")).pipeline(task), input.clone(), options, Offsets::Characters)
            .tokens
    };
    assert_eq!(shortened("nli", "text-classification", &text, json!({"max_length": 4})), 4);
    assert_eq!(shortened("masked-lm", "fill-mask", &mask, json!({"tokenizer_kwargs": {"max_length": 5}})), 5);
    assert_eq!(shortened("token", "feature-extraction", &text, json!({"tokenize_kwargs": {"max_length": 4}})), 4);
}

/// A task fails where Python does: in what it reads of a configuration, and not before.
#[test]
fn labels_without_a_name_keep_only_from_naming_them() {
    let with = |model: &str, task: &str, stated: Value| {
        let fixture = Fixture::named(&format!("wordpiece-{model}"));
        let mut config: Value = serde_json::from_slice(fixture.file("config.json")).expect("JSON");
        config.as_object_mut().expect("an object").extend(stated.as_object().expect("an object").clone());
        let mut files = fixture.small_files();
        files.insert("config.json".into(), config.to_string().into());
        let task = TaskName::parse(task).expect("a task");
        let mut loader = Pipeline::load(task, &files, Index::single_file(), LoadOptions::default(), None)?;
        loader.push(0, fixture.file("model.safetensors"))?;
        loader.finish()
    };
    let from_one = json!({"id2label": {"1": "a", "2": "b", "3": "entailment"}, "label2id": {"entailment": 1}});
    let refused = with("nli", "text-classification", from_one.clone()).expect_err("no name for 0");
    assert!(refused.to_string().contains("there is none for 0"), "{refused}");
    let labels = json!({"candidate_labels": ["animals", "law"]});
    let text = json!("The quick brown fox jumps over the lazy dog.");
    let best = |stated: Value| -> Result<f32> {
        match answer(&with("nli", "zero-shot-classification", stated)?, &text, &labels)? {
            Output::Classified(classified) => Ok(classified.scores[0]),
            other => panic!("{other:?}"),
        }
    };
    // Scores of transformers 5.24.
    let no_names = json!({"id2label": null, "num_labels": 3});
    let last = json!({"label2id": {"entail": -1}});
    for (stated, score) in
        [(from_one, 0.50522), (no_names, 0.50687), (last, 0.50687), (json!({"label2id": {}}), 0.50687)]
    {
        let ours = best(stated.clone()).unwrap_or_else(|error| panic!("{stated}: {error}"));
        assert!((ours - score).abs() < 1e-5, "{stated}: {ours}");
    }
    for id in [json!("2"), json!(3), json!(1.0), json!(null), json!(-4)] {
        let refused = best(json!({"label2id": {"entailment": id}})).expect_err("no label");
        assert!(refused.to_string().starts_with("config.json: label2id is "), "{refused}");
    }
    let three = json!({"id2label": {"0": "a", "1": "b", "2": "c"}});
    let refused = with("qa", "question-answering", three.clone()).expect_err("two rows");
    assert_eq!(
        refused.to_string(),
        "config.json: id2label is 3 labels; supported: 2 labels, the rows of qa_outputs.weight."
    );
    with("masked-lm", "fill-mask", three).expect("labels are nothing to it");
}

#[test]
fn inputs_are_refused_by_name() {
    let long = "the dog and the fox ".repeat(30);
    let exact = json!({"truncation": false});
    let label = json!({"candidate_labels": long});
    let cases = [
        ("nli", "text-classification", json!({"text_pair": "a"}), json!({}), "an input of this task is a text, or"),
        ("nli", "text-classification", json!(long), exact.clone(), "more than the 48 tokens"),
        ("nli", "zero-shot-classification", json!(""), json!({"candidate_labels": "a"}), "the text is empty"),
        ("nli", "zero-shot-classification", json!("a"), label, "the text that is not cut has"),
        ("token", "token-classification", json!(long), exact.clone(), "more than the 48 tokens"),
        ("token", "token-classification", json!({"words": "a"}), json!({}), "an input of this task is"),
        (
            "token",
            "token-classification",
            json!(long),
            json!({"stride": 46, "aggregation_strategy": "max"}),
            "46 tokens can be read at once, which is not more than the 46 that neighbours share",
        ),
        ("qa", "question-answering", json!("who?"), json!({}), "an input of this task is {\"question\""),
        ("qa", "question-answering", json!({"question": "", "context": "a"}), json!({}), "the question is empty"),
        ("qa", "question-answering", json!({"question": "a", "context": ""}), json!({}), "the context is empty"),
        (
            "qa",
            "question-answering",
            json!({"question": long, "context": long}),
            json!({}),
            "the text that is not cut has",
        ),
        ("masked-lm", "fill-mask", json!("no mask"), json!({}), "there is no [MASK] among the tokens"),
        ("masked-lm", "fill-mask", json!(format!("{long}[MASK]")), json!({}), "there is no [MASK] among the tokens"),
        ("multiple-choice", "multiple-choice", json!({"prompt": "a", "choices": []}), json!({}), "no choices"),
        ("ranking", "text-ranking", json!({"query": long, "documents": [long]}), exact, "more than the 48 tokens"),
    ];
    for (model, task, input, options, words) in cases {
        let pipeline = Fixture::named(&format!("wordpiece-{model}")).pipeline(task);
        let refused = error(&pipeline, input, options);
        assert_eq!(refused.code(), "input", "{refused}");
        assert!(refused.to_string().contains(words), "{refused} does not say {words}");
    }
}

#[test]
fn models_of_other_tasks_are_refused() {
    let nli = Fixture::named("wordpiece-nli").pipeline("text-ranking");
    let refused = error(&nli, json!({"query": "a", "documents": ["b"]}), json!({}));
    assert_eq!(refused.to_string(), "config.json: id2label is 3 labels; supported: a single one, which is a score.");
    let task = TaskName::parse("fill-mask").expect("a task");
    let files = Fixture::named("wordpiece-nli").small_files();
    let loader = Pipeline::load(task, &files, Index::single_file(), LoadOptions::default(), None);
    let mut loader = loader.expect("a loader");
    let missing = loader.push(0, Fixture::named("wordpiece-nli").file("model.safetensors")).expect_err("no such head");
    assert_eq!(missing.code(), "missing-head");

    // Rust calls bring their own model.
    let token = || Fixture::named("wordpiece-token").text_model(HeadKind::Token);
    let nli = || Fixture::named("wordpiece-nli").text_model(HeadKind::Sequence);
    let labels = vec!["dog".to_owned()];
    let zero_shot = zero_shot_classification::Options { candidate_labels: labels, ..Default::default() };
    let refusals = [
        TextClassification::new(token(), Default::default()).err(),
        ZeroShotClassification::new(token(), zero_shot).err(),
        TokenClassification::new(nli(), Default::default()).err(),
        QuestionAnswering::new(token(), Default::default()).err(),
        FillMask::new(token(), Default::default()).err(),
        MultipleChoice::new(nli(), Default::default()).err(),
        TextRanking::new(token(), Default::default()).err(),
    ];
    for refused in refusals {
        let refused = refused.expect("another head").to_string();
        assert!(refused.starts_with("Option model is one with the head "), "{refused}");
    }
}

#[test]
fn the_function_of_a_ranking_is_what_the_files_state() {
    let fixture = Fixture::named("wordpiece-ranking");
    let input = json!({"query": "fox", "documents": ["the fox", "a dog"]});
    let scores = |files: &SmallFiles| {
        let task = TaskName::parse("text-ranking").expect("a task");
        let mut loader = Pipeline::load(task, files, Index::single_file(), LoadOptions::default(), None)?;
        loader.push(0, fixture.file("model.safetensors"))?;
        answer(&loader.finish()?, &input, &Value::Null)
    };
    let changed = |key: &str, value: Value| {
        let mut files = fixture.small_files();
        let mut config: Value = serde_json::from_slice(fixture.file("config.json")).expect("JSON");
        config[key] = value;
        files.insert("config.json".into(), config.to_string().into());
        files
    };
    let pipeline = fixture.pipeline("text-ranking");
    let plain = answer(&pipeline, &input, &Value::Null).expect("a ranking");
    let raw = answer(&pipeline, &input, &json!({"activation_fn": "identity"})).expect("a ranking");
    assert_ne!(plain, raw);
    let old = |function: &str| changed("sbert_ce_default_activation_function", json!(function));
    assert_eq!(scores(&old("torch.nn.modules.linear.Identity")), Ok(raw.clone()));
    assert_eq!(scores(&old("torch.nn.Sigmoid")), Ok(plain.clone()));
    let files = changed("sentence_transformers", json!({"activation_fn": "torch.nn.Sigmoid"}));
    assert_eq!(scores(&files), Ok(plain));
    let refused = scores(&old("torch.nn.modules.activation.Softmax")).expect_err("a function of all scores");
    assert!(refused.to_string().contains("sbert_ce_default_activation_function is"), "{refused}");
}

/// Tasks that Rust calls need no JSON, and read no more inputs than they must.
#[test]
fn inputs_are_taken_as_they_are_needed() {
    let model = Fixture::named("wordpiece-masked-lm").text_model(HeadKind::MaskedLm);
    let fill = || FillMask::new(model.clone(), fill_mask::Options::default()).expect("a request");
    let texts = || (0..10_000).map(|number| Text(format!("the [MASK] {number} is a [MASK]")));
    let taken = std::cell::Cell::new(0);
    let counted = texts().inspect(|_| taken.set(taken.get() + 1)).map(Ok);
    let mut run = Run::new(fill(), counted);
    let first: Vec<_> = run.by_ref().take(100).map(|done| done.expect("words").output).collect();
    assert!((100..200).contains(&taken.get()), "{} were taken for 100", taken.get());
    assert_eq!(run.next().expect("another").expect("words").input.0, "the [MASK] 100 is a [MASK]");
    assert_eq!(run::run(fill(), texts().take(100)), Ok(first));
}

#[test]
fn damaged_weights_give_no_answers() {
    for (name, task, input) in [
        ("token", "token-classification", json!("the dog")),
        ("qa", "question-answering", json!({"question": "who?", "context": "the dog"})),
        ("masked-lm", "fill-mask", json!("the [MASK]")),
        ("token", "feature-extraction", json!("the dog")),
    ] {
        let fixture = Fixture::named(&format!("wordpiece-{name}"));
        let task = TaskName::parse(task).expect("a task");
        let (index, options) = (Index::single_file(), LoadOptions::default());
        let mut loader = Pipeline::load(task, &fixture.small_files(), index, options, None).expect("a loader");
        let mut weights = fixture.file("model.safetensors").to_vec();
        let header = 8 + u64::from_le_bytes(*weights.first_chunk().expect("a header")) as usize;
        weights[header..].fill(0xff);
        loader.push(0, &weights).expect("NaN is a number");
        let pipeline = loader.finish().expect("a whole file");
        assert_eq!(answer(&pipeline, &input, &Value::Null), Err(Error::NonFinite { input: 0 }), "{}", task.name());
    }
}
