#!/usr/bin/env bash
# Makes target/swift/CProofKey.xcframework from the C library, for the Swift package on Apple's systems: iOS, its simulator
# and macOS. It needs a Mac with Xcode, and the Rust targets below: rustup target add TARGET.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ "$(uname)" = Darwin ] || { echo "xcframework.sh: xcodebuild and lipo are on macOS only" >&2; exit 2; }
target=$(realpath "${CARGO_TARGET_DIR:-target}" 2>/dev/null || echo "$PWD/target")
build=$PWD/target/swift/xcframework
rm -rf "$build" target/swift/CProofKey.xcframework

# One module map for each framework, in a folder of its own: maps at the root of Headers collide between packages.
mkdir -p "$build/Headers/CProofKey"
cp include/*.h "$build/Headers/CProofKey"
cat >"$build/Headers/CProofKey/module.modulemap" <<'MAP'
module CProofKey [system] {
    header "proofkey.h"
    export *
}
MAP

# A phone's app grows by the library: small before fast.
export CARGO_PROFILE_RELEASE_OPT_LEVEL=s IPHONEOS_DEPLOYMENT_TARGET=16.0 MACOSX_DEPLOYMENT_TARGET=13.0

# library NAME TARGET...: one static library for these targets.
libraries=()
library() {
    local name=$1 parts=(); shift
    for each in "$@"; do
        cargo build -q --locked --release -p proofkey-c --target "$each"
        parts+=("$target/$each/release/libproofkey.a")
    done
    mkdir -p "$build/$name"
    lipo -create "${parts[@]}" -output "$build/$name/libproofkey.a"
    libraries+=(-library "$build/$name/libproofkey.a" -headers "$build/Headers")
}
library ios aarch64-apple-ios
library simulator aarch64-apple-ios-sim x86_64-apple-ios
library macos aarch64-apple-darwin x86_64-apple-darwin

xcodebuild -create-xcframework "${libraries[@]}" -output target/swift/CProofKey.xcframework
