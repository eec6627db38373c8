#!/bin/sh
# Runs the adapters of proofkey.server in servers of their frameworks on loopback, installed below target/adapters.
# Arguments go to pytest, for example: tests/adapters/run.sh -k Authlib
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
here=tests/adapters
target=$PWD/target/adapters
python=${PYTHON:-python3}

need "$python" "the adapters" || exit 0
need cargo "the adapters" || exit 0
marks='not sdist'
need initdb "django-oauth-toolkit with PostgreSQL" || marks="$marks and not postgres"

wheel_environment "$python" "$target" $here/requirements.txt
bin=$target/venv/bin
# The oldest version that the adapter supports, beside the newest.
old=django-oauth-toolkit-3.0.1
[ -d "$target/$old" ] ||
    "$bin/python" -m pip install -q --disable-pip-version-check --no-deps --target "$target/$old" "${old%-*}==${old##*-}"
MYPYPATH=$here:$here/servers "$bin/python" -m mypy --cache-dir "$target/mypy" $here/*.py $here/servers/*.py \
    python/proofkey/server
exec "$bin/python" -m pytest -m "$marks" $here "$@"
