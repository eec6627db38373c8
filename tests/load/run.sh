#!/bin/sh
# Puts sign-in with Flask under load in gunicorn on loopback, with what it needs installed below target/load, and kills
# workers and stores meanwhile. With --all first, FastAPI in uvicorn and Django in gunicorn follow. Other arguments go to
# pytest, for example: tests/load/run.sh -k worker
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
here=tests/load
target=$PWD/target/load
python=${PYTHON:-python3}

need "$python" "the load on sign-in" || exit 0
need cargo "the load on sign-in" || exit 0
marks=$(marks)
if [ "${1:-}" = --all ]; then shift; else set -- --ignore $here/test_frameworks.py "$@"; fi

wheel_environment "$python" "$target" $here/requirements.txt
bin=$target/venv/bin
MYPYPATH=$here "$bin/python" -m mypy --cache-dir "$target/mypy" $here/*.py
exec "$bin/python" -m pytest -m "$marks" $here "$@"
