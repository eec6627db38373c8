#!/usr/bin/env bash
# Runs the Python package, and logins in C, Swift and Kotlin, against real authorization servers on loopback, which their own
# package clients install below target/servers. Arguments go to pytest, for example: tests/servers/run.sh -k refresh
# With --keycloak first it runs the logins alone, against Keycloak, which takes a minute to start.
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

# Those that a normal run installs; sets `servers`.
usual() {
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
}

# The archive of Keycloak from Maven Central, as SHA256SUMS has it; Maven keeps it for the next clone.
keycloak() {
    for tool in java mvn unzip; do need $tool Keycloak || exit 0; done
    servers=keycloak
    read -r sha256 zip <$here/keycloak/SHA256SUMS
    version=${zip##*-}
    version=${version%.zip}
    [ ! -e "$target/keycloak-$version" ] || return 0
    rm -rf "$target/keycloak"
    mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.9.0:copy \
        -Dartifact="org.keycloak:keycloak-quarkus-dist:$version:zip" -DoutputDirectory="$target/keycloak" \
        >"$target/keycloak-mvn.log" 2>&1 || { cat "$target/keycloak-mvn.log" >&2; exit 1; }
    echo "$sha256  $target/keycloak/$zip" | sha256sum --check --quiet
    unzip -q "$target/keycloak/$zip" -d "$target/keycloak"
    mv "$target/keycloak/keycloak-$version" "$target"
    rm -r "$target/keycloak"
}

tests=($here)
if [ "${1:-}" = --keycloak ]; then
    shift
    keycloak
    tests=($here/test_terminal.py $here/test_device.py $here/test_c.py)
else
    usual
fi

without=()
need_header curl/curl.h "the login in C, with libcurl" ||
    without=(--deselect $here/test_c.py --deselect $here/test_device.py::test_in_c)
in_terminals=
if swift_tools; then programs; in_terminals+=swift,; fi
if kotlin_tools; then kotlin test-compile; in_terminals+=kotlin; fi

wheel_environment "$python" "$target" tests/python/requirements.txt
bin=$target/venv/bin

MYPYPATH=$here:$here/glewlwyd:$here/keycloak:tests/python:tests/swift:tests/kotlin "$bin/python" -m mypy --cache-dir "$target/mypy" \
    $here/*.py $here/{glewlwyd,keycloak}/*.py
if [ "$servers" != keycloak ]; then
    "$bin/python" -m mypy --cache-dir "$target/mypy-authlib" --python-executable "$target/authlib/bin/python" \
        $here/authlib/server.py
fi
exec "$bin/python" -m pytest -o pythonpath="tests/python tests/swift tests/kotlin" "${tests[@]}" "${without[@]}" \
    --servers "$servers" --programs "$in_terminals" "$@"
