#!/bin/sh
# Puts the Flask extension under load in gunicorn on loopback, with what it needs installed below target/load, and kills
# workers and stores meanwhile. Arguments go to pytest, for example: tests/load/run.sh -k worker
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
here=tests/load
target=$PWD/target/load
python=${PYTHON:-python3}

need "$python" "the load on the Flask extension" || exit 0
need cargo "the load on the Flask extension" || exit 0
marks=$(marks)

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
exec "$bin/python" -m pytest -m "$marks" $here "$@"
