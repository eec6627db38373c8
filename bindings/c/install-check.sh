#!/usr/bin/env bash
# Installs the C library into a temporary prefix and uses it from there: SONAME, pkg-config, CMake, shared and static.
# Needs cargo-c: cargo-cinstall on the PATH, or named by CARGO_CINSTALL.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
cinstall=${CARGO_CINSTALL:-cargo-cinstall}
need "$cinstall" "the installed C library" || exit 0
build=$(realpath -m "${CARGO_TARGET_DIR:-target}/c/install")
prefix=$build/prefix
rm -rf "$prefix"
mkdir -p "$build"
version=$(cargo pkgid -p proofkey-c | sed 's/.*[#@]//')

"$cinstall" cinstall --locked --release -p proofkey-c --prefix="$prefix" --libdir=lib --target-dir "$build/target" 2>"$build/log" || { cat "$build/log" >&2; exit 1; }
(cd "$prefix" && find . -type f -o -type l | LC_ALL=C sort)

soname=$(readelf -d "$prefix/lib/libproofkey.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
[ "$soname" = "libproofkey.so.${version%.*}" ]
[ -e "$prefix/lib/$soname" ]
cmp include/proofkey.h "$prefix/include/proofkey.h"
echo "SONAME $soname"

if need pkg-config "the installed C library through pkg-config"; then
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    [ "$(pkg-config --modversion proofkey)" = "$version" ]
    gcc -std=c99 examples/c/login.c -o "$build/login-shared" $(pkg-config --cflags --libs proofkey)
    readelf -d "$build/login-shared" | grep -q "NEEDED.*$soname"
    LD_LIBRARY_PATH=$prefix/lib "$build/login-shared"
    # -l:NAME.a takes the static library where both are installed.
    gcc -std=c99 examples/c/login.c -o "$build/login-static" \
        $(pkg-config --static --cflags --libs proofkey | sed 's/-lproofkey/-l:libproofkey.a/')
    if readelf -d "$build/login-static" | grep -q "NEEDED.*proofkey"; then exit 1; fi
    "$build/login-static"
    echo "pkg-config: shared and static"
fi

if need cmake "the installed C library through CMake"; then
    mkdir -p "$build/cmake"
    cat >"$build/cmake/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.13)
project(login C)
find_package(proofkey ${version%.*} REQUIRED)
foreach(kind proofkey static)
    add_executable(login-\${kind} $PWD/examples/c/login.c)
    target_link_libraries(login-\${kind} proofkey::\${kind})
endforeach()
find_package(proofkey $((${version%%.*} + 1)) QUIET)
if(proofkey_FOUND)
    message(FATAL_ERROR "another major version was accepted")
endif()
CMAKE
    cmake -S "$build/cmake" -B "$build/cmake/build" --fresh -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    cmake --build "$build/cmake/build" >/dev/null
    readelf -d "$build/cmake/build/login-proofkey" | grep -q "NEEDED.*$soname"
    if readelf -d "$build/cmake/build/login-static" | grep -q "NEEDED.*proofkey"; then exit 1; fi
    "$build/cmake/build/login-proofkey"
    "$build/cmake/build/login-static"
    echo "CMake: shared and static"
fi
