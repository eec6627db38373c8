#!/bin/sh
# Checks for what every build needs: Rust, a C compiler and Python. Says what is missing and how to get it.
set -eu
missing=0
lacks() { echo "missing: $1. $2" >&2; missing=1; }

msrv=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")
python=${PYTHON:-python3}

if ! command -v cargo >/dev/null 2>&1; then
    lacks "Rust" "Install it from https://rustup.rs or as your system's rustc and cargo, version $msrv or later."
else
    version=$(rustc --version | sed -n 's/^rustc \([0-9]*\.[0-9]*\).*/\1/p')
    newer=$(printf '%s\n%s\n' "$msrv" "$version" | sort -t. -k1,1n -k2,2n | tail -1)
    [ "$newer" = "$version" ] || lacks "Rust $msrv or later, found $version" "Run: rustup update"
fi
command -v cc >/dev/null 2>&1 || lacks "a C compiler" "Install gcc or clang, for example: apt-get install build-essential"
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
    lacks "Python 3.10 or later" "Install it, or name one: make PYTHON=python3.12 …"
elif ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    lacks "Python's venv module" "Install it, for example: apt-get install python3-venv"
fi
exit $missing
