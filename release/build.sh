#!/usr/bin/env bash
# Builds what a release consists of, from the last commit, into target/dist/artefacts; then audits it and, if all parts
# were built, writes docs/artefacts.md. Arguments name the parts that are built (crates, wheels, c, jvm, swift); without
# any, all are.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh
parts=${*:-wheels c jvm swift crates}

venv "${PYTHON:-python3}" "$dist/venv" release/requirements.txt
git diff --quiet HEAD || echo "changes that are not committed are not in what is built" >&2
rm -rf "$tree" "$artefacts" "$dist/stage" "$dist/kotlin" "$dist/not-built"
mkdir -p "$artefacts" "$dist/stage"
git clone -q --shared --no-tags . "$tree"
[ "$version" = "$(cd "$tree" && sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)" ] ||
    { echo "the version in Cargo.toml is not committed" >&2; exit 1; }

for part in $parts; do
    case $part in
    wheels) release/notices.sh python ;;
    c) release/notices.sh c ;;
    jvm) release/notices.sh kotlin ;;
    esac
    "release/$part.sh"
done

venv "${PYTHON:-python3}" "$dist/audit" tests/dist/requirements.txt
say "audit"
# A table of some parts would drop the rows of the others.
table=()
[ $# -gt 0 ] || table=(--table docs/artefacts.md)
"$dist/audit/bin/python" tests/dist/audit.py "$artefacts" "${table[@]}"

say "not built here"
cat "$dist/not-built" 2>/dev/null || true
cat <<'LIST'
wheels for macOS (x86_64, arm64) and Windows (x86_64, arm64): `make dist-here` builds them there
the XCFramework of the Swift package: bindings/swift/xcframework.sh builds it on a Mac
    .github/workflows/release.yml has jobs for these two
archives of the C library for macOS and Windows: `cargo cinstall` builds them there, as docs/c.md says
natives of the jar for Android, macOS and Windows: they need the NDK, a Mac, Windows
wheels for free-threaded Python (3.14t and later), which has another ABI: they need such a Python
LIST
