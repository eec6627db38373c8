# Sourced by the scripts here, at the root of the work tree: where a release is built, from what, and with which tools.
#
# Everything is built from a clone of the last commit, with zig as the linker, so that the symbols of glibc are those of
# the version asked for, whatever this machine has.
. tests/python/lib.sh

dist=$PWD/target/dist
tree=$dist/tree
source=$dist/source
artefacts=$dist/artefacts
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

export PATH=$dist/venv/bin:$PATH
export CARGO_TARGET_DIR=$dist/cargo CARGO_ZIGBUILD_CACHE_DIR=$dist/zig
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct)}"
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8

# No path of this machine gets into an artefact. The standard library has the names that its own builders gave it.
sysroot=$(rustc --print sysroot)
remap="--remap-path-prefix=$tree=/proofkey --remap-path-prefix=$source=/proofkey --remap-path-prefix=$CARGO_TARGET_DIR=/target"
remap="$remap --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/cargo"
remap="$remap --remap-path-prefix=$sysroot/lib/rustlib/src/rust=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')"
# zig compiles C with debug information, unless told not to.
export RUSTFLAGS=$remap CFLAGS="-g0 -ffile-prefix-map=${CARGO_HOME:-$HOME/.cargo}/registry/src=/cargo"

# Each platform: Rust's target, and the tag of a wheel for it. PLATFORMS may name fewer.
: "${PLATFORMS:=x86_64-unknown-linux-gnu:manylinux2014 aarch64-unknown-linux-gnu:manylinux2014
    x86_64-unknown-linux-musl:musllinux_1_2 aarch64-unknown-linux-musl:musllinux_1_2}"

# for_platforms WHAT COMMAND: calls the command with each target and its tag.
for_platforms() {
    for platform in $PLATFORMS; do
        if standard_library "${platform%:*}"; then
            say "$1 for ${platform%:*}"
            "$2" "${platform%:*}" "${platform#*:}"
        else
            not_built "$1 for ${platform%:*}: no standard library of Rust; rustup target add ${platform%:*}"
        fi
    done
}

# standard_library TARGET: tells cargo where the target's standard library comes from. rustup's is used if it is installed
# (rustup target add TARGET), else it is compiled from its sources (rustup component add rust-src). Fails without either.
standard_library() {
    unset RUSTC_BOOTSTRAP CARGO_UNSTABLE_BUILD_STD
    [ -d "$sysroot/lib/rustlib/$1/lib" ] && return 0
    [ -d "$sysroot/lib/rustlib/src/rust/library" ] || return 1
    # cargo calls this unstable; the sources are those of the stable compiler.
    export RUSTC_BOOTSTRAP=1 CARGO_UNSTABLE_BUILD_STD=std,panic_unwind
}

# for_zig TARGET: the target as zig wants it, with the version of glibc.
for_zig() {
    case $1 in
    *-gnu) echo "$1.2.17" ;;
    *) echo "$1" ;;
    esac
}

# pack ARCHIVE FOLDER: FOLDER, below $dist/stage, as an archive that is the same for the same files.
pack() {
    tar -C "$dist/stage" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --mode=u=rwX,go=rX -cf - "$2" | gzip -9n >"$artefacts/$1"
}

say() { printf '\n== %s\n' "$*"; }

# not_built WHAT: is listed at the end; under CI=true it is a failure.
not_built() {
    echo "$*" >>"$dist/not-built"
    [ "${CI:-}" != true ] || { echo "under CI everything must be built: $*" >&2; exit 1; }
}
