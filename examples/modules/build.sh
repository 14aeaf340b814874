#!/usr/bin/env bash
# Builds the example modules from their sources:
#
#   bash examples/modules/build.sh            writes <name>/<name>.wasm beside the sources
#   bash examples/modules/build.sh FOLDER     writes <name>.wasm into FOLDER and touches nothing else
#
# Needs the compiler's target: rustup target add wasm32-wasip1
# The same compiler on the same kind of machine gives the same bytes; `built-with.txt` says which one gave those that
# are committed.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here"
modules=(cowsay fail forever mandelbrot wordcount)
target=${LILYPAD_MODULES_TARGET:-$here/target}

# Nothing of the place where it is built may end up in the programs, and no flag of the caller's either.
unset RUSTFLAGS
CARGO_ENCODED_RUSTFLAGS=$(printf '%s\037%s\037%s' "--remap-path-prefix=$here=/module" -C link-arg=-zstack-size=131072)
export CARGO_ENCODED_RUSTFLAGS
cargo build --release --locked --target wasm32-wasip1 --target-dir "$target" >&2

for module in "${modules[@]}"; do
    built=$target/wasm32-wasip1/release/$module.wasm
    if [ $# -ge 1 ]; then
        mkdir -p "$1"
        install -m 644 "$built" "$1/$module.wasm"
    else
        install -m 644 "$built" "$module/$module.wasm"
    fi
done
if [ $# -eq 0 ]; then
    rustc -vV | sed -n '1p;/^host: /p' > built-with.txt
fi
