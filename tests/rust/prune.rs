//! Models without the word pieces that some texts never use, and the hashes of `headwise lock`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::prune::prune;
use headwise::internals::folder::small_files;
use headwise::internals::kernels::Precision;
use headwise::internals::models::Model;
use headwise::internals::tasks::TaskName;
use headwise::internals::text::{Batch, Input, Tokenizer};
use headwise::internals::text_model::TextModel;
use headwise::internals::weights::LoadOptions;
use serde_json::{Value, json};

/// With characters that no vocabulary has as a word, and one that none has at all.
const TEXTS: &[&str] =
    &["the dog and the fox", "The children, naïve as they were: 42!", "", "  xqzv \u{1f600} 猫 water"];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// A folder of this test's own that does not exist.
fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prune-{name}"));
    let _ = fs::remove_dir_all(&folder);
    folder
}

fn headwise(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_headwise")).args(arguments).output().expect("the command line runs")
}

#[test]
fn ids_map_one_to_one_and_logits_are_equal_on_the_texts() {
    for (name, most) in [
        ("tiny-bert", 260),
        ("tiny-regression", 260),
        ("tiny-distilbert", 260),
        ("tiny-roberta", 320),
        ("tiny-bart", 320),
        ("tiny-modernbert", 320),
        ("tiny-deberta", 320),
    ] {
        let (source, target) = (golden("hub").join(name), fresh(name));
        let pruned = prune(&source, &target, TEXTS).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(pruned.kept.len() < most && pruned.pieces >= 400, "{name}: {} of {}", pruned.kept.len(), pruned.pieces);
        let [before, after] = [&source, &target].map(|folder| {
            Arc::new(TextModel::open(folder, TaskName::TextClassification, Precision::Fp32).expect("a classifier"))
        });
        assert_eq!(after.model.config.vocab_size, pruned.kept.len());
        for text in TEXTS {
            let [old, new] =
                [&before, &after].map(|model| model.tokenizer.encode(&Input::from(*text)).expect("tokens"));
            let renumbered: Vec<u32> = new.input_ids.iter().map(|&id| pruned.kept[id as usize]).collect();
            assert_eq!((&renumbered, &new.offsets), (&old.input_ids, &old.offsets), "{name} {text}");
            let logits = [(&before, &old), (&after, &new)].map(|(classifier, tokens)| {
                let mut batch = Batch::default();
                batch.push(&tokens.input_ids, &tokens.token_type_ids);
                classifier.model.forward(&batch).and_then(|logits| Ok(logits.to_vec2::<f32>()?)).expect("logits")
            });
            assert_eq!(logits[0], logits[1], "{name} {text}");
        }
        let other = after.tokenizer.encode(&Input::from("frogs jump quickly")).expect("tokens of another text");
        assert!(other.input_ids.len() > 8, "{name}: characters are left");
    }
}

