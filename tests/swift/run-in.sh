#!/usr/bin/env bash
# Runs a program that run.sh built where its libraries are: run-in.sh PROGRAM ARGUMENT...
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/swift/root.sh
swift_tools
swiftly "$@"
