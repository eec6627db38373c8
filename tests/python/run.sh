#!/bin/sh
# Builds the wheel and the source distribution into target/wheels and tests what was built, with one Python ($PYTHON).
# Arguments go to pytest, for example: tests/python/run.sh -k server
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh

python=${PYTHON:-python3}
need "$python" "the Python package" || exit 0
need cargo "the Python package" || exit 0

venv "$python" target/venv
bin=$PWD/target/venv/bin

rm -f target/wheels/proofkey-*
build_wheel target/wheels
"$bin/maturin" sdist --out target/wheels 2>target/wheels/sdist.log || { cat target/wheels/sdist.log >&2; exit 1; }
built
install target/venv

marks=$(marks)
"$bin/python" -m pytest -m "$marks" "$@"
"$bin/python" -m mypy
# In a folder without the sources, so that the stubs are compared with what is installed. stubtest looks at Django's
# settings, which have to be there.
export DJANGO_SETTINGS_MODULE=django.conf.global_settings
(cd target/wheels && MYPY_CACHE_DIR=../mypy "$bin/python" -m mypy.stubtest --mypy-config-file ../../pyproject.toml \
    --allowlist ../../tests/python/stubtest-allowlist.txt proofkey)
