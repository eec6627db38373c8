#!/usr/bin/env bash
# Builds everything a second time, from a clone in another folder with nothing compiled before, and compares every byte
# with what `make dist` built.
set -euo pipefail
cd "$(dirname "$0")/../.."
first=$PWD/target/dist/artefacts
[ -d "$first" ] || { echo "nothing to compare with: make dist builds it" >&2; exit 1; }
again=$PWD/target/again/a-folder-with-another-name
rm -rf "$again" && mkdir -p "${again%/*}"
git clone -q --shared --no-tags . "$again"
(cd "$again" && release/build.sh "$@")
diff <(cd "$first" && sha256sum ./*) <(cd "$again/target/dist/artefacts" && sha256sum ./*)
echo "$(find "$first" -type f | wc -l) artefacts, every byte the same in two builds"
