#!/usr/bin/env bash
# Builds a wheel for the system that this runs on, and signs in with it: for macOS and Windows, where build.sh does not
# run. The wheel is in target/dist/artefacts.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh

"${PYTHON:-python}" -m venv "$dist/venv"
# Windows has another folder.
[ -d "$dist/venv/bin" ] || export PATH=$dist/venv/Scripts:$PATH
python -m pip install -q --disable-pip-version-check -r release/requirements.txt
rm -rf "$tree" "$artefacts"
git clone -q --shared --no-tags . "$tree"
PLATFORMS=$(rustc -vV | sed -n 's/^host: //p'):here
export PLATFORMS
release/notices.sh python
cp "$dist/notices/python.txt" "$tree/LICENSE-THIRD-PARTY.txt"
(cd "$tree" && maturin build --quiet --release --locked --compression-level 9 --out "$artefacts" \
    --sbom-include "$dist/sbom/python-${PLATFORMS%:*}/proofkey.cdx.json")
python -m pip install -q --no-index --no-deps --force-reinstall "$artefacts"/proofkey-*.whl
python tests/dist/login.py tests/vectors
