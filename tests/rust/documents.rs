//! The documents: short, and the tests that they name exist.

use std::path::Path;

/// Most words of each.
const LENGTHS: &[(&str, usize)] = &[
    ("README.md", 900),
    ("DEVELOPING.md", 1_300),
    ("docs/command-line.md", 1_500),
    ("docs/decisions.md", 1_500),
    ("docs/decisions-web.md", 1_500),
    ("docs/errors.md", 800),
    ("docs/hosts.md", 1_000),
    ("docs/from-transformers-js.md", 500),
    ("docs/javascript.md", 1_500),
    ("docs/models.md", 1_500),
    ("docs/numbers.md", 1_500),
    ("docs/python.md", 1_500),
    ("docs/recipes.md", 1_500),
    ("docs/security.md", 1_500),
    ("docs/training.md", 1_500),
];

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

#[test]
fn documents_are_short() {
    for &(path, most) in LENGTHS {
        let words = read(path).unwrap_or_else(|| panic!("there is no {path}")).split_whitespace().count();
        assert!(words <= most, "{path} has {words} words, more than {most}");
    }
}

#[test]
fn tests_that_documents_name_exist() {
    for path in [
        "docs/decisions.md",
        "docs/decisions-web.md",
        "docs/hosts.md",
        "docs/python.md",
        "docs/models.md",
        "docs/security.md",
    ] {
        let text = read(path).expect("a document");
        let quoted = text.split('`').skip(1).step_by(2);
        for name in quoted.filter(|name| name.chars().all(|c| c.is_alphanumeric() || "_:.-".contains(c))) {
            assert!(exists(name), "{path} names {name}, which does not exist");
        }
    }
}

/// Whether the test of this name is there; true of names that are not of a test.
fn exists(name: &str) -> bool {
    if let Some(name) = name.strip_suffix(".test") {
        return read(&format!("tests/js/{name}.test.mjs")).is_some();
    }
    if let Some(name) = name.strip_suffix(".spec") {
        return read(&format!("tests/e2e/{name}.spec.mjs")).is_some();
    }
    // `golden::x`, or `kernels::rows::x` of a unit test; functions have longer names than items do.
    let Some((module, function)) = name.rsplit_once("::").filter(|(_, function)| function.matches('_').count() > 2)
    else {
        return true;
    };
    let file = module.replace("::", "/");
    let sources = [format!("tests/rust/{file}.rs"), format!("src/{file}.rs"), format!("src/{file}/mod.rs")];
    sources.iter().filter_map(|path| read(path)).any(|text| text.contains(&format!("fn {function}(")))
}
