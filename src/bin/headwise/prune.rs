//! `headwise prune`: a model for a certain kind of texts.

use std::path::Path;

use headwise::Result;
use headwise::internals::folder::prune::prune;
use serde_json::json;

use super::{file_error, lock::megabytes};

pub fn run(source: &Path, target: &Path, texts: &Path) -> Result<()> {
    let text = std::fs::read_to_string(texts).map_err(|error| file_error(texts, error))?;
    let lines: Vec<&str> = text.lines().collect();
    let pruned = prune(source, target, &lines)?;
    let report = json!({
        "texts": lines.len(),
        "pieces": {"before": pruned.pieces, "after": pruned.kept.len()},
        "megabytes": {"before": megabytes(source)?, "after": megabytes(target)?},
    });
    super::print_line(report)?;
    Ok(())
}
