#!/bin/sh
# Tests signing in with Flask, Starlette, FastAPI and Django, with the wheel that tests/python/run.sh built, in an
# environment below target/web. Arguments go to pytest, for example: tests/web/run.sh -k starlette
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
here=tests/web
target=$PWD/target/web
python=${PYTHON:-python3}

need "$python" "the web frameworks" || exit 0
built || { echo "no wheel: tests/python/run.sh builds it" >&2; exit 1; }
mkdir -p "$target"
venv "$python" "$target/venv" $here/requirements.txt
install "$target/venv"
bin=$target/venv/bin
# The apps of the tests take settings from the environment, where these would be unknown ones.
unset PROOFKEY_WHEEL PROOFKEY_SDIST
"$bin/python" -m pytest $here "$@"
MYPYPATH=$here "$bin/python" -m mypy --cache-dir "$target/mypy" $here/*.py python/proofkey/flask.py \
    python/proofkey/starlette.py
