//! `config.json`: defaults, labels and refusals.

use headwise::Error;
use headwise::models::{Config, ProblemType};
use headwise::tasks::text_classification::Function;
use serde_json::{Value, json};

fn parse(config: Value) -> headwise::Result<Config> {
    Config::parse(config.to_string().as_bytes())
}

#[test]
fn what_is_absent_has_the_default_of_its_architecture() {
    let bert = parse(json!({"model_type": "bert", "pad_token_id": null})).expect("a valid config");
    assert_eq!((bert.vocab_size, bert.hidden_size, bert.layers), (30_522, 768, 12));
    assert_eq!((bert.type_vocab_size, bert.pad_token_id, bert.usable_positions()), (2, 0, 512));
    let roberta = parse(json!({"model_type": "roberta", "max_position_embeddings": 514})).expect("a valid config");
    assert_eq!((roberta.vocab_size, roberta.pad_token_id, roberta.usable_positions()), (50_265, 1, 512));
    let distilbert = parse(json!({"model_type": "distilbert", "layer_norm_eps": 0.5, "dim": 36, "n_heads": 3}));
    let distilbert = distilbert.expect("a valid config");
    assert_eq!((distilbert.hidden_size, distilbert.attention_heads, distilbert.layers), (36, 3, 6));
    assert_eq!((distilbert.layer_norm_eps, distilbert.type_vocab_size), (1e-12, 0));
}

#[test]
fn labels_come_in_the_order_of_their_numbers() {
    let labels = |more: Value| {
        let mut config = json!({"model_type": "bert"});
        config.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        parse(config).map(|config| config.labels)
    };
    let ten: serde_json::Map<_, _> = (0..12).rev().map(|id| (id.to_string(), json!(format!("l{id}")))).collect();
    let expected: Vec<String> = (0..12).map(|id| format!("l{id}")).collect();
    assert_eq!(labels(json!({"id2label": ten})).expect("labels"), Some(expected));
    let gap = labels(json!({"id2label": {"0": "a", "7": "b"}})).expect("labels");
    assert_eq!(gap, Some(vec!["a".into(), "LABEL_1".into()]));
    let counted = labels(json!({"num_labels": 2, "id2label": null})).expect("labels");
    assert_eq!(counted, Some(vec!["LABEL_0".into(), "LABEL_1".into()]));
    assert_eq!(labels(json!({})).expect("labels"), None);
    for broken in [json!({}), json!({"a": "b"}), json!({"0": 1}), json!([]), json!({"-1": "a"})] {
        assert!(matches!(labels(json!({"id2label": broken})), Err(Error::Config { field, .. }) if field == "id2label"));
    }
}

#[test]
fn what_would_be_computed_wrongly_is_refused_by_field() {
    let cases = [
        ("position_embedding_type", json!("relative_key")),
        ("is_decoder", json!(true)),
        ("add_cross_attention", json!(true)),
        ("quantization_config", json!({"quant_method": "gptq"})),
        ("hidden_act", json!("maxout")),
        ("hidden_act", json!(3)),
        ("hidden_size", json!(0)),
        ("hidden_size", json!(8_193)),
        ("hidden_size", json!("768")),
        ("hidden_size", json!(-1)),
        ("hidden_size", json!(1.5)),
        ("num_hidden_layers", json!(97)),
        ("num_attention_heads", json!(7)),
        ("vocab_size", json!(1 << 21)),
        ("max_position_embeddings", json!(65_537)),
        ("layer_norm_eps", json!("tiny")),
        ("layer_norm_eps", json!(-1e-5)),
        ("num_labels", json!(65_537)),
        ("problem_type", json!("guessing")),
    ];
    for (field, value) in cases {
        match parse(json!({"model_type": "bert", field: value})) {
            Err(Error::Config { file, field: named, value: shown, .. }) => {
                assert_eq!((file.as_str(), named.as_str()), ("config.json", field));
                assert_eq!(shown, value.to_string());
            }
            other => panic!("{field} {value}: {other:?}"),
        }
    }
    let no_room = json!({"model_type": "roberta", "max_position_embeddings": 2});
    assert!(matches!(parse(no_room), Err(Error::Config { field, .. }) if field == "max_position_embeddings"));
    let one = json!({"model_type": "bert", "num_labels": 1, "problem_type": "single_label_classification"});
    assert!(matches!(parse(one), Err(Error::Config { field, .. }) if field == "problem_type"));
}

#[test]
fn other_files_and_models_are_refused() {
    for broken in ["", "{", "[]", "null", "<!doctype html>", "\u{feff}{}"] {
        assert_eq!(Config::parse(broken.as_bytes()).expect_err("not a config").code(), "config", "{broken:?}");
    }
    assert!(matches!(parse(json!({})), Err(Error::Config { field, .. }) if field == "model_type"));
    let Err(Error::UnsupportedModel { model_type, supported }) = parse(json!({"model_type": "gpt2"})) else {
        panic!("gpt2 is not supported");
    };
    assert_eq!((model_type.as_str(), supported.join(" ").as_str()), ("gpt2", "bert roberta distilbert"));
}

#[test]
fn the_problem_decides_the_function() {
    let of = |problem: Option<ProblemType>, labels| Function::of(problem, labels);
    assert_eq!(of(None, 2), Function::Softmax);
    assert_eq!(of(None, 1), Function::Sigmoid);
    assert_eq!(of(Some(ProblemType::SingleLabel), 3), Function::Softmax);
    assert_eq!(of(Some(ProblemType::MultiLabel), 3), Function::Sigmoid);
    assert_eq!(of(Some(ProblemType::Regression), 1), Function::None);
    assert_eq!(of(Some(ProblemType::Regression), 3), Function::None);
}
