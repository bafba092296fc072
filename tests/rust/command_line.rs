//! The command line as one calls it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use safetensors::SafeTensors;
use serde_json::{Value, json};

fn headwise(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headwise")).args(arguments).output().expect("the command line runs")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// What `headwise forward` prints for a fixture.
fn forward(fixture: &Path, head: &str, more: &[&str]) -> Value {
    let (folder, inputs) = (fixture.display().to_string(), fixture.join("inputs.json").display().to_string());
    let output = headwise(&[&["forward", &folder, "--head", head, "--inputs", &inputs], more].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Shape and numbers of nested lists.
fn flatten(value: &Value, depth: usize, shape: &mut Vec<usize>, numbers: &mut Vec<f64>) {
    match value {
        Value::Array(values) => {
            if shape.len() == depth {
                shape.push(values.len());
            }
            assert_eq!(shape[depth], values.len(), "ragged lists");
            values.iter().for_each(|value| flatten(value, depth + 1, shape, numbers));
        }
        number => numbers.push(number.as_f64().expect("a number")),
    }
}

#[test]
fn the_table_of_the_documents_is_what_architectures_prints() {
    let output = headwise(&["architectures"]);
    let models = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/models.md")).expect("the document");
    assert!(models.contains(text(&output.stdout)), "{}", text(&output.stdout));
}

#[test]
fn forward_prints_what_python_computes_under_its_names() {
    let layers = ["--hidden-states", "--attentions"];
    for (name, head, more) in [
        ("bert/base", "base", &layers[..]),
        ("modernbert/base", "base", &layers),
        ("bart/base", "base", &layers),
        ("roberta/sequence", "sequence", &[]),
        ("deberta-v2/token", "token", &[]),
        ("mpnet/qa", "qa", &[]),
        ("electra/multiple-choice", "multiple-choice", &[]),
        ("albert/masked-lm", "masked-lm", &[]),
        ("bert-shards/sequence", "sequence", &[]),
    ] {
        let printed = forward(&golden(name), head, more);
        let file = std::fs::read(golden(name).join("expected.safetensors")).expect("expected outputs");
        let expected = SafeTensors::deserialize(&file).expect("tensors");
        assert_eq!(printed.as_object().map(serde_json::Map::len), Some(expected.len()), "{name}");
        for (output, tensor) in expected.tensors() {
            let (mut shape, mut numbers) = (Vec::new(), Vec::new());
            flatten(&printed[&output], 0, &mut shape, &mut numbers);
            assert_eq!(shape, tensor.shape(), "{name} {output}");
            let python = tensor.data().as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes)));
            let largest = numbers.iter().zip(python).map(|(ours, python)| (ours - python).abs()).fold(0.0, f64::max);
            assert!(largest <= 2e-5, "{name} {output}: {largest:e}");
        }
    }
}

#[test]
fn inspect_tells_which_heads_a_folder_can_serve() {
    let output = headwise(&["inspect", &golden("electra/token").display().to_string()]);
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let heads = report["heads"].as_object().expect("heads");
    let served = heads.iter().filter(|(_, head)| head["present"] == true).map(|(name, _)| name.as_str());
    assert_eq!(served.collect::<Vec<_>>(), ["base", "token"]);
    assert_eq!(heads["sequence"]["code"], "missing-head");
    assert_eq!(heads["sequence"]["missing"][0], "classifier.dense.weight");
}

#[test]
fn a_new_head_is_written_for_a_bare_encoder() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("new-head-{}", std::process::id()));
    let (source, out) = (golden("roberta/base").display().to_string(), target.display().to_string());
    let new_head = |more: &[&str]| headwise(&[&["new-head", &source, &out, "--head", "sequence"], more].concat());
    let without_labels = new_head(&[]);
    assert!(text(&without_labels.stderr).contains("labels"));
    let written = new_head(&["--labels", "no,yes,maybe", "--seed", "7"]);
    assert!(written.status.success(), "{}", text(&written.stderr));
    assert!(text(&written.stderr).contains("train"));
    let report: Value = serde_json::from_slice(&written.stdout).expect("JSON");
    assert_eq!(report["class"], "RobertaForSequenceClassification");
    assert_eq!(report["new"].as_array().map(Vec::len), Some(4));
    std::fs::copy(golden("roberta/base/inputs.json"), target.join("inputs.json")).expect("a copy");
    let logits = forward(&target, "sequence", &[]);
    assert_eq!(logits["logits"][0].as_array().map(Vec::len), Some(3));
    let again = new_head(&["--labels", "no,yes,maybe"]);
    assert!(text(&again.stderr).contains("holds a model already"));
    std::fs::remove_dir_all(&target).expect("removed");
}

/// `headwise run` with open pipes.
fn worker(task: &str, folder: &str, more: &[&str]) -> Child {
    let folder = golden(folder).display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_headwise"));
    command.args([&["run", task, &folder], more].concat()).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().expect("the command line runs")
}

