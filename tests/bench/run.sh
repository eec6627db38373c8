#!/usr/bin/env bash
# Compares proofkey with other libraries and prints one table. Arguments choose parts of it; without any, all of them run.
# No figure makes it fail, but a library that computes another value does.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
. tests/kotlin/lib.sh
. tests/swift/root.sh
release=$(realpath -m "${CARGO_TARGET_DIR:-target}/release")
build=$PWD/target/bench
environment=$build/venv
python=${PYTHON:-python3}
mkdir -p "$build"

rust() {
    need cargo "the comparison in Rust" || return 0
    program proofkey-bench
    "$build/release/proofkey-bench"
}

c() {
    need_c "the comparison in C" || return 0
    c_program
    "$build/c-bench"
}

c_login() {
    need cargo "the login in C" && need gcc "the login in C" && need_header curl/curl.h "the login in C" || return 0
    cargo build -q --release -p proofkey-c
    rust_login
    gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -O2 -Iinclude tests/bench/c/login.c -o "$build/c-login" \
        "$release/libproofkey.a" -L"$build/release" -Wl,-rpath,"$build/release" -lrust_login -lcurl -lpthread -ldl -lm
    "$build/c-login"
}

kotlin_login() {
    need cargo "the comparison in Kotlin" && kotlin_tools || return 0
    rust_login
    kotlin test-compile
    java @"$kotlin_build/java.arguments" -Drust="$build/release/librust_login.so" dev.proofkey.BenchKt
}

swift_package() {
    need cargo "the comparison in Swift" && swift_tools || return 0
    # Linked statically, as on a phone: the prefix has the archive alone.
    prefix=$build/prefix
    bindings/c/install.sh "$prefix"
    rm -f "$prefix"/lib/libproofkey.so*
    rust_login
    mkdir -p "$swift_target"
    logged bench in_swift env PKG_CONFIG_PATH="$prefix/lib/pkgconfig" swift build -j 2 -c release \
        --package-path tests/bench/swift --scratch-path "$build/swift" -Xlinker -L"$build/release"
    in_swift env LD_LIBRARY_PATH="$build/release" "$build/swift/release/Bench"
    for program in Login Empty; do in_swift strip -o "$build/swift/$program" "$build/swift/release/$program"; done
    added=$(($(stat -c %s "$build/swift/Login") - $(stat -c %s "$build/swift/Empty")))
    bytes "Swift program with a login, over an empty one" "$added"
}

python() {
    need "$python" "the comparison in Python" || return 0
    [ -n "$(wheel)" ] || need cargo "the comparison in Python" || return 0
    packages
    "$environment/bin/python" tests/bench/python/bench.py
}

verify() {
    need "$python" "the rates of verifying" && need_c "the rates of verifying" || return 0
    c_program
    program proofkey-bench
    packages
    "$environment/bin/python" tests/bench/python/verify.py "$build/release/proofkey-bench" "$build/c-bench"
}

id_token() {
    need "$python" "the comparison of ID tokens" || return 0
    [ -n "$(wheel)" ] || need cargo "the comparison of ID tokens" || return 0
    packages
    "$environment/bin/python" tests/bench/python/id_token.py
}

exchange() {
    need "$python" "the comparison of exchanges" && need cargo "the comparison of exchanges" || return 0
    program token-server
    packages
    "$environment/bin/python" tests/bench/python/exchange.py "$build/release/token-server"
}

calls() {
    need "$python" "the comparison of API calls" || return 0
    [ -n "$(wheel)" ] || need cargo "the comparison of API calls" || return 0
    packages
    "$environment/bin/python" tests/bench/python/calls.py
}

flask() { logins Flask; }
starlette() { logins Starlette; }
django() { logins Django; }

# logins FRAMEWORK
logins() {
    need "$python" "the comparison of logins in $1" || return 0
    [ -n "$(wheel)" ] || need cargo "the comparison of logins in $1" || return 0
    packages
    "$environment/bin/python" tests/bench/python/login.py "$1"
}

