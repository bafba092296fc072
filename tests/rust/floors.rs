//! The floors of the crate: which room may import which. `DEVELOPING.md` says what each room is for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The rooms of one floor a line, the highest first. A room imports from itself and from the floors below.
const FLOORS: &[&[&str]] = &[
    &["web"],
    &["folder"],
    &["pipeline"],
    &["tasks"],
    &["text_model"],
    &["sentences"],
    &["models"],
    &["architectures"],
    &["nn"],
    &["text", "weights"],
    &["kernels"],
    &["json"],
    &["error", "limits", "named"],
];

/// What each module imports of the others; modules as `weights::plan`.
type Imports = BTreeMap<String, BTreeSet<String>>;

#[test]
fn no_import_runs_up() {
    let floor = |module: &str| {
        let room = module.split("::").next().unwrap_or_default();
        FLOORS.iter().position(|rooms| rooms.contains(&room)).unwrap_or_else(|| panic!("{room} is on no floor"))
    };
    for (module, imported) in imports() {
        for other in imported {
            let within = other.split("::").next() == module.split("::").next();
            assert!(within || floor(&other) > floor(&module), "{module} must not import {other}");
        }
    }
}

#[test]
fn no_imports_make_a_circle() {
    let mut left = imports();
    // A module that imports none of those that are left, or that none of them imports, is in no circle.
    let is_free = |module: &String, left: &Imports| {
        left[module].is_empty() || !left.values().any(|others| others.contains(module))
    };
    while let Some(free) = left.keys().find(|module| is_free(module, &left)).cloned() {
        left.remove(&free);
        for others in left.values_mut() {
            others.remove(&free);
        }
    }
    assert!(left.is_empty(), "these import each other, or what does: {left:#?}");
}

fn imports() -> Imports {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files: Vec<(String, PathBuf)> = files(&source).into_iter().map(|file| (module(&source, &file), file)).collect();
    let modules: BTreeSet<&str> = files.iter().map(|(module, _)| module.as_str()).collect();
    let imports = files.iter().map(|(module, file)| {
        let text = std::fs::read_to_string(file).expect("a readable source");
        let is_folder = file.ends_with("mod.rs");
        let paths = paths(&text).into_iter().filter_map(|path| absolute(&path, module, is_folder, &modules));
        // The last parts of a path are names within a module.
        let known = paths.filter_map(|path| {
            let mut part = path.as_str();
            while !modules.contains(part) {
                part = part.rsplit_once("::")?.0;
            }
            Some(part.to_owned())
        });
        (module.clone(), known.filter(|other| other != module).collect())
    });
    imports.collect()
}

/// All sources of the library; the command line is a crate of its own.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a readable folder").map(|entry| entry.expect("an entry").path());
    let entries = entries.filter(|path| !["bin", "lib.rs"].iter().any(|name| path.ends_with(name)));
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn module(source: &Path, file: &Path) -> String {
    let file = file.strip_prefix(source).expect("a file of the crate").with_extension("");
    let names: Vec<String> = file.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    names.join("::").trim_end_matches("::mod").to_owned()
}

/// The paths that a file names: in `use`, unless that only passes a name on, and within its code. Its tests do not count.
fn paths(text: &str) -> Vec<String> {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for statement in code.split(';').map(str::trim) {
        if let Some((_, tree)) =
            statement.rsplit_once("\nuse ").or(statement.split_once("use ").filter(|(before, _)| before.is_empty()))
        {
            found.extend(leaves(tree));
        }
    }
    for (place, _) in code.match_indices("crate::") {
        let path = code[place..].split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).next();
        found.extend(path.map(str::to_owned));
    }
    found
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn leaves(tree: &str) -> Vec<String> {
    let Some((path, inner)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().to_owned()];
    };
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for character in inner.chars() {
        depth += i32::from(character == '{') - i32::from(character == '}');
        match (depth, character) {
            (..0, _) => break,
            (0, ',') => parts.push(String::new()),
            _ => parts.last_mut().expect("a part").push(character),
        }
    }
    parts.iter().flat_map(|part| leaves(part.trim())).map(|leaf| format!("{}{leaf}", path.trim())).collect()
}

/// A path from the root of the crate; `None` of other crates.
fn absolute(path: &str, module: &str, is_folder: bool, modules: &BTreeSet<&str>) -> Option<String> {
    let mut folder: Vec<&str> = module.split("::").collect();
    if !is_folder {
        folder.pop();
    }
    let parts: Vec<&str> = path.split("::").collect();
    match parts[0] {
        "crate" => return Some(parts[1..].join("::")),
        "super" if is_folder => drop(folder.pop()),
        "super" | "self" => {}
        child => {
            return Some([folder.join("::"), path.to_owned()].join("::"))
                .filter(|_| modules.contains(&*[folder.join("::"), child.to_owned()].join("::")));
        }
    }
    folder.extend(&parts[1..]);
    Some(folder.join("::"))
}
