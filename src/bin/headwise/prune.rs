//! `headwise prune`: a model for a certain kind of texts.

use std::path::Path;

use headwise::Result;
use headwise::prune::prune;
use serde_json::json;

use super::{file_error, lock};

pub fn run(source: &Path, target: &Path, texts: &Path) -> Result<()> {
    let text = std::fs::read_to_string(texts).map_err(|error| file_error(texts, error))?;
    let lines: Vec<&str> = text.lines().collect();
    let pruned = prune(source, target, &lines)?;
    let report = json!({
        "texts": lines.len(),
        "pieces": {"before": pruned.pieces, "after": pruned.kept.len()},
        "megabytes": {"before": megabytes(source)?, "after": megabytes(target)?},
    });
    println!("{report}");
    Ok(())
}

/// Size of the files that a load fetches, in millions of bytes.
fn megabytes(folder: &Path) -> Result<f64> {
    let length = |name: String| {
        let path = folder.join(name);
        std::fs::metadata(&path).map(|metadata| metadata.len()).map_err(|error| file_error(&path, error))
    };
    let bytes = lock::files(folder)?.into_iter().map(length).sum::<Result<u64>>()?;
    Ok((bytes as f64 / 1e3).round() / 1e3)
}
