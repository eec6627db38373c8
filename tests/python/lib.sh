# Sourced by the scripts here, at the root of the work tree.

# Debian keeps the programs of PostgreSQL off the PATH.
for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done

# venv PYTHON FOLDER [REQUIREMENTS]: a virtual environment with pinned requirements, by default those of the Python
# tests, installed again when they change.
venv() {
    requirements=${3:-tests/python/requirements.txt}
    [ -x "$2/bin/python" ] || "$1" -m venv "$2"
    stamp=$2/requirements-$(cksum <"$requirements" | tr ' ' '-')
    [ -e "$stamp" ] && return
    rm -f "$2"/requirements-*
    "$2/bin/python" -m pip install -q --disable-pip-version-check -r "$requirements"
    touch "$stamp"
}

# build_wheel FOLDER: builds the wheel as it is published.
build_wheel() {
    target/venv/bin/maturin build --quiet --release --locked --compression-level 9 --out "$1"
}

# wheel_environment PYTHON FOLDER REQUIREMENTS: such an environment as FOLDER/venv, with the wheel of these sources in it.
wheel_environment() {
    venv "$1" target/venv
    rm -rf "$2/wheels"
    build_wheel "$2/wheels"
    venv "$1" "$2/venv" "$3"
    PROOFKEY_WHEEL=$(echo "$2"/wheels/proofkey-*.whl)
    install "$2/venv"
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
    need initdb "stored tokens in PostgreSQL" || printf ' and not postgres'
    need mariadbd "stored tokens in MariaDB" || printf ' and not mariadb'
    need_header curl/curl.h "the login in C, with libcurl" || printf ' and not curl'
}
