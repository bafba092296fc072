//! Sentence embeddings, and rankings by the folders of the same library: what the library `sentence-transformers` computes from the same folders
//! (`tests/golden/generate_sentences.py`), and what is refused.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use candle_core::{Device, Tensor};
use headwise::Error;
use headwise::internals::architectures::HeadKind;
use headwise::internals::kernels::Precision;
use headwise::internals::pipeline::Pipeline;
use headwise::internals::sentences::embedder::TextEmbedder;
use headwise::internals::sentences::pooling::Pooling;
use headwise::internals::sentences::settings::Settings;
use headwise::internals::tasks::call_options::CallOptions;
use headwise::internals::tasks::feature_extraction::{FeatureExtraction, Options, Pooled};
use headwise::internals::tasks::run::run;
use headwise::internals::tasks::text_ranking::{Query, TextRanking};
use headwise::internals::tasks::{TaskName, feature_extraction, text_ranking};
use headwise::internals::text::{Batch, SmallFiles};
use headwise::internals::text_model::TextModel;
use headwise::internals::weights::{Index, Load, LoadOptions};
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::{Value, json};

/// Absolute, against the library in f32; measured differences are below 1e-6.
const TOLERANCE: f32 = 2e-5;

fn sentences() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/sentences")
}

fn read(name: &str) -> Vec<u8> {
    std::fs::read(sentences().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[derive(Deserialize)]
struct Cases {
    texts: Vec<String>,
    cases: BTreeMap<String, Case>,
}

/// What makes the folder of the encoder one of sentence embeddings.
#[derive(Deserialize)]
struct Case {
    files: BTreeMap<String, Value>,
    #[serde(default)]
    weights: BTreeMap<String, String>,
    #[serde(default)]
    encoder: String,
}

fn cases() -> Cases {
    serde_json::from_slice(&read("cases.json")).expect("readable cases")
}

impl Case {
    fn small_files(&self) -> SmallFiles {
        let mut all = BTreeMap::new();
        for name in ["config.json", "tokenizer.json", "tokenizer_config.json"] {
            let folder = if self.encoder.is_empty() { String::new() } else { format!("{}/", self.encoder) };
            all.insert(format!("{folder}{name}"), read(&format!("encoder/{name}")));
        }
        for (name, contents) in &self.files {
            match contents {
                Value::Null => all.remove(name),
                Value::String(text) => all.insert(name.clone(), text.clone().into()),
                object => all.insert(name.clone(), object.to_string().into()),
            };
        }
        let mut files = SmallFiles::default();
        all.into_iter().for_each(|(name, contents)| files.insert(name, contents));
        files
    }

    fn loader(&self) -> headwise::Result<Load<TextEmbedder>> {
        TextEmbedder::load(&self.small_files(), Index::single_file(), LoadOptions::default())
    }

    /// Loads from pieces of `chunk` bytes, the last file first.
    fn load(&self, chunk: usize) -> headwise::Result<Arc<TextEmbedder>> {
        let mut loader = self.loader()?;
        let files = loader.files().to_vec();
        let mut bytes = 0;
        for (number, file) in files.iter().enumerate().rev() {
            let contents = read(self.weights.get(file).map_or("encoder/model.safetensors", String::as_str));
            bytes += contents.len() as u64;
            for piece in contents.chunks(chunk) {
                loader.push(number, piece)?;
            }
        }
        assert_eq!(files.len(), 1 + self.weights.len());
        assert_eq!(loader.total_bytes(), Some(bytes));
        loader.finish().map(Arc::new)
    }

    /// The case with a key of a file set to another value.
    fn with(mut self, file: &str, key: &str, value: Value) -> Case {
        self.files.entry(file.to_owned()).or_insert_with(|| json!({}))[key] = value;
        self
    }
}

fn case(name: &str) -> Case {
    cases().cases.remove(name).expect("a case of this name")
}

fn assert_is_expected(name: &str, embedder: &Arc<TextEmbedder>) {
    let texts = cases().texts;
    let file = read("embeddings.safetensors");
    let expected = SafeTensors::deserialize(&file).expect("a safetensors file");
    let expected = expected.tensor(name).expect("the embeddings of the case");
    let numbers =
        expected.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")));
    let ours = embedder.embed(&texts.iter().map(String::as_str).collect::<Vec<_>>()).expect("embeddings");
    assert_eq!(expected.shape(), [ours.len(), ours[0].len()], "{name}");
    for (index, (ours, python)) in ours.concat().into_iter().zip(numbers).enumerate() {
        assert!((ours - python).abs() <= TOLERANCE, "{name}, number {index}: {ours} {python}");
    }
}

#[test]
fn embeddings_are_those_of_the_library() {
    for (name, case) in cases().cases {
        let loaded = case.load(if name == "dense-twice" { 7 } else { 1 << 20 });
        let embedder = loaded.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_is_expected(&name, &embedder);
    }
}

#[test]
fn folders_on_disk_are_read() {
    let load =
        |name: &str| Arc::new(TextEmbedder::open(&sentences().join(name), Precision::Fp32).expect("a loadable folder"));
    assert_is_expected("saved", &load("saved"));
    assert_is_expected("plain", &load("encoder"));
}

/// Folders with the files that repositories of these names have: none has one for `Normalize`.
#[test]
fn published_folders_are_read() {
    let folders = std::fs::read_dir(sentences().join("published")).expect("a folder");
    let names: Vec<_> =
        folders.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
    assert!(names.len() >= 14, "{names:?}");
    for name in names {
        let name = format!("published/{name}");
        let embedder = TextEmbedder::open(&sentences().join(&name), Precision::Fp32);
        assert_is_expected(&name, &Arc::new(embedder.unwrap_or_else(|error| panic!("{name}: {error}"))));
    }
}

#[test]
fn weights_of_a_module_in_an_old_file_are_refused_with_what_converts_them() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("old-dense");
    let _ = std::fs::remove_dir_all(&folder);
    let source = sentences().join("published/LaBSE");
    for name in ["config.json", "tokenizer.json", "model.safetensors", "modules.json", "1_Pooling/config.json"] {
        std::fs::create_dir_all(folder.join(name).parent().expect("a folder")).expect("a folder");
        std::fs::copy(source.join(name), folder.join(name)).expect("a copy");
    }
    std::fs::create_dir_all(folder.join("2_Dense")).expect("a folder");
    std::fs::copy(source.join("2_Dense/config.json"), folder.join("2_Dense/config.json")).expect("a copy");
    let absent = TextEmbedder::open(&folder, Precision::Fp32).expect_err("no weights").to_string();
    assert!(absent.contains("2_Dense/model.safetensors") && !absent.contains("Python"), "{absent}");
    std::fs::write(folder.join("2_Dense/pytorch_model.bin"), b"a pickle").expect("a file");
    let convert = "save_file(torch.load('2_Dense/pytorch_model.bin', map_location='cpu', weights_only=True), \
                   '2_Dense/model.safetensors')\n";
    let refused = TextEmbedder::open(&folder, Precision::Fp32).expect_err("no weights").to_string();
    assert!(refused.contains(convert), "{refused}");
    // Nor does what is written from it go without.
    let target = folder.join("small");
    let quantized = headwise::internals::folder::quantize::quantize(&folder, &target, Precision::Q8)
        .expect_err("no weights")
        .to_string();
    assert_eq!(quantized, refused);
}

#[derive(Deserialize)]
struct EncodeCall {
    case: String,
    options: Value,
    /// `None` where Python raises.
    embedding: Option<Vec<f32>>,
}

#[test]
fn options_of_a_call_are_those_of_encode() {
    let calls: Vec<EncodeCall> = serde_json::from_slice(&read("calls.json")).expect("readable calls");
    let text = &cases().texts[0];
    for EncodeCall { case: name, options, embedding } in calls {
        let read = read_options(options.clone(), feature_extraction::Options::read).expect("options");
        let request = FeatureExtraction::new(case(&name).load(1 << 20).expect("a loadable model"), read);
        let Some(embedding) = embedding else {
            assert_eq!(request.expect_err("no such prompt").code(), "option", "{name} {options}");
            continue;
        };
        let features = run(request.expect("a request"), [text.as_str().into()]).expect("features").remove(0);
        assert_eq!(features.dims, [embedding.len()], "{name} {options}");
        for (ours, python) in features.data.iter().zip(&embedding) {
            assert!((ours - python).abs() <= TOLERANCE, "{name} {options}: {ours} {python}");
        }
    }
    let plain = Options { truncate_dim: Some(3), pooling: Some(Pooled::None), ..Options::default() };
    let refused = FeatureExtraction::new(case("normalize").load(1 << 20).expect("a loadable model"), plain);
    assert!(matches!(refused, Err(Error::Option { option, .. }) if option == "truncate_dim"));
}

fn read_options<T>(options: Value, read: fn(&mut CallOptions) -> headwise::Result<T>) -> headwise::Result<T> {
    let mut given = CallOptions::new(options)?;
    let options = read(&mut given)?;
    given.finish().map(|()| options)
}

#[derive(Deserialize)]
struct Rankings {
    query: String,
    documents: Vec<String>,
    cases: Vec<RankingCase>,
}

/// What stands beside the files of a model that ranks, and in its `config.json`.
#[derive(Deserialize)]
struct RankingCase {
    config: BTreeMap<String, Value>,
    files: BTreeMap<String, Value>,
    options: Vec<Value>,
    /// For each of the options; `None` where Python raises.
    results: Vec<Option<Vec<Place>>>,
}

#[derive(Deserialize)]
struct Place {
    corpus_id: usize,
    score: f32,
}

impl RankingCase {
    fn small_files(&self) -> SmallFiles {
        let file = |name: &str| read(&format!("../tasks/wordpiece-ranking/{name}"));
        let mut config: Value = serde_json::from_slice(&file("config.json")).expect("a configuration");
        self.config.iter().for_each(|(key, value)| config[key] = value.clone());
        let mut files = SmallFiles::default();
        files.insert("config.json".into(), config.to_string().into());
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            files.insert(name.into(), file(name));
        }
        self.files.iter().for_each(|(name, contents)| files.insert(name.clone(), contents.to_string().into()));
        files
    }

    fn model(&self) -> headwise::Result<Arc<TextModel>> {
        let files = self.small_files();
        let (index, options) = (Index::single_file(), LoadOptions::default());
        let mut loader = TextModel::load(HeadKind::Sequence, &files, index, options, None)?;
        loader.push(0, &read("../tasks/wordpiece-ranking/model.safetensors"))?;
        loader.finish().map(Arc::new)
    }
}

