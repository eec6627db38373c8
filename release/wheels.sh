#!/usr/bin/env bash
# Builds the source distribution, and from it a wheel for each platform.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh

say "source distribution"
(cd "$tree" && maturin sdist --out "$artefacts" 2>"$dist/sdist.log") || { cat "$dist/sdist.log" >&2; exit 1; }
rm -rf "$source" && mkdir -p "$source"
tar -xzf "$artefacts/proofkey-$version.tar.gz" -C "$source" --strip-components=1
cp "$dist/notices/python.txt" "$source/LICENSE-THIRD-PARTY.txt"

wheel() {
    (cd "$source" && maturin build --quiet --release --locked --compression-level 9 --zig --target "$1" --compatibility "$2" \
        --interpreter "$dist/venv/bin/python" --sbom-include "$dist/sbom/python-$1/proofkey.cdx.json" --out "$artefacts")
}
for_platforms "wheel" wheel