/// A tokenizer of as many words as the model has rows, beside the files of a fixture.
fn with_words(fixture: &str) -> (PathBuf, usize) {
    let folder = fresh(&format!("source-{}", fixture.replace('/', "-")));
    fs::create_dir_all(&folder).expect("a folder");
    for file in fs::read_dir(golden(fixture)).expect("a fixture").flatten() {
        fs::copy(file.path(), folder.join(file.file_name())).expect("a copy");
    }
    let config = fs::read(folder.join("config.json")).expect("a configuration");
    let config: Value = serde_json::from_slice(&config).expect("JSON");
    let rows = config["vocab_size"].as_u64().expect("a number") as usize;
    let words: serde_json::Map<String, Value> = (0..rows).map(|id| (format!("w{id}"), json!(id))).collect();
    let tokenizer = json!({
        "version": "1.0",
        "added_tokens": [],
        "pre_tokenizer": {"type": "Whitespace"},
        "model": {"type": "WordPiece", "unk_token": "w0", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": words},
    });
    fs::write(folder.join("tokenizer.json"), tokenizer.to_string()).expect("a written file");
    (folder, rows)
}

#[test]
fn decoders_lose_the_rows_that_their_embeddings_lose() {
    for fixture in [
        "bert/masked-lm",
        "bert-untied/masked-lm",
        "bert-apart/masked-lm",
        "bart-apart/masked-lm",
        "roberta-decoder/masked-lm",
        "roberta-untied/masked-lm",
        "distilbert-untied/masked-lm",
        "electra-untied/masked-lm",
        "albert-untied/masked-lm",
        "deberta-v2-lm-predictions/masked-lm",
        "modernbert-untied/masked-lm",
        "mpnet/masked-lm",
        "bart/masked-lm",
    ] {
        let ((source, rows), target) = (with_words(fixture), fresh(&fixture.replace('/', "-")));
        let words: Vec<u32> = vec![7, rows as u32 - 1, 11, 7];
        let text = words.iter().map(|id| format!("w{id}")).collect::<Vec<_>>().join(" ");
        let kept = prune(&source, &target, &[&text]).unwrap_or_else(|error| panic!("{fixture}: {error}")).kept;
        assert!(kept.len() < 16 && kept.starts_with(&[0, 1, 2, 3]), "{fixture}: {kept:?}");
        let logits = |folder: &Path, ids: &[u32]| {
            let model = Model::open(folder, HeadKind::MaskedLm, LoadOptions::default()).expect("a model");
            let mut batch = Batch::default();
            batch.push(ids, &vec![0; ids.len()]);
            model.forward(&batch).and_then(|logits| Ok(logits.to_vec2::<f32>()?)).expect("logits")
        };
        let new_ids: Vec<u32> = words.iter().map(|id| kept.binary_search(id).expect("a kept piece") as u32).collect();
        for (old, new) in logits(&source, &words).iter().zip(logits(&target, &new_ids)) {
            let of_kept: Vec<f32> = kept.iter().map(|&id| old[id as usize]).collect();
            assert_eq!(of_kept, new, "{fixture}");
        }
    }
}

#[test]
fn unknown_words_stay_unknown() {
    let (source, _) = with_words("bert/sequence");
    let target = fresh("unknown");
    let pieces = ["p0", "p1", "p2", "p3", "[UNK]", "a", "ab", "abc", "##cd", "x", "##yz"];
    let vocabulary: serde_json::Map<String, Value> =
        pieces.iter().zip(0..).map(|(piece, id)| ((*piece).to_owned(), json!(id))).collect();
    let path = source.join("tokenizer.json");
    let mut tokenizer: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
    tokenizer["model"]["vocab"] = vocabulary.into();
    tokenizer["model"]["unk_token"] = json!("[UNK]");
    fs::write(&path, tokenizer.to_string()).expect("a written file");
    let text = "abcd acd ab";
    // "abc" begins the first word, and nothing goes on: without it, "ab" and "##cd" would.
    let kept = prune(&source, &target, &[text]).expect("a pruned model").kept;
    let left: BTreeSet<&str> = kept.iter().map(|&id| pieces[id as usize]).collect();
    assert!(left.contains("abc") && !left.contains("##yz"), "{left:?}");
    let ids = |folder: &Path| {
        let tokenizer = Tokenizer::from_files(&small_files(folder).expect("files"), 0).expect("a tokenizer");
        tokenizer.encode(&Input::from(text)).expect("tokens").input_ids
    };
    let renumbered: Vec<u32> = ids(&target).iter().map(|&id| kept[id as usize]).collect();
    assert_eq!(renumbered, ids(&source));
}

#[test]
fn shards_stay_shards() {
    let (source, _) = with_words("bert-shards/sequence");
    let target = fresh("bert-shards");
    let kept = prune(&source, &target, &["w9 w5"]).expect("a pruned model").kept;
    let model = Model::open(&target, HeadKind::Sequence, LoadOptions::default()).expect("a model");
    assert_eq!(model.config.vocab_size, kept.len());
    assert!(!target.join("model.safetensors").exists());
}

#[test]
fn the_command_line_says_what_was_saved_and_locks_the_rest() {
    let (source, target) = (golden("hub/tiny-roberta"), fresh("command"));
    let texts = fresh("command.txt");
    fs::write(&texts, TEXTS.join("\n")).expect("a written file");
    let [source, target, texts] = [source, target, texts].map(|path| path.display().to_string());
    let pruned = headwise(&["prune", &source, &target, "--keep", &texts]);
    let report: Value = serde_json::from_slice(&pruned.stdout).expect("JSON");
    assert_eq!((&report["texts"], &report["pieces"]["before"]), (&json!(4), &json!(400)));
    let megabytes = |key: &str| report["megabytes"][key].as_f64().expect("a number");
    assert!(megabytes("after") < megabytes("before"), "{report}");
    let again = headwise(&["prune", &source, &target, "--keep", &texts]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("holds a model already"));

    let locked = headwise(&["lock", &target]);
    let locked: Value = serde_json::from_slice(&locked.stdout).expect("JSON");
    let names: Vec<&str> = locked.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(names, ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]);
}

#[test]
fn lock_prints_hashes_that_browsers_understand() {
    let folder = fresh("lock");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("model.safetensors"), "abc").expect("a written file");
    let locked = headwise(&["lock", &folder.display().to_string()]);
    let locked: Value = serde_json::from_slice(&locked.stdout).expect("JSON");
    // FIPS 180-2, appendix B.1.
    let abc = "sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    assert_eq!(locked, json!({"model.safetensors": abc}));
    let without = headwise(&["lock", &fresh("nothing").display().to_string()]);
    assert!(String::from_utf8_lossy(&without.stderr).contains("neither model.safetensors"));
}
