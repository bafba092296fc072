//! `bindgen MODULE FOLDER`: writes `headwise.js`, its types, and the module that belongs to it into a folder.

use wasm_bindgen_cli_support::Bindgen;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        panic!("usage: bindgen MODULE FOLDER");
    };
    let mut bindgen = Bindgen::new();
    // Names of functions are a fourteenth of what a page would download. After a trap the package begins anew with the
    // same module, for which there is `__wbg_reset_state`.
    bindgen.input_path(module).out_name("headwise").typescript(true).omit_default_module_path(true);
    bindgen.remove_name_section(true).remove_producers_section(true).reset_state_function(true);
    let written = bindgen.web(true).and_then(|bindgen| bindgen.generate(folder));
    written.unwrap_or_else(|error| panic!("{module}: {error:?}"));
}
