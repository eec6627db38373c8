#!/usr/bin/env bash
# Builds everything, or the parts that are named, a second time, from a clone in another folder with nothing compiled
# before, and compares every byte with what `make dist` built.
set -euo pipefail
cd "$(dirname "$0")/../.."
first=$PWD/target/dist/artefacts
[ -d "$first" ] || { echo "nothing to compare with: make dist builds it" >&2; exit 1; }
again=$PWD/target/again/a-folder-with-another-name
rm -rf "$again" && mkdir -p "${again%/*}"
git clone -q --shared --no-tags . "$again"
git -C "$again" checkout -q --detach "$(git -C target/dist/tree rev-parse HEAD)"
(cd "$again" && release/build.sh "$@")
count=0
for file in "$again"/target/dist/artefacts/*; do
    cmp "$first/${file##*/}" "$file"
    count=$((count + 1))
done
# A part that was not built again would not be compared.
[ $# -gt 0 ] || diff <(ls "$first") <(ls "$again/target/dist/artefacts")
[ $count -gt 0 ]
echo "$count artefacts, every byte the same in two builds"
