//! `headwise architectures`: the table of model types and heads, in Markdown.

use headwise::Result;
use headwise::internals::architectures::{ARCHITECTURES, HeadKind};

pub fn run() -> Result<()> {
    let names: Vec<&str> = HeadKind::ALL.iter().map(|kind| kind.name()).collect();
    super::print_line(format_args!("| model type | {} |\n|---|{}", names.join(" | "), ":-:|".repeat(names.len())))?;
    for architecture in ARCHITECTURES {
        let types: Vec<String> = architecture.model_types.iter().map(|one| format!("`{}`", one.name)).collect();
        let marks = HeadKind::ALL.iter().map(|&kind| if architecture.heads.have(kind) { "✓" } else { "–" });
        super::print_line(format_args!("| {} | {} |", types.join(", "), marks.collect::<Vec<_>>().join(" | ")))?;
    }
    Ok(())
}
