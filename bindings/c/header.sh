#!/bin/sh
# Makes include/proofkey.h; with --verify only checks that it is fresh (exit 2 if it is stale).
set -eu
cd "$(dirname "$0")"
exec "${CBINDGEN:-cbindgen}" -q --config cbindgen.toml --crate proofkey-c --output ../../include/proofkey.h "$@"
