#!/usr/bin/env bash
# What the primitives add to a stripped static program, in the smallest build. Printed, held to the limits below, and
# free of std and alloc.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(realpath -m "${CARGO_TARGET_DIR:-target}/c/embedded")
file_limit=5120
section_limit=10752

# The portable SHA-256 in its short form, beside the processor's own.
RUSTFLAGS='--cfg sha2_backend_soft="compact"' \
    cargo build -q --profile embedded -p proofkey-c --no-default-features --target-dir "$build"
flags="-std=c99 -O2 -Iinclude -Wl,--gc-sections"
gcc $flags -x c -o "$build/empty" - <<<'int main(void) { return 0; }'
gcc $flags tests/c/size.c "$build/embedded/libproofkey.a" -o "$build/size"
"$build/size"
names=$(nm -C "$build/size")
grep -q ' proofkey_challenge_s256$' <<<"$names" # so that there are names to look at
if grep -E '\b(std|alloc)::' <<<"$names"; then echo "std or alloc is linked" >&2; exit 1; fi

strip "$build/empty" "$build/size"
sections() { size "$1" | awk 'NR == 2 { print $4 }'; }
file=$(($(stat -c %s "$build/size") - $(stat -c %s "$build/empty")))
section=$(($(sections "$build/size") - $(sections "$build/empty")))
echo "generate, s256, bind and verify add $file bytes to the file of an empty program, $section to its sections"
echo "nothing of std or alloc among them"
[ "$file" -le "$file_limit" ] && [ "$section" -le "$section_limit" ]
