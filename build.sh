#!/usr/bin/env bash
# Builds, serves and tests Headwise, installing what is missing. See `./build.sh help`.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
./build.sh serve [--port N] [--isolated] [--connect ORIGIN]
                      build what the page needs, then serve the demo on localhost: the module for browsers with
                      relaxed SIMD (Chromium, Firefox), and the model
                      --isolated: with COOP and COEP; --connect: admit a mirror of the Hub
./build.sh build      build both WebAssembly modules, the types, the page (dist/), and the command line
./build.sh test       run every test: native, WebAssembly, JavaScript, browser; or
        matrix [FOLDER [TOOL…]]
                      try the packed package in bundlers, runtimes and browsers, which it installs; writes the table
                      of docs/hosts.md
./build.sh bench      measure in Chromium: sizes, start-up and latency of the demo, or
        sizes         what a page downloads, and which crates the module is made of
        kernels       the rate of every matrix product, beside the peak of the processor
        profile [DIR] share of time by operation, of the shipped model or another in the checkout
        models DIR…   several models in the checkout side by side, and their ratios to the first
        accuracy TSV [DIR TEXTS]
                      what number types and builds change, on labelled texts (text TAB label numbers), and
                      in the tags of a token classifier on a file of texts, one a line
        memory [NAME] bytes and time of a load, for checkpoints of three sizes that it makes (2 GB of disk)
        tokenizers TEXTS DIR…  in Node: load, memory and speed of tokenizers (TEXTS: a JSON list)
        tasks DIR TEXTS [DTYPE]
                      every task on a file of texts, one a line, in one call each: speed, and where the time goes
        queue         how long a keystroke waits beside a batch, and an abort of it takes
        peers         the other engines (see benches/peers/README.md)
./build.sh help       this text
Needs: rustup, a C compiler, Node >= 20 and npm. The rest is installed as needed: the Rust toolchain, its
WebAssembly target, npm packages, and for the tests wasm-bindgen's runner and Chromium (as root, by apt-get).
TEXT
}

# The builds of the WebAssembly module.
VARIANTS=(simd128 relaxed)
TARGET=${CARGO_TARGET_DIR:-target}
RELAXED=-Ctarget-feature=+relaxed-simd

# say WHAT: begins a step. report_steps prints how long each of them took.
STEPS=()
STEP=
say() {
  end_step
  STEP=$* STEP_STARTED=$SECONDS
  printf '\033[1m» %s\033[0m\n' "$*"
}
end_step() {
  [ -z "$STEP" ] || STEPS+=("$(printf '%5d s  %s' $((SECONDS - STEP_STARTED)) "$STEP")")
  STEP=
}
report_steps() {
  end_step
  printf '%s\n' "${STEPS[@]}" "$(printf '%5d s  in all' "$SECONDS")"
}

# fresh MADE SOURCE…: whether MADE is there and none of the sources is newer.
fresh() {
  local made=$1
  shift
  [ -e "$made" ] && [ -z "$(find "$@" -newer "$made" -print -quit)" ]
}

fail() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || fail "$1 is missing: $2"; }

# Sets up what compiles Rust to WebAssembly.
setup_rust() {
  need rustup "install it from https://rustup.rs"
  need cc "install a C compiler, such as gcc"
  # A set RUSTFLAGS silently replaces the flags of .cargo/config.toml.
  [ -z "${RUSTFLAGS:-}" ] || fail "RUSTFLAGS is set; it would replace the flags of .cargo/config.toml"
  local channel
  channel=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
  if ! rustup run "$channel" rustc --version >/dev/null 2>&1; then
    say "installing Rust $channel"
    rustup toolchain install "$channel" --profile minimal
  fi
  if ! rustup target list --toolchain "$channel" --installed | grep -qx wasm32-unknown-unknown; then
    say "adding the wasm32-unknown-unknown target"
    rustup target add --toolchain "$channel" wasm32-unknown-unknown
  fi
}

wasm_bindgen_version() { sed -n 's/^wasm-bindgen = "=\(.*\)"/\1/p' Cargo.toml; }

# What writes the JavaScript of a module: wasm-bindgen's library in a tool of our own, which is built in a third of the
# time of its command line.
setup_bindgen() {
  local made=$TARGET/tools/debug/bindgen
  fresh "$made" tools/bindgen/src tools/bindgen/Cargo.toml && return
  say "building what writes the JavaScript of a module"
  [ "$(grep -c "\"=$(wasm_bindgen_version)\"" tools/bindgen/Cargo.toml)" = 2 ] \
    || fail "tools/bindgen/Cargo.toml and Cargo.toml have different versions of wasm-bindgen"
  cargo build --quiet --manifest-path tools/bindgen/Cargo.toml --target-dir "$TARGET/tools"
}

