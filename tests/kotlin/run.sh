#!/usr/bin/env bash
# Builds the natives and the jars for Kotlin, and tests them: symbols, page size, vectors, logins, threads, leaks, jars.
# The logins need the bundled server: run it after tests/python/run.sh. LOGINS is how many logins the leak check makes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
need javac "the Kotlin package" || exit 0
need mvn "the Kotlin package" || exit 0
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}"
release=$(realpath -m "$CARGO_TARGET_DIR/release")
build=$(realpath -m "$CARGO_TARGET_DIR/kotlin")
native=$release/libproofkey_jni.so
say() { printf '\n== %s\n' "$*"; }

say "library"
cargo build -q --release --locked -p proofkey-kotlin
wc -c "$native"

say "exported symbols"
nm -D --defined-only "$native" | awk '{print $3}' >"$build.symbols"
if grep -v '^Java_dev_proofkey_Native_' "$build.symbols"; then exit 1; fi
echo "$(wc -l <"$build.symbols") symbols, all of them natives"
# Each native is declared in Kotlin, and each declaration has its native.
diff <(sed 's/^Java_dev_proofkey_Native_//' "$build.symbols" | LC_ALL=C sort) \
    <(sed -n 's/.*external fun \([A-Za-z0-9]*\)(.*/\1/p' bindings/kotlin/src/main/kotlin/dev/proofkey/Native.kt | LC_ALL=C sort)

say "pages of 16 KB"
[ "$(readelf -lW "$native" | awk '/LOAD/ {print $NF}' | sort -u)" = 0x4000 ]

say "Kotlin and Java, with -Xcheck:jni"
packed=$build/natives/dev/proofkey/natives/linux-$(uname -m)
mkdir -p "$packed"
cp "$native" "$packed"
mkdir -p "$build/docs"
# program PAGE FILE: the first program of a page.
program() { { echo 'package docs'; sed -n '/^```kotlin$/,/^```$/{//!p;/^```$/q}' "docs/$1"; } >"$build/docs/$2"; }
program kotlin.md QuickStart.kt
grep -q 'fun signIn' "$build/docs/QuickStart.kt"
program migrating.md Migrating.kt
grep -q 'fun onResult' "$build/docs/Migrating.kt"
mvn -B -q -f bindings/kotlin/pom.xml package -Dbuild="$build" -Dnative="$native" -Dpython="$PWD/target/venv/bin/python" \
    -Dlogins="${LOGINS:-10000}" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
if grep -E 'WARNING in native method|FATAL ERROR in native' "$build.log" "$build"/surefire-reports/*; then exit 1; fi
python3 tests/kotlin/counts.py "$build/surefire-reports"

say "jars"
unzip -l "$build/proofkey.jar" >"$build.jar"
if grep -q '\.so$' "$build.jar"; then exit 1; fi
grep -q META-INF/proguard/proofkey.pro "$build.jar"
unzip -p "$build/proofkey.jar" META-INF/MANIFEST.MF | grep -q 'Automatic-Module-Name: dev.proofkey'
stdlib=$(find "${HOME}/.m2/repository/org/jetbrains/kotlin/kotlin-stdlib" -name 'kotlin-stdlib-2.*.jar' | grep -v sources | tail -1)
classes=$build/test-classes:$build/proofkey.jar:$stdlib
java -cp "$classes:$build/proofkey-natives-linux-x86_64.jar" dev.proofkey.JavaSample
# Without natives the error says what to do.
if java -cp "$classes" dev.proofkey.JavaSample 2>"$build.missing"; then exit 1; fi
grep -q 'add proofkey-natives-linux-x86_64.jar to the class path' "$build.missing"
echo "the natives are found in their jar, and missed without it"
