#!/usr/bin/env bash
# Builds the Swift package on the C library and tests it: vectors, misuse that must not compile, memory, and logins of a
# second package that depends on it by git. Without Swift on the PATH it uses Debian's in a root of its own: see root.sh.
# With --long, also the thread sanitizer, and more logins.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
. tests/swift/root.sh
. tests/swift/consumer.sh
. tests/swift/misuse.sh
swift_tools || exit 0
python=${PYTHON:-python3}
target=$swift_target
mkdir -p "$target"

say() { printf '\n== %s\n' "$*"; }

# control SANITIZER REPORT: fails unless it sees a program do what it is for.
control() {
    logged "control-$1" swiftly swiftc -sanitize="$1" tests/swift/control.swift -o "$target/control-$1"
    if swiftly env TSAN_OPTIONS=halt_on_error=1 "$target/control-$1" "$1" >"$target/control-$1.log" 2>&1; then
        echo "the $1 sanitizer sees nothing" >&2
        return 1
    fi
    grep -m1 -o "$2" "$target/control-$1.log"
}

say "format, and a comment on every public declaration"
in_swift swift format lint --strict --recursive Package.swift bindings/swift examples/swift tests/bench/swift \
    tests/seal_table tests/swift/ProofKeyTests tests/swift/control.swift
in_swift swift format lint --strict --recursive bindings/swift --configuration \
    "$(sed 's/^}$/, "rules": {"AllPublicDeclarationsHaveDocumentation": true}}/' .swift-format)"

say "library"
bindings/c/install.sh "$target/prefix"
swiftly swift --version 2>/dev/null | head -1

say "vectors, debug"
logged debug swiftly swift test -j 2 --scratch-path "$target/debug" -Xswiftc -warnings-as-errors
grep -o 'Test run with.*' "$target/debug.log"
python3 tests/vectors/ran.py tests/vectors "$target/debug.log"

say "vectors, release, with the address sanitizer"
control address heap-use-after-free
# The leak checker would report Swift's run-time library; memoryDoesNotGrow() looks for leaks. A small quarantine lets it.
logged address swiftly env ASAN_OPTIONS=detect_leaks=0:quarantine_size_mb=1 \
    swift test -j 2 -c release --sanitize=address --scratch-path "$target/address" -Xswiftc -warnings-as-errors
grep -o 'Test run with.*' "$target/address.log"
python3 tests/vectors/ran.py tests/vectors "$target/address.log"

if [ "${1:-}" = --long ]; then
    say "with the thread sanitizer, which sees the Swift code alone"
    control thread 'ThreadSanitizer: .*race'
    logged thread swiftly env TSAN_OPTIONS=halt_on_error=1 \
        swift test -j 2 --sanitize=thread --scratch-path "$target/thread"
    grep -o 'Test run with.*' "$target/thread.log"

    say "300,000 logins"
    logged memory swiftly env PROOFKEY_LOGINS=300000 swift test -j 2 --scratch-path "$target/debug" \
        -Xswiftc -warnings-as-errors --filter memoryDoesNotGrow
    grep -o 'Test run with.*' "$target/memory.log"
fi

say "what must not compile"
misuse

say "the browser layer: types with a stub, syntax of the view"
apple

say "the programs on the pages"
pages

say "a second package, which depends on it by git"
programs

say "logins"
need "$python" "the logins of the Swift package" || exit 0
wheel_environment "$python" "$target" tests/python/requirements.txt
MYPYPATH=tests/swift:tests/python "$target/venv/bin/python" -m mypy --cache-dir "$target/mypy" tests/swift/*.py
"$target/venv/bin/python" -m pytest -o pythonpath="tests/swift tests/python" tests/swift
