#!/usr/bin/env bash
# Packs the C library for each platform: what `make install` installs, for a prefix that may be moved.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh

library() {
    name=libproofkey-$version-$1
    stage=$dist/stage/$name
    (cd "$tree" && CARGO=cargo-zigbuild TARGET=$(for_zig "$1") BUILD=$CARGO_TARGET_DIR DESTDIR=$stage bindings/c/install.sh /)
    sed -i -e 's|^prefix=.*|prefix=${pcfiledir}/../..|' -e 's|^libdir=.*|libdir=${prefix}/lib|' "$stage/lib/pkgconfig/proofkey.pc"
    mkdir -p "$stage/share/doc/proofkey"
    (cd "$tree" && cp LICENSE-MIT LICENSE-APACHE docs/c.md "$stage/share/doc/proofkey")
    cp "$dist/notices/c.txt" "$stage/share/doc/proofkey/LICENSE-THIRD-PARTY.txt"
    cp "$dist/sbom/c-$1/proofkey.cdx.json" "$stage/share/doc/proofkey"
    pack "$name.tar.gz" "$name"
}
for_platforms "C library" library
