//! Models with one thing wrong each, made of a small good one, and the error that each must end
//! in.

use std::collections::BTreeMap;
use std::sync::Arc;

use headwise::Result;
use headwise::internals::architectures::HeadKind;
use headwise::internals::tasks::text_classification::{Label, Options};
use headwise::internals::text::{ADAPTER_FILE, Input, SMALL_FILES, SmallFiles};
use headwise::internals::text_model::TextModel;
use headwise::internals::weights::{INDEX_FILE, Index, LoadOptions, MODEL_FILE};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Map, Value, json};

/// The model that every case is a variation of.
const GOOD: &[(&str, &[u8])] = &[
    ("config.json", include_bytes!("../golden/hub/tiny-bert/config.json")),
    ("tokenizer.json", include_bytes!("../golden/hub/tiny-bert/tokenizer.json")),
    ("tokenizer_config.json", include_bytes!("../golden/hub/tiny-bert/tokenizer_config.json")),
    (MODEL_FILE, include_bytes!("../golden/hub/tiny-bert/model.safetensors")),
];

/// Contents of files by name.
pub type Folder = BTreeMap<String, Vec<u8>>;

/// A model with something wrong.
pub struct Case {
    /// Its files.
    pub folder: Folder,
    /// Code of the error.
    pub code: &'static str,
    /// Part of the message, which tells the case from others.
    pub words: String,
}

/// The files of the good model.
pub fn good() -> Folder {
    GOOD.iter().map(|&(name, contents)| (name.to_owned(), contents.to_vec())).collect()
}

