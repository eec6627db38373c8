"""What the test provider can do wrong: give one of these to `Provider.bend` or `Provider.bend_once`.

>>> import proofkey
>>> from proofkey.testing import Provider, faults
>>> with Provider() as server, server.bend(faults.too_many_requests("token", retry_after=7)):
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin()
...     client.finish(login, server.sign_in(login.url))
Traceback (most recent call last):
    ...
proofkey.TokenError: answer_status: the token endpoint answered with an HTTP error and no OAuth error. Next: try again later: nothing here has to change

Those without an endpoint change the callback, the code or the ID token. Those that take an endpoint spoil its answers:
`refuses`, `refuses_with_200`, `redirects`, `too_many_requests` and `unavailable`, as also `code_used`, come instead of
the work, and nothing is used up; the others come after it, as on a bad network: the code is used up, the refresh token
rotated.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeAlias, TypeVar

from proofkey.testing._http import Answer, Pairs
from proofkey.testing._signing import IdToken
from proofkey.testing._store import Grant

__all__ = [
    "Fault",
    "alg_none",
    "aud_wrong",
    "code_expired",
    "code_used",
    "cut_before_answer",
    "cut_within_body",
    "denied",
    "empty",
    "garbage",
    "html",
    "id_token",
    "id_token_expired",
    "iss_missing",
    "iss_wrong",
    "kid_unknown",
    "members",
    "nonce_missing",
    "nonce_wrong",
    "oversized",
    "parameters_twice",
    "redirects",
    "refuses",
    "refuses_with_200",
    "signature_wrong",
    "slow",
    "state_missing",
    "state_wrong",
    "sub_wrong",
    "too_many_requests",
    "unavailable",
]

# One Literal each, because stubtest wants an alias of several to be a Union.
Endpoint: TypeAlias = (
    Literal["metadata"]
    | Literal["jwks"]
    | Literal["authorize"]
    | Literal["token"]
    | Literal["revoke"]
    | Literal["userinfo"]
    | Literal["end_session"]
)
Handler: TypeAlias = Callable[[], Answer]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Fault(Generic[_T]):
    """Something that goes wrong. The functions of this module make them.

    >>> iss_missing()
    Fault(name='iss_missing', at='callback')
    """

    name: str
    """What goes wrong."""
    at: str
    """Where: an endpoint, "callback", "code" or "id_token"."""
    _change: Callable[[_T, threading.Event], _T]

    def __repr__(self) -> str:
        return f"Fault(name={self.name!r}, at={self.at!r})"


# At the callback.


def denied(error: str = "access_denied") -> Fault[Pairs]:
    """The user says no, or the server does: `access_denied`, `login_required`, `temporarily_unavailable` and so on."""
    return _callback("denied", lambda params: [("error", error), *_without(params, "code")])


def iss_wrong(iss: str = "https://other.example") -> Fault[Pairs]:
    """The callback says that it comes from another issuer, as in a mix-up attack (RFC 9207)."""
    return _callback("iss_wrong", lambda params: [*_without(params, "iss"), ("iss", iss)])


def iss_missing() -> Fault[Pairs]:
    """The callback lacks the promised `iss`."""
    return _callback("iss_missing", lambda params: _without(params, "iss"))


def state_wrong() -> Fault[Pairs]:
    """The callback has another login's state."""
    return _callback("state_wrong", lambda params: [*_without(params, "state"), ("state", "of-another-login")])


def state_missing() -> Fault[Pairs]:
    """The callback lacks the state."""
    return _callback("state_missing", lambda params: _without(params, "state"))


def parameters_twice() -> Fault[Pairs]:
    """The callback has each parameter twice."""
    return _callback("parameters_twice", lambda params: [*params, *params])


def code_expired() -> Fault[Grant]:
    """The code has expired before it arrives: `invalid_grant`."""
    return Fault("code_expired", "code", lambda grant, _: replace(grant, code_expires_at=0))


# In the ID token.


def id_token(**claims: object) -> Fault[IdToken]:
    """The ID token has other claims; `None` leaves one out. It is signed as it should be.

    >>> id_token(azp="other-app", auth_time=None)
    Fault(name='id_token', at='id_token')
    """
    return _id_token("id_token", lambda token: replace(token, claims=_changed(token.claims, claims)))


def nonce_wrong() -> Fault[IdToken]:
    """The ID token belongs to another login."""
    return replace(id_token(nonce="of-another-login"), name="nonce_wrong")


def nonce_missing() -> Fault[IdToken]:
    """The ID token belongs to no login in particular."""
    return replace(id_token(nonce=None), name="nonce_missing")


def aud_wrong() -> Fault[IdToken]:
    """The ID token is for another client."""
    return replace(id_token(aud="other-app"), name="aud_wrong")


def id_token_expired() -> Fault[IdToken]:
    """The ID token was good for an hour, a day ago."""

    def change(token: IdToken) -> IdToken:
        issued = int(str(token.claims["iat"])) - 86400
        return replace(token, claims={**token.claims, "iat": issued, "exp": issued + 3600})

    return _id_token("id_token_expired", change)


def signature_wrong() -> Fault[IdToken]:
    """The signature does not verify."""
    return _id_token("signature_wrong", lambda token: replace(token, signature="wrong"))


def kid_unknown() -> Fault[IdToken]:
    """The ID token names a key that is not published."""
    return _id_token("kid_unknown", lambda token: replace(token, header={**token.header, "kid": "unpublished"}))


