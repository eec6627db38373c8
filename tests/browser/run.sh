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

wheel_environment "$python" "$target" $here/requirements.txt
bin=$target/venv/bin
MYPYPATH=$here "$bin/python" -m mypy --cache-dir "$target/mypy" $here/*.py $here/apps/*.py
exec "$bin/python" -m pytest $here "$@"
