//! `config.json`: defaults, labels and refusals.

use crate::common::Fixture;
use headwise::Error;
use headwise::internals::architectures::{HeadKind, supported_model_types};
use headwise::internals::kernels::Precision;
use headwise::internals::models::{Config, ProblemType};
use headwise::internals::tasks::text_classification::Function;
use serde_json::{Value, json};

fn parse(config: Value) -> headwise::Result<Config> {
    Config::parse(config.to_string().as_bytes())
}

#[test]
fn what_is_absent_has_the_default_of_its_architecture() {
    let bert = parse(json!({"model_type": "bert", "pad_token_id": null})).expect("a valid config");
    assert_eq!((bert.vocab_size, bert.hidden_size, bert.layers), (30_522, 768, 12));
    assert_eq!((bert.type_vocab_size, bert.pad_token_id, bert.usable_positions), (2, 0, Some(512)));
    let roberta = parse(json!({"model_type": "roberta", "max_position_embeddings": 514})).expect("a valid config");
    assert_eq!((roberta.vocab_size, roberta.pad_token_id, roberta.usable_positions), (50_265, 1, Some(512)));
    let distilbert = parse(json!({"model_type": "distilbert", "layer_norm_eps": 0.5, "dim": 36, "n_heads": 3}));
    let distilbert = distilbert.expect("a valid config");
    assert_eq!((distilbert.hidden_size, distilbert.attention_heads, distilbert.layers), (36, 3, 6));
    assert_eq!((distilbert.layer_norm_eps, distilbert.type_vocab_size), (1e-12, 0));
}

