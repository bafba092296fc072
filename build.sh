#!/usr/bin/env bash
# Builds, serves and tests Headwise, installing what is missing. See `./build.sh help`.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
./build.sh serve [--port N] [--isolated] [--connect ORIGIN]
                      build everything, then serve the demo on localhost
                      --isolated: with COOP and COEP; --connect: admit a mirror of the Hub
./build.sh build      build the WebAssembly modules, the command line, and the model of the demo
./build.sh test       run every test: native, WebAssembly, JavaScript, browser
./build.sh bench      measure in Chromium: sizes, start-up and latency of the demo, or
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
        peers         the other engines (see benches/peers/README.md)
./build.sh help       this text
Needs: rustup, a C compiler, Node >= 20 and npm. The rest is installed as needed: the Rust
toolchain, its WebAssembly target, wasm-bindgen, npm packages, Chromium (as root, by apt-get).
TEXT
}

# The builds of the WebAssembly module, and the tests that run in each of them.
VARIANTS=(simd128 relaxed)
WASM_TESTS=(golden kernels kernels_math malformed precision tasks)
TARGET=${CARGO_TARGET_DIR:-target}

say() { printf '\033[1m» %s\033[0m\n' "$*"; }
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

# The command line must have the very version of the crate.
setup_wasm_bindgen() {
  local version
  version=$(sed -n 's/^wasm-bindgen = "=\(.*\)"/\1/p' Cargo.toml)
  export PATH="$PWD/target/tools/bin:$PATH"
  if [ "$(wasm-bindgen --version 2>/dev/null)" != "wasm-bindgen $version" ]; then
    say "installing wasm-bindgen $version"
    cargo install wasm-bindgen-cli --version "=$version" --root target/tools --target-dir target/tools/build --quiet
  fi
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

# Each variant has a folder: cargo gives the files of the crate the same names in every build, so in
# one folder the builds would undo each other.
target_dir() {
  [ "$1" = simd128 ] && echo "$TARGET" || echo "$TARGET/$1"
}

# cargo_wasm VARIANT COMMAND ARGUMENT…: runs cargo with the flags of a variant.
cargo_wasm() {
  local variant=$1 command=$2 flags=(--no-default-features --target wasm32-unknown-unknown)
  shift 2
  flags+=(--target-dir "$(target_dir "$variant")")
  # This appends to the flags of .cargo/config.toml.
  [ "$variant" = simd128 ] || flags+=(--config 'target.wasm32-unknown-unknown.rustflags=["-C","target-feature=+relaxed-simd"]')
  cargo "$command" "${flags[@]}" "$@"
}

# A module for each variant and one JavaScript for both. variants.js knows the modules by name, so the
# generated JavaScript must not name one.
build_wasm() {
  setup_rust
  setup_wasm_bindgen
  local variant built glue=$TARGET/glue
  for variant in "${VARIANTS[@]}"; do
    say "building the WebAssembly module, $variant"
    cargo_wasm "$variant" build --profile dist --lib
    built=$(target_dir "$variant")/wasm32-unknown-unknown/dist/headwise.wasm
    if [ ! "$glue/$variant/headwise_bg.wasm" -nt "$built" ]; then
      # After a trap the package begins anew with the same module.
      wasm-bindgen --target web --omit-default-module-path --experimental-reset-state-function \
        --out-dir "$glue/$variant" "$built"
    fi
  done
  # The relaxed module may import more: its JavaScript serves both as long as it only adds.
  if grep '^<' <(diff "$glue/simd128/headwise.js" "$glue/relaxed/headwise.js"); then
    fail "the JavaScript of the relaxed module lacks this of the other's, but www/lib/ has one for both"
  fi
  rm -rf www/lib/wasm
  mkdir -p www/lib/wasm
  cp "$glue"/relaxed/headwise.{js,d.ts} www/lib/wasm/
  for variant in "${VARIANTS[@]}"; do
    cp "$glue/$variant/headwise_bg.wasm" "www/lib/wasm/headwise_$variant.wasm"
  done
}

# What `bench kernels` and `bench profile` measure: modules with clocks in them, which do not ship.
build_bench_wasm() {
  setup_rust
  setup_wasm_bindgen
  local variant built TARGET=$TARGET/bench
  for variant in "${VARIANTS[@]}"; do
    say "building the WebAssembly module for benchmarks, $variant"
    cargo_wasm "$variant" build --profile dist --lib --features bench
    built=$(target_dir "$variant")/wasm32-unknown-unknown/dist/headwise.wasm
    wasm-bindgen --target web --no-typescript --out-dir "target/bench/$variant" "$built"
  done
}

build_types() {
  setup_node
  say "checking types"
  npx tsc --project tsconfig.json
  npx tsc --project tsconfig.page.json
}

build_cli() {
  setup_rust
  say "building the command line"
  cargo build --release --bin headwise
}

# The page downloads the shipped model in int8, half the bytes; git keeps it in f16. The command line of the
# tests does it, which is built in a third of the time of the one for use.
build_model() {
  local source=www/models/emotions made=www/models/emotions-q8 cli=$TARGET/debug/headwise
  setup_rust
  cargo build --quiet --bin headwise
  if [ ! "$made/config.json" -nt "$source/model.safetensors" ] || [ "$cli" -nt "$made/config.json" ]; then
    say "quantising the shipped model"
    rm -rf "$made"
    "$cli" quantize "$source" "$made"
    cp "$source/README.md" "$made" # it states the licence
  fi
}

report_sizes() {
  say "sizes"
  node tools/sizes.mjs
}

build() {
  build_wasm
  build_types
  build_cli
  build_model
  report_sizes
}

serve() {
  build_wasm
  build_types
  build_model
  report_sizes
  exec node tools/serve.mjs "$@"
}

run_tests() {
  build_wasm
  build_types
  build_model
  setup_chromium
  say "formatting and lints"
  cargo fmt --check
  cargo clippy --all-targets -- -D warnings
  local variant tests=("${WASM_TESTS[@]/#/--test=}")
  for variant in "${VARIANTS[@]}"; do
    cargo_wasm "$variant" clippy --lib "${tests[@]}" -- -D warnings
  done
  say "native tests"
  cargo test
  for variant in "${VARIANTS[@]}"; do
    say "WebAssembly tests in Chromium, $variant"
    cargo_wasm "$variant" test "${tests[@]}"
  done
  say "JavaScript tests"
  node --test --test-timeout=60000 tests/js/*.test.mjs
  say "end-to-end tests in Chromium"
  node --test --test-concurrency=1 tests/e2e/*.spec.mjs
}

bench() {
  local what=demo
  case "${1:-}" in
    kernels | profile | models | tokenizers | tasks | accuracy | memory | peers) what=$1; shift ;;
  esac
  case "$what" in
    kernels | profile | models | tokenizers | tasks) build_bench_wasm; setup_node ;;
    accuracy) build_wasm; build_types; build_cli ;;
    demo) build_wasm; build_types; build_model ;;
    *) build_wasm; build_types ;;
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
  test) run_tests ;;
  bench) bench "$@" ;;
  help | -h | --help) usage ;;
  *) usage >&2; fail "unknown command: $command" ;;
esac
