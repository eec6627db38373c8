"""What each endpoint does: a request goes in, an answer comes out."""

import base64
import binascii
import hmac
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import unquote_plus, urlencode

from proofkey import server
from proofkey.testing import _pages
from proofkey.testing._bends import Bends
from proofkey.testing._http import Answer, Pairs, Request
from proofkey.testing._registry import RegisteredClient, User
from proofkey.testing._signing import ExtraMissing, IdToken, KeyRing
from proofkey.testing._store import Grant, Issued, NotGranted, Store


@dataclass(frozen=True)
class Setting:
    """What the provider was told, and what it keeps."""

    issuer: str
    metadata: Callable[[], Mapping[str, object]]
    users: Sequence[User]
    clients: Mapping[str, RegisteredClient]
    """Empty if every client is welcome."""
    consent: Literal["auto", "page"]
    store: Store
    keys: KeyRing
    bends: Bends


class _Asked(NamedTuple):
    """An authorization request whose client and redirect URI are good."""

    client_id: str
    redirect_uri: str
    form_post: bool
    state: str | None
    scope: str
    nonce: str | None
    binding: str


class _Refused(Exception):
    """An answer that ends a request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Endpoints:
    """All of them, by path."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._lock = threading.Lock()
        self._pages: dict[str, _Asked] = {}
        self._routes: dict[tuple[str, str], tuple[str, Callable[[Request], Answer]]] = {
            ("GET", "/.well-known/oauth-authorization-server"): ("metadata", self._metadata),
            ("GET", "/.well-known/openid-configuration"): ("metadata", self._metadata),
            ("GET", "/jwks"): ("jwks", self._jwks),
            ("GET", "/authorize"): ("authorize", self._authorize),
            ("POST", "/authorize"): ("authorize", self._authorize),
            ("POST", "/consent"): ("consent", self._consent),
            ("POST", "/token"): ("token", self._token),
            ("POST", "/revoke"): ("revoke", self._revoke),
            ("GET", "/userinfo"): ("userinfo", self._userinfo),
            ("POST", "/userinfo"): ("userinfo", self._userinfo),
            ("GET", "/end_session"): ("end_session", self._end_session),
            ("POST", "/end_session"): ("end_session", self._end_session),
        }

    def answer(self, request: Request) -> Answer:
        """The answer, bent if it is to be."""
        name, endpoint = self._routes.get((request.method, request.path), ("", _not_found))

        def handle() -> Answer:
            try:
                return endpoint(request)
            except _Refused as refused:
                return refused.answer
            except ExtraMissing as missing:
                return Answer.text(500, str(missing))

        return self._setting.bends.apply(name, handle)()

    def _metadata(self, _request: Request) -> Answer:
        return Answer.json(200, self._setting.metadata())

    def _jwks(self, _request: Request) -> Answer:
        return Answer.json(200, {"keys": [key.jwk() for key in self._setting.keys.keys]})

    # The authorization endpoint (RFC 6749 section 3.1).

    def _authorize(self, request: Request) -> Answer:
        known = dict(request.params)
        client_id, redirect_uri = self._where_to(request.params)
        form_post = known.get("response_mode") == "form_post"
        asked = _Asked(
            client_id, redirect_uri, form_post, known.get("state"), known.get("scope", ""), known.get("nonce"), ""
        )
        if "openid" in asked.scope.split():
            # Without the means to sign it had better end here, where somebody reads it.
            self._setting.keys.require()
        refusal = _refusal(request.params)
        if not refusal:
            try:
                asked = asked._replace(binding=str(server.bind(request.params)))
            except server.RequestError as refused:
                refusal = refused.as_dict()
        if refusal:
            return self._call_back(asked, refusal)
        user = self._user(request.user, known.get("login_hint"))
        if self._setting.consent == "auto":
            return self._allow(asked, user)
        if known.get("prompt") == "none":
            return self._call_back(asked, {"error": "login_required"})
        page = secrets.token_urlsafe(16)
        with self._lock:
            self._pages[page] = asked
        return _pages.consent(page, asked.client_id, asked.scope, self._setting.users, user)

    def _consent(self, request: Request) -> Answer:
        """What the user chose on the page."""
        known = dict(request.params)
        with self._lock:
            asked = self._pages.pop(known.get("request", ""), None)
        if asked is None:
            return Answer.text(400, "this page was answered already: begin the login again", "invalid_request")
        if known.get("decision") != "allow":
            return self._call_back(asked, {"error": "access_denied"}, status=303)
        return self._allow(asked, self._user(known.get("user"), None), status=303)

    def _where_to(self, params: Pairs) -> tuple[str, str]:
        """The client and its redirect URI. What is wrong with these is for the user to read: no redirect is safe."""
        repeated = _repeated(params)
        known = dict(params)
        client_id, redirect_uri = known.get("client_id"), known.get("redirect_uri")
        if not client_id or not redirect_uri or repeated & {"client_id", "redirect_uri"}:
            raise _Refused(Answer.text(400, "one client_id and one redirect_uri are needed", "invalid_request"))
        client = self._client(client_id)
        if client is None:
            raise _Refused(Answer.text(400, "no client with this client_id is registered", "invalid_client"))
        if not client.may_redirect_to(redirect_uri):
            raise _Refused(Answer.text(400, "this redirect_uri is not registered for the client", "invalid_request"))
        return client_id, redirect_uri

    def _user(self, sub: str | None, hint: str | None) -> User:
        """Who signs in: the one who was named, the one whom the hint means, or the first."""
        users = self._setting.users
        if sub is None:
            return next((user for user in users if hint is not None and user.is_meant_by(hint)), users[0])
        for user in users:
            if user.sub == sub:
                return user
        raise _Refused(Answer.text(400, f"this provider has no user {sub!r}", "invalid_request"))

    def _allow(self, asked: _Asked, user: User, status: int = 302) -> Answer:
        setting = self._setting
        now = setting.store.now()
        expires_at = now + setting.store.lifetimes.code
        grant = Grant(
            asked.client_id, asked.redirect_uri, asked.scope, asked.binding, asked.nonce, user, now, expires_at
        )
        return self._call_back(asked, {"code": setting.store.add(setting.bends.apply("code", grant))}, status)

    def _call_back(self, asked: _Asked, members: Mapping[str, str], status: int = 302) -> Answer:
        params = list(members.items())
        if asked.state is not None:
            params.append(("state", asked.state))
        # RFC 9207.
        params.append(("iss", self._setting.issuer))
        params = self._setting.bends.apply("callback", params)
        error = dict(params).get("error")
        if asked.form_post:
            page = _pages.form_post(asked.redirect_uri, params)
            return Answer(page.status, page.headers, page.body, error)
        separator = "&" if "?" in asked.redirect_uri else "?"
        return Answer(status, {"Location": f"{asked.redirect_uri}{separator}{urlencode(params)}"}, error=error)

    # The token endpoint (RFC 6749 section 3.2).

    def _token(self, request: Request) -> Answer:
        client_id = self._authenticate(request)
        known = dict(request.params)
        try:
            if known.get("grant_type") == "authorization_code":
                return self._redeem(request.params, client_id)
            if known.get("grant_type") == "refresh_token":
                return self._refresh(known, client_id)
        except NotGranted as error:
            return Answer.refusal("invalid_grant", str(error))
        return Answer.refusal("unsupported_grant_type", "authorization_code or refresh_token")

    def _redeem(self, params: Pairs, client_id: str) -> Answer:
        known = dict(params)
        code = known.get("code", "")
        grant = self._setting.store.grant(code)
        if grant is None or (client_id, known.get("redirect_uri")) != (grant.client_id, grant.redirect_uri):
            raise NotGranted("no such code for this client and redirect URI")
        try:
            server.redeem(grant.binding, params)
        except server.RequestError as refused:
            return Answer.json(refused.status, refused.as_dict())
        # A failed verifier leaves the code alone; of several right ones, the first takes it.
        issued = self._setting.store.use(code)
        return self._grant(grant, issued, grant.nonce)

    def _refresh(self, known: Mapping[str, str], client_id: str) -> Answer:
        grant, issued = self._setting.store.refresh(known.get("refresh_token", ""), client_id)
        # Its ID token has no nonce (OpenID Connect Core section 12.2).
        return self._grant(grant, issued, None)

    def _grant(self, grant: Grant, issued: Issued, nonce: str | None) -> Answer:
        members: dict[str, object] = {
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "token_type": "Bearer",
            "expires_in": self._setting.store.lifetimes.access_token,
            "scope": grant.scope,
        }
        if "openid" in grant.scope.split():
            members["id_token"] = self._id_token(grant, issued.access_token, nonce)
        return Answer.json(200, members)

    def _id_token(self, grant: Grant, access_token: str, nonce: str | None) -> str:
        """OpenID Connect Core section 2."""
        setting = self._setting
        key = setting.keys.keys[0]
        now = setting.store.now()
        client = self._client(grant.client_id)
        audiences = client.audiences if client else ()
        claims: dict[str, object] = {
            **grant.user.claims_for(grant.scope),
            "iss": setting.issuer,
            "aud": [grant.client_id, *audiences] if audiences else grant.client_id,
            "exp": now + setting.store.lifetimes.id_token,
            "iat": now,
            "auth_time": grant.signed_in_at,
            "at_hash": key.half_hash(access_token),
        }
        if audiences:
            claims["azp"] = grant.client_id
        if nonce is not None:
            claims["nonce"] = nonce
        token = IdToken({"alg": key.alg, "kid": key.kid, "typ": "JWT"}, claims)
        return key.encode(setting.bends.apply("id_token", token))

    # What belongs to a client or to a token.

    def _revoke(self, request: Request) -> Answer:
        client_id = self._authenticate(request)
        token = dict(request.params).get("token")
        if token is None:
            return Answer.refusal("invalid_request", "token is missing")
        self._setting.store.revoke(token, client_id)
        return Answer.json(200, {})

    def _userinfo(self, request: Request) -> Answer:
        """OpenID Connect Core section 5.3; errors by RFC 6750 section 3."""
        scheme, _, token = request.authorization.partition(" ")
        if scheme.lower() != "bearer":
            return Answer(401, {"WWW-Authenticate": "Bearer"})
        grant = self._setting.store.granted(token)
        if grant is None:
            return _bearer_refusal(401, "invalid_token")
        if "openid" not in grant.scope.split():
            return _bearer_refusal(403, "insufficient_scope")
        return Answer.json(200, grant.user.claims_for(grant.scope))

    def _end_session(self, request: Request) -> Answer:
        """OpenID Connect RP-Initiated Logout. There is no session to end: this leads the browser back."""
        known = dict(request.params)
        to = known.get("post_logout_redirect_uri")
        if to is None:
            return Answer.text(200, "You are signed out.")
        clients = self._setting.clients.values()
        if clients and not any(to in client.post_logout_redirect_uris for client in clients):
            return Answer.text(400, "no client has registered this post_logout_redirect_uri", "invalid_request")
        state = f"{'&' if '?' in to else '?'}{urlencode({'state': known['state']})}" if "state" in known else ""
        return Answer(302, {"Location": to + state})

    def _client(self, client_id: str) -> RegisteredClient | None:
        if not self._setting.clients:
            return RegisteredClient(client_id)
        return self._setting.clients.get(client_id)

    def _authenticate(self, request: Request) -> str:
        """The id of the client, authenticated if it has a secret (RFC 6749 section 2.3.1)."""
        if repeated := _repeated(request.params):
            raise _Refused(Answer.refusal("invalid_request", f"sent twice: {', '.join(sorted(repeated))}"))
        known = dict(request.params)
        client_id, secret, method = known.get("client_id"), known.get("client_secret"), "client_secret_post"
        if request.authorization:
            if secret is not None:
                raise _Refused(Answer.refusal("invalid_request", "the client authenticates in two ways"))
            client_id, secret, method = *_basic(request.authorization), "client_secret_basic"
        if not self._setting.clients and client_id:
            return client_id
        client = self._setting.clients.get(client_id or "")
        if client is None:
            raise _unauthenticated("no such client")
        if client.client_secret is not None:
            if secret is None or not hmac.compare_digest(secret.encode(), client.client_secret.encode()):
                raise _unauthenticated("the client_secret is missing or wrong")
            if method not in client.auth_methods:
                raise _unauthenticated(f"this client may not authenticate by {method}")
        return client.client_id


