"""What the test server can do wrong. Pass one of these faults to `AuthorizationServer.inject` or `inject_once`.

>>> import proofkey
>>> from proofkey.testing import AuthorizationServer, faults
>>> with AuthorizationServer() as server, server.inject(faults.too_many_requests("token", retry_after=7)):
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin()
...     client.finish(login, server.sign_in(login.url))  # doctest: +ELLIPSIS
Traceback (most recent call last):
    ...
proofkey.TokenError: response_status: ...

Faults that take no endpoint change the callback, the code, the ID token, the keys, or the response of a fixed endpoint.
Faults that take an endpoint change its responses. `refuses`, `refuses_with_200`, `redirects`, `too_many_requests`,
`unavailable` and `code_used` replace the work of the endpoint, so nothing is used up. All others take effect after it,
as on a bad network: the code is used up, and the refresh token is rotated.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Generic, Literal, TypeAlias, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from proofkey.testing._http import Pairs, Response, changed
from proofkey.testing._signing import IdToken, KeyRing
from proofkey.testing._store import Grant

__all__ = [
    "Fault",
    "alg_none",
    "aud_wrong",
    "code_expired",
    "code_used",
    "cut_before_response",
    "cut_within_body",
    "denied",
    "empty",
    "end_session_state_missing",
    "end_session_state_wrong",
    "garbage",
    "html",
    "id_token",
    "id_token_expired",
    "iss_missing",
    "iss_wrong",
    "key_ids_missing",
    "keys_rotated",
    "kid_missing",
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

# One Literal for each: stubtest expects an alias with several values to be a Union.
Endpoint: TypeAlias = (
    Literal["metadata"]
    | Literal["jwks"]
    | Literal["authorize"]
    | Literal["token"]
    | Literal["device_authorization"]
    | Literal["revoke"]
    | Literal["userinfo"]
    | Literal["end_session"]
)
Handler: TypeAlias = Callable[[], Response]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Fault(Generic[_T]):
    """Something that goes wrong. The functions of this module return these.

    >>> iss_missing()
    Fault(name='iss_missing', at='callback')
    """

    name: str
    """What goes wrong."""
    at: str
    """Where: an endpoint, "callback", "code", "id_token" or "keys"."""
    _change: Callable[[_T, threading.Event], _T]

    def __repr__(self) -> str:
        return f"Fault(name={self.name!r}, at={self.at!r})"


# At the callback.


def denied(error: str = "access_denied") -> Fault[Pairs]:
    """The user or the server refuses: `access_denied`, `login_required`, `temporarily_unavailable` and so on."""
    return _callback("denied", lambda params: [("error", error), *_without(params, "code")])


def iss_wrong(iss: str = "https://other.example") -> Fault[Pairs]:
    """The callback names another issuer, as in a mix-up attack (RFC 9207)."""
    return _callback("iss_wrong", lambda params: [*_without(params, "iss"), ("iss", iss)])


def iss_missing() -> Fault[Pairs]:
    """The callback has no `iss`, although the server's metadata announces it (RFC 9207)."""
    return _callback("iss_missing", lambda params: _without(params, "iss"))


def state_wrong() -> Fault[Pairs]:
    """The callback has the state of another login."""
    return _callback("state_wrong", lambda params: [*_without(params, "state"), ("state", "of-another-login")])


def state_missing() -> Fault[Pairs]:
    """The callback has no state."""
    return _callback("state_missing", lambda params: _without(params, "state"))


def parameters_twice() -> Fault[Pairs]:
    """The callback has every parameter twice."""
    return _callback("parameters_twice", lambda params: [*params, *params])


def code_expired() -> Fault[Grant]:
    """The code expires before it is exchanged: `invalid_grant`."""
    return Fault("code_expired", "code", lambda grant, _: replace(grant, code_expires_at=0))


# In the ID token.


def id_token(**claims: object) -> Fault[IdToken]:
    """These claims replace those of the ID token; `None` removes one. The signature is correct.

    >>> id_token(azp="other-app", auth_time=None)
    Fault(name='id_token', at='id_token')
    """
    return _id_token("id_token", lambda token: replace(token, claims=changed(token.claims, claims)))


