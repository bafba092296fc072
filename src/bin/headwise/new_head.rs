//! `headwise new-head`: a checkpoint with a head that is still to be trained.

use std::path::Path;

use headwise::internals::architectures::HeadKind;
use headwise::internals::folder::{save_new_head, small_files};
use headwise::internals::models::Config;
use headwise::internals::weights::NewHead;
use headwise::{Error, Result};
use serde_json::json;

pub fn run(source: &Path, target: &Path, kind: HeadKind, labels: Vec<String>, seed: u64) -> Result<()> {
    let takes_labels = matches!(kind, HeadKind::Sequence | HeadKind::Token);
    if takes_labels == labels.is_empty() {
        let supported = if takes_labels { "names with commas between them" } else { "none for this head" };
        let value = if labels.is_empty() { "missing".into() } else { labels.join(",") };
        return Err(Error::Option { option: "labels".into(), value, supported: supported.into() });
    }
    let mut config = Config::of(&small_files(source)?)?;
    if takes_labels {
        config = config.with_labels(labels)?;
    }
    let text = config.json_with(kind);
    let new = save_new_head(source, target, &text, kind, NewHead { seed })?;
    super::print_line(json!({"class": config.class_with(kind), "new": new}))?;
    eprintln!("These weights are random: train the head before you trust what it says.");
    Ok(())
}