# Makes an environment with the wheel and the packages to compare it with.
packages() {
    if [ -z "$(wheel)" ]; then
        venv "$python" target/venv
        target/venv/bin/maturin build --quiet --release --locked --out target/wheels
    elif [ -n "$(find crates bindings/python python -type f -name '*.[rp]*' -newer "$(wheel)" -print -quit)" ]; then
        echo "the wheel is older than the sources; tests/python/run.sh builds it anew" >&2
    fi
    venv "$python" "$environment" tests/bench/python/requirements.txt
    PROOFKEY_WHEEL=$(wheel) install "$environment"
}

wheel() { find target/wheels -name 'proofkey-*.whl' 2>/dev/null | head -1; }

size() {
    need cargo "the sizes" && need gcc "the sizes" || return 0
    cargo build -q --release -p proofkey-c
    bytes libproofkey.so "$(stat -c %s "$release/libproofkey.so")"
    bytes libproofkey.a "$(stat -c %s "$release/libproofkey.a")"
    cargo build -q --release --locked -p proofkey-kotlin
    bytes libproofkey_jni.so "$(stat -c %s "$kotlin_native")"
    [ -z "$(wheel)" ] || bytes "wheel" "$(stat -c %s "$(wheel)")" 1700000
    # size.sh is a test that may fail; here only its figure counts.
    added=$(tests/c/size.sh | sed -n 's/.* add \(-*[0-9]*\) bytes to the file.*/\1/p') || true
    [ -z "$added" ] || bytes "C program with the primitives, over an empty one" "$added" 5120
    gcc -std=c99 -O2 -static -x c -o "$build/empty" - <<<'int main(void) { return 0; }'
    gcc -std=c99 -O2 -static -Wl,--gc-sections -Iinclude tests/bench/c/sealed.c -o "$build/sealed" "$release/libproofkey.a" \
        -lpthread -ldl -lm
    strip "$build/empty" "$build/sealed"
    added=$(($(stat -c %s "$build/sealed") - $(stat -c %s "$build/empty")))
    bytes "static C program with sealed logins, over an empty one" "$added"
}

# need_c WHAT: checks for the tools that build the program in C. It builds nothing itself, because a shell with -e
# does not stop at a failure to the left of ||.
need_c() {
    need cargo "$1" && need gcc "$1" && need pkg-config "$1" || return 1
    pkg-config --exists libcrypto && return 0
    echo "OpenSSL's headers (libssl-dev): $1" | tee -a "${MISSING:-/dev/null}" >&2
    return 1
}

c_program() {
    cargo build -q --release -p proofkey-c
    gcc -std=c99 -Wall -Wextra -Wpedantic -Werror -O2 -Iinclude tests/bench/c/bench.c -o "$build/c-bench" \
        "$release/libproofkey.a" $(pkg-config --cflags --libs libcrypto) -lpthread -ldl -lm
}

# The same in Rust, for programs in other languages.
rust_login() {
    cargo build -q --release --locked --manifest-path tests/bench/login/Cargo.toml --target-dir "$build"
}

# program NAME: builds one of the comparison's programs in Rust.
program() {
    cargo build -q --release --locked --manifest-path tests/bench/rust/Cargo.toml --target-dir "$build" --bin "$1"
}

# bytes ROW SIZE [LIMIT]
bytes() {
    verdict="– | –"
    [ -z "${3:-}" ] || { [ "$2" -le "$3" ] && verdict="≤ $3 bytes | met" || verdict="≤ $3 bytes | **missed**"; }
    echo "| Size | $1 | $2 bytes | – | – | – | $verdict |"
}

all="rust c c_login python verify id_token exchange calls flask starlette django swift_package kotlin_login size"
[ $# -gt 0 ] || set -- $all
for part; do
    case " $all " in
    *" $part "*) ;;
    *)
        echo "usage: $0 [PART...], of $all" >&2
        exit 2
        ;;
    esac
done
echo "| | what | proofkey | against | which takes | ratio | target | |"
echo "| --- | --- | --- | --- | --- | --- | --- | --- |"
for part; do "$part"; done
