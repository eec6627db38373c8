#!/bin/sh
# Installs the source distribution that run.sh made, in isolation: pip fetches maturin and compiles everything anew.
# It takes minutes and needs the package registries.
set -eu
cd "$(dirname "$0")/../.."
. tests/python/lib.sh

built || { echo "no source distribution: tests/python/run.sh makes it" >&2; exit 1; }
target/venv/bin/python -m pytest -m sdist "$@"