#[test]
fn rankings_are_those_of_the_library() {
    let Rankings { query, documents, cases } = serde_json::from_slice(&read("rankings.json")).expect("readable cases");
    for case in cases {
        let what = json!([case.config, case.files]);
        let model = case.model().unwrap_or_else(|error| panic!("{what}: {error}"));
        for (options, places) in case.options.iter().zip(&case.results) {
            let read = read_options(options.clone(), text_ranking::Options::read).expect("options");
            let request = TextRanking::new(model.clone(), read);
            let Some(places) = places else {
                assert_eq!(request.expect_err("no such prompt").code(), "option", "{what} {options}");
                continue;
            };
            let query = Query { query: query.clone(), documents: documents.clone() };
            let ours = run(request.expect("a request"), [query]).expect("a ranking").remove(0);
            assert_eq!(ours.len(), places.len());
            for (ours, python) in ours.iter().zip(places) {
                assert!((ours.score - python.score).abs() <= TOLERANCE, "{what} {options}: {ours:?} {}", python.score);
                // Of scores that differ by rounding alone the order is not Python's.
                let close = |place: &&Place| (place.score - python.score).abs() <= TOLERANCE;
                let mut alike = places.iter().filter(close).map(|place| place.corpus_id);
                assert!(alike.any(|id| id == ours.corpus_id), "{what} {options}");
            }
        }
    }
}