# What runs tests in a browser: a part of wasm-bindgen's command line, on the library that is built already.
setup_test_runner() {
  local made=$TARGET/tools/debug/wasm-bindgen-test-runner
  fresh "$made" tools/bindgen/src tools/bindgen/Cargo.toml && return
  say "building the runner of WebAssembly tests"
  cargo build --quiet --manifest-path tools/bindgen/Cargo.toml --target-dir "$TARGET/tools" \
    --features test-runner --bin wasm-bindgen-test-runner
}

setup_node() {
  need node "install Node 20 or newer"
  need npm "install npm"
  [ "$(node -p 'Number(process.versions.node.split(".")[0])')" -ge 20 ] || fail "Node is older than 20"
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    say "installing npm packages"
    npm ci --no-fund --no-audit
    touch node_modules/.package-lock.json
  fi
}

setup_chromium() {
  CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
  CHROMEDRIVER=$(command -v chromedriver || true)
  if [ -z "$CHROMIUM" ] || [ -z "$CHROMEDRIVER" ]; then
    command -v apt-get >/dev/null || fail "Chromium and chromedriver are missing: install both"
    say "installing Chromium"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium chromium-driver >/dev/null
    CHROMIUM=$(command -v chromium)
    CHROMEDRIVER=$(command -v chromedriver)
  fi
  export CHROMIUM CHROMEDRIVER
}

# cargo_wasm VARIANT COMMAND ARGUMENT…: runs cargo with the flags of a variant for all crates. Each variant has a folder:
# cargo gives the files of the crate the same names in every build, so in one folder the builds would undo each other.
cargo_wasm() {
  local variant=$1 command=$2 folder=$TARGET flags=(--no-default-features --target wasm32-unknown-unknown)
  shift 2
  if [ "$variant" = relaxed ]; then
    folder=$TARGET/relaxed
    # This appends to the flags of .cargo/config.toml.
    flags+=(--config "target.wasm32-unknown-unknown.rustflags=[\"$RELAXED\"]")
  fi
  cargo "$command" "${flags[@]}" --target-dir "$folder" "$@"
}

# build_module VARIANT FOLDER [ARGUMENT…]: a module and its JavaScript. The variants share all dependencies, which are
# compiled without relaxed SIMD: the flag is for the last crate. Its file has one name whatever the flags, so it is
# copied at once.
build_module() {
  local variant=$1 folder=$2 flags=()
  shift 2
  [ "$variant" = simd128 ] || flags=("$RELAXED")
  fresh "$folder/headwise_bg.wasm" src Cargo.toml Cargo.lock .cargo rust-toolchain.toml tools/bindgen/src && return
  say "building the WebAssembly module, $variant"
  # Texts of panics name source files: without these folders the module is the same on every machine.
  local folders="\"--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src/=\", \"--remap-path-prefix=$PWD/=\""
  cargo --config "target.wasm32-unknown-unknown.rustflags=[$folders]" rustc --profile dist --lib --crate-type cdylib \
    --no-default-features --target wasm32-unknown-unknown --target-dir "$TARGET" "$@" -- "${flags[@]}"
  mkdir -p "$folder"
  cp "$TARGET/wasm32-unknown-unknown/dist/deps/headwise.wasm" "$folder/headwise.wasm"
  "$TARGET/tools/debug/bindgen" "$folder/headwise.wasm" "$folder"
}