def nonce_wrong() -> Fault[IdToken]:
    """The ID token has the nonce of another login."""
    return replace(id_token(nonce="of-another-login"), name="nonce_wrong")


def nonce_missing() -> Fault[IdToken]:
    """The ID token has no nonce."""
    return replace(id_token(nonce=None), name="nonce_missing")


def aud_wrong() -> Fault[IdToken]:
    """The ID token is meant for another client."""
    return replace(id_token(aud="other-app"), name="aud_wrong")


def id_token_expired() -> Fault[IdToken]:
    """The ID token was issued a day earlier, and was valid for an hour."""

    def change(token: IdToken) -> IdToken:
        issued = int(str(token.claims["iat"])) - 86400
        return replace(token, claims={**token.claims, "iat": issued, "exp": issued + 3600})

    return _id_token("id_token_expired", change)


def signature_wrong() -> Fault[IdToken]:
    """The signature of the ID token is wrong."""
    return _id_token("signature_wrong", lambda token: replace(token, signature="wrong"))


def kid_unknown() -> Fault[IdToken]:
    """The ID token names a key that is not published."""
    return _id_token("kid_unknown", lambda token: replace(token, header={**token.header, "kid": "unpublished"}))


def kid_missing() -> Fault[IdToken]:
    """The ID token does not name its key."""
    return _id_token("kid_missing", lambda token: replace(token, header=changed(token.header, {"kid": None})))


def keys_rotated() -> Fault[KeyRing]:
    """The server changes its key right before it signs the ID token, so that a client that has just fetched the keys
    does not have the new one. The previous key stays published."""

    def change(keys: KeyRing, _: threading.Event) -> KeyRing:
        keys.rotate()
        return keys

    return Fault("keys_rotated", "keys", change)


def alg_none() -> Fault[IdToken]:
    """The ID token names the algorithm `none`, and has no signature."""
    return _id_token(
        "alg_none", lambda token: replace(token, header={**token.header, "alg": "none"}, signature="absent")
    )


# At an endpoint, after it has done its work.


def garbage(at: Endpoint) -> Fault[Handler]:
    """The JSON of the response is cut off."""
    return _spoiled("garbage", at, lambda response: replace(response, body=b'{"access_token": "tru'))


def html(at: Endpoint) -> Fault[Handler]:
    """The response is an HTML page with status 200, as captive portals and proxies send it."""
    page = Response(200, {"Content-Type": "text/html"}, b"<!doctype html><p>Welcome!")
    return _spoiled("html", at, lambda _: page)


def empty(at: Endpoint) -> Fault[Handler]:
    """The response has no body."""
    return _spoiled("empty", at, lambda response: replace(response, body=b""))


def oversized(at: Endpoint) -> Fault[Handler]:
    """The response is correct, but its body is larger than 1 MiB."""
    return _spoiled("oversized", at, lambda response: replace(response, body=response.body.ljust((1 << 20) + 1)))


def cut_before_response(at: Endpoint) -> Fault[Handler]:
    """The connection closes before the first byte of the response."""
    return _spoiled("cut_before_response", at, lambda response: replace(response, cut="before"))


def cut_within_body(at: Endpoint) -> Fault[Handler]:
    """The connection closes in the middle of the response body."""
    return _spoiled("cut_within_body", at, lambda response: replace(response, cut="within"))


def slow(at: Endpoint, *, at_most: float = 30.0) -> Fault[Handler]:
    """The response is held back until the fault is undone, or for `at_most` seconds. The test needs no sleep:

    >>> import proofkey, threading
    >>> from proofkey.testing import AuthorizationServer, faults
    >>> with AuthorizationServer() as server:
    ...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    ...     login = client.begin()
    ...     callback_url = server.sign_in(login.url)
    ...     held = server.inject(faults.slow("token"))
    ...     finish = threading.Thread(target=client.finish, args=(login, callback_url))
    ...     finish.start()
    ...     held.wait()  # until the request has arrived
    ...     held.undo()
    ...     finish.join()
    """

    def change(handle: Handler, undone: threading.Event) -> Handler:
        def held() -> Response:
            response = handle()
            undone.wait(at_most)
            return response

        return held

    return Fault("slow", at, change)


