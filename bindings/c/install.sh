#!/usr/bin/env bash
# Installs the C library as other C libraries are, without cargo-c: install.sh PREFIX. For systems with ELF libraries.
# LIBDIR is the folder of the libraries below the prefix (lib); DESTDIR is put before every path, as for packages. CARGO
# and TARGET name another cargo and another platform (cargo-zigbuild, aarch64-unknown-linux-gnu.2.17); BUILD is where it
# is compiled.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 PREFIX" >&2; exit 2; }
prefix=${1%/} libdir=${1%/}/${LIBDIR:-lib} cargo=${CARGO:-cargo}
cd "$(dirname "$0")/../.."
build=$(realpath -m "${BUILD:-${CARGO_TARGET_DIR:-target}/c/installed}")
# The version of glibc, which zig takes with the target, is not part of its folder.
triple=${TARGET:-} triple=${triple%%.*}
built=$build/${triple:+$triple/}release
options=(--locked --release -p proofkey-c --target-dir "$build" ${TARGET:+--target "$TARGET"})
version=$(cargo pkgid -p proofkey-c | sed 's/.*[#@]//')
# Until 1.0 another minor version is another ABI, as cargo-c has it too.
case $version in
0.*) soname=libproofkey.so.${version%.*} ;;
*) soname=libproofkey.so.${version%%.*} ;;
esac

mkdir -p "$build"
$cargo rustc -q "${options[@]}" --crate-type cdylib -- -C link-arg=-Wl,-soname,"$soname"
$cargo rustc "${options[@]}" --crate-type staticlib -- --print native-static-libs \
    2>"$build/log" || { cat "$build/log" >&2; exit 1; }
private=$(sed -n 's/.*native-static-libs: //p' "$build/log" | tail -1)
[ -n "$private" ]

cat >"$build/proofkey.pc" <<PC
prefix=$prefix
libdir=$libdir
includedir=\${prefix}/include

Name: proofkey
Description: OAuth logins with PKCE
Version: $version
Libs: -L\${libdir} -lproofkey
Libs.private: $private
Cflags: -I\${includedir}
PC

to=${DESTDIR:-}
install -d "$to$libdir/pkgconfig" "$to$prefix/include" "$to$prefix/share/cmake/proofkey"
install -m 644 include/*.h "$to$prefix/include"
install -m 644 bindings/c/cmake/*.cmake "$to$prefix/share/cmake/proofkey"
install -m 644 "$build/proofkey.pc" "$to$libdir/pkgconfig"
install -m 644 "$built/libproofkey.a" "$to$libdir"
install -m 755 "$built/libproofkey.so" "$to$libdir/libproofkey.so.$version"
ln -sf "libproofkey.so.$version" "$to$libdir/$soname"
ln -sf "$soname" "$to$libdir/libproofkey.so"
