#!/usr/bin/env bash
# Installs the artefacts that `make dist` built where nothing else is, and uses them: wheels in a bare Debian, in the same
# on an emulated arm64, and with a Python for musl; the C archives in a program. It needs root, debootstrap, dpkg and qemu-user-static.
set -euo pipefail
cd "$(dirname "$0")/../.."
. release/lib.sh
runs=$dist/runs
mkdir -p "$runs"
qemu=$(command -v qemu-aarch64-static || echo "$runs/qemu/usr/bin/qemu-aarch64-static")
if [ ! -x "$qemu" ]; then
    (cd "$runs" && apt-get download -qq qemu-user-static && dpkg -x qemu-user-static_*.deb qemu)
fi

# debian ARCH: a root with Python and pip, unpacked and not configured, so that it needs no processor of its kind.
debian() {
    local root=$runs/debian-$1
    [ -e "$root/unpacked" ] && return
    rm -rf "$root"
    debootstrap --foreign --variant=minbase --arch="$1" --include=python3,python3-pip bookworm "$root" >"$root.log" 2>&1 ||
        { tail -5 "$root.log" >&2; return 1; }
    for package in "$root"/var/cache/apt/archives/*.deb; do dpkg -x "$package" "$root"; done
    touch "$root/unpacked"
}

# python ARCH ARGUMENTS...: the Python of that root, with the packages of $site; this folder has the same path in it.
python() {
    local arch=$1; shift
    case $arch in
    amd64) unshare --mount sh -euc '
        root=$1 here=$2 site=$3; shift 3
        mkdir -p "$root$here"
        mount --bind "$here" "$root$here"
        mount --bind /dev "$root/dev"
        exec chroot "$root" env -i HOME=/ PATH=/usr/bin PYTHONPATH="$site" python3 "$@"' \
        sh "$runs/debian-$arch" "$PWD" "$site" "$@" ;;
    arm64) env -i HOME=/ PYTHONPATH="$site" "$qemu" -L "$runs/debian-$arch" "$runs/debian-$arch/usr/bin/python3" "$@" ;;
    esac
}

for arch in amd64 arm64; do
    say "a bare Debian for $arch"
    machine=$(sed 's/amd64/x86_64/; s/arm64/aarch64/' <<<$arch)
    wheel=$(echo "$artefacts"/proofkey-*manylinux_2_17_"$machine".whl)
    debian $arch
    site=$runs/site-$arch
    rm -rf "$site"
    python $arch -m pip install -q --no-index --no-deps --no-cache-dir --root-user-action=ignore --target "$site" "$wheel"
    python $arch "$PWD/tests/dist/login.py" "$PWD/tests/vectors"
done