def members(at: Endpoint, **changes: object) -> Fault[Handler]:
    """These members replace those of the JSON response; `None` removes one.

    >>> members("token", token_type="mac", expires_in=None)
    Fault(name='members', at='token')
    """

    def change(response: Response) -> Response:
        return replace(response, body=json.dumps(changed(json.loads(response.body), changes)).encode())

    return _spoiled("members", at, change)


def sub_wrong() -> Fault[Handler]:
    """The userinfo response is about another user than the ID token."""
    return replace(members("userinfo", sub="somebody-else"), name="sub_wrong")


def key_ids_missing() -> Fault[Handler]:
    """The published keys have no key IDs."""

    def change(response: Response) -> Response:
        keys = [changed(key, {"kid": None}) for key in json.loads(response.body)["keys"]]
        return replace(response, body=json.dumps({"keys": keys}).encode())

    return _spoiled("key_ids_missing", "jwks", change)


def end_session_state_wrong() -> Fault[Handler]:
    """After signing out, the browser comes back with the state of another request."""
    return _signed_out(
        "end_session_state_wrong", lambda params: [*_without(params, "state"), ("state", "of-another-request")]
    )


def end_session_state_missing() -> Fault[Handler]:
    """After signing out, the browser comes back without the state."""
    return _signed_out("end_session_state_missing", lambda params: _without(params, "state"))


# At an endpoint, in place of its work.


def refuses(at: Endpoint, error: str, *, status: int = 400) -> Fault[Handler]:
    """The response is an OAuth error, for example `invalid_client` with status 401."""
    return _instead("refuses", at, Response.refusal(error, "requested by the test", status))


def refuses_with_200(at: Endpoint, error: str) -> Fault[Handler]:
    """The response is an OAuth error with status 200, as some servers send it."""
    return replace(refuses(at, error, status=200), name="refuses_with_200")


def code_used() -> Fault[Handler]:
    """The token endpoint says that the code was already used: `invalid_grant`."""
    return _instead("code_used", "token", Response.refusal("invalid_grant", "this code was already used"))


def redirects(at: Endpoint, status: Literal[302, 303, 307, 308], to: str = "/elsewhere") -> Fault[Handler]:
    """The response is a redirect. A client that follows it shows up in `AuthorizationServer.seen` with the path
    "/elsewhere". `to` may also be an endpoint of another test server, which then sees the request.
    """
    return _instead("redirects", at, Response(status, {"Location": to}))


def too_many_requests(at: Endpoint, *, retry_after: int) -> Fault[Handler]:
    """The response has status 429 and says how many seconds to wait (`Retry-After`)."""
    return _instead("too_many_requests", at, Response(429, {"Retry-After": str(retry_after)}))


def unavailable(at: Endpoint) -> Fault[Handler]:
    """The response is an HTML page with status 503."""
    return _instead("unavailable", at, Response(503, {"Content-Type": "text/html"}, b"<!doctype html><p>Back soon."))


def _callback(name: str, change: Callable[[Pairs], Pairs]) -> Fault[Pairs]:
    return Fault(name, "callback", lambda params, _: change(params))


def _id_token(name: str, change: Callable[[IdToken], IdToken]) -> Fault[IdToken]:
    return Fault(name, "id_token", lambda token, _: change(token))


def _spoiled(name: str, at: Endpoint, change: Callable[[Response], Response]) -> Fault[Handler]:
    return Fault(name, at, lambda handle, _: lambda: change(handle()))


def _signed_out(name: str, change: Callable[[Pairs], Pairs]) -> Fault[Handler]:
    def respond(response: Response) -> Response:
        if "Location" not in response.headers:
            return response
        url = urlsplit(response.headers["Location"])
        query = urlencode(change(parse_qsl(url.query, keep_blank_values=True)))
        return replace(response, headers={**response.headers, "Location": url._replace(query=query).geturl()})

    return _spoiled(name, "end_session", respond)


def _instead(name: str, at: Endpoint, response: Response) -> Fault[Handler]:
    return Fault(name, at, lambda handle, _: lambda: response)


def _without(params: Pairs, name: str) -> Pairs:
    return [pair for pair in params if pair[0] != name]
