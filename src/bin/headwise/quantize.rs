//! `headwise quantize`: a smaller download.

use std::path::Path;

use headwise::Result;
use headwise::internals::folder::quantize::quantize;
use headwise::internals::kernels::Precision;
use serde_json::json;

use super::lock::megabytes;

pub fn run(source: &Path, target: &Path, precision: Precision) -> Result<()> {
    let unchanged = quantize(source, target, precision)?;
    let report = json!({
        "dtype": precision.name(),
        "unchanged": unchanged,
        "megabytes": {"before": megabytes(source)?, "after": megabytes(target)?},
    });
    super::print_line(report)?;
    Ok(())
}