#[test]
fn lengths_are_bounded_by_the_table_of_positions_or_by_the_tokenizer() {
    let longest = |config: Value, tokenizer| parse(config).expect("a valid config").max_length(tokenizer);
    let bert = json!({"model_type": "bert"});
    assert_eq!(
        (longest(bert.clone(), None), longest(bert.clone(), Some(128)), longest(bert, Some(999))),
        (512, 128, 512)
    );
    let mpnet = json!({"model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 9});
    assert_eq!(longest(mpnet, None), 512, "its padding id is 1, whatever the file says");
    let bart = json!({"model_type": "bart"});
    assert_eq!(longest(bart, None), 1_024);
    let deberta = json!({"model_type": "deberta-v2", "position_biased_input": false});
    assert_eq!((longest(deberta.clone(), None), longest(deberta, Some(2_048))), (512, 2_048));
    let absolute = json!({"model_type": "deberta-v2"});
    assert_eq!(longest(absolute, Some(2_048)), 512);
    let modernbert = json!({"model_type": "modernbert"});
    assert_eq!((longest(modernbert.clone(), None), longest(modernbert, Some(4_096))), (8_192, 4_096));
}

#[test]
fn a_head_gives_its_labels_and_class_to_the_file() {
    let config = parse(json!({"model_type": "xlm-roberta", "num_labels": 3, "problem_type": "regression"}));
    let config = config.expect("a valid config");
    for wrong in [vec![], vec!["a".into(), "a".into()]] {
        assert_eq!(config.clone().with_labels(wrong).expect_err("no labels").code(), "option");
    }
    let config = config.with_labels(vec!["no".into(), "yes".into()]).expect("two labels");
    let text = config.json_with(HeadKind::Sequence);
    let again = Config::parse(text.as_bytes()).expect("a valid config");
    assert_eq!(again.class.as_deref(), Some("XLMRobertaForSequenceClassification"));
    assert_eq!(again.labels, Some(vec!["no".into(), "yes".into()]));
    assert_eq!(again.problem_type, None);
    let fields: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(fields["label2id"], json!({"no": 0, "yes": 1}));
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
    assert_eq!(labels(json!({})).expect("labels"), None);
    for broken in [json!({"a": "b"}), json!({"0.0": "a"}), json!([]), json!("a")] {
        assert!(matches!(labels(json!({"id2label": broken})), Err(Error::Config { field, .. }) if field == "id2label"));
    }
}

/// What transformers 5.24 makes of each: names, ids without one, and how much is to be known. 4.57 makes another thing
/// of the cases with `num_labels` beside `id2label`.
#[test]
fn labels_are_those_of_python_however_they_are_written() {
    let three = json!({"0": "a", "1": "b", "2": "c"});
    let generic = |count: usize| (0..count).map(|id| format!("LABEL_{id}")).collect::<Vec<_>>();
    let cases = [
        (json!({"id2label": {"0": 2, "1": true, "2": "c"}}), vec!["2", "true", "c"], vec![], 1),
        (json!({"id2label": {"0": null, "1": 1.5, "2": [1, "a"]}}), vec!["null", "1.5", r#"[1,"a"]"#], vec![], 1),
        (json!({"id2label": {" 0": "a", "1 ": "b", "+2": "c"}}), vec!["a", "b", "c"], vec![], 0),
        (json!({"id2label": {"0": "x", "00": "a", "1": "b"}}), vec!["a", "b"], vec![], 0),
        (json!({"id2label": {"1": "a", "2": "b", "3": "c"}}), vec!["LABEL_0", "a", "b"], vec![0], 0),
        (json!({"id2label": {"0": "a", "7": "b"}}), vec!["a", "LABEL_1"], vec![1], 0),
        (json!({"id2label": {"-1": "a", "0": "b"}}), vec!["b", "LABEL_1"], vec![1], 0),
        (json!({"id2label": three, "num_labels": 3}), vec!["a", "b", "c"], vec![], 0),
        (json!({"id2label": three, "num_labels": 3.0}), vec!["a", "b", "c"], vec![], 0),
        (json!({"id2label": three, "_num_labels": 5}), vec!["a", "b", "c"], vec![], 0),
        (json!({"id2label": three, "num_labels": 2}), vec!["LABEL_0", "LABEL_1"], vec![], 1),
        (json!({"id2label": {"1": "a", "2": "b"}, "num_labels": 1}), vec!["LABEL_0"], vec![], 1),
        (json!({"id2label": {}, "num_labels": 2}), vec!["LABEL_0", "LABEL_1"], vec![], 1),
        (json!({"id2label": {}}), vec![], vec![], 0),
        (json!({"id2label": null, "num_labels": 2}), vec!["LABEL_0", "LABEL_1"], vec![], 0),
        (json!({"label2id": {"a": 0, "b": 1}, "num_labels": 2}), vec!["LABEL_0", "LABEL_1"], vec![], 0),
        (json!({"num_labels": 0}), vec![], vec![], 0),
    ];
    for (stated, names, nameless, warnings) in cases {
        let mut config = json!({"model_type": "bert"});
        config.as_object_mut().expect("an object").extend(stated.as_object().expect("an object").clone());
        let config = parse(config).unwrap_or_else(|error| panic!("{stated}: {error}"));
        assert_eq!(
            config.labels.as_deref(),
            Some(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>()).as_deref(),
            "{stated}"
        );
        assert_eq!((config.nameless_labels, config.warnings.len()), (nameless, warnings), "{stated}");
        let forgets = config.labels == Some(generic(names.len()));
        assert!(!forgets || config.fields.get("label2id").is_none(), "{stated}");
    }
}

#[test]
fn settings_are_read_as_python_reads_them() {
    let bert = |field: &str, value: Value| parse(json!({"model_type": "bert", field: value}));
    // Null where it means no more than absence.
    for field in [
        "pad_token_id",
        "eos_token_id",
        "problem_type",
        "architectures",
        "torch_dtype",
        "dtype",
        "classifier_dropout",
        "position_embedding_type",
        "finetuning_task",
        "id2label",
        "label2id",
    ] {
        let config = bert(field, Value::Null).unwrap_or_else(|error| panic!("{field}: {error}"));
        assert_eq!((config.pad_token_id, config.warnings.len()), (0, 0), "{field}");
    }
    assert!(parse(json!({"model_type": "bart", "scale_embedding": null})).is_ok());
    assert!(parse(json!({"model_type": "roberta", "pad_token_id": null})).is_err(), "positions begin after it");
    assert!(bert("pad_token_id", json!(-1)).is_ok());
    // What is not known of a problem is left aside, and said.
    for problem in
        [json!("multi_class_classification"), json!(""), json!(3), json!("Regression"), json!(["regression"])]
    {
        let config = bert("problem_type", problem.clone()).expect("a valid config");
        assert_eq!((config.problem_type, config.warnings.len()), (None, 1), "{problem}");
    }
    // Names that every architecture knows count before its own.
    let distilbert = json!({"model_type": "distilbert", "dim": 8, "hidden_size": 36, "num_attention_heads": 3});
    let distilbert = parse(distilbert).expect("a valid config");
    assert_eq!((distilbert.hidden_size, distilbert.attention_heads, distilbert.layers), (36, 3, 6));
    let bart = parse(json!({"model_type": "bart", "d_model": 36, "num_attention_heads": 3, "num_hidden_layers": 2}));
    let bart = bart.expect("a valid config");
    assert_eq!((bart.hidden_size, bart.attention_heads, bart.layers), (36, 3, 2));
    // Numbers that Python's JSON has; of a key that is there twice, the last.
    let json = br#"{"model_type": "bert", "a": NaN, "b": [-Infinity, "\"NaN\\", Infinity], "hidden_size": 12, "hidden_size": 36}"#;
    let config = Config::parse(json).expect("a valid config");
    assert_eq!((config.hidden_size, &config.fields.all()["b"][1]), (36, &json!("\"NaN\\")));
}

#[test]
fn what_would_be_computed_wrongly_is_refused_by_field() {
    let cases = [
        ("position_embedding_type", json!("relative_key")),
        ("is_decoder", json!(true)),
        ("add_cross_attention", json!(true)),
        ("quantization_config", json!("gptq")),
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
        ("max_position_embeddings", json!(131_073)),
        ("layer_norm_eps", json!("tiny")),
        ("layer_norm_eps", json!(-1e-5)),
        ("num_labels", json!(65_537)),
        ("hidden_size", json!(null)),
        ("hidden_act", json!(null)),
        ("layer_norm_eps", json!(null)),
        ("num_labels", json!(null)),
        ("num_labels", json!("3")),
        ("pad_token_id", json!(-30_523)),
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
fn int8_per_channel_may_be_spelled_in_several_ways() {
    let group = |weights: Value| json!({"group_0": {"targets": ["Linear"], "weights": weights}});
    let [channel, by_size] =
        [json!({"num_bits": 8, "strategy": "CHANNEL", "actorder": null}), json!({"group_size": -1})];
    let in_group = json!({"group_0": {"targets": ["Linear"], "weights": &channel, "format": "int-quantized"}});
    for (field, format, groups) in [
        ("quantization_config", "int-quantized", group(channel.clone())),
        ("quantization_config", "naive-quantized", group(by_size)),
        ("quantization_config", "mixed-precision", in_group),
        ("compression_config", "int-quantized", group(channel)),
    ] {
        let mut quantization =
            json!({"format": format, "config_groups": groups, "sparsity_config": {"format": "dense"}});
        if field == "quantization_config" {
            quantization["quant_method"] = json!("compressed-tensors");
            quantization["quantization_status"] = json!("compressed");
        }
        parse(json!({"model_type": "bert", field: quantization})).expect("a configuration");
    }
}

#[test]
fn other_models_are_refused() {
    assert!(matches!(parse(json!({})), Err(Error::Config { field, .. }) if field == "model_type"));
    let Err(Error::UnsupportedModel { model_type, supported, .. }) = parse(json!({"model_type": "gpt2"})) else {
        panic!("gpt2 is not supported");
    };
    assert_eq!(model_type, "gpt2");
    assert_eq!(supported, supported_model_types());
}

/// What a load says when a field of a fixture's configuration is changed.
fn error_with(fixture: &str, field: &str, value: Value) -> Error {
    let fixture = Fixture::named(fixture);
    let mut config: Value = serde_json::from_slice(fixture.config).expect("JSON");
    config[field] = value;
    let loaded =
        crate::common::load(config.to_string().as_bytes(), fixture.model, fixture.head(), Precision::Fp32, 4_096);
    loaded.expect_err("a configuration that is not supported")
}

#[test]
fn what_only_some_models_read_is_refused_by_field() {
    let rope = json!({"full_attention": {"rope_type": "yarn", "rope_theta": 10_000.0}});
    let cold = json!({"sliding_attention": {"rope_theta": 0}});
    let cases = [
        ("modernbert/base", "layer_types", json!(["full_attention"])),
        ("modernbert/base", "layer_types", json!(["full_attention", "chunked_attention", "full_attention"])),
        ("modernbert/base", "local_attention", json!(-1)),
        ("modernbert/base", "rope_scaling", json!({"type": "linear"})),
        ("modernbert/base", "norm_bias", json!("no")),
        ("modernbert/sequence", "classifier_pooling", json!("max")),
        ("modernbert/sequence", "classifier_activation", json!("maxout")),
        ("deberta-v2/base", "pos_att_type", json!("c2p|c2c")),
        ("deberta-v2/base", "position_buckets", json!(3)),
        ("deberta-v2/base", "max_relative_positions", json!(2)),
        ("deberta-v2/base", "norm_rel_ebd", json!("batch_norm")),
        ("deberta-v2/base", "attention_head_size", json!(7)),
        ("deberta-v2-conv/base", "conv_kernel_size", json!(4)),
        ("deberta-v2-conv/base", "conv_groups", json!(2)),
        ("deberta-v2-conv/base", "conv_act", json!("maxout")),
        ("electra/multiple-choice", "summary_type", json!("last")),
        ("electra/multiple-choice", "summary_use_proj", json!(false)),
        ("albert/base", "num_hidden_groups", json!(0)),
        ("albert/base", "inner_group_num", json!("one")),
        ("bart/base", "decoder_attention_heads", json!(5)),
        ("bart/base", "decoder_start_token_id", json!(1 << 20)),
        ("bert/masked-lm", "tie_word_embeddings", json!(1)),
        ("nomic_bert/base", "activation_function", json!("geglu")),
        ("nomic_bert/base", "num_experts", json!(8)),
        ("nomic_bert/base", "prenorm", json!(true)),
        ("nomic_bert/base", "rotary_scaling_factor", json!(2)),
        ("gte/base", "logn_attention_scale", json!(true)),
        ("gte/base", "layer_norm_type", json!("rms_norm")),
        ("gte/base", "position_embedding_type", json!("absolute")),
        ("qwen3/base", "num_key_value_heads", json!(4)),
        ("qwen3/base", "layer_types", json!(["sliding_attention"])),
    ];
    for (fixture, field, value) in cases {
        match error_with(fixture, field, value.clone()) {
            Error::Config { file, field: named, value: shown, .. } => {
                assert_eq!((file.as_str(), named.as_str()), ("config.json", field));
                assert_eq!(shown, value.to_string());
            }
            other => panic!("{fixture} {field} {value}: {other:?}"),
        }
    }
    for (value, named) in
        [(rope, "rope_parameters.full_attention.rope_type"), (cold, "rope_parameters.sliding_attention.rope_theta")]
    {
        assert!(
            matches!(error_with("modernbert/base", "rope_parameters", value), Error::Config { field, .. } if field == named)
        );
    }
}

#[test]
fn only_scalings_that_a_family_has_are_read() {
    let refused = [
        ("gte/base", json!({"type": "dynamic", "factor": 2}), "rope_scaling.type"),
        ("qwen3/base", json!({"type": "ntk", "factor": 2}), "rope_scaling.type"),
        ("qwen3/base", json!({"rope_type": "yarn"}), "rope_scaling.factor"),
        ("qwen3/base", json!({"rope_type": "yarn", "factor": 2, "mscale": 1}), "rope_scaling.mscale"),
        ("gte/base", json!({"type": "ntk", "factor": 2, "mixed_b": 0.5}), "rope_scaling.mixed_b"),
        ("gte/base", json!({"type": "linear", "factor": -1}), "rope_scaling.factor"),
    ];
    for (fixture, scaling, named) in refused {
        let error = error_with(fixture, "rope_scaling", scaling);
        assert!(matches!(&error, Error::Config { field, .. } if field == named), "{error:?}");
    }
    assert!(parse(json!({"model_type": "qwen3", "max_position_embeddings": 131_072})).is_ok());
}

#[test]
fn decoders_answer_questions_whatever_their_labels() {
    let fixture = Fixture::named("qwen3/qa");
    let mut config: Value = serde_json::from_slice(fixture.config).expect("JSON");
    config["id2label"] = json!({"0": "a", "1": "b", "2": "c"});
    let config = config.to_string();
    assert!(crate::common::load(config.as_bytes(), fixture.model, fixture.head(), Precision::Fp32, 4_096).is_ok());
}

#[test]
fn a_head_that_the_architecture_lacks_is_refused() {
    let fixture = Fixture::named("bart/base");
    let load = crate::common::load(fixture.config, fixture.model, HeadKind::Token, Precision::Fp32, 4_096);
    let Err(Error::UnsupportedHead { head, model_type, supported }) = load else {
        panic!("BART has no token head");
    };
    assert_eq!((head.as_str(), model_type.as_str()), ("token", "bart"));
    assert_eq!(supported.join(" "), "base sequence qa masked-lm");
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
