#!/usr/bin/env bash
# Builds, serves and tests Headwise, installing what is missing. See `./build.sh help`.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
  cat <<'TEXT'
./build.sh serve [--port N] [--isolated] [--connect ORIGIN]
                      build everything, then serve the demo on localhost
                      --isolated: with COOP and COEP; --connect: admit a mirror of the Hub
./build.sh build      build the WebAssembly module, the type declarations and the command line
./build.sh test       run every test: native, WebAssembly, JavaScript, browser
./build.sh bench      measure sizes, start-up and latency in Chromium
./build.sh help       this text
Needs: rustup, a C compiler, Node >= 20 and npm. The rest is installed as needed: the Rust
toolchain, its WebAssembly target, wasm-bindgen, npm packages, Chromium (as root, by apt-get).
TEXT
}

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

build_wasm() {
  setup_rust
  setup_wasm_bindgen
  say "building the WebAssembly module"
  cargo build --profile dist --lib --no-default-features --target wasm32-unknown-unknown
  local built=target/wasm32-unknown-unknown/dist/headwise.wasm
  if [ ! www/lib/wasm/headwise_bg.wasm -nt "$built" ]; then
    wasm-bindgen --target web --out-dir www/lib/wasm "$built"
  fi
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

report_sizes() {
  say "sizes"
  node tools/sizes.mjs
}

build() {
  build_wasm
  build_types
  build_cli
  report_sizes
}

serve() {
  build_wasm
  build_types
  report_sizes
  exec node tools/serve.mjs "$@"
}

run_tests() {
  build_wasm
  build_types
  setup_chromium
  say "formatting and lints"
  cargo fmt --check
  cargo clippy --all-targets -- -D warnings
  cargo clippy --no-default-features --target wasm32-unknown-unknown --lib --test golden -- -D warnings
  say "native tests"
  cargo test
  say "WebAssembly tests in Chromium"
  cargo test --no-default-features --target wasm32-unknown-unknown --test golden
  say "JavaScript tests"
  node --test --test-timeout=60000 tests/js/*.test.mjs
  say "end-to-end tests in Chromium"
  node --test --test-concurrency=1 tests/e2e/*.spec.mjs
}

bench() {
  build_wasm
  build_types
  setup_chromium
  say "browser benchmark"
  node benches/browser.mjs "$@"
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
