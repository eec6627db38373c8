#!/usr/bin/env bash
# Runs the Python package, and logins in C, Swift and Kotlin, against real authorization servers on loopback, which their own
# package clients install below target/servers. Arguments go to pytest, for example: tests/servers/run.sh -k refresh
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
. tests/swift/root.sh
. tests/swift/consumer.sh
. tests/kotlin/lib.sh
here=tests/servers
target=$PWD/target/servers
python=${PYTHON:-python3}
mkdir -p "$target"

need "$python" "the real servers" || exit 0
need cargo "the real servers" || exit 0

servers=authlib
venv "$python" "$target/authlib" $here/authlib/requirements.txt

if need node "oidc-provider, oauth2-mock-server" && need npm "oidc-provider, oauth2-mock-server"; then
    servers+=,oidc-provider,oauth2-mock-server
    stamp=$target/npm-$(cat $here/package.json $here/package-lock.json | cksum | tr ' ' '-')
    if [ ! -e "$stamp" ]; then
        mkdir -p "$target/npm"
        cp $here/package.json $here/package-lock.json "$target/npm"
        npm ci --prefix "$target/npm" --silent --ignore-scripts --no-audit --no-fund
        touch "$stamp"
    fi
fi

# Glewlwyd is a Debian package. Root gets it unpacked; everybody else has it installed, or does without.
if ! command -v glewlwyd >/dev/null && [ ! -e "$target/glewlwyd/root" ] && [ "$(id -u)" = 0 ] &&
    apt-cache show glewlwyd >/dev/null 2>&1; then
    rm -rf "$target/glewlwyd"
    mkdir -p "$target/glewlwyd/debs/partial"
    apt-get install -y -qq --no-install-recommends --download-only -o Dir::Cache::archives="$target/glewlwyd/debs" \
        glewlwyd >"$target/glewlwyd-apt.log" 2>&1 || { cat "$target/glewlwyd-apt.log" >&2; exit 1; }
    for package in "$target"/glewlwyd/debs/*.deb; do
        dpkg -x "$package" "$target/glewlwyd/unpacked"
    done
    mv "$target/glewlwyd/unpacked" "$target/glewlwyd/root"
fi
if [ -e "$target/glewlwyd/root" ] || need glewlwyd "its two plugins"; then
    servers+=",glewlwyd,glewlwyd oauth2"
fi

without=()
need_header curl/curl.h "the login in C, with libcurl" || without=(--ignore $here/test_c.py)
in_terminals=
if swift_tools; then programs; in_terminals+=swift,; fi
if kotlin_tools; then kotlin test-compile; in_terminals+=kotlin; fi

wheel_environment "$python" "$target" tests/python/requirements.txt
bin=$target/venv/bin

MYPYPATH=$here:$here/glewlwyd:tests/python:tests/swift:tests/kotlin "$bin/python" -m mypy --cache-dir "$target/mypy" $here/*.py $here/glewlwyd/*.py
"$bin/python" -m mypy --cache-dir "$target/mypy-authlib" --python-executable "$target/authlib/bin/python" \
    $here/authlib/server.py
exec "$bin/python" -m pytest -o pythonpath="tests/python tests/swift tests/kotlin" $here "${without[@]}" \
    --servers "$servers" --programs "$in_terminals" "$@"