#[test]
fn code_of_a_model_is_named_where_it_is_left_aside() {
    let embedder = case("dense-foreign").load(1 << 20).expect("a loadable model");
    let warnings = embedder.warnings().join("; ");
    assert!(warnings.contains("2_Dense/config.json") && warnings.contains("mine.Swish"), "{warnings}");
    assert_eq!(case("dense-tanh").load(1 << 20).expect("a loadable model").warnings(), Vec::<String>::new());
    let task = TaskName::parse("text-ranking").expect("a task");
    let warnings = |case: RankingCase| {
        let files = case.small_files();
        let loader = Pipeline::load(task, &files, Index::single_file(), LoadOptions::default(), None);
        let mut loader = loader.expect("a loader");
        loader.push(0, &read("../tasks/wordpiece-ranking/model.safetensors")).expect("weights");
        loader.finish().expect("a pipeline").warnings()
    };
    assert!(warnings(RankingCase::of("mine.Sigmoid"))[0].contains("mine.Sigmoid"));
    assert_eq!(warnings(RankingCase::of("torch.nn.Tanh")), Vec::<String>::new());
    // Without a modules.json Python does not read the file.
    let mut aside = RankingCase::of("torch.nn.Tanh");
    let prompt = json!({"model_type": "CrossEncoder", "prompts": {"web": "Find: "}, "default_prompt_name": "web"});
    aside.files.insert("config_sentence_transformers.json".into(), prompt);
    assert!(warnings(aside)[0].starts_with("default_prompt_name of config_sentence_transformers.json is left aside"));
}

