#!/usr/bin/env bash
# Builds the C library and tests it: symbols, header, vectors, misuse, handles, threads, panics, memory, constant time,
# size.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}"
release=$(realpath -m "$CARGO_TARGET_DIR/release")
build=$(realpath -m "$CARGO_TARGET_DIR/c")
mkdir -p "$build"

warnings="-Wall -Wextra -Wpedantic -Werror"
c99="-std=c99 $warnings -O2 -g -Iinclude -I$build"
cxx="-x c++ -std=c++17 $warnings -O2 -g -Iinclude -I$build"
system="-lpthread -ldl -lm"
static="-x none $release/libproofkey.a $system"
shared="-x none -L$release -Wl,-rpath,$release -lproofkey $system"
# Run linked both ways; the others have a place of their own below, and are compiled by every compiler.
sed -n '/^```c$/,/^```$/{//!p}' README.md >"$build/readme.c"
grep -q 'int main' "$build/readme.c"
tests="tests/c/vectors.c tests/c/misuse.c tests/c/threads.c tests/c/fork.c $build/readme.c examples/c/server.c"
tests="$tests tests/c/flow_vectors.c tests/c/exchange_vectors.c tests/c/handles.c tests/c/flow_threads.c"
others="tests/c/panic.c tests/c/control.c tests/c/size.c"
# They need a server: tests/python/test_c_login.py and tests/seal_table run them.
need_header curl/curl.h "the logins in C, with libcurl" &&
    others="$others examples/c/login.c examples/c/device.c tests/seal_table/seal.c"
need valgrind "memory errors, leaks and constant time" && others="$others tests/c/constant_time.c"

say() { printf '\n== %s\n' "$*"; }

say "library"
cargo build -q --release -p proofkey-c
ls -l "$release/libproofkey.so" "$release/libproofkey.a" | awk '{print $5, $9}'

say "a dropped verifier is erased"
cargo test -q --release -p proofkey-c | grep 'test result'

say "exported symbols"
nm -D --defined-only "$release/libproofkey.so" | awk '{print $3}' | LC_ALL=C sort | diff tests/c/symbols.txt -
if grep -v '^proofkey_' tests/c/symbols.txt; then exit 1; fi
echo "$(wc -l <tests/c/symbols.txt) symbols, all of them proofkey_"

if need "${CBINDGEN:-cbindgen}" "whether include/proofkey.h is fresh"; then
    say "header"
    bindings/c/header.sh --verify
    echo "include/proofkey.h is what bindings/c/src makes"
fi
say "an ignored status is a warning"
checks='#include <proofkey.h>
int main(void) { KEEP proofkey_verifier_check("", 0); }'
gcc $c99 -DKEEP=return -x c -c -o "$build/kept.o" - <<<"$checks"
if gcc $c99 -DKEEP= -x c -c -o "$build/ignored.o" - <<<"$checks" 2>"$build/ignored.log"; then exit 1; fi
grep -o 'warn_unused_result' "$build/ignored.log" | head -1

python3 tests/c/vectors.py tests/vectors include/proofkey_status.h >"$build/tables.h"
python3 tests/c/flow_vectors.py tests/vectors >"$build/flow_tables.h"
python3 tests/c/exchange_vectors.py tests/vectors >"$build/exchange_tables.h"
python3 tests/c/calls.py include/proofkey.h >"$build/calls.h"

# both NAME COMPILER...: each test with the shared and with the static library.
both() {
    name=$1; shift
    for test in $others; do "$@" -fsyntax-only "$test"; done
    for test in $tests; do
        program=$build/$(basename "$test" .c)-$name
        "$@" "$test" -o "$program-shared" $shared
        "$program-shared"
        "$@" "$test" -o "$program-static" $static
        "$program-static"
    done
}
say "gcc, C99"
both gcc gcc $c99
sed -n 's/^ \* > //p' examples/c/server.c | diff - <("$build/server-gcc-shared")
if need clang "the header and the tests as C99 by clang"; then say "clang, C99"; both clang clang $c99; fi
if need g++ "the header and the tests as C++17"; then say "g++, C++17"; both cxx g++ $cxx; fi

say "address and undefined-behaviour sanitizers"
ASAN_OPTIONS=detect_leaks=1 both sanitized gcc $c99 -fsanitize=address,undefined -fno-sanitize-recover=all

say "each allocation fails once"
wraps=-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=posix_memalign
gcc $c99 tests/c/allocation.c -o "$build/allocation" $wraps $static
"$build/allocation"

say "a deliberate panic"
cargo build -q --release -p proofkey-c --features test-panic --target-dir "$build/panic"
gcc $c99 tests/c/panic.c -o "$build/panic-shared" -L"$build/panic/release" -Wl,-rpath,"$build/panic/release" -lproofkey
gcc $c99 tests/c/panic.c -o "$build/panic-static" "$build/panic/release/libproofkey.a" $system
for linked in shared static; do "$build/panic-$linked" 2>/dev/null; done

if [[ $others = *constant_time* ]]; then
    say "valgrind: memory and leaks"
    for test in $tests; do
        for linked in shared static; do
            valgrind -q --error-exitcode=9 --leak-check=full --trace-children=yes \
                "$build/$(basename "$test" .c)-gcc-$linked"
        done
    done

    say "valgrind: secrets decide no branch and no address"
    # The control at -O1: a loop that stops early, and no vector code instead.
    gcc $c99 -O1 tests/c/constant_time.c tests/c/control.c -o "$build/constant_time" $static
    valgrind -q --suppressions=tests/c/constant_time.supp "$build/constant_time" 2>"$build/constant_time.log" ||
        { cat "$build/constant_time.log"; exit 1; }
    # Without the suppression: where memcheck points at, and there is one such place.
    valgrind -q --error-limit=no "$build/constant_time" reveal 2>"$build/reveal.log"
    places=$(sed -n 's/^==[0-9]*== *at 0x[0-9A-F]*: \([^ ]*\).*/\1/p' "$build/reveal.log" | sort -u)
    [ "$places" = proofkey_core::alphabet::reveal ] || { cat "$build/reveal.log"; exit 1; }
    echo "all of them in $places"
fi

say "size"
tests/c/size.sh
