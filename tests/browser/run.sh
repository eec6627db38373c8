#!/bin/sh
# Drives Chromium through sign-ins on loopback, in an environment below target/browser, and writes what the pages look
# like into target/browser/pages. Arguments go to pytest, for example: tests/browser/run.sh -k tabs
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
here=tests/browser
target=$PWD/target/browser
python=${PYTHON:-python3}

need "$python" "the browser" || exit 0
need cargo "the browser" || exit 0
need chromium "the browser" || exit 0

venv "$python" target/venv
rm -rf "$target/wheels"
target/venv/bin/maturin build --quiet --release --locked --out "$target/wheels"

stamp=$target/requirements-$(cksum <$here/requirements.txt | tr ' ' '-')
if [ ! -e "$stamp" ]; then
    "$python" -m venv --clear "$target/venv"
    "$target/venv/bin/python" -m pip install -q --disable-pip-version-check -r $here/requirements.txt
    touch "$stamp"
fi
PROOFKEY_WHEEL=$(echo "$target"/wheels/proofkey-*.whl)
install "$target/venv"

bin=$target/venv/bin
MYPYPATH=$here "$bin/python" -m mypy --cache-dir "$target/mypy" $here/*.py
exec "$bin/python" -m pytest $here "$@"
