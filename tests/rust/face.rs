//! The face of the crate: what others build on. A change here is a change of version.

use std::path::Path;

use headwise::{
    Answer, AnyRun, Batch, Choice, Classified, Entity, EntityLabel, Error, Features, Filled, HeadKind, Label,
    LoadOptions, Model, NewHead, Offsets, Output, Pipeline, Precision, Ranked, Read, Result, TaskName, Tokenizer,
    Tokens, limits,
};
use serde_json::Value;

/// Every public name, as `src/lib.rs` lists them.
const NAMES: &[&str] = &[
    "Answer",
    "AnyRun",
    "Batch",
    "Choice",
    "Classified",
    "Entity",
    "EntityLabel",
    "Error",
    "Features",
    "Filled",
    "HeadKind",
    "Label",
    "LoadOptions",
    "Model",
    "NewHead",
    "Offsets",
    "Output",
    "Pipeline",
    "Precision",
    "Ranked",
    "Read",
    "Result",
    "TaskName",
    "Tokenizer",
    "Tokens",
    "limits",
];

#[test]
fn the_face_is_this() {
    let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).expect("the root");
    let (face, _) = source.split_once("/// The rooms themselves").expect("the face, then what is internal");
    let lines = face.lines().filter_map(|line| line.strip_prefix("pub use ").or(line.strip_prefix("pub mod ")));
    let last = |line: &str| line.trim_end_matches(';').rsplit("::").next().unwrap_or_default().to_owned();
    let names =
        lines.flat_map(|line| last(line).trim_matches(['{', '}']).split(", ").map(str::to_owned).collect::<Vec<_>>());
    let mut names: Vec<String> = names.collect();
    names.sort_by_key(|name| (name == "limits", name.clone()));
    assert_eq!(names, NAMES);
}

/// How the face is used; it need only compile.
#[allow(dead_code)]
fn the_face_is_used_like_this(model: &Model, tokenizer: &Tokenizer, mut batch: Batch) -> Result<()> {
    let open: fn(&Path, TaskName, LoadOptions) -> Result<Pipeline> =
        |folder, task, options| Pipeline::open(folder, task, options);
    let options = LoadOptions { new_head: Some(NewHead { seed: 0 }), max_memory: Some(1), ..Precision::Q8.into() };
    let pipeline = open(Path::new("."), TaskName::parse("ner")?, options)?;
    let (_, _): (&Model, &Tokenizer) = (pipeline.model(), pipeline.tokenizer());
    let mut run: Box<dyn AnyRun> = pipeline.start(std::iter::once(Ok(Value::Null)), Value::Null, Offsets::Utf16)?;
    while !run.step() {}
    let (output, read): (Output, Read) = run.ready().expect("a result")?;
    let (_, _): (usize, bool) = (read.tokens, read.truncated);
    match output {
        Output::Labels(labels) => drop::<Vec<Label>>(labels),
        Output::Classified(classified) => drop::<Classified>(classified),
        Output::Entities(entities) => {
            drop::<Vec<EntityLabel>>(entities.into_iter().map(|Entity { label, .. }| label).collect())
        }
        Output::Answers(answers) => drop::<Vec<Answer>>(answers),
        Output::Filled(filled) => drop::<Vec<Vec<Filled>>>(filled),
        Output::Features(features) => drop::<Features>(features),
        Output::Choices(choices) => drop::<Vec<Choice>>(choices),
        Output::Ranked(ranked) => drop::<Vec<Ranked>>(ranked),
    }
    let outputs: Vec<Output> = pipeline.run([Value::Null], Value::Null)?;
    drop(outputs);
    let tokens: Tokens = tokenizer.encode(&"a text".into())?;
    batch.push(&tokens.input_ids, &tokens.token_type_ids);
    model.forward(&batch).map(drop)?;
    assert!(model.kind == HeadKind::Sequence && limits::LABELS > 0);
    Err(Error::Internal { reason: String::new() })
}
