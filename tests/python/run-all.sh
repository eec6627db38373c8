#!/bin/sh
# Tests the wheel that run.sh built with every other Python that there is: one wheel serves them all.
# Arguments go to pytest.
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh

built || { echo "no wheel: tests/python/run.sh builds it" >&2; exit 1; }
# What is kept in a database does not depend on the Python: run.sh tests that, with one.
marks="$(marks) and not postgres and not mariadb"
tested=$(target/venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for version in 3.10 3.11 3.12 3.13 3.14; do
    # A name on the PATH may be a shim for a Python that is not there: only one that runs counts.
    python=
    for candidate in "python$version" "$HOME/.pyenv/versions/$version".*/bin/python; do
        if "$candidate" -c '' >/dev/null 2>&1; then
            python=$candidate
            break
        fi
    done
    case $version in
    3.10 | 3.12 | 3.13) need "${python:-python$version that runs}" "the Python package under $version" || continue ;;
    *) [ -n "$python" ] || continue ;;
    esac
    [ "$version" != "$tested" ] || continue
    venv "$python" "target/venv-$version"
    install "target/venv-$version"
    echo "Python $version"
    "target/venv-$version/bin/python" -m pytest -m "$marks" "$@"
done
