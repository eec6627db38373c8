#!/usr/bin/env bash
# Packs the Swift package, which is its sources: the C library that it needs has an archive of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh

say "Swift package"
name=proofkey-swift-$version
git -C "$tree" archive --prefix="$name/" HEAD Package.swift bindings/swift include tests/swift/ProofKeyTests tests/vectors LICENSE-MIT \
    LICENSE-APACHE docs/swift.md | gzip -9n >"$artefacts/$name.tar.gz"