#[test]
fn what_would_be_ranked_wrongly_is_refused() {
    let with = |file: &str, contents: Value| {
        let mut case = RankingCase::of("torch.nn.Tanh");
        let files = [
            ("modules.json", json!([{"type": "sentence_transformers.models.Transformer", "path": ""}])),
            ("config_sentence_transformers.json", json!({"model_type": "CrossEncoder"})),
            (file, contents),
        ];
        case.files = files.map(|(name, contents)| (name.to_owned(), contents)).into();
        match case.model() {
            Err(Error::Config { file, field, .. }) => (file, field),
            other => panic!("{file}: {other:?}"),
        }
    };
    let module =
        |class: &str, path: &str| json!({"type": format!("sentence_transformers.models.{class}"), "path": path});
    let pooled = json!([module("Transformer", ""), module("Pooling", "1_Pooling"), module("Dense", "2_Dense")]);
    assert_eq!(with("modules.json", pooled), ("modules.json".into(), "the list".into()));
    let apart = json!([module("Transformer", "0_Transformer")]);
    assert_eq!(with("modules.json", apart), ("modules.json".into(), "the list".into()));
    let causal = json!([module("Transformer", ""), module("LogitScore", "1_LogitScore")]);
    assert_eq!(with("modules.json", causal), ("modules.json".into(), "type".into()));
    let settings = "sentence_bert_config.json";
    let task = with(settings, json!({"transformer_task": "text-generation"}));
    assert_eq!(task, (settings.into(), "transformer_task".into()));
    let model = "config_sentence_transformers.json";
    let prompt = with(model, json!({"model_type": "CrossEncoder", "default_prompt_name": "query"}));
    assert_eq!(prompt, (model.into(), "default_prompt_name".into()));
}

impl RankingCase {
    /// A model of which `config.json` states a function.
    fn of(function: &str) -> Self {
        let config = [("sentence_transformers".to_owned(), json!({"activation_fn": function}))].into();
        RankingCase { config, files: BTreeMap::new(), options: Vec::new(), results: Vec::new() }
    }
}

