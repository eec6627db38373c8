#!/usr/bin/env bash
# Writes the notices of third parties and the bill of materials (CycloneDX) of what is compiled into each binding.
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh

for binding in python c kotlin; do
    say "notices and bills of materials: $binding"
    mkdir -p "$dist/notices" "$dist/sbom"
    cargo about generate --locked --fail --config release/about.toml --manifest-path "$tree/bindings/$binding/Cargo.toml" \
        --output-file "$dist/notices/$binding.txt" release/about.hbs
    for platform in $PLATFORMS; do
        target=${platform%:*}
        cargo cyclonedx -q --manifest-path "$tree/bindings/$binding/Cargo.toml" --format json --spec-version 1.5 \
            --no-build-deps --target "$target" --override-filename proofkey
        mkdir -p "$dist/sbom/$binding-$target"
        # The crates of this project are named by their folders, and not by where those are on this machine.
        sed -e "s|path+file://$tree/|path+file:///|g" -e 's|?download_url=file://[^"]*||' \
            "$tree/bindings/$binding/proofkey.json" >"$dist/sbom/$binding-$target/proofkey.cdx.json"
    done
done
(cd "$tree" && git clean -qfd)