#[test]
fn run_answers_each_line_at_its_place() {
    let expected = std::fs::read(golden("tasks/bpe-token/expected.json")).expect("expected answers");
    let expected: Value = serde_json::from_slice(&expected).expect("JSON");
    let options = json!({"aggregation_strategy": "average"});
    let cases = expected["cases"].as_array().expect("cases").iter();
    let cases: Vec<&Value> =
        cases.filter(|case| case["task"] == "token-classification" && case["options"] == options).collect();
    assert!(cases.len() > 5);
    let mut worker = worker("ner", "tasks/bpe-token", &["--options", &options.to_string()]);
    let mut input = worker.stdin.take().expect("a pipe");
    // More than what is computed together, and more than a pipe holds.
    let rounds = 400;
    let lines: String = cases.iter().map(|case| format!("{}\n", case["input"])).collect();
    let written = std::thread::spawn(move || {
        for _ in 0..rounds {
            input.write_all(lines.as_bytes()).expect("a reader");
            input.write_all(b"{\"text\": \"the dog\", \"txt\": 1}\n\xff\xfe\n\n").expect("a reader");
        }
        // The last line need not end.
        input.write_all(b"\"the dog\"").expect("a reader");
    });
    let output = worker.wait_with_output().expect("an end");
    written.join().expect("all lines");
    assert_eq!(output.status.code(), Some(3));
    let answers: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let round = cases.len() + 3;
    assert_eq!(answers.len(), rounds * round + 1);
    for (place, answer) in answers.iter().enumerate() {
        match cases.get(place % round) {
            _ if place == rounds * round => assert_eq!(answer["truncated"], false),
            Some(case) => {
                let words = |entities: &Value| {
                    let entities = entities.as_array().expect("entities").iter();
                    entities.map(|entity| (entity["word"].clone(), entity["start"].clone())).collect::<Vec<_>>()
                };
                assert_eq!(words(&answer["result"]), words(&case["result"]), "{}", case["input"]);
            }
            None => {
                assert_eq!(answer["error"]["code"], "input", "{answer}");
                let message = answer["error"]["message"].as_str().expect("a message");
                assert!(message.starts_with(&format!("Input {place}: ")), "{message}");
            }
        }
    }
}