#[test]
fn a_text_alone_and_in_a_batch_gives_the_same_bits() {
    for name in ["old-several", "dense-tanh", "dense-no-bias"] {
        let embedder = case(name).load(1 << 20).expect("a loadable model");
        // More than one slice.
        let texts: Vec<String> = (0..60).map(|count| "the dog runs ".repeat(1 + count % 7) + "in 1984").collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let together = embedder.embed(&texts).expect("embeddings");
        for (text, embedding) in texts.iter().zip(&together) {
            assert_eq!(&embedder.embed(&[text]).expect("an embedding")[0], embedding, "{name} {text}");
        }
    }
}

#[test]
fn what_would_be_computed_wrongly_is_refused() {
    let pooling = "1_Pooling/config.json";
    let dense = "2_Dense/config.json";
    let encoder = "sentence_bert_config.json";
    let model = "config_sentence_transformers.json";
    let refusals = [
        (pooling, "embedding_dimension", Value::Null),
        (pooling, "pooling_mode", json!("median")),
        (pooling, "pooling_mode", json!([])),
        (pooling, "pooling_mode", json!(["mean", 1])),
        (dense, "activation_function", json!("torch.nn.modules.activation.Softmax")),
        (dense, "activation_function", json!("torch.nn.Threshold")),
        (dense, "activation_function", json!("torch.tanh")),
        (dense, "activation_function", json!(["Tanh"])),
        (dense, "in_features", json!(25)),
        (dense, "in_features", json!("24")),
        (dense, "out_features", json!(0)),
        (dense, "out_features", json!(1u64 << 40)),
        (dense, "out_features", Value::Null),
        (dense, "bias", json!("no")),
        (dense, "use_residual", json!("yes")),
        (dense, "module_input_name", json!("token_embeddings")),
        (dense, "module_output_name", json!("scores")),
        (pooling, "include_prompt", json!("no")),
        (pooling, "pooling_mode_attention", json!(true)),
        (dense, "activation_function", Value::Null),
        (encoder, "max_seq_length", json!(0)),
        (encoder, "do_lower_case", json!("yes")),
        (encoder, "transformer_task", json!("fill-mask")),
        (encoder, "module_output_name", json!("scores")),
        (encoder, "modality_config", json!({"message": {"method": "forward"}})),
        (encoder, "tokenizer_name_or_path", json!("elsewhere")),
        (encoder, "tokenizer_args", json!("use_fast")),
        (encoder, "processing_kwargs", json!({"text": {"truncation": false}})),
        (encoder, "pooling", json!("mean")),
        (model, "model_type", json!("SparseEncoder")),
        (model, "model_type", Value::Null),
        (model, "prompts", json!({"query": 1})),
        (model, "default_prompt_name", json!("nobody")),
        (model, "truncate_dim", json!(-1)),
    ];
    for (file, key, value) in refusals {
        let error = case("dense-tanh").with(file, key, value.clone()).loader().expect_err(key);
        let stated = |error: &Error| matches!(error, Error::Config { file: f, field, .. } if f == file && field == key);
        assert!(stated(&error), "{key} {value}: {error}");
    }
    let mut without = case("dense-tanh");
    without.files.remove(pooling);
    assert_eq!(without.loader().expect_err("no settings of the pooling").code(), "config");
    // Arguments that Python would obey, and nothing here does.
    for (key, argument, value) in [
        ("tokenizer_args", "tokenizer_file", json!("other.json")),
        ("processor_kwargs", "split_special_tokens", json!(true)),
        ("model_args", "variant", json!("fp16")),
        ("model_kwargs", "hidden_act", json!("relu")),
    ] {
        let error = case("dense-tanh").with(encoder, key, json!({argument: value})).loader().expect_err(argument);
        let name = format!("{key}.{argument}");
        assert!(matches!(&error, Error::Config { field, .. } if *field == name), "{error}");
    }
}

