#!/usr/bin/env bash
# Proves that proofkey-core links without std and alloc. To build it without them proves nothing: a library may still
# refer to both. The controls show that the link would fail.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-../../target}/no_std"
export RUSTFLAGS="-C link-arg=-nostartfiles -C link-arg=-nodefaultlibs -C link-arg=-static -C relocation-model=static"

cargo build -q --release --locked
program=$CARGO_TARGET_DIR/release/no_std
symbols=$(nm -C "$program")
if grep -E '\b(std|alloc)::' <<<"$symbols"; then echo "std or alloc is linked" >&2; exit 1; fi
if grep -E ' U ' <<<"$symbols"; then echo "something is asked of a C library" >&2; exit 1; fi
echo "proofkey-core links alone: $(grep -c 'proofkey_core::' <<<"$symbols") of its functions, none of std or alloc, nothing undefined"

# refused FEATURE REASON: the control does not build, and for that reason.
refused() {
    if log=$(cargo build -q --release --locked --features "$1" 2>&1); then
        echo "$1 builds: the proof proves nothing" >&2
        exit 1
    fi
    grep -q "$2" <<<"$log" || { echo "$log" >&2; exit 1; }
    echo "$1 does not build: $2"
}
refused control-std 'found duplicate lang item `panic_impl`'
refused control-alloc 'no global memory allocator found'
refused control-base64 'found duplicate lang item `panic_impl`'
