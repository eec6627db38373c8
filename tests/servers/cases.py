"""The rows of the table."""

OAUTH = [
    "discovery",
    "advertised PKCE",
    "iss in the callback",
    "granted scope",
    "public",
    "basic",
    "post",
    "odd-basic",
    "odd-post",
    "wrong secret",
    "refresh",
    "refresh (confidential)",
    "revoke",
    "revoke (confidential)",
    "wrong verifier",
    "no verifier",
    "replayed code",
    "changed state",
    "denied",
    "prompt=none",
]

OPENID = [
    "ID token",
    "ID token (ES256)",
    "ID token (EdDSA)",
    "at_hash",
    "another algorithm",
    "another nonce",
    "max_age",
    "userinfo",
    "userinfo of another user",
    "ID token on refresh",
    "new keys",
    "signing out",
]

CASES = OAUTH + OPENID

# The rows that docs/servers.md has too.
MAIN = ["discovery", "basic", "wrong verifier", "ID token", "new keys"]
