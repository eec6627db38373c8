"""The rows of the table: what is sent, and the right response to it."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from driver import STATE, Pairs, Response, Server

TOKENS = "tokens"


def s256(verifier: str) -> str:
    """The S256 challenge of a text, even if the text is not a valid verifier."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = s256(VERIFIER)


def challenge(text: str = CHALLENGE, method: str = "S256") -> Pairs:
    return [("code_challenge", text), ("code_challenge_method", method)]


def verifier(*texts: str) -> Pairs:
    return [("code_verifier", text) for text in texts]


@dataclass(frozen=True)
class Case:
    name: str
    right: str
    """The right outcome: "tokens", or the endpoint that refuses and its OAuth error."""
    asked: Pairs
    """The PKCE parameters of the authorization request."""
    sent: tuple[Pairs, ...] = (verifier(VERIFIER),)
    """The PKCE parameters of each token request with the code; the response to the last request counts."""
    client_id: str = "public"
    policy: str = "strict"


def fitting(name: str, right: str, text: str) -> Case:
    """A verifier with its own challenge, so that only the grammar of a verifier can refuse it."""
    return Case(name, right, challenge(s256(text)), (verifier(text),))


GRANT = "token: invalid_grant"
REQUEST = "token: invalid_request"
REFUSED = "authorize: invalid_request"

CASES = [
    Case("right verifier", TOKENS, challenge()),
    Case("wrong verifier", GRANT, challenge(), (verifier(VERIFIER[::-1]),)),
    Case("no verifier", GRANT, challenge(), ([],)),
    Case("empty verifier", GRANT, challenge(), (verifier(""),)),
    fitting("verifier of 1 character", GRANT, "a"),
    fitting("verifier of 42", GRANT, "a" * 42),
    fitting("verifier of 43", TOKENS, "a" * 43),
    fitting("verifier of 128", TOKENS, "a" * 128),
    fitting("verifier of 129", GRANT, "a" * 129),
    fitting("verifier and newline", GRANT, VERIFIER + "\n"),
    fitting("verifier with é", GRANT, VERIFIER + "é"),
    fitting("verifier with NUL", GRANT, VERIFIER + "\0"),
    Case("verifier twice", REQUEST, challenge(), (verifier(VERIFIER, VERIFIER),)),
    Case("S256 challenge as verifier, method=plain", GRANT, challenge(),
         ([*verifier(CHALLENGE), ("code_challenge_method", "plain")],)),
    Case("right verifier, method=plain", TOKENS, challenge(),
         ([*verifier(VERIFIER), ("code_challenge_method", "plain")],)),
    Case("right verifier after a wrong one", TOKENS, challenge(), (verifier(VERIFIER[::-1]), verifier(VERIFIER))),
    Case("code used twice", GRANT, challenge(), (verifier(VERIFIER), verifier(VERIFIER))),
    Case("parameters of the other endpoint", TOKENS,
         [*challenge(), ("grant_type", "authorization_code"), ("code", "x")],
         ([*verifier(VERIFIER), ("response_type", "code")],)),
    Case("parameters named as what is stored", TOKENS,
         [*challenge(), *((name, "none") for name in ("pkce", "pkce_binding", "binding"))], ([], verifier(VERIFIER))),
    Case("method plain", REFUSED, challenge(VERIFIER, "plain")),
    Case("no method", REFUSED, [("code_challenge", VERIFIER)]),
    Case("method s256", REFUSED, challenge(method="s256")),
    Case("method without challenge", REFUSED, [("code_challenge_method", "S256")]),
    Case("challenge abc", REFUSED, challenge("abc")),
    Case("challenge in hex", REFUSED, challenge(hashlib.sha256(VERIFIER.encode()).hexdigest())),
    Case("challenge with padding", REFUSED, challenge(CHALLENGE + "=")),
    Case("challenge with é", REFUSED, challenge("é" * 43)),
    Case("challenge twice", REFUSED, [*challenge(), ("code_challenge", CHALLENGE)]),
    Case("method twice", REFUSED, [*challenge(), ("code_challenge_method", "S256")]),
    Case("no PKCE, public", REFUSED, [], ([],)),
    Case("no PKCE, confidential", REFUSED, [], ([],), "confidential"),
    Case("optional: no PKCE, public", REFUSED, [], ([],), "public", "optional"),
    Case("optional: no PKCE, public with a secret", REFUSED, [("client_secret", "x")], ([],), "public", "optional"),
    Case("optional: no PKCE, confidential", TOKENS, [], ([],), "confidential", "optional"),
    Case("optional: empty challenge, confidential", TOKENS,
         [("code_challenge", "")], ([],), "confidential", "optional"),
    Case("optional: verifier without challenge", REQUEST, [], (verifier(VERIFIER),), "confidential", "optional"),
    Case("optional: no verifier", GRANT, challenge(), ([],), "confidential", "optional"),
    Case("optional: right verifier", TOKENS, challenge(), (verifier(VERIFIER),), "confidential", "optional"),
]  # fmt: skip


def outcome(case: Case, server: Server) -> str:
    """What a server does, in the words of `Case.right`, or the status if the response is not an OAuth response."""
    asked = server.authorize(case.asked, case.client_id)
    if asked.code is None:
        return _refusal(asked)
    for pairs in case.sent:
        response = server.token(asked.code, pairs, case.client_id)
    return issued(response)


def issued(response: Response) -> str:
    """What the token endpoint does."""
    if response.status not in (200, 400) or response.members is None:
        return f"token: {response.status}"
    if response.status == 400:
        return f"token: {response.members.get('error')}"
    return TOKENS if response.members.get("access_token") else "token: nothing"


def _refusal(response: Response) -> str:
    if "error" not in response.redirected:
        return f"authorize: {response.status}"
    assert response.redirected["state"] == [STATE], response
    return f"authorize: {response.redirected['error'][0]}"
