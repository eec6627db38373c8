# Sourced by the scripts here, at the root of the work tree.

# venv PYTHON FOLDER: a virtual environment with the pinned requirements, installed again when they change.
venv() {
    [ -x "$2/bin/python" ] || "$1" -m venv "$2"
    stamp=$2/requirements-$(cksum <tests/python/requirements.txt | tr ' ' '-')
    [ -e "$stamp" ] && return
    rm -f "$2"/requirements-*
    "$2/bin/python" -m pip install -q --disable-pip-version-check -r tests/python/requirements.txt
    touch "$stamp"
}

# install FOLDER: puts the wheel that was built into a virtual environment.
install() {
    "$1/bin/python" -m pip install -q --disable-pip-version-check --no-index --no-deps --force-reinstall "$PROOFKEY_WHEEL"
}

# built: names the wheel and the source distribution that run.sh made, for install and for the tests.
built() {
    PROOFKEY_WHEEL=$(echo "$PWD"/target/wheels/proofkey-*.whl)
    PROOFKEY_SDIST=$(echo "$PWD"/target/wheels/proofkey-*.tar.gz)
    export PROOFKEY_WHEEL PROOFKEY_SDIST
    [ -e "$PROOFKEY_WHEEL" ] && [ -e "$PROOFKEY_SDIST" ]
}

# marks: which tests this machine has the tools for.
marks() {
    printf 'not sdist'
    need redis-server "logins that are finished once, with Redis" || printf ' and not redis'
}