def _refusal(params: Pairs) -> dict[str, str]:
    """What is wrong with an authorization request, PKCE aside; empty if nothing is."""
    known = dict(params)
    prompts = known.get("prompt", "").split()
    if repeated := _repeated(params):
        return {"error": "invalid_request", "error_description": f"sent twice: {', '.join(sorted(repeated))}"}
    if known.get("response_type") != "code":
        return {"error": "unsupported_response_type", "error_description": "response_type must be code"}
    if known.get("response_mode", "query") not in RESPONSE_MODES:
        return {"error": "invalid_request", "error_description": "response_mode must be query or form_post"}
    if "none" in prompts and len(prompts) > 1:
        return {"error": "invalid_request", "error_description": "prompt=none stands alone"}
    return {}


def _repeated(params: Pairs) -> set[str]:
    """The parameters that came more than once, of those that must not (RFC 8707 lets `resource`)."""
    return {name for name, count in Counter(name for name, _ in params).items() if count > 1 and name != "resource"}


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise _unauthenticated("the Authorization header is not Basic with an id and a secret")
    return unquote_plus(client_id), unquote_plus(secret)


def _unauthenticated(description: str) -> _Refused:
    return _Refused(Answer.refusal("invalid_client", description, 401, WWW_Authenticate='Basic realm="proofkey"'))


def _bearer_refusal(status: int, error: str) -> Answer:
    return Answer(status, {"WWW-Authenticate": f'Bearer error="{error}"'}, error=error)


def _not_found(_request: Request) -> Answer:
    return Answer.text(404, "nothing is here")


RESPONSE_MODES = ("query", "form_post")
