//! `bindgen MODULE FOLDER`: writes `headwise.js`, its types, and the module that belongs to it into a folder.

use std::path::Path;
use std::{env, fs};

use wasm_bindgen_cli_support::{Bindgen, EncodeInto, Output};

/// Letters of the hash, or number, that wasm-bindgen ends the names of imports with; the last two tell them apart.
const HASH: usize = 16;
const KEPT: usize = 2;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        panic!("usage: bindgen MODULE FOLDER");
    };
    let mut bindgen = Bindgen::new();
    // Names of functions are a fourteenth of what a page would download. After a trap the package begins anew with the
    // same module, for which there is `__wbg_reset_state`.
    bindgen.input_path(module).out_name("headwise").typescript(true).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true).reset_state_function(true);
    bindgen.encode_into(EncodeInto::Always);
    let written = bindgen.web(true).and_then(Bindgen::generate_output).and_then(|mut output| {
        let renamed = shorten_imports(&mut output);
        output.emit(folder)?;
        shorten(&Path::new(folder).join("headwise.js"), &renamed);
        Ok(())
    });
    written.unwrap_or_else(|error| panic!("{module}: {error:?}"));
}

/// Cuts the hashes in the names of a module's imports, which every page downloads twice: here and in the JavaScript.
/// Old names and new ones.
fn shorten_imports(output: &mut Output) -> Vec<(String, String)> {
    let mut renamed = Vec::new();
    for import in output.wasm_mut().imports.iter_mut() {
        let Some((name, hash)) = import.name.rsplit_once('_') else { continue };
        if hash.len() == HASH && hash.bytes().all(|letter| letter.is_ascii_hexdigit()) {
            let short = format!("{name}_{}", &hash[HASH - KEPT..]);
            assert!(renamed.iter().all(|(_, other)| *other != short), "two imports would be called {short}");
            renamed.push((std::mem::replace(&mut import.name, short.clone()), short));
        }
    }
    renamed
}

/// Puts new names in the place of old ones, and leaves out methods for `using`, which the package does not use.
fn shorten(file: &Path, renamed: &[(String, String)]) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let text: String = text.split_inclusive('\n').filter(|line| !line.starts_with("if (Symbol.dispose)")).collect();
    let text = renamed.iter().fold(text, |text, (old, new)| text.replace(old, new));
    fs::write(file, text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}
