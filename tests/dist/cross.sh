#!/usr/bin/env bash
# Type-checks every crate for systems whose artefacts are built elsewhere: what is written for Windows, macOS, iOS and
# Android compiles. zig compiles the C of ring; nothing is linked and nothing runs.
set -euo pipefail
cd "$(dirname "$0")/../.."
. release/lib.sh
export CARGO_TARGET_DIR=$PWD/target/cross
venv "${PYTHON:-python3}" "$dist/venv" release/requirements.txt
rm -f "$dist/not-built"

check() {
    cargo-zigbuild check -q --locked --target "$1" -p proofkey -p proofkey-python --features proofkey/token-store
    cargo-zigbuild check -q --locked --target "$1" -p proofkey-c -p proofkey-kotlin
    echo "compiles"
}
PLATFORMS=${*:-x86_64-pc-windows-gnu aarch64-apple-darwin aarch64-apple-ios aarch64-linux-android}
for_platforms "every crate" check
[ ! -e "$dist/not-built" ] || { cat "$dist/not-built" >&2; exit 1; }