#[test]
fn other_modules_are_refused_by_name() {
    let with_modules = |modules: Value| {
        let mut case = case("normalize");
        case.files.insert("modules.json".into(), modules);
        match case.loader() {
            Err(Error::Config { file, field, value, .. }) if file == "modules.json" => (field, value),
            other => panic!("{other:?}"),
        }
    };
    let module =
        |class: &str, path: &str| json!({"type": format!("sentence_transformers.models.{class}"), "path": path});
    let (field, value) = with_modules(json!([module("Transformer", ""), module("WordWeights", "1_WordWeights")]));
    assert_eq!((field.as_str(), value.as_str()), ("type", "\"sentence_transformers.models.WordWeights\""));
    let remote = json!({"type": "custom_st.Transformer", "path": ""});
    assert_eq!(with_modules(json!([remote, module("Pooling", "1_Pooling")])).1, "\"custom_st.Transformer\"");
    for path in ["../1_Pooling", "a/../b", "/etc", ".git", "C:\\x", "1_Pooling\\", "a%2f"] {
        let (field, _) = with_modules(json!([module("Transformer", ""), module("Pooling", path)]));
        assert_eq!(field, "path", "{path}");
    }
    let order = json!([module("Transformer", ""), module("LayerNorm", "1_LayerNorm"), module("Pooling", "2_Pooling")]);
    assert_eq!(with_modules(order), ("the order".into(), "[Transformer, LayerNorm, Pooling]".into()));
    assert_eq!(with_modules(json!([module("Transformer", "")])).0, "the order");
    let twice = json!([module("Transformer", ""), module("Pooling", "1_Pooling"), module("Pooling", "1_Pooling")]);
    assert_eq!(with_modules(twice).0, "the order");
    for class in
        ["WeightedLayerPooling", "LSTM", "CNN", "BoW", "WordEmbeddings", "StaticEmbedding", "CLIPModel", "Router"]
    {
        let list = json!([module("Transformer", ""), module(class, "1_X"), module("Pooling", "2_Pooling")]);
        assert_eq!(with_modules(list), ("type".into(), format!("\"sentence_transformers.models.{class}\"")));
    }
    let mut pooling = module("Pooling", "1_Pooling");
    pooling["name"] = json!("0");
    let mut encoder = module("Transformer", "");
    encoder["name"] = json!("0");
    assert_eq!(with_modules(json!([encoder, pooling])), ("name".into(), "\"0\"".into()));
    assert_eq!(with_modules(json!({"0": "Transformer"})).0, "the file");
    assert_eq!(with_modules(json!("[{")).0, "the file");
    assert_eq!(with_modules(json!([3])).0, "the list");
}

#[test]
fn broken_weights_of_a_dense_layer_are_refused() {
    let mut case = case("dense-tanh");
    case.weights.insert("2_Dense/model.safetensors".into(), "dense-no-bias.safetensors".into());
    let missing = case.load(1 << 20).expect_err("no bias");
    assert_eq!(missing, Error::MissingHead { head: "dense".into(), missing: vec!["linear.bias".into()] });
    let mut more = self::case("dense-no-bias");
    more.weights.insert("2_Dense/model.safetensors".into(), "dense.safetensors".into());
    let more = more.load(1 << 20).expect_err("a bias that no setting speaks of");
    assert!(matches!(&more, Error::Config { value, .. } if value == "linear.bias"), "{more}");
    case.weights.insert("2_Dense/model.safetensors".into(), "dense-two.safetensors".into());
    assert_eq!(case.load(64).expect_err("another shape").code(), "shape");
    let (mut loader, encoder) = (case.loader().expect("a loader"), read("encoder/model.safetensors"));
    let weights = read("dense.safetensors");
    loader.push(1, &weights[..weights.len() - 1]).expect("the beginning");
    loader.push(0, &encoder).expect("the encoder");
    let cut = loader.finish().expect_err("a byte is missing");
    assert!(matches!(&cut, Error::Incomplete { file, .. } if file == "2_Dense/model.safetensors"), "{cut}");
    let mut loader = case.loader().expect("a loader");
    loader.push(0, &encoder).expect("the encoder");
    assert_eq!(loader.finish().expect_err("no dense layer").code(), "safetensors");
}

