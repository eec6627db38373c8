#!/bin/sh
# Tests the audit of artefacts with the wheel that tests/python/run.sh built, and the script for versions.
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh

python=${PYTHON:-python3}
need "$python" "the audit of artefacts" || exit 0
built || { echo "no wheel: tests/python/run.sh builds it" >&2; exit 1; }
venv "$python" target/audit tests/dist/requirements.txt
export PYTHONPATH=release:tests/dist MYPYPATH=release:tests/dist
target/audit/bin/python -m mypy --cache-dir target/mypy --ignore-missing-imports release/*.py tests/dist/*.py
target/audit/bin/python -m pytest -q -p no:cacheprovider tests/dist "$@"
