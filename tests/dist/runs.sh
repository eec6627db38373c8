#!/usr/bin/env bash
# Installs the artefacts that `make dist` built where nothing else is, and uses them: the wheels with pip in a bare
# Debian, in one for arm64 under emulation, and with a Python for musl; the C archives in a program for each platform.
# It needs root, debootstrap, musl-gcc, Debian's archive and its keys.
set -euo pipefail
cd "$(dirname "$0")/../.."
. release/lib.sh
runs=$dist/runs
mkdir -p "$runs"
qemu=$(command -v qemu-aarch64-static || echo "$runs/qemu/usr/bin/qemu-aarch64-static")
if [ ! -x "$qemu" ]; then
    (cd "$runs" && apt-get download -qq qemu-user-static && dpkg -x qemu-user-static_*.deb qemu)
fi

# root ARCH: a Debian with Python and pip. It is unpacked and not configured, so it may be for another processor.
root() {
    local root=$runs/debian-$1
    [ -e "$root/unpacked" ] && return
    rm -rf "$root"
    debootstrap --foreign --variant=minbase --arch="$1" --include=python3,python3-pip bookworm "$root" \
        >"$root.log" 2>&1 || { tail -5 "$root.log" >&2; return 1; }
    for package in "$root"/var/cache/apt/archives/*.deb; do dpkg -x "$package" "$root"; done
    touch "$root/unpacked"
}

# musl_python: CPython from Debian's sources, compiled for musl, which Alpine has for its C library.
musl_python() {
    [ -x "$runs/musl/python" ] && return
    rm -rf "$runs/musl" && mkdir -p "$runs/musl/lists/partial"
    (
        cd "$runs/musl"
        signed=signed-by=/usr/share/keyrings/debian-archive-keyring.gpg
        echo "deb-src [$signed] http://deb.debian.org/debian bookworm main" >sources.list
        from="-qq -o Dir::Etc::SourceList=$PWD/sources.list -o Dir::Etc::SourceParts=-"
        from="$from -o Dir::State::Lists=$PWD/lists"
        apt-get $from update && apt-get $from source --download-only python3.11 zlib
        mkdir python-source zlib && tar -xf python3.11_*.orig.tar.* -C python-source --strip-components=1
        tar -xf zlib_*.orig.tar.* -C zlib --strip-components=1
        # It would say that it is for Debian's glibc, and so would the folders of headers.
        printf '#!/bin/sh\ncase "$*" in *-print-multiarch*) exit 0 ;; esac\nexec musl-gcc "$@"\n' >cc && chmod +x cc
        sed -i 's/    def add_multiarch_paths(self):/&\n        return/' python-source/setup.py
        cd zlib && CC=$runs/musl/cc CFLAGS='-O2 -fPIC' ./configure --static && make -s libz.a
        cd ../python-source && ./configure -q CC="$runs/musl/cc" CPPFLAGS="-I$runs/musl/zlib" LDFLAGS="-L$runs/musl/zlib" \
            --without-ensurepip --disable-test-modules
        make -s python sharedmods
    ) >"$runs/musl/log" 2>&1 || { tail -20 "$runs/musl/log" >&2; return 1; }
    ln -s python-source/python "$runs/musl/python"
}

# python WHERE ARGUMENTS...: a Python there, which finds the packages of $site.
python() {
    local where=$1; shift
    case $where in
    amd64) unshare --mount sh -euc '
        root=$1 here=$2 site=$3; shift 3
        mkdir -p "$root$here"
        mount --bind "$here" "$root$here"
        mount --bind /dev "$root/dev"
        exec chroot "$root" env -i HOME=/ PATH=/usr/bin PYTHONPATH="$site" python3 "$@"' \
        sh "$runs/debian-amd64" "$PWD" "$site" "$@" ;;
    arm64) env -i HOME=/ PYTHONPATH="$site" "$qemu" -L "$runs/debian-arm64" "$runs/debian-arm64/usr/bin/python3" "$@" ;;
    # It has no pip of its own; any will do.
    musl) env -i HOME=/ PYTHONPATH="$site:$runs/debian-amd64/usr/lib/python3/dist-packages" "$runs/musl/python" "$@" ;;
    esac
}

# wheel WHERE FILE: installs it, and signs in.
wheel() {
    say "$(basename "$2"), $1"
    site=$runs/site-$1
    rm -rf "$site"
    python "$1" -m pip install -q --no-index --no-deps --no-cache-dir --root-user-action=ignore --target "$site" "$2"
    python "$1" "$PWD/tests/dist/login.py" "$PWD/tests/vectors"
}

root amd64
root arm64
musl_python
wheel amd64 "$(echo "$artefacts"/proofkey-*manylinux_2_17_x86_64.whl)"
wheel arm64 "$(echo "$artefacts"/proofkey-*manylinux_2_17_aarch64.whl)"
wheel musl "$(echo "$artefacts"/proofkey-*musllinux_1_2_x86_64.whl)"

for platform in $PLATFORMS; do
    target=${platform%:*} name=libproofkey-$version-${platform%:*}
    say "$name"
    rm -rf "$runs/$name"
    tar -xzf "$artefacts/$name.tar.gz" -C "$runs"
    # zig names targets without the vendor.
    zig=$(for_zig "${target/-unknown/}")
    pkg=(env PKG_CONFIG_PATH="$runs/$name/lib/pkgconfig" pkg-config)
    python-zig cc -target "$zig" -std=c99 tests/c/flow_threads.c -o "$runs/$name/program" \
        $("${pkg[@]}" --static --cflags --libs proofkey | sed 's/-lproofkey/-l:libproofkey.a/') -lpthread
    case $target in
    aarch64-*) "$qemu" -L "$runs/debian-arm64" "$runs/$name/program" ;;
    *) "$runs/$name/program" ;;
    esac
done
