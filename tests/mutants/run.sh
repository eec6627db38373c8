#!/usr/bin/env bash
# Changes one place of the domain crates after the other, and runs the tests of the crate on each change. Fails if a
# change survives that mutants.toml does not list. Arguments go to cargo-mutants: run.sh -f crates/proofkey/src/secret.rs
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
need cargo-mutants "mutants; make test-mutants installs it" || exit 0

out=target/mutants
config=tests/mutants/mutants.toml
packages=(-p proofkey-core -p proofkey)
mkdir -p "$out"

# A mutant that is listed must exist.
cargo mutants --no-config --list "${packages[@]}" >"$out/list"
sed -n "s/^ *'\(.*\)',$/\1/p" "$config" | while read -r listed; do
    grep -Eq -- "$listed" "$out/list" || { echo "$config: no mutant is called $listed" >&2; exit 1; }
done

# Less to compile and link.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=debuginfo CARGO_INCREMENTAL=1
ended=0
cargo mutants --config "$config" "${packages[@]}" --timeout 60 --output "$out" "$@" || ended=$?
# 3: an endless loop, which the time limit notices. It hides survivors, so those are counted here.
[ "$ended" = 0 ] || [ "$ended" = 2 ] || [ "$ended" = 3 ] || exit "$ended"
if [ -s "$out/mutants.out/missed.txt" ]; then
    echo "no test notices:" >&2
    cat "$out/mutants.out/missed.txt" >&2
    exit 1
fi
