#!/usr/bin/env bash
# Packages the crates that are published, the one that the other needs first, and compiles each from its package.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh

say "crates"
(cd "$tree" && cargo package -q --locked -p proofkey-core -p proofkey)
for crate in proofkey-core proofkey; do cp "$CARGO_TARGET_DIR/package/$crate-$version.crate" "$artefacts"; done