def alg_none() -> Fault[IdToken]:
    """The ID token says that it needs no signature, and has none."""
    return _id_token(
        "alg_none", lambda token: replace(token, header={**token.header, "alg": "none"}, signature="absent")
    )


# At an endpoint, after its work is done.


def garbage(at: Endpoint) -> Fault[Handler]:
    """JSON that ends in the middle."""
    return _spoiled("garbage", at, lambda answer: replace(answer, body=b'{"access_token": "tru'))


def html(at: Endpoint) -> Fault[Handler]:
    """A page instead of JSON, as captive portals and proxies send it, with the status of success."""
    page = Answer(200, {"Content-Type": "text/html"}, b"<!doctype html><p>Welcome!")
    return _spoiled("html", at, lambda _: page)


def empty(at: Endpoint) -> Fault[Handler]:
    """No body."""
    return _spoiled("empty", at, lambda answer: replace(answer, body=b""))


def oversized(at: Endpoint) -> Fault[Handler]:
    """The right answer in a body of more than 1 MiB."""
    return _spoiled("oversized", at, lambda answer: replace(answer, body=answer.body.ljust((1 << 20) + 1)))


def cut_before_answer(at: Endpoint) -> Fault[Handler]:
    """The connection closes before the first byte of the answer."""
    return _spoiled("cut_before_answer", at, lambda answer: replace(answer, cut="before"))


def cut_within_body(at: Endpoint) -> Fault[Handler]:
    """The connection closes in the middle of the body."""
    return _spoiled("cut_within_body", at, lambda answer: replace(answer, cut="within"))


def slow(at: Endpoint, *, at_most: float = 30.0) -> Fault[Handler]:
    """The answer is held until the bend is undone, or for `at_most` seconds. It needs no sleep in the test:

    >>> import proofkey, threading
    >>> from proofkey.testing import Provider, faults
    >>> with Provider() as server:
    ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    ...     login = client.begin()
    ...     callback_url = server.sign_in(login.url)
    ...     held = server.bend(faults.slow("token"))
    ...     finish = threading.Thread(target=client.finish, args=(login, callback_url))
    ...     finish.start()
    ...     held.wait()  # until the request is there
    ...     held.undo()
    ...     finish.join()
    """

    def change(handle: Handler, undone: threading.Event) -> Handler:
        def held() -> Answer:
            answer = handle()
            undone.wait(at_most)
            return answer

        return held

    return Fault("slow", at, change)


def members(at: Endpoint, **changes: object) -> Fault[Handler]:
    """The JSON has other members; `None` leaves one out.

    >>> members("token", token_type="mac", expires_in=None)
    Fault(name='members', at='token')
    """

    def change(answer: Answer) -> Answer:
        return replace(answer, body=json.dumps(_changed(json.loads(answer.body), changes)).encode())

    return _spoiled("members", at, change)


def sub_wrong() -> Fault[Handler]:
    """The userinfo endpoint speaks of somebody else than the ID token."""
    return replace(members("userinfo", sub="somebody-else"), name="sub_wrong")


# At an endpoint, instead of its work.


def refuses(at: Endpoint, error: str, *, status: int = 400) -> Fault[Handler]:
    """An OAuth error, for example `invalid_client` with status 401."""
    return _instead("refuses", at, Answer.refusal(error, "asked for by the test", status))


def refuses_with_200(at: Endpoint, error: str) -> Fault[Handler]:
    """An OAuth error under the status of success, as some servers send it."""
    return replace(refuses(at, error, status=200), name="refuses_with_200")


def code_used() -> Fault[Handler]:
    """The token endpoint says that the code was used already: `invalid_grant`."""
    return _instead("code_used", "token", Answer.refusal("invalid_grant", "this code was used already"))


def redirects(at: Endpoint, status: Literal[302, 303, 307, 308], to: str = "/elsewhere") -> Fault[Handler]:
    """A redirect. Whoever follows it is found in `Provider.seen` under "/elsewhere"; `to` may also be an endpoint of
    another provider, which sees it then.
    """
    return _instead("redirects", at, Answer(status, {"Location": to}))


def too_many_requests(at: Endpoint, *, retry_after: int) -> Fault[Handler]:
    """Status 429, with the seconds to wait."""
    return _instead("too_many_requests", at, Answer(429, {"Retry-After": str(retry_after)}))


def unavailable(at: Endpoint) -> Fault[Handler]:
    """Status 503, with a page."""
    return _instead("unavailable", at, Answer(503, {"Content-Type": "text/html"}, b"<!doctype html><p>Back soon."))


def _callback(name: str, change: Callable[[Pairs], Pairs]) -> Fault[Pairs]:
    return Fault(name, "callback", lambda params, _: change(params))


def _id_token(name: str, change: Callable[[IdToken], IdToken]) -> Fault[IdToken]:
    return Fault(name, "id_token", lambda token, _: change(token))


def _spoiled(name: str, at: Endpoint, change: Callable[[Answer], Answer]) -> Fault[Handler]:
    return Fault(name, at, lambda handle, _: lambda: change(handle()))


def _instead(name: str, at: Endpoint, answer: Answer) -> Fault[Handler]:
    return Fault(name, at, lambda handle, _: lambda: answer)


def _without(params: Pairs, name: str) -> Pairs:
    return [pair for pair in params if pair[0] != name]


def _changed(members: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**members, **changes}.items() if value is not None}