# build_wasm VARIANT…: modules, and one JavaScript for all of them. variants.js knows the modules by name, so the
# generated JavaScript must not name one. That of the relaxed module is put into place: it may import more than the other
# as long as it only adds.
build_wasm() {
  setup_rust
  setup_bindgen
  local variant glue=$TARGET/glue lib=www/lib/wasm
  for variant in "$@"; do
    build_module "$variant" "$glue/$variant"
    install_newer "$glue/$variant/headwise_bg.wasm" "$lib/headwise_$variant.wasm"
  done
  if [ $# -gt 1 ] && grep '^<' <(diff "$glue/simd128/headwise.js" "$glue/relaxed/headwise.js"); then
    fail "the JavaScript of the relaxed module lacks this of the other's, but www/lib/ has one for both"
  fi
  install_newer "$glue/relaxed/headwise.js" "$lib/headwise.js"
  install_newer "$glue/relaxed/headwise.d.ts" "$lib/headwise.d.ts"
}

# install_newer FROM TO: copies what has changed, so that nothing else looks changed.
install_newer() {
  mkdir -p "$(dirname "$2")"
  cmp --silent "$1" "$2" || cp "$1" "$2"
}

# What `bench kernels` and `bench profile` measure: modules with clocks in them, which do not ship.
build_bench_wasm() {
  setup_rust
  setup_bindgen
  local variant
  for variant in "${VARIANTS[@]}"; do
    build_module "$variant" "target/bench/$variant" --features bench
  done
}

build_cli() {
  setup_rust
  say "building the command line"
  cargo build --release --bin headwise
}

# The page downloads the shipped model in int8, half the bytes; git keeps it in f16.
build_model() {
  local source=www/models/emotions made=www/models/emotions-q8
  need node "install Node 20 or newer"
  fresh "$made/config.json" "$source" tools/quantize_shipped.mjs www/lib/wasm/headwise_relaxed.wasm && return
  say "quantising the shipped model"
  node tools/quantize_shipped.mjs "$source" "$made"
  touch "$made/config.json"
}

# The worker and the module once more, as JavaScript; and the licences of what the module is made of.
build_copies() {
  setup_node
  say "copying the worker and the module into JavaScript"
  node tools/inline.mjs
  node tools/notices.mjs
}

build_types() {
  build_copies
  say "checking types"
  # Not `npx tsc`: there are two compilers.
  node node_modules/typescript/bin/tsc --project tsconfig.json
  node node_modules/typescript/bin/tsc --project tsconfig.node.json
  node node_modules/typescript/bin/tsc --project tsconfig.page.json
}

# The page as it ships: minified, and all in one folder.
build_page() {
  setup_node
  say "bundling the page"
  node tools/bundle.mjs
}

report_sizes() {
  say "sizes"
  node tools/sizes.mjs
}

build() {
  build_wasm "${VARIANTS[@]}"
  build_types
  build_model
  build_page
  build_cli
  report_sizes
  report_steps
}

serve() {
  build_wasm relaxed
  build_model
  build_page
  report_steps
  exec node tools/serve.mjs "$@"
}

run_tests() {
  setup_rust
  setup_bindgen
  # Beside the modules, whose optimiser keeps one core busy.
  setup_test_runner &
  local runner=$!
  build_wasm "${VARIANTS[@]}"
  build_types
  build_model
  setup_chromium
  wait "$runner"
  export PATH="$PWD/$TARGET/tools/debug:$PATH"
  say "formatting and lints"
  cargo fmt --check
  cargo clippy --all-targets -- -D warnings
  RUSTDOCFLAGS=-Dwarnings cargo doc --quiet --no-deps --lib --no-default-features
  # What is for WebAssembly alone; the native lints see the rest.
  cargo_wasm relaxed clippy --lib --test rust --features internals -- -D warnings
  local variant
  say "native tests"
  cargo test
  for variant in "${VARIANTS[@]}"; do
    say "WebAssembly tests in Chromium, $variant"
    cargo_wasm "$variant" test --test rust --features internals
  done
  say "JavaScript tests"
  node --test --test-timeout=60000 tests/js/*.test.mjs
  say "end-to-end tests in Chromium"
  # Two files at a time: while one waits for a server, the other computes.
  node --test --test-concurrency=2 tests/e2e/*.spec.mjs
  report_steps
}

run_matrix() {
  build_wasm "${VARIANTS[@]}"
  build_types
  setup_chromium
  say "trying the package in every tool"
  node tests/matrix/run.mjs "$@"
}

bench() {
  local what=demo
  case "${1:-}" in
    sizes | kernels | profile | models | tokenizers | tasks | accuracy | memory | queue | peers) what=$1; shift ;;
  esac
  case "$what" in
    kernels | profile | models | tokenizers | tasks) build_bench_wasm; setup_node ;;
    accuracy) build_wasm "${VARIANTS[@]}"; build_types; build_cli ;;
    demo) build_wasm "${VARIANTS[@]}"; build_model; build_page ;;
    queue) build_wasm "${VARIANTS[@]}"; build_model; setup_node ;;
    sizes) build_wasm "${VARIANTS[@]}"; setup_node; node benches/sizes.mjs; return ;;
    *) build_wasm "${VARIANTS[@]}"; build_types ;;
  esac
  setup_chromium
  say "benchmark: $what"
  case "$what" in
    demo) node benches/browser.mjs "$@" ;;
    peers)
      [ -e benches/peers/node_modules/onnxruntime-web ] || npm ci --ignore-scripts --no-fund --no-audit --prefix benches/peers
      [ -e benches/peers/models/roberta/workload.json ] || fail "no models: benches/peers/README.md tells how to make them"
      node benches/peers/run.mjs "$@"
      ;;
    *) node "benches/$what.mjs" "$@" ;;
  esac
}

command=${1:-help}
shift || true
case "$command" in
  build) build ;;
  serve) serve "$@" ;;
  test) if [ "${1:-}" = matrix ]; then shift; run_matrix "$@"; else run_tests; fi ;;
  bench) bench "$@" ;;
  help | -h | --help) usage ;;
  *) usage >&2; fail "unknown command: $command" ;;
esac