#[test]
fn a_plain_encoder_reads_no_more_than_it_was_trained_for() {
    let mut files = SmallFiles::default();
    // Without a table of positions nothing else bounds a text.
    files.insert("config.json".into(), read("../modernbert/base/config.json"));
    files.insert("tokenizer.json".into(), read("encoder/tokenizer.json"));
    files.insert("tokenizer_config.json".into(), br#"{"model_max_length": 1000}"#.to_vec());
    let mut loader = TextEmbedder::load(&files, Index::single_file(), LoadOptions::default()).expect("a loader");
    loader.push(0, &read("../modernbert/base/model.safetensors")).expect("weights");
    let embedder = loader.finish().expect("a whole file");
    assert_eq!(embedder.tokenizer.max_length(), embedder.model.config.max_positions);
    assert!(embedder.model.config.max_positions < 1_000);
}

#[test]
fn pooling_keeps_what_is_no_number() {
    let mut batch = Batch::default();
    batch.push(&[0; 3], &[0; 3]);
    let hidden = Tensor::from_slice(&[1.0, f32::NAN, 2.0], (3, 1), &Device::Cpu).expect("a tensor");
    for mode in ["max", "mean", "weightedmean"] {
        let mut files = SmallFiles::default();
        files.insert("config.json".into(), json!({"pooling_mode": mode}).to_string().into());
        let pooling = Pooling::parse(&Settings::read(&files, "config.json").expect("settings")).expect("a pooling");
        let pooled = pooling.forward(&hidden, &batch, 0).expect("a vector").to_vec2::<f32>().expect("numbers");
        assert!(pooled[0][0].is_nan(), "{mode}: {pooled:?}");
    }
}

#[test]
fn damaged_weights_never_embed() {
    for name in ["old-max", "normalize"] {
        let mut weights = read("encoder/model.safetensors");
        let mut loader = case(name).loader().expect("a loader");
        let header = 8 + u64::from_le_bytes(*weights.first_chunk().expect("a header")) as usize;
        weights[header..].fill(0xff);
        loader.push(0, &weights).expect("NaN is a number");
        let error = Arc::new(loader.finish().expect("a whole file")).embed(&["a"]).expect_err("NaN");
        assert_eq!(error, Error::NonFinite { input: 0 });
    }
}

#[test]
fn the_pipeline_follows_the_folder_unless_told_otherwise() {
    let folder = sentences().join("saved");
    let texts = cases().texts;
    let embedder = Arc::new(TextEmbedder::open(&folder, Precision::Fp32).expect("an embedder"));
    let embeddings = embedder.embed(&texts.iter().map(String::as_str).collect::<Vec<_>>()).expect("embeddings");
    let features = |options: Options| {
        let texts = texts.iter().map(|text| text.as_str().into());
        run(FeatureExtraction::new(embedder.clone(), options).expect("a request"), texts).expect("features")
    };
    for (embedding, features) in embeddings.iter().zip(features(Options::default())) {
        assert_eq!((features.dims, &features.data), (vec![embedding.len()], embedding));
    }
    let hidden = features(Options { pooling: Some(Pooled::None), ..Options::default() });
    let tokens = embedder.tokenizer.encode(&texts[0].as_str().into()).expect("tokens").input_ids.len();
    assert_eq!(hidden[0].dims, [tokens, embedder.model.config.hidden_size]);
    assert_ne!(hidden[0].data[..embeddings[0].len()], embeddings[0]);
}
