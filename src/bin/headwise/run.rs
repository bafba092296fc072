//! `headwise run`: a task for each line of standard input. It answers what has arrived before it waits for more, so
//! that a program may talk with it line by line, and computes together what arrives together. Who sends lines from many
//! places gives them an `id`, which the answer carries.

use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use headwise::internals::pipeline::{Offsets, Output, Pipeline};
use headwise::internals::tasks::TaskName;
use headwise::internals::tasks::fill_mask::Filled;
use headwise::internals::tasks::question_answering::Answer as Span;
use headwise::internals::tasks::run::Read;
use headwise::internals::weights::Choice;
use headwise::limits;
use headwise::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::{file_error, written};

/// Most bytes of lines that are computed together.
const TOGETHER: usize = 1 << 20;

/// Longest line: a text of the greatest length, every character of it escaped.
const LINE_BYTES: usize = 6 * limits::TEXT_BYTES;

/// What is printed for a line.
#[derive(Serialize)]
struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Done { result: Shaped, tokens: usize, truncated: bool },
    Failed { error: Value },
}

/// A result in the shape that Python gives it.
#[derive(Serialize)]
#[serde(untagged)]
enum Shaped {
    AsItIs(Output),
    /// Of a text with a single mask.
    OfOnlyMask(Vec<Filled>),
    /// The one that was asked for.
    OnlyAnswer(Span),
}

/// Returns whether every line was answered.
pub fn run(task: &str, folder: &Path, options: Option<&str>, precision: Choice) -> Result<bool> {
    let task = TaskName::parse(task)?;
    let options: Value = serde_json::from_str(options.unwrap_or("null")).map_err(|error| Error::Option {
        option: "options".into(),
        value: error.to_string(),
        supported: "a JSON object".into(),
    })?;
    let pipeline = Pipeline::open(folder, task, precision)?;
    super::warn(folder, &pipeline.warnings());
    // What is wrong with the options, is to be said before the first line.
    pipeline.start(std::iter::empty(), options.clone(), Offsets::Characters)?;
    let mut lines = BufReader::with_capacity(TOGETHER, io::stdin().lock());
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut read, mut failed) = (0, 0);
    loop {
        let arrived = arrived_lines(&mut lines)?;
        if arrived.is_empty() {
            return Ok(failed == 0);
        }
        let count = arrived.len();
        for answer in answers(&pipeline, arrived, &options, read)? {
            failed += usize::from(matches!(answer.outcome, Outcome::Failed { .. }));
            written(serde_json::to_writer(&mut out, &answer).map_err(io::Error::from))?;
            written(out.write_all(b"\n"))?;
        }
        written(out.flush())?;
        read += count;
    }
}

/// A line with its end; an error if it is too long to be kept.
type Line = Result<Vec<u8>>;

/// The next line, for which it waits, and those behind it that are there already; none at the end.
fn arrived_lines(input: &mut BufReader<impl io::Read>) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    while lines.is_empty() || input.buffer().contains(&b'\n') {
        match next_line(input).map_err(|error| file_error("standard input".as_ref(), error))? {
            Some(line) => lines.push(line),
            None => break,
        }
    }
    Ok(lines)
}

fn next_line(input: &mut impl BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let length = io::Read::take(&mut *input, LINE_BYTES as u64).read_until(b'\n', &mut line)?;
    if length == LINE_BYTES && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
        return Ok(Some(Err(unusable(format!("the line has more than {LINE_BYTES} bytes")))));
    }
    Ok((length > 0).then_some(Ok(line)))
}

/// What is to be printed for some lines, of which the first is the line `first`.
fn answers<'a>(
    pipeline: &Pipeline,
    lines: Vec<Line>,
    options: &Value,
    first: usize,
) -> Result<impl Iterator<Item = Answer> + 'a> {
    let (ids, inputs): (Vec<_>, Vec<_>) = lines.into_iter().map(parse).unzip();
    let mut run = pipeline.start(inputs.into_iter(), options.clone(), Offsets::Characters)?;
    let results = std::iter::from_fn(move || {
        loop {
            if let Some(result) = run.ready() {
                return Some(result);
            }
            if run.step() {
                return run.ready();
            }
        }
    });
    let one_answer = [options.get("top_k"), options.get("topk")];
    let one_answer = one_answer.into_iter().flatten().find(|top_k| !top_k.is_null()).is_none_or(|top_k| top_k == 1);
    let outcome = move |result: Result<(Output, Read)>| {
        outcome(result.and_then(|(output, read)| Ok((shaped(output, one_answer)?, read))), first)
    };
    Ok(ids.into_iter().zip(results).map(move |(id, result)| Answer { id, outcome: outcome(result) }))
}

/// The id of a line, if it is an object that has one, and the task's input.
fn parse(line: Line) -> (Option<Value>, Result<Value>) {
    let input = line.and_then(|line| {
        serde_json::from_slice(&line).map_err(|error| unusable(format!("the line is not JSON ({error})")))
    });
    match input {
        Ok(Value::Object(mut fields)) => (fields.shift_remove("id"), Ok(Value::Object(fields))),
        input => (None, input),
    }
}

/// Takes a list away where one thing was asked for: `one_answer`, or words for a single mask.
fn shaped(output: Output, one_answer: bool) -> Result<Shaped> {
    match output {
        Output::Filled(mut masks) if masks.len() == 1 => Ok(Shaped::OfOnlyMask(masks.remove(0))),
        Output::Answers(mut answers) if one_answer => match answers.pop() {
            Some(answer) => Ok(Shaped::OnlyAnswer(answer)),
            None => Err(unusable("the context holds no words that could be an answer".into())),
        },
        output => Ok(Shaped::AsItIs(output)),
    }
}

/// How a result is printed; errors count inputs from the line `first`.
fn outcome(result: Result<(Shaped, Read)>, first: usize) -> Outcome {
    match result {
        Ok((result, read)) => Outcome::Done { result, tokens: read.tokens, truncated: read.truncated },
        Err(mut error) => {
            if let Error::Input { input, .. } | Error::NonFinite { input } = &mut error {
                *input += first;
            }
            Outcome::Failed { error: json!({"code": error.code(), "message": error.to_string()}) }
        }
    }
}

/// A line from which there is no input.
fn unusable(reason: String) -> Error {
    Error::Input { input: 0, reason }
}
