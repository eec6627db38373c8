#!/usr/bin/env bash
# Installs the C library into temporary prefixes, by install.sh and by cargo-c, and uses each from there: SONAME,
# pkg-config, CMake, shared and static. cargo-c is cargo-cinstall on the PATH, or named by CARGO_CINSTALL.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh
cinstall=${CARGO_CINSTALL:-cargo-cinstall}
build=$(realpath -m "${CARGO_TARGET_DIR:-target}/c/install")
mkdir -p "$build"
version=$(cargo pkgid -p proofkey-c | sed 's/.*[#@]//')

# Two programs: logins without a network, and one that is complete, which only says how it is called.
programs="tests/c/flow_threads.c examples/c/login.c"

# works PROGRAM
works() {
    case $1 in
    *login*) if "$1" 2>"$build/usage"; then return 1; fi; grep -q "^usage: .*(proofkey $version)" "$build/usage" ;;
    *) "$1" ;;
    esac
}

# is_linked PROGRAM: with the shared library.
is_linked() { readelf -d "$1" | grep -q "NEEDED.*$soname"; }

check() {
    prefix=$1
    (cd "$prefix" && find . -type f -o -type l | LC_ALL=C sort)
    soname=$(readelf -d "$prefix/lib/libproofkey.so" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    [ "$soname" = "libproofkey.so.${version%.*}" ]
    [ -e "$prefix/lib/$soname" ]
    cmp include/proofkey.h "$prefix/include/proofkey.h"
    cmp include/proofkey_status.h "$prefix/include/proofkey_status.h"
    echo "SONAME $soname"

    if need pkg-config "the installed C library through pkg-config"; then
        export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
        [ "$(pkg-config --modversion proofkey)" = "$version" ]
        for program in $programs; do
            name=$build/$(basename "$program" .c)
            gcc -std=c99 "$program" -o "$name-shared" $(pkg-config --cflags --libs proofkey) $libraries
            is_linked "$name-shared"
            LD_LIBRARY_PATH=$prefix/lib works "$name-shared"
            # -l:NAME.a takes the static library where both are installed.
            gcc -std=c99 "$program" -o "$name-static" \
                $(pkg-config --static --cflags --libs proofkey | sed 's/-lproofkey/-l:libproofkey.a/') $libraries
            if is_linked "$name-static"; then exit 1; fi
            works "$name-static"
        done
        echo "pkg-config: shared and static"
    fi

    if need cmake "the installed C library through CMake"; then
        mkdir -p "$build/cmake"
        cat >"$build/cmake/CMakeLists.txt" <<CMAKE
cmake_minimum_required(VERSION 3.13)
project(login C)
find_package(proofkey ${version%.*} REQUIRED)
foreach(kind proofkey static)
    foreach(program $programs)
        get_filename_component(name \${program} NAME_WE)
        add_executable(\${name}-\${kind} $PWD/\${program})
        target_link_libraries(\${name}-\${kind} proofkey::\${kind} $libraries)
    endforeach()
endforeach()
find_package(proofkey $((${version%%.*} + 1)) QUIET)
if(proofkey_FOUND)
    message(FATAL_ERROR "another major version was accepted")
endif()
CMAKE
        cmake -S "$build/cmake" -B "$build/cmake/build" --fresh -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
        cmake --build "$build/cmake/build" >/dev/null
        for program in $programs; do
            name=$build/cmake/build/$(basename "$program" .c)
            is_linked "$name-proofkey"
            if is_linked "$name-static"; then exit 1; fi
            works "$name-proofkey"
            works "$name-static"
        done
        echo "CMake: shared and static"
    fi
}

libraries="-lpthread -lcurl"
need_header curl/curl.h "the installed C library in a login with libcurl" || { programs=tests/c/flow_threads.c libraries=-lpthread; }

rm -rf "$build/plain" "$build/cargo-c"
bindings/c/install.sh "$build/plain"
check "$build/plain"
# A package: the same files below another root, with the paths of the prefix in them.
rm -rf "$build/root"
DESTDIR=$build/root LIBDIR=lib64 bindings/c/install.sh /usr
grep -qx 'libdir=/usr/lib64' "$build/root/usr/lib64/pkgconfig/proofkey.pc"

need "$cinstall" "the C library installed by cargo-c" || exit 0
"$cinstall" cinstall --locked --release -p proofkey-c --prefix="$build/cargo-c" --libdir=lib --target-dir "$build/target" \
    2>"$build/log" || { cat "$build/log" >&2; exit 1; }
check "$build/cargo-c"
