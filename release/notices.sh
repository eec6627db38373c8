#!/usr/bin/env bash
# Writes the notices of third parties and the bill of materials (CycloneDX) of what is compiled into each binding:
# notices.sh BINDING...
set -euo pipefail
cd "$(dirname "$0")/.."
. release/lib.sh

(cd "$tree" && cargo fetch -q --locked)
targets=$(sed 's/:[^ ]*//g' <<<$PLATFORMS)
mkdir -p "$dist/notices"
for binding; do
    say "notices and bills of materials: $binding"
    # Without a network, so that the text of a licence is that of the crate and the same on every machine.
    cargo about generate --locked --offline --fail --config release/about.toml --output-file "$dist/notices/$binding.txt" \
        $(printf -- '--target %s ' $targets) --manifest-path "$tree/bindings/$binding/Cargo.toml" release/about.hbs
    for target in $targets; do
        mkdir -p "$dist/sbom/$binding-$target"
        "${PYTHON:-python3}" release/sbom.py "$tree/bindings/$binding/Cargo.toml" "$target" \
            >"$dist/sbom/$binding-$target/proofkey.cdx.json"
    done
done
(cd "$tree" && git clean -qfd)
