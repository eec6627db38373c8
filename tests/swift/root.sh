# Sourced by the tests of Swift: `swift_tools` finds a Swift toolchain, `in_swift COMMAND...` runs a command with it, and
# `swiftly COMMAND...` does so with the C library of this tree, once it is installed below target/swift/prefix.
#
# Where Swift is on the PATH, that is used. Elsewhere it is Debian's, in a root of its own below the user's cache, which
# is built once. A command in it sees this tree at the same path, shares the network, and runs in a mount namespace of
# its own: whatever happens, its mounts are gone when it ends.
swift_root=${XDG_CACHE_HOME:-$HOME/.cache}/proofkey/trixie
swift_target=$PWD/target/swift
swift_packages="swiftlang swiftlang-dev libswiftlang libc6-dev libstdc++-14-dev git pkg-config ca-certificates"

swift_tools() {
    command -v swift >/dev/null 2>&1 && { swift_in=host; return 0; }
    [ "$(id -u)" = 0 ] || { lacks_swift "swift (or root, to build a Debian root that has it)"; return 1; }
    swift_in=root
    [ -d "$swift_root" ] && return 0
    command -v debootstrap >/dev/null 2>&1 || { lacks_swift "swift or debootstrap"; return 1; }
    echo "building $swift_root (3.2 GB, a few minutes the first time)"
    # Under another name until it is whole: a run that is stopped leaves nothing that looks finished.
    building=$swift_root.$$
    mkdir -p "${swift_root%/*}"
    trap 'rm -rf --one-file-system "$building"' EXIT
    if debootstrap --variant=minbase trixie "$building" >"$building.log" 2>&1 &&
        in_root "$building" apt-get install -y -qq --no-install-recommends $swift_packages >>"$building.log" 2>&1 &&
        in_root "$building" apt-get clean; then
        # Another run may have been faster.
        [ -d "$swift_root" ] || mv "$building" "$swift_root"
        rm -f "$building.log"
        return 0
    fi
    tail -20 "$building.log" >&2
    exit 1
}

# Says what is missing, as `need` does for a tool.
lacks_swift() {
    echo "$1: the Swift package" >>"${MISSING:-/dev/null}"
    [ "${CI:-}" != true ] || { echo "under CI every tool must be there, and there is no $1" >&2; exit 1; }
}

in_swift() {
    if [ $swift_in = host ]; then "$@"; else in_root "$swift_root" "$@"; fi
}

swiftly() {
    in_swift env PKG_CONFIG_PATH="$swift_target/prefix/lib/pkgconfig" LD_LIBRARY_PATH="$swift_target/prefix/lib" "$@"
}

# logged NAME COMMAND...: shows the output of a command only if it fails.
logged() {
    log=$swift_target/$1.log; shift
    "$@" >"$log" 2>&1 || { cat "$log"; return 1; }
}

# in_root ROOT COMMAND...
in_root() {
    root=$1; shift
    mkdir -p "$root$PWD"
    unshare --mount sh -euc '
        root=$1 here=$2; shift 2
        mount -t proc proc "$root/proc"
        mount --bind "$here" "$root$here"
        exec chroot "$root" env HOME=/root DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 sh -c "cd \"\$0\" && exec \"\$@\"" "$here" "$@"
    ' sh "$root" "$PWD" "$@"
}
