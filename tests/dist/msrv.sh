#!/usr/bin/env bash
# Compiles every crate, without its tests, with the Rust version that Cargo.toml promises. It is rustup's, if that has
# it (rustup toolchain install VERSION); on Debian 12 it is the one of rustc-web, which is unpacked below target/ and
# not installed.
set -euo pipefail
cd "$(dirname "$0")/../.."
promised=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
root=$PWD/target/msrv/root

if rustup toolchain list 2>/dev/null | grep -q "^$promised"; then
    RUSTC=$(rustup which --toolchain "$promised" rustc)
else
    if [ ! -x "$root/rustc" ]; then
        mkdir -p "$root/packages"
        number=$(apt-cache madison rustc-web | awk -v version="$promised" 'index($3, version) == 1 { print $3; exit }')
        [ -n "$number" ] || { echo "there is no Rust $promised here: rustup toolchain install $promised" >&2; exit 1; }
        (cd "$root/packages" && apt-get download -qq "rustc-web=$number" "libstd-rust-web-dev=$number" \
            "libstd-rust-web-$promised" libllvm19)
        for package in "$root"/packages/*.deb; do dpkg -x "$package" "$root"; done
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' \
            "$root/usr/lib/$(gcc -print-multiarch)" "$root/usr/bin/rustc" >"$root/rustc"
        chmod +x "$root/rustc"
    fi
    RUSTC=$root/rustc
fi
export RUSTC
"$RUSTC" --version
"$RUSTC" --version | grep -q "^rustc $promised"
CARGO_TARGET_DIR=target/msrv cargo check -q --locked --workspace --lib
CARGO_TARGET_DIR=target/msrv cargo check -q --locked -p proofkey --lib --features token-store
echo "every crate compiles with Rust $promised"