/// Every case.
pub fn cases() -> Vec<Case> {
    [
        headers(),
        tensors(),
        quantized(),
        adapters(),
        own_code(),
        configs(),
        contradictions(),
        quantizations(),
        indices(),
        shards(),
        tokenizers(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Loads the model, in pieces of `chunk` bytes, and classifies a text.
pub fn classify(folder: &Folder, chunk: usize) -> Result<Vec<Label>> {
    let classifier = Arc::new(load(folder, chunk)?);
    Ok(classifier.classify(&[Input::from("the dog and the fox")], Options::default())?.remove(0))
}

fn load(folder: &Folder, chunk: usize) -> Result<TextModel> {
    let mut files = SmallFiles::default();
    for &name in SMALL_FILES.iter().chain(&[ADAPTER_FILE]) {
        if let Some(contents) = folder.get(name) {
            files.insert(name.into(), contents.clone());
        }
    }
    let index = match folder.get(INDEX_FILE) {
        Some(json) => Index::parse(json)?,
        None => Index::single_file(),
    };
    let mut loader = TextModel::load(HeadKind::Sequence, &files, index.clone(), LoadOptions::default(), None)?;
    for (number, name) in index.files().iter().enumerate() {
        for piece in folder.get(name).map(Vec::as_slice).unwrap_or_default().chunks(chunk) {
            loader.push(number, piece)?;
        }
    }
    loader.finish()
}

/// The good model with another file, or with one more.
fn with(file: &str, contents: impl Into<Vec<u8>>, code: &'static str, words: &str) -> Case {
    let mut folder = good();
    folder.insert(file.into(), contents.into());
    Case { folder, code, words: words.into() }
}

/// A safetensors file with this JSON as its header and `data` zeros behind it.
fn file(json: &str, data: usize) -> Vec<u8> {
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    bytes.resize(bytes.len() + data, 0);
    bytes
}

/// A tensor as a header describes it.
fn entry(name: &str, dtype: &str, shape: &str, start: u64, end: u64) -> String {
    format!(r#""{name}":{{"dtype":"{dtype}","shape":{shape},"data_offsets":[{start},{end}]}}"#)
}

fn headers() -> Vec<Case> {
    let a = |shape: &str, start, end| entry("a", "F32", shape, start, end);
    let b = |start, end| entry("b", "F32", "[1]", start, end);
    let one = |entry: String, data| file(&format!("{{{entry}}}"), data);
    let two = |first: String, second: String, data| file(&format!("{{{first},{second}}}"), data);
    let many: Vec<String> = (0..16_385).map(|index| entry(&format!("t{index}"), "F32", "[0]", 0, 0)).collect();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "ends after 0 bytes"),
        (b"\x02\0\0\0\0\0\0".to_vec(), "ends after 7 bytes"),
        (file("{}", 0)[..9].to_vec(), "ends after 9 bytes"),
        ([&(9_u64 << 20).to_le_bytes()[..], b"{}"].concat(), "9437184 bytes, more than 8388608"),
        (u64::MAX.to_le_bytes().to_vec(), "18446744073709551615 bytes, more than 8388608"),
        (b"<!doctype html><title>404</title>".to_vec(), "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1".to_vec(), "Git LFS pointer"),
        (b"PK\x03\x04\x14\x00\x00\x08 archive".to_vec(), "PyTorch archive"),
        (file("", 0), "its header: EOF while parsing a value"),
        (file("[]", 0), "invalid type: sequence, expected an object of tensors"),
        (file("\u{feff}{}", 0), "expected value at line 1 column 1"),
        (file("\u{b}{}", 0), "expected value at line 1 column 1"),
        (file("{}\0", 0), "trailing characters"),
        (file(r#"{"__metadata__":[]}"#, 0), "invalid type: sequence, expected a map"),
        (file(r#"{"__metadata__":"pt"}"#, 0), r#"invalid type: string "pt", expected a map"#),
        (file(r#"{"__metadata__":{"format":1}}"#, 0), "invalid type: integer `1`, expected a string"),
        (file(r#"{"__metadata__":{"format":null}}"#, 0), "invalid type: null, expected a string"),
        (file(r#"{"__metadata__":{"a":{}}}"#, 0), "invalid type: map, expected a string"),
        (file(r#"{"a":1}"#, 0), "invalid type: integer `1`"),
        (file(r#"{"a":null}"#, 0), "invalid type: null"),
        (file(r#"{"a":{"dtype":"F32","shape":[1]}}"#, 4), "missing field `data_offsets`"),
        (
            file(r#"{"a":{"dtype":4,"shape":[1],"data_offsets":[0,4]}}"#, 4),
            "invalid type: integer `4`, expected a string",
        ),
        (file(r#"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, 4), "expected a sequence"),
        (file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, 4), "invalid length 1"),
        (file(r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#, 4), "trailing characters"),
        (one(a("[-1]", 0, 4), 4), "invalid value: integer `-1`"),
        (one(a("[1.5]", 0, 4), 4), "invalid type: floating point `1.5`"),
        (one(a("[18446744073709551616]", 0, 4), 4), "its header: invalid type: floating point"),
        (one(a("[4294967295,4294967295,4]", 0, 4), 4), "overflows"),
        (one(a("[2]", 0, 4), 4), "takes 8 bytes, not 4"),
        (one(entry("a", "F64", "[1]", 0, 4), 4), "type F64 and shape [1] takes 8 bytes, not 4"),
        (one(a("[]", 0, 8), 8), "shape [] takes 4 bytes, not 8"),
        (one(a("[0]", 0, 4), 4), "takes 0 bytes, not 4"),
        (one(a("[1]", 4, 8), 8), "a lies at bytes 4..8, expected to begin at 0"),
        (one(a("[1]", 4, 0), 8), "a lies at bytes 4..0, expected to begin at 0"),
        (two(a("[1]", 0, 4), b(2, 6), 6), "b lies at bytes 2..6, expected to begin at 4"),
        (two(a("[1]", 0, 4), b(0, 4), 4), "b lies at bytes 0..4, expected to begin at 4"),
        (two(a("[1]", 0, 4), b(8, 12), 12), "b lies at bytes 8..12, expected to begin at 4"),
        (one(entry("a", "F6", "[1]", 0, 1), 1), "tensor a is of the type F6, which is not known"),
        (one(entry("a", "f32", "[1]", 0, 4), 4), "tensor a is of the type f32, which is not known"),
        (one(entry("a", "F4", "[3]", 0, 1), 1), "type F4 and shape [3] does not take whole bytes"),
        (one(entry("a", "F6_E2M3", "[4]", 0, 4), 4), "type F6_E2M3 and shape [4] takes 3 bytes, not 4"),
        (two(a("[1]", 0, 4), a("[1]", 4, 8), 8), "a stands twice"),
        (file(r#"{"__metadata__":{},"__metadata__":{}}"#, 0), "__metadata__ stands twice"),
        (file(&format!("{{{}", a("[1]", 0, 4)), 4), "EOF"),
        (file(&format!("{{{}}} x", a("[1]", 0, 4)), 4), "trailing characters at"),
        (file(&format!("{{{},}}", a("[1]", 0, 4)), 4), "trailing comma"),
        (file(&format!("{{{}}}", many.join(",")), 0), "more than 16384 tensors"),
        (file("{\"\u{0}\":0}", 0), "control character"),
        (file(&format!("{{\"a\":{}", "[".repeat(1 << 16)), 0), "invalid type: sequence, expected a string"),
        (file(&format!("{{\"__metadata__\":{}", "[".repeat(1 << 16)), 0), "invalid type: sequence, expected a map"),
        ([&4_u64.to_le_bytes()[..], b"{\"\xff\""].concat(), "invalid unicode"),
    ];
    cases.into_iter().map(|(bytes, words)| with(MODEL_FILE, bytes, "safetensors", words)).collect()
}

type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn good_tensors() -> Tensors {
    let weights = &good()[MODEL_FILE];
    let read = SafeTensors::deserialize(weights).expect("a valid file");
    let owned =
        |(name, view): (String, TensorView)| (name, (view.dtype(), view.shape().to_vec(), view.data().to_vec()));
    read.tensors().into_iter().map(owned).collect()
}

fn saved(tensors: &Tensors) -> Vec<u8> {
    let views = tensors.iter().map(|(name, (dtype, shape, data))| {
        (name, TensorView::new(*dtype, shape.clone(), data).expect("a valid view"))
    });
    safetensors::serialize(views, None).expect("a valid file")
}

const KEY: &str = "bert.encoder.layer.1.attention.self.key.weight";
const NORM: &str = "bert.embeddings.LayerNorm.weight";
const CLASSIFIER: &str = "classifier.weight";

/// Files in order whose tensors are not those of the model.
fn tensors() -> Vec<Case> {
    let changed = |code: &'static str, words: &str, change: &dyn Fn(&mut Tensors)| {
        let mut tensors = good_tensors();
        change(&mut tensors);
        with(MODEL_FILE, saved(&tensors), code, words)
    };
    let first_number = |tensor: &'static str, number: f32| {
        move |tensors: &mut Tensors| {
            let bytes = &mut tensors.get_mut(tensor).expect("the tensor").2;
            bytes[..4].copy_from_slice(&number.to_le_bytes());
        }
    };
    let whole = &good()[MODEL_FILE];
    let length = whole.len();
    let cut = format!("{} bytes long, but its header promises {length}", length - 1);
    let longer = format!("{} bytes long, but its header promises {length}", length + 1);
    vec![
        changed("missing-tensors", "lacks tensors of the encoder: bert.encoder.layer.0", &|tensors| tensors.clear()),
        changed("missing-tensors", KEY, &|tensors| drop(tensors.remove(KEY))),
        changed("missing-head", "no trained sequence head; missing: classifier.weight", &|tensors| {
            tensors.remove(CLASSIFIER);
        }),
        changed("missing-tensors", NORM, &|tensors| {
            let tensor = tensors.remove(NORM).expect("the tensor");
            tensors.insert(NORM.to_uppercase(), tensor);
        }),
        changed("shape", "has shape [1296], but config.json implies [36, 36]", &|tensors| {
            tensors.get_mut(KEY).expect("the tensor").1 = vec![1296];
        }),
        changed("shape", "has shape [18, 72], but", &|tensors| {
            tensors.get_mut(KEY).expect("the tensor").1 = vec![18, 72];
        }),
        changed("shape", "has shape [1, 36, 36], but", &|tensors| {
            tensors.get_mut(KEY).expect("the tensor").1 = vec![1, 36, 36];
        }),
        changed("shape", "has shape [], but config.json implies [36]", &|tensors| {
            tensors.insert(NORM.into(), (Dtype::F32, vec![], vec![0; 4]));
        }),
        changed("shape", "has shape [0], but config.json implies [36]", &|tensors| {
            tensors.insert(NORM.into(), (Dtype::F32, vec![0], vec![]));
        }),
        changed("config", "id2label is 3 labels; supported: 4 labels, the rows of classifier.weight", &|tensors| {
            tensors.insert(CLASSIFIER.into(), (Dtype::F32, vec![4, 36], vec![0; 4 * 36 * 4]));
        }),
        changed("dtype", "is stored as C64; supported: F32, F16, BF16, I8, F64,", &|tensors| {
            tensors.insert(NORM.into(), (Dtype::C64, vec![36], vec![0; 36 * 8]));
        }),
        changed("dtype", "is stored as F8_E8M0", &|tensors| {
            tensors.insert(NORM.into(), (Dtype::F8_E8M0, vec![36], vec![0; 36]));
        }),
        changed("dtype", "is stored as F4", &|tensors| {
            tensors.insert(NORM.into(), (Dtype::F4, vec![36], vec![0; 18]));
        }),
        changed("non-finite", "not finite for input 0", &|tensors| {
            tensors.insert(NORM.into(), (Dtype::F64, vec![36], f64::MAX.to_le_bytes().repeat(36)));
        }),
        changed("adapter", "model.safetensors is of an adapter (LORA)", &|tensors| {
            let all = std::mem::take(tensors).into_iter();
            tensors.extend(all.map(|(name, tensor)| (format!("base_model.model.{name}"), tensor)));
        }),
        changed("non-finite", "not finite for input 0", &first_number(KEY, f32::NAN)),
        changed("non-finite", "not finite for input 0", &first_number(NORM, f32::INFINITY)),
        changed("non-finite", "not finite for input 0", &first_number(CLASSIFIER, f32::NEG_INFINITY)),
        changed("non-finite", "not finite for input 0", &|tensors| {
            tensors.values_mut().for_each(|(_, _, bytes)| bytes.fill(0xff));
        }),
        with(MODEL_FILE, &whole[..length - 1], "incomplete", &cut),
        with(MODEL_FILE, [whole, &b"x"[..]].concat(), "incomplete", &longer),
    ]
}

/// A matrix in int8 whose scales are missing or wrong.
fn quantized() -> Vec<Case> {
    let scales = format!("{KEY}_scale");
    let int8 = |code: &'static str, words: &str, of_scales: Option<(Dtype, Vec<usize>, usize)>| {
        let mut tensors = good_tensors();
        tensors.insert(KEY.into(), (Dtype::I8, vec![36, 36], vec![1; 36 * 36]));
        tensors.extend(of_scales.map(|(dtype, shape, bytes)| (scales.clone(), (dtype, shape, vec![0xff; bytes]))));
        said_so(with(MODEL_FILE, saved(&tensors), code, words))
    };
    let shape = |got: &str| format!("{scales} has shape {got}, but config.json implies [36, 1]");
    let mut head = good_tensors();
    head.insert(CLASSIFIER.into(), (Dtype::I8, vec![3, 36], vec![1; 3 * 36]));
    vec![
        int8("missing-tensors", &format!("lacks tensors of the encoder: {scales}"), None),
        said_so(with(MODEL_FILE, saved(&head), "missing-head", "missing: classifier.weight_scale")),
        int8("shape", &shape("[1]"), Some((Dtype::F32, vec![1], 4))),
        int8("shape", &shape("[]"), Some((Dtype::F32, vec![], 4))),
        int8("shape", &shape("[36, 2]"), Some((Dtype::F32, vec![36, 2], 36 * 8))),
        int8(
            "dtype",
            "weight_scale is stored as I8; supported: F32, F16, BF16, F64",
            Some((Dtype::I8, vec![36, 1], 36)),
        ),
        int8("dtype", "weight_scale is stored as I64", Some((Dtype::I64, vec![36], 36 * 8))),
        int8("non-finite", "not finite for input 0", Some((Dtype::F64, vec![36], 36 * 8))),
        int8("non-finite", "not finite for input 0", Some((Dtype::F32, vec![36, 1], 36 * 4))),
        int8("non-finite", "not finite for input 0", Some((Dtype::BF16, vec![36], 36 * 2))),
    ]
}

/// The case of a configuration that says that the model is quantised.
fn said_so(mut case: Case) -> Case {
    let mut config: Map<String, Value> = serde_json::from_slice(&case.folder["config.json"]).expect("JSON");
    config.insert("quantization_config".into(), headwise::internals::models::int8_per_channel(&["Linear".to_owned()]));
    case.folder.insert("config.json".into(), Value::from(config).to_string().into_bytes());
    case
}

/// Adapters in place of a model.
fn adapters() -> Vec<Case> {
    let alone = |config: Value, words: &str| {
        let mut case = with("adapter_config.json", config.to_string(), "adapter", words);
        case.folder.remove("config.json");
        case
    };
    vec![
        alone(
            json!({"peft_type": "LORA", "base_model_name_or_path": "bert-base-cased"}),
            "adapter_config.json is of an adapter (LORA), which is no model by itself; supported: whole models. In \
             Python, merge_and_unload() of peft makes one of bert-base-cased and the adapter.",
        ),
        alone(json!({"model_name": "roberta-base", "config": {}}), "(adapter), which is no model by itself"),
        alone(json!({"peft_type": "IA3", "base_model_name_or_path": null}), "(IA3)"),
        alone(json!(["riddle"]), "makes one of its model and the adapter"),
    ]
}

/// Models that bring code of their own.
fn own_code() -> Vec<Case> {
    let case = |model_type: Option<&str>, words: &str, tensors: &Tensors| {
        let mut config: Map<String, Value> = serde_json::from_slice(&good()["config.json"]).expect("JSON");
        config.insert("auto_map".into(), json!({"AutoModel": "modeling_riddle.RiddleModel"}));
        match model_type {
            Some(name) => config.insert("model_type".into(), name.into()),
            None => config.shift_remove("model_type"),
        };
        let mut case = with("config.json", Value::from(config).to_string(), "unsupported-model", words);
        case.folder.insert(MODEL_FILE.into(), saved(tensors));
        case
    };
    let all = good_tensors();
    let (mut fewer, mut wider) = (all.clone(), all.clone());
    fewer.remove(KEY);
    wider.insert(KEY.into(), (Dtype::F32, vec![37, 36], vec![0; 37 * 36 * 4]));
    let of_bert =
        "Model type \"bert\" with code of its own (auto_map in config.json), which is not run, is not supported";
    vec![
        case(
            None,
            "A model without model_type with code of its own (auto_map in config.json), which is not run,",
            &all,
        ),
        case(Some("riddle"), "Model type \"riddle\" with code of its own (auto_map in config.json), which", &all),
        case(Some("bert"), of_bert, &fewer),
        case(Some("bert"), of_bert, &wider),
    ]
}

/// Files that are no configuration.
fn configs() -> Vec<Case> {
    let broken: Vec<(Vec<u8>, &str)> = vec![
        (b"".to_vec(), "the file is not JSON (EOF"),
        (b"{".to_vec(), "EOF while parsing an object"),
        (b"{}".to_vec(), "model_type is missing"),
        (b"[]".to_vec(), "the file is []; supported: a JSON object"),
        (b"null".to_vec(), "the file is null; supported: a JSON object"),
        (b"<!doctype html>".to_vec(), "expected value at line 1 column 1"),
        (b"\xef\xbb\xbf{}".to_vec(), "the file is not JSON (expected value"),
        (b"{\"model_type\": \"\xff\"}".to_vec(), "invalid unicode"),
        (b"{\"layer_norm_eps\": 1e999}".to_vec(), "number out of range"),
        (b"{\"model_type\": \"bert\", \"layer_norm_eps\": NaN}".to_vec(), "layer_norm_eps is {\"__float__\":\"NaN\"}"),
        (b"{\"a\": NaN, \"b\": nan}".to_vec(), "the file is not JSON"),
        (b"{\"a\": Infinity, \"b\": \"".to_vec(), "the file is not JSON"),
        (b"{\"model_type\": \"bert\", \"a\": 1,}".to_vec(), "the file is not JSON (trailing comma"),
        (b"{\"model_type\": 3}".to_vec(), "model_type is 3; supported: "),
        (b"{\"a\":".repeat(1 << 16), "recursion limit"),
        (
            br#"{"model_type": "modernbert", "hidden_size": 36, "num_attention_heads": 12}"#.to_vec(),
            "num_attention_heads is 12; supported: a number that leaves heads of an even width",
        ),
        (vec![b' '; (16 << 20) + 1], "the file is 16777217 bytes; supported: up to 16777216 bytes"),
    ];
    let broken = broken.into_iter().map(|(json, words)| with("config.json", json, "config", words));
    let mut absent = Case { folder: good(), code: "config", words: "the file is missing".into() };
    absent.folder.remove("config.json");
    broken.chain([absent]).collect()
}

/// The good configuration with one field that is nonsense, or contradicts the weights.
fn contradictions() -> Vec<Case> {
    let config: Map<String, Value> = serde_json::from_slice(&good()["config.json"]).expect("JSON");
    let cases = [
        ("model_type", json!("gpt2"), "unsupported-model", "\"gpt2\" is not supported"),
        ("model_type", json!("b".repeat(1000)), "unsupported-model", "bbb"),
        (
            "model_type",
            json!("roberta"),
            "missing-tensors",
            "encoder: roberta.encoder.layer.0.intermediate.dense.weight",
        ),
        ("hidden_size", json!(48), "shape", "has shape [44, 36], but config.json implies [44, 48]"),
        ("hidden_size", json!(0), "config", "hidden_size is 0; supported: a whole number from 1 to 8192"),
        ("hidden_size", json!(1_u64 << 63), "config", "hidden_size is 9223372036854775808"),
        ("hidden_size", json!({"36": 36}), "config", "hidden_size is {\"36\":36}"),
        ("vocab_size", json!(399), "shape", "has shape [400, 36], but config.json implies [399, 36]"),
        ("vocab_size", json!(1 << 20), "shape", "implies [1048576, 36]"),
        ("max_position_embeddings", json!(63), "shape", "implies [63, 36]"),
        ("max_position_embeddings", json!(2), "tokenizer", "2 tokens leave no room for a text"),
        ("type_vocab_size", json!(3), "shape", "implies [3, 36]"),
        ("type_vocab_size", json!(-1), "config", "type_vocab_size is -1"),
        ("intermediate_size", json!(43), "shape", "implies [43, 36]"),
        ("num_hidden_layers", json!(3), "missing-tensors", "bert.encoder.layer.2.attention.self.query.weight"),
        ("num_hidden_layers", json!(1e3), "config", "num_hidden_layers is 1000.0"),
        (
            "num_attention_heads",
            json!(5),
            "config",
            "num_attention_heads is 5; supported: a divisor of the hidden size",
        ),
        ("pad_token_id", json!(1_u64 << 40), "config", "pad_token_id is 1099511627776"),
        ("hidden_act", json!(["gelu"]), "config", "hidden_act is [\"gelu\"]"),
        ("layer_norm_eps", json!(1), "config", "layer_norm_eps is 1; supported: a number from 0 to 1"),
        ("is_decoder", json!(true), "config", "is_decoder is true"),
        ("hidden_act", json!(null), "config", "hidden_act is null"),
        ("layer_norm_eps", json!(null), "config", "layer_norm_eps is null"),
        ("num_labels", json!(null), "config", "num_labels is null"),
        ("num_labels", json!(2), "config", "id2label is 2 labels; supported: 3 labels"),
        ("id2label", json!(null), "config", "id2label is 2 labels; supported: 3 labels"),
        ("id2label", json!({}), "config", "id2label is 0 labels; supported: 3 labels"),
        ("id2label", json!(["a", "b", "c"]), "config", "supported: an object from whole numbers"),
        (
            "id2label",
            json!({"1": "a", "2": "b", "3": "c"}),
            "config",
            "a name for each label from 0 to 2; there is none for 0",
        ),
        ("id2label", json!({"0": "a", "1": "b"}), "config", "id2label is 2 labels; supported: 3 labels"),
        ("id2label", json!({"0": "a", "00": "b", "x": "c"}), "config", "supported: an object from whole numbers"),
    ];
    let case = |(field, value, code, words): (&str, Value, &'static str, &str)| {
        let mut config = config.clone();
        config.insert(field.into(), value);
        with("config.json", Value::Object(config).to_string(), code, words)
    };
    cases.into_iter().map(case).collect()
}

/// The good configuration with weights that are said to be stored as this does not read them.
fn quantizations() -> Vec<Case> {
    let good_one = json!({
        "quant_method": "compressed-tensors",
        "format": "int-quantized",
        "config_groups": {"group_0": {
            "targets": ["Linear"],
            "weights": {"num_bits": 8, "type": "int", "symmetric": true, "strategy": "channel"},
            "input_activations": {"num_bits": 8, "dynamic": true, "strategy": "token"},
        }},
    });
    let weights = "/config_groups/group_0/weights";
    let case = |field: &str, path: &str, key: &str, value: Value, words: &str| {
        let mut config: Map<String, Value> = serde_json::from_slice(&good()["config.json"]).expect("JSON");
        let mut quantization = good_one.clone();
        quantization.pointer_mut(path).expect("an object")[key] = value;
        config.insert(field.into(), quantization);
        with("config.json", Value::Object(config).to_string(), "config", words)
    };
    let current = |path: &str, key: &str, value: Value, words: &str| {
        case("quantization_config", path, key, value, &format!("config.json: quantization_config.{words}"))
    };
    let of_weights = |key: &str, value: Value, words: &str| {
        current(weights, key, value, &format!("config_groups.group_0.weights.{key} is {words}"))
    };
    let group = "/config_groups/group_0";
    vec![
        current("", "quant_method", json!("gptq"), "quant_method is \"gptq\"; supported: \"compressed-tensors\""),
        current("", "quant_method", json!(null), "quant_method is missing"),
        current("", "format", json!("pack-quantized"), "format is \"pack-quantized\"; supported: \"int-quantized\", "),
        current(
            "",
            "quantization_status",
            json!("frozen"),
            "quantization_status is \"frozen\"; supported: \"compressed\"",
        ),
        current("", "sparsity_config", json!({"format": "sparse-bitmask"}), "sparsity_config.format is"),
        current("", "kv_cache_scheme", json!({"num_bits": 8}), "kv_cache_scheme is {\"num_bits\":8}; supported: none"),
        current("", "transform_config", json!({"config_groups": {}}), "transform_config is"),
        current("", "config_groups", json!(null), "config_groups is missing"),
        current("", "config_groups", json!(["Linear"]), "config_groups is [\"Linear\"]; supported: an object"),
        current("/config_groups", "W8A8", json!(["Linear"]), "config_groups.W8A8 is [\"Linear\"]"),
        current(group, "format", json!("float-quantized"), "config_groups.group_0.format is"),
        current(group, "weights", json!(null), "config_groups.group_0.weights is missing"),
        of_weights("num_bits", json!(4), "4; supported: 8"),
        of_weights("type", json!("float"), "\"float\"; supported: \"int\""),
        of_weights("symmetric", json!(false), "false; supported: true"),
        of_weights("strategy", json!("group"), "\"group\"; supported: \"channel\""),
        of_weights("strategy", json!("tensor"), "\"tensor\""),
        of_weights("strategy", json!(null), "missing; supported: \"channel\""),
        of_weights("group_size", json!(128), "128; supported: -1"),
        of_weights("actorder", json!("group"), "\"group\""),
        of_weights("dynamic", json!("local"), "\"local\""),
        case(
            "compression_config",
            weights,
            "num_bits",
            json!(4),
            "compression_config.config_groups.group_0.weights.num_bits",
        ),
        case("quantization_config", "", "config_groups", json!(3), "quantization_config.config_groups is 3"),
    ]
}

fn shard(number: usize) -> String {
    format!("model-{number}.safetensors")
}

/// Lists of files that make no sense.
fn indices() -> Vec<Case> {
    let list = |count: usize, file: &dyn Fn(usize) -> String| {
        let entries: Map<String, Value> = (0..count).map(|i| (format!("t{i}"), Value::from(file(i)))).collect();
        json!({"weight_map": entries}).to_string()
    };
    let named = |file: &str| {
        let words =
            format!("t0 is {}; supported: the name of a .safetensors file in the same folder or below", json!(file));
        (list(1, &|_| file.to_owned()), words)
    };
    let long = "m".repeat(250) + ".safetensors";
    let mut cases: Vec<(String, String)> = [
        ("".to_owned(), "the file is not JSON (EOF"),
        ("[]".to_owned(), "the file is []; supported: a JSON object"),
        ("{}".to_owned(), "weight_map is missing; supported: an object from the names"),
        (r#"{"weight_map": ["a"]}"#.to_owned(), "weight_map is [\"a\"]; supported: an object from the names"),
        (r#"{"weight_map": {}}"#.to_owned(), "weight_map is 0 tensors; supported: 1 to 16384"),
        (r#"{"weight_map": {"t": 3}}"#.to_owned(), "t is 3; supported: the name"),
        (list(1, &|_| long.clone()), "mmm…; supported: the name"),
        (list(16_385, &|_| shard(0)), "weight_map is 16385 tensors"),
        (list(257, &shard), "weight_map is 257 files; supported: up to 256"),
        (" ".repeat((4 << 20) + 1), "the file is 4194305 bytes; supported: up to 4194304 bytes"),
    ]
    .map(|(json, words)| (json, words.to_owned()))
    .into();
    cases.extend(
        [
            "pytorch_model.bin",
            "../model.safetensors",
            "/model.safetensors",
            "shards\\model.safetensors",
            "shards//model.safetensors",
            "shards/../model.safetensors",
            "shards/./model.safetensors",
            "c:model.safetensors",
            "https://example.org/model.safetensors",
            "model\u{7}.safetensors",
            "shards/model.safetensors/",
            "",
        ]
        .map(named),
    );
    cases.into_iter().map(|(json, words)| with(INDEX_FILE, json, "config", &words)).collect()
}

/// Files that contradict their list.
fn shards() -> Vec<Case> {
    let tensors = good_tensors();
    let home = |name: &str| usize::from(name.contains("layer.1"));
    type Change<'a> = &'a dyn Fn(&mut [Tensors], &mut Map<String, Value>);
    let case = |code: &'static str, words: &str, change: Change| {
        let mut parts = [Tensors::new(), Tensors::new()];
        let mut map = Map::new();
        for (name, tensor) in &tensors {
            parts[home(name)].insert(name.clone(), tensor.clone());
            map.insert(name.clone(), shard(home(name)).into());
        }
        change(&mut parts, &mut map);
        let mut case = with(INDEX_FILE, json!({"weight_map": map}).to_string(), code, words);
        case.folder.remove(MODEL_FILE);
        case.folder.extend(parts.iter().enumerate().map(|(number, part)| (shard(number), saved(part))));
        case
    };
    vec![
        // The list has it elsewhere, which is where it does not fit.
        case("shape", "layer.1.attention.self.key.weight has shape [1], but", &|parts, map| {
            parts[0].insert(KEY.into(), (Dtype::F32, vec![1], vec![0; 4]));
            map[KEY] = shard(0).into();
        }),
        case("safetensors", "model-2.safetensors is not a valid safetensors file: it ends after 0 bytes", &|_, map| {
            map.insert("ghost".into(), shard(2).into());
        }),
        case("missing-tensors", KEY, &|parts, map| {
            parts[1].remove(KEY);
            map.shift_remove(KEY);
        }),
    ]
}

fn tokenizers() -> Vec<Case> {
    // The files in place of all of the tokenizer's.
    let only = |files: &[(&str, &[u8])], words: &str| {
        let mut folder: Folder = good();
        folder.retain(|name, _| ["config.json", MODEL_FILE].contains(&name.as_str()));
        folder.extend(files.iter().map(|&(name, contents)| (name.to_owned(), contents.to_vec())));
        Case { folder, code: "tokenizer", words: words.into() }
    };
    let json = |json: &str, words: &str| only(&[("tokenizer.json", json.as_bytes())], words);
    let model = |model: &str, words: &str| json(&format!(r#"{{"version":"1.0","model":{model}}}"#), words);
    let pieces = |pieces: &[u8], settings: &[u8], words: &str| {
        only(&[("vocab.txt", pieces), ("tokenizer_config.json", settings)], words)
    };
    let pairs = |vocabulary: &[u8], merges: &[u8], words: &str| {
        let class: &[u8] = br#"{"tokenizer_class": "RobertaTokenizer"}"#;
        only(&[("vocab.json", vocabulary), ("merges.txt", merges), ("tokenizer_config.json", class)], words)
    };
    let scored = |model: &[u8], words: &str| {
        let class: &[u8] = br#"{"tokenizer_class": "DebertaV2Tokenizer"}"#;
        only(&[("spm.model", model), ("tokenizer_config.json", class)], words)
    };
    // A file of SentencePiece whose rules of normalisation count.
    let ruled = |model: &[u8], words: &str| {
        let class: &[u8] = br#"{"tokenizer_class": "AlbertTokenizer"}"#;
        only(&[("spiece.model", model), ("tokenizer_config.json", class)], words)
    };
    // The good tokenizer with another value at a path.
    let changed = |path: &str, value: Value, code: &'static str, words: &str| {
        let mut tokenizer: Value = serde_json::from_slice(&good()["tokenizer.json"]).expect("JSON");
        *tokenizer.pointer_mut(path).expect("a value") = value;
        with("tokenizer.json", tokenizer.to_string(), code, words)
    };
    // The good tokenizer with another part in a field.
    let part = |field: &str, part: Value, words: &str| changed(&format!("/{field}"), part, "tokenizer", words);
    let charsmap = |charsmap: &str, words: &str| {
        part("normalizer", json!({"type": "Precompiled", "precompiled_charsmap": charsmap}), words)
    };
    // 256 units, of which that for "t" stands for a text, and no texts.
    let no_text = format!("AAQA{}dAEA{}AAA=", "AAAA".repeat(155), "AAAA".repeat(185));
    let template = |single: Value, tokens: Value| json!({"type": "TemplateProcessing", "single": [single], "pair": [], "special_tokens": tokens});
    let special = |id: &str| json!({"SpecialToken": {"id": id, "type_id": 0}});
    let sequence = |id: &str| json!({"Sequence": {"id": id, "type_id": 0}});
    let prefixed = |merge: &str| json!({"type": "BPE", "continuing_subword_prefix": "##", "vocab": {"a": 0, "b": 1, "##b": 2, "ab": 3}, "merges": [merge]});
    let added = |content: &str, left: bool, right: bool| {
        json!({
            "id": 1, "content": content, "single_word": false,
            "lstrip": left, "rstrip": right, "normalized": true, "special": false,
        })
    };
    let replacing = |pattern: Value| json!({"type": "Replace", "pattern": pattern, "content": "a"});
    let japanese: &[u8] = br#"{"tokenizer_class": "BertJapaneseTokenizer"}"#;
    let phobert: &[u8] = br#"{"tokenizer_class": "PhobertTokenizer"}"#;
    let mut roberta: Value = serde_json::from_slice(&good()["config.json"]).expect("JSON");
    roberta["model_type"] = json!("roberta");
    let roberta = roberta.to_string();
    let marked = |pieces: &[u8], tokens: &[u8], words: &str| {
        let files = [("vocab.txt", pieces), ("bpe.codes", b"a b 1\n"), ("special_tokens_map.json", tokens)];
        only(&[&files[..], &[("tokenizer_config.json", phobert)]].concat(), words)
    };
    vec![
        only(&[], "put the tokenizer.json of the model that it was trained from beside it"),
        only(
            &[("vocab.json", br#"{"a": 0}"#)],
            "put the tokenizer.json of the model that it was trained from beside it",
        ),
        json("{", "EOF"),
        json("<html>", "expected value"),
        json("{}", "Model missing"),
        only(&[("tokenizer.json", b"{\"version\": \"\xff\"}")], "tokenizer.json is not UTF-8"),
        model(r#"{"type":"Riddle"}"#, "unknown variant `Riddle`"),
        model(r#"{"type":"BPE","vocab":{"a":0},"merges":["a b"]}"#, "out of vocabulary"),
        model(r#"{"type":"Unigram","unk_id":9,"vocab":[["a",0.0]]}"#, "unk_id 9 is not in the vocabulary of 1"),
        model(r#"{"type":"Unigram","unk_id":0,"vocab":[]}"#, "unk_id 0 is not in the vocabulary of 0"),
        model(r#"{"type":"Unigram","unk_id":-1,"vocab":[["a",0.0]]}"#, "invalid value"),
        model(r#"{"type":"Unigram","vocab":{"a":0}}"#, "has a list of pieces and scores"),
        model(r#"{"type":"Unigram","vocab":[["a",null]]}"#, "invalid type: null"),
        model(r#"{"type":"BPE","vocab":[["a",0.0]],"merges":[]}"#, "only a Unigram model"),
        model(r#"{"type":"Unigram"}"#, "missing field `vocab`"),
        pieces(b"", b"{}", "Missing [UNK] token"),
        pieces(b"[CLS]\n[SEP]\n", b"{,}", "tokenizer_config.json: key must be a string"),
        pieces(b"[CLS]\n[SEP]\n", b"[]", "tokenizer_config.json: invalid type"),
        pieces(
            b"a\n",
            japanese,
            "tokenizer_config.json states the class BertJapaneseTokenizer, which Python has in slow form only",
        ),
        pieces(b"a 1\n", phobert, "put vocab.txt and bpe.codes beside it"),
        only(
            &[("vocab.txt", b"a 1\n"), ("bpe.codes", b""), ("config.json", roberta.as_bytes())],
            r#"says "tokenizer_class": "PhobertTokenizer" or"#,
        ),
        marked(b"a 1\nb\n", b"{}", r#"vocab.txt: "b" has no count behind its piece"#),
        marked(b"a 1\n", br#"{"pad_token": null}"#, "of the special tokens only mask_token may be null"),
        marked(b"a\xff 1\n", b"{}", "vocab.txt is not UTF-8"),
        pieces(b"\xff\n", b"{}", "vocab.txt is not UTF-8"),
        pairs(b"[]", b"", "vocab.json: invalid type"),
        pairs(br#"{"<s>": 0, "</s>": 1}"#, b"a", "merges.txt is malformed"),
        pairs(br#"{"<s>": 0, "</s>": 1}"#, b"<s> </s>", r#"the merges make "<s></s>", which is out of vocabulary"#),
        scored(b"\x0a", "it is not a model of SentencePiece"),
        scored(b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "it is not a model of SentencePiece"),
        scored(b"<html>", "it is not a model of SentencePiece"),
        scored(b"", "unk_id 0 is not in the vocabulary of 0"),
        scored(b"\x12\x02\x18\x02", "it is not a Unigram model"),
        scored(b"\x0a\x03\x0a\x01\xff", "a piece is not UTF-8"),
        scored(b"\x0a\x08\x0a\x01a\x15\x00\x00\xc0\x7f", "the score of \"a\" is NaN"),
        ruled(b"\x0a\x03\x0a\x01a\x1a\x03\x12\x01\x00", "the precompiled_charsmap is empty"),
        ruled(b"\x0a\x03\x0a\x01a\x1a\x06\x12\x04\x00\x00\x00\x00", "the precompiled_charsmap leads beyond its end"),
        only(&[("spiece.model", b"")], "spiece.model"),
        changed("/normalizer", json!({"type": "Riddle"}), "tokenizer", "did not match"),
        changed(
            "/pre_tokenizer",
            json!({"type": "Split", "pattern": {"Regex": "("}, "behavior": "Removed", "invert": false}),
            "tokenizer",
            "arsing error",
        ),
        changed("/added_tokens", json!({"[PAD]": 0}), "tokenizer", "expected a sequence"),
        part(
            "added_tokens",
            json!([added("\u{7}", false, false)]),
            r#"the normalizer leaves nothing of the added token "\u{7}""#,
        ),
        part(
            "added_tokens",
            json!([added("  ", true, false), added("a", false, true)]),
            r#"the added token "  " is white space and takes what is left of it"#,
        ),
        changed("/model/vocab/the", json!(400), "input", "token id 400 is beyond the model's vocabulary of 400"),
        changed("/model/vocab/the", json!(-1), "tokenizer", "invalid value"),
        charsmap("Riddle", "the precompiled_charsmap is not base64"),
        charsmap("", "the precompiled_charsmap is empty"),
        charsmap("CAAAAAAAAAA=", "the precompiled_charsmap is cut off"),
        charsmap("/////wAAAAA=", "the precompiled_charsmap is cut off"),
        charsmap("AAAAAA==", "the precompiled_charsmap leads beyond its end"),
        charsmap("BAAAAAAAAAA=", "the precompiled_charsmap leads beyond its end"),
        charsmap("BAAAAAAAAAD/", "the precompiled_charsmap has texts that are not UTF-8"),
        charsmap(&no_text, "the precompiled_charsmap names a text that is not there"),
        part("normalizer", json!({"type": "Precompiled"}), "the precompiled_charsmap is missing"),
        part(
            "normalizer",
            json!({"type": "Sequence", "normalizers": [{"type": "Precompiled", "precompiled_charsmap": ""}]}),
            "the precompiled_charsmap is empty",
        ),
        part("normalizer", replacing(json!({"String": ""})), "a normalizer replaces an empty pattern"),
        part("normalizer", replacing(json!({"Regex": "^"})), r#"a normalizer puts "a" before the text, where "^""#),
        part("normalizer", replacing(json!({"Regex": " *(?=\\S)"})), r#"a normalizer puts "a" before the text"#),
        part("normalizer", json!({"type": "Prepend", "prepend": ""}), "a normalizer prepends an empty text"),
        // What the crate reads without asking whether it can.
        json(r#"{"decoder": {"type": "\ud800"}}"#, "unexpected end of hex escape"),
        json(r#"{"decoder": 1e999}"#, "number out of range"),
        part("normalizer", json!([[]]), "a part of the tokenizer is [[]], not an object"),
        part("pre_tokenizer", json!({"type": "FixedLength", "length": 0}), "pieces of length 0"),
        part(
            "post_processor",
            template(special("[SEP]"), json!({})),
            r#"template names {"SpecialToken":{"id":"[SEP]""#,
        ),
        part("post_processor", template(sequence("B"), json!({})), r#"template names {"Sequence":{"id":"B""#),
        part(
            "post_processor",
            template(special("a"), json!({"a": {"id": "a", "ids": [1, 2], "tokens": ["a"]}})),
            r#"template names {"SpecialToken":{"id":"a""#,
        ),
        part(
            "post_processor",
            json!({"type": "Sequence", "processors": vec![template(sequence("A"), json!({})); 2]}),
            "the post_processor has 2 templates",
        ),
        part(
            "post_processor",
            json!({"type": "Sequence", "processors": [
                template(sequence("A"), json!({})), {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true},
            ]}),
            "the post_processor changes what its template made",
        ),
        changed("/model/vocab/the", json!(u32::MAX), "tokenizer", "the vocabulary has the id 4294967295"),
        model(r#"{"type":"BPE","vocab":{"a":0,"b":1},"merges":[["a","b"]]}"#, r#"the merges make "ab", which is out"#),
        part("model", prefixed("a b"), r###"the merges join "b", which does not begin with "##""###),
        with("tokenizer_config.json", r#"{"model_max_length": 2}"#, "tokenizer", "2 tokens leave no room for a text"),
    ]
}
