#!/bin/sh
# Runs the programs of docs/migrating.md, before and after, with the wheel that tests/python/run.sh built and with the
# libraries that they come from, installed below target/migrating. Arguments go to pytest, for example:
# tests/migrating/run.sh -k django
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
here=tests/migrating
target=$PWD/target/migrating
python=${PYTHON:-python3}

need "$python" "the programs of docs/migrating.md" || exit 0
built || { echo "no wheel: tests/python/run.sh builds it" >&2; exit 1; }
mkdir -p "$target"
venv "$python" "$target/venv" $here/requirements.txt
install "$target/venv"
bin=$target/venv/bin
marks='not cargo'
if need cargo "the programs of docs/migrating.md in Rust"; then
    cargo build -q --locked --manifest-path $here/oauth2-rs/Cargo.toml --target-dir "$target/cargo"
    marks=''
fi
# The apps of the tests take settings from the environment, where these would be unknown ones.
unset PROOFKEY_WHEEL PROOFKEY_SDIST
MYPYPATH=$here:tests/python "$bin/python" -m mypy --cache-dir "$target/mypy" $here/*.py
"$bin/python" -m pytest -o pythonpath=tests/python -m "$marks" $here "$@"
