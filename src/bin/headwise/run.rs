//! `headwise run`: a task for each line of standard input. It answers what has arrived before it waits for more, so
//! that a program may talk with it line by line, and computes together what arrives together.

use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;

use headwise::folder::load_pipeline;
use headwise::limits;
use headwise::tasks::TaskName;
use headwise::tasks::any::{Offsets, Output, Pipeline};
use headwise::weights::Choice;
use headwise::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::file_error;

/// Most bytes of lines that are computed together.
const TOGETHER: usize = 1 << 20;

/// Longest line: a text of the greatest length, every character of it escaped.
const LINE_BYTES: usize = 6 * limits::TEXT_BYTES;

/// What is printed for a line.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Done { result: Output, tokens: usize, truncated: bool },
    Failed { error: Value },
}

/// Returns whether every line was answered.
pub fn run(task: &str, folder: &Path, options: Option<&str>, precision: Choice) -> Result<bool> {
    let task = TaskName::parse(task)?;
    let options: Value = serde_json::from_str(options.unwrap_or("null")).map_err(|error| Error::Option {
        option: "options".into(),
        value: error.to_string(),
        supported: "a JSON object".into(),
    })?;
    let pipeline = load_pipeline(folder, task, precision)?;
    // What is wrong with the options, is to be said before the first line.
    pipeline.start(std::iter::empty(), options.clone(), Offsets::Characters)?;
    let mut lines = BufReader::with_capacity(TOGETHER, std::io::stdin().lock());
    let mut out = BufWriter::new(std::io::stdout().lock());
    let (mut read, mut failed) = (0, 0);
    loop {
        let arrived = arrived_lines(&mut lines)?;
        if arrived.is_empty() {
            return Ok(failed == 0);
        }
        let count = arrived.len();
        for answer in answers(&pipeline, arrived, &options, read)? {
            failed += usize::from(matches!(answer, Answer::Failed { .. }));
            serde_json::to_writer(&mut out, &answer).map_err(|error| file_error("standard output".as_ref(), error))?;
            out.write_all(b"\n").map_err(|error| file_error("standard output".as_ref(), error))?;
        }
        out.flush().map_err(|error| file_error("standard output".as_ref(), error))?;
        read += count;
    }
}

/// The next line, for which it waits, and those behind it that are there already; none at the end.
fn arrived_lines(input: &mut BufReader<impl Read>) -> Result<Vec<Vec<u8>>> {
    let mut lines = Vec::new();
    while lines.is_empty() || input.buffer().contains(&b'\n') {
        let mut line = Vec::new();
        let length = input.by_ref().take(LINE_BYTES as u64).read_until(b'\n', &mut line);
        match length.map_err(|error| file_error("standard input".as_ref(), error))? {
            0 => break,
            LINE_BYTES => {
                return Err(file_error("standard input".as_ref(), format!("a line has more than {LINE_BYTES} bytes")));
            }
            _ => lines.push(line),
        }
    }
    Ok(lines)
}

/// What is to be printed for some lines, of which the first is the line `first`.
fn answers<'a>(
    pipeline: &Pipeline,
    lines: Vec<Vec<u8>>,
    options: &Value,
    first: usize,
) -> Result<impl Iterator<Item = Answer> + 'a> {
    let inputs = lines.into_iter().map(|line| {
        let input = serde_json::from_slice(&line);
        input.map_err(|error| Error::Input { input: 0, reason: format!("the line is not JSON ({error})") })
    });
    let mut run = pipeline.start(inputs, options.clone(), Offsets::Characters)?;
    Ok(std::iter::from_fn(move || {
        loop {
            if let Some(answer) = run.ready() {
                return Some(answer);
            }
            if run.step() {
                return run.ready();
            }
        }
    })
    .map(move |answer| match answer {
        Ok((result, read)) => Answer::Done { result, tokens: read.tokens, truncated: read.truncated },
        Err(mut error) => {
            if let Error::Input { input, .. } | Error::NonFinite { input } = &mut error {
                *input += first;
            }
            Answer::Failed { error: json!({"code": error.code(), "message": error.to_string()}) }
        }
    }))
}
