//! `headwise tokenize`: token ids for comparison with Python.

use std::path::Path;

use headwise::Result;
use headwise::internals::folder::small_files;
use headwise::internals::text::{Input, Tokenizer};
use serde_json::json;

use super::{file_error, standard_input};

/// Types are given as the tokenizer has them, as for an encoder with two.
const TOKEN_TYPES: usize = 2;

pub fn run(folder: &Path, json: bool, max_length: Option<usize>) -> Result<()> {
    let mut tokenizer = Tokenizer::from_files(&small_files(folder)?, TOKEN_TYPES)?.with_token_types();
    super::warn(folder, tokenizer.warnings());
    if let Some(max_length) = max_length {
        tokenizer = tokenizer.truncate_to(max_length)?;
    }
    let input = standard_input()?;
    let texts: Vec<String> = match json {
        true => serde_json::from_str(&input).map_err(|error| file_error("standard input".as_ref(), error))?,
        false => input.lines().map(str::to_owned).collect(),
    };
    for text in texts {
        let tokens = tokenizer.encode(&Input { text, text_pair: None })?;
        super::print_line(
            json!({"ids": tokens.input_ids, "type_ids": tokens.token_type_ids, "offsets": tokens.offsets}),
        )?;
    }
    Ok(())
}
