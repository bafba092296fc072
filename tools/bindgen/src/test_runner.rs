//! `wasm-bindgen-test-runner MODULE [ARGUMENT…]`: runs the tests in a module in a browser; cargo calls it.

use wasm_bindgen_cli::wasm_bindgen_test_runner::run_cli_with_args;

fn main() {
    if let Err(error) = run_cli_with_args(std::env::args_os()) {
        eprintln!("{error:?}");
        std::process::exit(1);
    }
}
