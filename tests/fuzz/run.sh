#!/usr/bin/env bash
# Fuzzes the crates through their public interface, and the C ABI: run.sh [SECONDS [TARGET…]], by default 30 seconds of each target.
# Each run starts from the inputs of earlier ones, in target/fuzz/corpus. An input that breaks a property is kept in
# target/fuzz/found, and the script prints the command that runs it again.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
need cargo-fuzz "fuzzing; make fuzz installs it" || exit 0
need python3 "fuzzing" || exit 0

# The instrumentation has unstable flags of rustc. This allows them to a stable compiler.
export RUSTC_BOOTSTRAP=1

seconds=${1:-30}
targets=("${@:2}")
[ ${#targets[@]} -gt 0 ] || targets=(abi callback device form id_token metadata pkce response seal uri)
for target in "${targets[@]}"; do
    if [[ ! $seconds =~ ^[0-9]+$ || ! -f tests/fuzz/targets/$target.rs ]]; then
        echo "usage: $0 [SECONDS [TARGET…]]" >&2
        exit 2
    fi
done

work=$PWD/target/fuzz
mkdir -p "$work"
python3 tests/fuzz/seeds.py "$work/corpus"
# cargo-fuzz has no --locked. This fails if the lock file is not up to date.
cargo fetch -q --locked --manifest-path tests/fuzz/Cargo.toml
if ! cargo fuzz build --fuzz-dir tests/fuzz --target-dir "$work/build" 2>"$work/build.log"; then
    cat "$work/build.log" >&2
    exit 1
fi
programs=$work/build/$(rustc -vV | sed -n 's/^host: //p')/release

row() { printf '%-10s %12s %12s %10s %9s\n' "$@"; }
figure() { sed -n "s/^stat::$1: *//p" "$log"; }

status=0
row target runs per-second new-units findings
for target in "${targets[@]}"; do
    mkdir -p "$work/found/$target"
    log=$work/$target.log
    options=(-max_total_time="$seconds" -timeout=10 -dict=tests/fuzz/words.dict -print_final_stats=1)
    options+=(-artifact_prefix="$work/found/$target/")
    ended=0
    "$programs/$target" "${options[@]}" "$work/corpus/$target" >"$log" 2>&1 || ended=$?
    findings=$(grep -c 'Test unit written to' "$log") || true
    row "$target" "$(figure number_of_executed_units)" "$(figure average_exec_per_sec)" "$(figure new_units_added)" \
        "$findings"
    if [ "$ended" != 0 ]; then
        status=1
        { grep -A3 'panicked at' "$log" || grep 'ERROR: ' "$log" || tail -3 "$log"; } >&2
        sed -n "s|.*Test unit written to |run it again: $programs/$target |p" "$log" >&2
    fi
done
exit $status
