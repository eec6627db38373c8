#!/usr/bin/env bash
# Runs the threads of tests/c under ThreadSanitizer, with the C library and the standard library of Rust instrumented.
# Needs clang and the sources of the standard library: rustup component add rust-src.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
need clang "data races" || exit 0
sysroot=$(rustc --print sysroot)
if [ ! -e "$sysroot/lib/rustlib/src/rust/library/Cargo.lock" ]; then
    echo "the sources of Rust's standard library (rustup component add rust-src): data races" |
        tee -a "${MISSING:-/dev/null}" >&2
    [ "${CI:-}" != true ]
    exit
fi
host=$(rustc -vV | sed -n 's/^host: //p')
build=$(realpath -m "${CARGO_TARGET_DIR:-target}/c/tsan")
mkdir -p "$build"

# The sanitizer has unstable flags. This allows them to a stable compiler.
RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread cargo build -q -Zbuild-std=std,panic_unwind --target "$host" \
    -p proofkey-c --target-dir "$build"
# Rust's own run-time library of the sanitizer, because the one of clang may be of another version.
runtime=$sysroot/lib/rustlib/$host/lib/librustc-stable_rt.tsan.a
[ -e "$runtime" ] || runtime=$(echo "$sysroot/lib/rustlib/$host"/lib/librustc-*_rt.tsan.a)
for test in threads flow_threads; do
    clang -std=c99 -O1 -g -Iinclude -fsanitize=thread -c "tests/c/$test.c" -o "$build/$test.o"
    clang "$build/$test.o" "$build/$host/debug/libproofkey.a" -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive \
        -lpthread -ldl -lm -lrt -rdynamic -o "$build/$test"
    TSAN_OPTIONS=halt_on_error=1 "$build/$test"
done
