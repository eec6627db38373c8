#!/usr/bin/env bash
# Logins that begin in one language and finish in another. Run it after the tests of Python, Swift and Kotlin, which
# build the packages. A language whose tools are missing is left out of the table; under CI=true that is a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/swift/root.sh
. tests/kotlin/lib.sh
need "${PYTHON:-python3}" "the table of sealed logins" || exit 0
need cargo "the table of sealed logins" || exit 0
python=$PWD/target/venv/bin/python
target=$PWD/target/seal_table
cargo_target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
rm -rf "$target"
mkdir -p "$target/programs"

# program LANGUAGE COMMAND...: how to run the program in a language.
program() {
    language=$1; shift
    printf '#!/bin/sh\nexec %s "$@"\n' "$*" >"$target/programs/$language"
    chmod +x "$target/programs/$language"
}

program python "$python" "$PWD/tests/seal_table/seal.py"

cargo build -q --locked -p proofkey --example sealed_login
program rust "$cargo_target/debug/examples/sealed_login"

if need_header curl/curl.h "C in the table of sealed logins"; then
    cargo build -q --locked --release -p proofkey-c
    cc -std=c99 -Wall -Wextra -Wpedantic -Werror -Iinclude tests/seal_table/seal.c -o "$target/seal" \
        "$cargo_target/release/libproofkey.a" -lcurl -lpthread -ldl -lm
    program c "$target/seal"
fi

# tests/swift/run.sh built it, with the other programs of its second package.
if swift_tools; then program swift "$PWD/tests/swift/run-in.sh" "$swift_target/consumer/build/debug/seal"; fi

if kotlin_tools; then
    package=$kotlin_build
    version=$(sed -n 's|.*<kotlin.version>\(.*\)</kotlin.version>|\1|p' bindings/kotlin/pom.xml)
    mvn -B -q -f tests/seal_table/pom.xml compile -Dbuild="$target/kotlin" -Djar="$package/proofkey.jar" \
        -Dkotlin.version="$version"
    stdlib=$(kotlin_stdlib)
    natives=$package/proofkey-natives-linux-$(uname -m).jar
    program kotlin java -cp "$target/kotlin/classes:$package/proofkey.jar:$natives:$stdlib" SealKt
fi

"$python" -m mypy --cache-dir "$target/mypy" tests/seal_table/*.py
"$python" -m pytest tests/seal_table