#[test]
fn run_answers_before_it_waits_for_more() {
    let mut worker = worker(
        "zero-shot-classification",
        "tasks/wordpiece-nli",
        &["--options", r#"{"candidate_labels": "sport, rain"}"#],
    );
    let mut input = worker.stdin.take().expect("a pipe");
    let mut answers = BufReader::new(worker.stdout.take().expect("a pipe")).lines();
    for text in ["the dog", "naïve 😀 “你好”"] {
        writeln!(input, "{}", json!({"sequence": text})).expect("a reader");
        let answer: Value = serde_json::from_str(&answers.next().expect("a line").expect("UTF-8")).expect("JSON");
        assert_eq!(answer["result"]["sequence"], text);
        assert_eq!(answer["result"]["labels"].as_array().map(Vec::len), Some(2));
    }
    drop(input);
    assert!(worker.wait().expect("an end").success());
    assert!(answers.next().is_none());
}

/// What `headwise run` prints and its exit code, of these bytes.
fn answers(task: &str, folder: &str, more: &[&str], lines: Vec<u8>) -> (Vec<Value>, Option<i32>) {
    let mut worker = worker(task, folder, more);
    let mut input = worker.stdin.take().expect("a pipe");
    let written = std::thread::spawn(move || input.write_all(&lines).expect("a reader"));
    let output = worker.wait_with_output().expect("an end");
    written.join().expect("all lines");
    let answers = text(&output.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON"));
    (answers.collect(), output.status.code())
}

#[test]
fn run_gives_an_answer_the_id_of_its_line() {
    let ids = [json!(0), json!("naïve “1”\n\u{2028}"), json!({"row": [u64::MAX, null, -0.1]}), json!(null)];
    let fields = [
        ("text-classification", "tasks/wordpiece-topics", json!({"text": "the dog", "text_pair": "rain"})),
        ("question-answering", "tasks/bpe-qa", json!({"question": "Who?", "context": "the dog"})),
        ("text-ranking", "tasks/wordpiece-ranking", json!({"query": "Who?", "documents": ["the dog"]})),
    ];
    for (task, folder, input) in fields {
        let line = |id: Option<&Value>, input: &Value| {
            let mut line = input.clone();
            if let (Some(id), Some(fields)) = (id, line.as_object_mut()) {
                fields.insert("id".into(), id.clone());
            }
            format!("{line}\n")
        };
        let lines = ids.iter().flat_map(|id| [line(Some(id), &input), line(None, &input), line(Some(id), &json!({}))]);
        let (answers, code) = answers(task, folder, &[], lines.collect::<String>().into());
        assert_eq!((answers.len(), code), (3 * ids.len(), Some(3)));
        for (id, answers) in ids.iter().zip(answers.as_chunks().0) {
            let [with, without, failed]: &[Value; 3] = answers;
            assert_eq!(with.get("id"), Some(id));
            assert_eq!(with["result"], without["result"]);
            assert!(!with["result"].is_null() && without.get("id").is_none());
            assert_eq!((failed.get("id"), &failed["error"]["code"]), (Some(id), &json!("input")));
        }
    }
}

/// What was asked for alone is not in a list, as in Python.
#[test]
fn run_gives_results_the_shape_that_python_gives_them() {
    let question = json!({"question": "Who?", "context": "the dog"});
    let cases = [
        ("fill-mask", "tasks/wordpiece-masked-lm", json!("the [MASK] fox"), json!({"top_k": 2}), "/1/token"),
        ("fill-mask", "tasks/wordpiece-masked-lm", json!("a [MASK] [MASK]"), json!({}), "/1/4/token"),
        ("question-answering", "tasks/wordpiece-qa", question.clone(), json!({}), "/answer"),
        ("question-answering", "tasks/wordpiece-qa", question.clone(), json!({"top_k": 1, "topk": 2}), "/answer"),
        ("question-answering", "tasks/wordpiece-qa", question.clone(), json!({"topk": 2}), "/1/answer"),
        ("question-answering", "tasks/wordpiece-qa", question, json!({"top_k": 2}), "/1/answer"),
        ("text-classification", "tasks/wordpiece-topics", json!("the dog"), json!({}), "/0/label"),
        (
            "zero-shot-classification",
            "tasks/wordpiece-nli",
            json!("a"),
            json!({"candidate_labels": ["b"]}),
            "/labels/0",
        ),
        ("token-classification", "tasks/wordpiece-token", json!("a dog"), json!({"ignore_labels": []}), "/0/entity"),
    ];
    for (task, folder, input, options, place) in cases {
        let (answers, code) = answers(task, folder, &["--options", &options.to_string()], format!("{input}\n").into());
        assert_eq!(code, Some(0), "{answers:?}");
        assert!(answers[0]["result"].pointer(place).is_some(), "{task} {options}: {answers:?}");
    }
    let nothing = "{\"question\": \"Who?\", \"context\": \" \"}\n";
    let (answers, code) = answers("question-answering", "tasks/wordpiece-qa", &[], nothing.into());
    assert_eq!((&answers[0]["error"]["code"], code), (&json!("input"), Some(3)));
}

#[test]
fn run_goes_on_after_a_line_that_is_too_long() {
    let mut lines = b"\"the dog\"\n\"".to_vec();
    lines.resize(lines.len() + (100 << 20), b'a');
    lines.extend(b"\"\n{\"id\": 2, \"text\": \"the dog\"}\n");
    let (answers, code) = answers("text-classification", "tasks/wordpiece-topics", &[], lines);
    assert_eq!((answers.len(), code), (3, Some(3)));
    assert_eq!(answers[0]["result"], answers[2]["result"]);
    assert_eq!(answers[2]["id"], 2);
    let message = answers[1]["error"]["message"].as_str().expect("a message");
    assert!(message.starts_with("Input 1: the line has more than"), "{message}");
}

#[test]
fn run_says_by_its_exit_code_whether_lines_failed() {
    let (task, folder) = ("text-classification", "tasks/wordpiece-topics");
    for (more, lines, answered, code) in [
        (&[][..], "", 0, 0),
        (&[], "\"the dog\"\n", 1, 0),
        (&[], "\n\"the dog\"", 2, 3),
        (&["--exit-zero"], "\n\"the dog\"", 2, 0),
    ] {
        let (answers, actual) = answers(task, folder, more, lines.into());
        assert_eq!((answers.len(), actual), (answered, Some(code)), "{more:?} {lines:?}");
    }
}

#[test]
fn run_refuses_what_is_wrong_with_all_lines() {
    let folder = golden("tasks/wordpiece-nli").display().to_string();
    for (task, options, words) in [
        ("translation", "{}", "supported: text-classification"),
        ("zero-shot-classification", "{}", "candidate_labels is empty"),
        ("text-classification", "{", "options is EOF"),
        ("text-classification", "{\"k\": 1}", "k is 1; supported: the options top_k"),
        ("question-answering", "{}", "missing: qa_outputs.weight"),
    ] {
        let output = headwise(&["run", task, &folder, "--options", options, "--exit-zero"]);
        assert_eq!((text(&output.stdout), output.status.code()), ("", Some(1)));
        let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
        assert!(error["message"].as_str().is_some_and(|message| message.contains(words)), "{task} {options}: {error}");
    }
}

#[test]
fn whoever_reads_the_results_may_stop() {
    let folder = golden("tasks/wordpiece-nli").display().to_string();
    let commands: [&[&str]; 5] = [
        &["run", "text-classification", &folder],
        &["classify", &folder],
        &["tokenize", &folder],
        &["inspect", &folder],
        &["architectures"],
    ];
    for arguments in commands {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headwise"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the command line runs");
        drop(child.stdout.take());
        // Commands that read nothing may have ended already.
        let _ = child.stdin.take().expect("a pipe").write_all(b"\"the dog\"\n");
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
    }
}
