#!/usr/bin/env bash
# Builds what a release consists of, from the last commit, into target/dist/artefacts; then audits it, and writes
# docs/artefacts.md. Arguments name the parts that are built (crates, wheels, c, jvm, swift); without any, all are.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh
parts=${*:-wheels c jvm swift crates}

venv "${PYTHON:-python3}" "$dist/venv" release/requirements.txt
git diff --quiet HEAD || echo "changes that are not committed are not in what is built" >&2
rm -rf "$tree" "$artefacts" "$dist/stage" "$dist/not-built"
mkdir -p "$artefacts" "$dist/stage"
git clone -q --shared --no-tags . "$tree"
[ "$version" = "$(cd "$tree" && sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)" ]

release/notices.sh python c kotlin
for part in $parts; do "release/$part.sh"; done

venv "${PYTHON:-python3}" "$dist/audit" tests/dist/requirements.txt
say "audit"
"$dist/audit/bin/python" tests/dist/audit.py "$artefacts" --table docs/artefacts.md

say "not built here"
cat "$dist/not-built" 2>/dev/null || true
cat <<'LIST'
wheels and C archives for macOS (x86_64, arm64), and the XCFramework of the Swift package: they need a Mac with Xcode
wheels and C archives for Windows (x86_64, arm64): they need Windows with Visual Studio's linker
wheels for free-threaded Python (3.14t and later): they need such a Python
natives of the jar for Android, macOS and Windows: they need the NDK, a Mac, Windows
.github/workflows/release.yml has the jobs of the first two
LIST
