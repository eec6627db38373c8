#!/bin/sh
# Runs the vectors in a language that this project has no part in, as README.md tells others to: in JavaScript.
set -eu
cd "$(dirname "$0")/../.."
. tests/lib.sh
need node "the vectors in JavaScript" || exit 0

node tests/vectors/run.mjs tests/vectors/server.mjs

# What the vectors are worth: each of these mistakes, as a change of server.mjs, must fail them.
build=target/vectors
mkdir -p "$build"
made=0
while read -r mistake; do
    sed "$mistake" tests/vectors/server.mjs >"$build/server.mjs"
    if cmp -s tests/vectors/server.mjs "$build/server.mjs"; then
        echo "no longer a change: $mistake" >&2
        exit 1
    fi
    if node tests/vectors/run.mjs "$build/server.mjs" >"$build/log" 2>&1; then
        echo "not noticed: $mistake" >&2
        exit 1
    fi
    # By a case, and not because the change is no JavaScript.
    grep -Eq '^Error: (s256|invalid_verifiers|invalid_challenges|challenge_methods|verify_cases): ' "$build/log" ||
        { cat "$build/log" >&2; exit 1; }
    made=$((made + 1))
done <<'MISTAKES'
s/length < 43/length < 42/
s/length > 128/length > 129/
s/\._~-\]\*\$/._~+-]*$/
s/\._~-\]\*\$\//&m/
s/\._~-\]\*\$/._~-]*\\n?$/
s/\[AEIMQUYcgkosw048\]/[A-Za-z0-9_-]/
s/{42}\[AEIMQUYcgkosw048\]/{42,127}/
s/CHALLENGE.test(challenge)/true/
s/=== "S256"/?.toUpperCase() === "S256"/
s/=== "S256"/?.trim() === "S256"/
s/(method ?? "plain")/(method ?? "S256")/
s/method === "S256"/(method ?? "S256") === "S256"/
s/plain = false/plain = true/
s/if (!plain ||/if (/
s/optional = false/optional = true/
s/!challenge && method/false/
s/ && verifier) refuse/ \&\& false) refuse/
s/if (!verifier) refuse/if (!verifier) return; if (false) refuse/
s/values.length > 1/false/
s/values\[0\] || undefined/values[0]/
s/digest("base64url")/digest("base64")/
s/digest("base64url")/digest("hex")/
s/"sha256"/"sha512"/
s/plain:${s256(challenge)}/plain:${challenge}/
s/if (!timingSafeEqual(bound, computed))/if (false)/
s/"invalid_grant", "verifier_missing"/"invalid_request", "verifier_missing"/
s/"invalid_request", "verifier_unexpected"/"invalid_grant", "verifier_unexpected"/
MISTAKES
echo "$made mistakes noticed"
