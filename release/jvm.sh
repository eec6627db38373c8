#!/usr/bin/env bash
# Builds the jars: the package, its sources, and the natives of each platform whose C library is glibc.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh
command -v mvn >/dev/null && command -v javac >/dev/null || { not_built "the jars: they need Maven and a JDK"; exit 0; }

natives=
native() {
    (cd "$tree" && cargo-zigbuild zigbuild -q --release --locked -p proofkey-kotlin --target "$(for_zig "$1")")
    platform=linux-${1%%-*}
    natives="$natives $1"
    stage=$dist/stage/natives-$1
    mkdir -p "$stage/dev/proofkey/natives/$platform" "$stage/META-INF"
    cp "$CARGO_TARGET_DIR/$1/release/libproofkey_jni.so" "$stage/dev/proofkey/natives/$platform"
    cp "$tree"/LICENSE-* "$dist/sbom/kotlin-$1/proofkey.cdx.json" "$stage/META-INF"
    cp "$dist/notices/kotlin.txt" "$stage/META-INF/LICENSE-THIRD-PARTY.txt"
}
all=$PLATFORMS
PLATFORMS=$(tr ' ' '\n' <<<"$all" | grep -e '-gnu:')
for_platforms "natives of the jar" native

say "jars"
for target in $natives; do
    platform=linux-${target%%-*}
    mvn -B -q -f "$tree/bindings/kotlin/pom.xml" package -Dmaven.test.skip=true -Dproject.build.outputTimestamp="$SOURCE_DATE_EPOCH" \
        -Dbuild="$dist/kotlin" -Dplatform="$platform" -Dnatives="$dist/stage/natives-$target"
    cp "$dist/kotlin/proofkey-natives-$platform.jar" "$artefacts/proofkey-natives-$version-$platform.jar"
done
cp "$dist/kotlin/proofkey.jar" "$artefacts/proofkey-$version.jar"
cp "$dist/kotlin/proofkey-sources.jar" "$artefacts/proofkey-$version-sources.jar"
