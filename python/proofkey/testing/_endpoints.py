"""The endpoints of the test server: a request goes in, a response comes out."""

import base64
import hmac
import secrets
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple
from urllib.parse import unquote_plus

from proofkey import server
from proofkey.testing import _pages
from proofkey.testing._devices import LIFETIME, Device, Devices
from proofkey.testing._faults import InjectedFaults
from proofkey.testing._http import Pairs, Request, Response, changed, is_uri
from proofkey.testing._registry import RegisteredClient, User
from proofkey.testing._signing import ExtraMissing, IdToken, KeyRing
from proofkey.testing._store import Grant, Issued, NotGranted, Store


@dataclass(frozen=True)
class ServerState:
    """The configuration of the test server, and the state that its endpoints share."""

    issuer: str
    metadata: Callable[[], Mapping[str, object]]
    users: Sequence[User]
    clients: Mapping[str, RegisteredClient]
    """Empty if every client is accepted."""
    consent: Literal["auto", "page"]
    store: Store
    devices: Devices
    keys: KeyRing
    faults: InjectedFaults


class _Asked(NamedTuple):
    """An authorization request whose client and redirect URI have been checked."""

    client_id: str
    redirect_uri: str
    form_post: bool
    state: str | None
    scope: str
    nonce: str | None
    binding: str


class _Refused(Exception):
    """Ends a request with this response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Endpoints:
    """All endpoints, by method and path."""

    def __init__(self, state: ServerState) -> None:
        self._state = state
        self._lock = threading.Lock()
        self._pages: dict[str, _Asked] = {}
        self._routes: dict[tuple[str, str], tuple[str, Callable[[Request], Response]]] = {
            ("GET", "/.well-known/oauth-authorization-server"): ("metadata", self._metadata),
            ("GET", "/.well-known/openid-configuration"): ("metadata", self._metadata),
            ("GET", "/jwks"): ("jwks", self._jwks),
            ("GET", "/authorize"): ("authorize", self._authorize),
            ("POST", "/authorize"): ("authorize", self._authorize),
            ("POST", "/consent"): ("consent", self._consent),
            ("POST", "/token"): ("token", self._token),
            ("POST", "/device_authorization"): ("device_authorization", self._device_authorization),
            ("GET", "/device"): ("device", self._device_page),
            ("POST", "/device"): ("device", self._device_decision),
            ("POST", "/revoke"): ("revoke", self._revoke),
            ("POST", "/introspect"): ("introspect", self._introspect),
            ("GET", "/userinfo"): ("userinfo", self._userinfo),
            ("POST", "/userinfo"): ("userinfo", self._userinfo),
            ("GET", "/end_session"): ("end_session", self._end_session),
            ("POST", "/end_session"): ("end_session", self._end_session),
        }

    def response(self, request: Request) -> Response:
        """The response to a request, with the faults applied."""
        name, endpoint = self._routes.get((request.method, request.path), ("", _not_found))

        def handle() -> Response:
            try:
                return endpoint(request)
            except _Refused as refused:
                return refused.response
            except ExtraMissing as missing:
                return Response.text(500, str(missing))

        return self._state.faults.apply(name, handle)()

    def _metadata(self, _request: Request) -> Response:
        return Response.json(200, self._state.metadata())

    def _jwks(self, _request: Request) -> Response:
        return Response.json(200, {"keys": [key.jwk() for key in self._state.keys.keys]})

    # The authorization endpoint (RFC 6749 section 3.1).

    def _authorize(self, request: Request) -> Response:
        known = dict(request.params)
        client_id, redirect_uri = self._where_to(request.params)
        form_post = known.get("response_mode") == "form_post"
        asked = _Asked(
            client_id, redirect_uri, form_post, known.get("state"), known.get("scope", ""), known.get("nonce"), ""
        )
        if "openid" in asked.scope.split():
            # If nothing can be signed, fail here, where the message is read.
            self._state.keys.require()
        refusal = _refusal(request.params)
        if not refusal:
            try:
                asked = asked._replace(binding=str(server.bind(request.params)))
            except server.RequestError as refused:
                refusal = refused.as_dict()
        if refusal:
            return self._call_back(asked, refusal)
        user = self._user(request.user, known.get("login_hint"))
        if self._state.consent == "auto":
            return self._allow(asked, user)
        if known.get("prompt") == "none":
            return self._call_back(asked, {"error": "login_required"})
        page = secrets.token_urlsafe(16)
        with self._lock:
            self._pages[page] = asked
        return _pages.consent(page, asked.client_id, asked.scope, self._state.users, user)

    def _consent(self, request: Request) -> Response:
        """What the user chose on the consent page."""
        known = dict(request.params)
        with self._lock:
            asked = self._pages.pop(known.get("request", ""), None)
        if asked is None:
            return Response.text(400, "this page was already submitted: begin the login again", "invalid_request")
        if known.get("decision") != "allow":
            return self._call_back(asked, {"error": "access_denied"}, status=303)
        return self._allow(asked, self._user(known.get("user"), None), status=303)

    def _where_to(self, params: Pairs) -> tuple[str, str]:
        """The client and its redirect URI. If either is wrong, the user gets the error, because no redirect is safe."""
        repeated = _repeated(params)
        known = dict(params)
        client_id, redirect_uri = known.get("client_id"), known.get("redirect_uri")
        if not client_id or not redirect_uri or repeated & {"client_id", "redirect_uri"}:
            raise _Refused(Response.text(400, "one client_id and one redirect_uri are needed", "invalid_request"))
        if not is_uri(redirect_uri):
            raise _Refused(Response.text(400, "this redirect_uri is not a URI", "invalid_request"))
        client = self._client(client_id)
        if client is None:
            raise _Refused(Response.text(400, "no client with this client_id is registered", "invalid_client"))
        if not client.may_redirect_to(redirect_uri):
            raise _Refused(Response.text(400, "this redirect_uri is not registered for the client", "invalid_request"))
        return client_id, redirect_uri

    def _user(self, sub: str | None, hint: str | None) -> User:
        """The user who signs in: by `sub`, else by the hint, else the first."""
        users = self._state.users
        if sub is None:
            return next((user for user in users if hint is not None and user.is_meant_by(hint)), users[0])
        for user in users:
            if user.sub == sub:
                return user
        raise _Refused(Response.text(400, f"this server has no user {sub!r}", "invalid_request"))

    def _allow(self, asked: _Asked, user: User, status: int = 302) -> Response:
        store = self._state.store
        now = store.now()
        expires_at = now + store.lifetimes.code
        grant = Grant(
            asked.client_id, asked.redirect_uri, asked.scope, asked.binding, asked.nonce, user, now, expires_at
        )
        return self._call_back(asked, {"code": store.add(self._state.faults.apply("code", grant))}, status)

    def _call_back(self, asked: _Asked, members: Mapping[str, str], status: int = 302) -> Response:
        params = list(members.items())
        if asked.state is not None:
            params.append(("state", asked.state))
        # RFC 9207.
        params.append(("iss", self._state.issuer))
        params = self._state.faults.apply("callback", params)
        if asked.form_post:
            page = _pages.form_post(asked.redirect_uri, params)
            return Response(page.status, page.headers, page.body, dict(params).get("error"))
        return Response.redirect(status, asked.redirect_uri, params)

    # The token endpoint (RFC 6749 section 3.2).

    def _token(self, request: Request) -> Response:
        client_id = self._authenticate(request)
        known = dict(request.params)
        try:
            if known.get("grant_type") == "authorization_code":
                return self._exchange(request.params, client_id)
            if known.get("grant_type") == "refresh_token":
                return self._refresh(known, client_id)
            if known.get("grant_type") == DEVICE_CODE:
                return self._exchange_device(request.params, client_id)
        except NotGranted as error:
            return Response.refusal("invalid_grant", str(error))
        return Response.refusal("unsupported_grant_type", f"grant_type must be one of {', '.join(GRANT_TYPES)}")

    def _exchange(self, params: Pairs, client_id: str) -> Response:
        known = dict(params)
        code = known.get("code", "")
        grant = self._state.store.grant(code)
        if grant is None or (client_id, known.get("redirect_uri")) != (grant.client_id, grant.redirect_uri):
            raise NotGranted("no such code for this client and redirect URI")
        try:
            server.verify(grant.binding, params)
        except server.RequestError as refused:
            return Response.json(refused.status, refused.as_dict())
        # A wrong verifier does not use the code up. Of several requests with the right one, the first gets the tokens.
        issued = self._state.store.use(code)
        return self._grant(grant, issued, grant.nonce)

    # The device authorization grant (RFC 8628).

    def _device_authorization(self, request: Request) -> Response:
        client_id = self._authenticate(request)
        known = dict(request.params)
        scope, binding = known.get("scope", ""), ""
        if "openid" in scope.split():
            self._state.keys.require()
        if "code_challenge" in known or "code_challenge_method" in known:
            try:
                binding = str(server.bind(request.params))
            except server.RequestError as refused:
                return Response.json(refused.status, refused.as_dict())
        user = self._state.users[0] if self._state.consent == "auto" else None
        device_code, device = self._state.devices.add(client_id, scope, binding, user)
        page = f"{self._state.issuer}/device"
        members = {
            "device_code": device_code,
            "user_code": device.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={device.user_code}",
            "expires_in": LIFETIME,
            "interval": device.interval,
        }
        return Response.json(200, members)

    def _device_page(self, request: Request) -> Response:
        return _pages.device(dict(request.params).get("user_code", ""), self._state.users)

    def _device_decision(self, request: Request) -> Response:
        known = dict(request.params)
        user = self._user(known.get("user"), None) if known.get("decision") == "allow" else None
        if not self._state.devices.decide(known.get("user_code", ""), user):
            return Response.text(400, "no device waits with this code")
        return Response.text(200, "Go back to your device.")

    def _exchange_device(self, params: Pairs, client_id: str) -> Response:
        known = dict(params)
        device_code = known.get("device_code", "")
        device = self._state.devices.ask(device_code, client_id)
        if not isinstance(device, Device):
            return device
        if device.binding:
            try:
                server.verify(device.binding, params)
            except server.RequestError as refused:
                return Response.json(refused.status, refused.as_dict())
        elif "code_verifier" in known:
            return Response.refusal("invalid_request", "a code_verifier without a code_challenge")
        store, user = self._state.store, device.user
        if user is None or not self._state.devices.use(device_code):
            raise NotGranted("this device code was already used")
        now = store.now()
        grant = Grant(client_id, "", device.scope, device.binding, None, user, now, now + store.lifetimes.code)
        return self._grant(grant, store.use(store.add(grant)), None)

    def _refresh(self, known: Mapping[str, str], client_id: str) -> Response:
        grant, issued = self._state.store.refresh(known.get("refresh_token", ""), client_id)
        # The ID token of a refresh has no nonce (OpenID Connect Core section 12.2).
        return self._grant(grant, issued, None)

    def _grant(self, grant: Grant, issued: Issued, nonce: str | None) -> Response:
        members: dict[str, object] = {
            "access_token": issued.access_token,
            "refresh_token": issued.refresh_token,
            "token_type": "Bearer",
            "expires_in": self._state.store.lifetimes.access_token,
            "scope": grant.scope,
        }
        if "openid" in grant.scope.split():
            members["id_token"] = self._id_token(grant, issued.access_token, nonce)
        return Response.json(200, members)

    def _id_token(self, grant: Grant, access_token: str, nonce: str | None) -> str:
        """The signed ID token (OpenID Connect Core section 2)."""
        state = self._state
        key = state.faults.apply("keys", state.keys).keys[0]
        now = state.store.now()
        client = self._client(grant.client_id)
        audiences = client.audiences if client else ()
        claims: dict[str, object] = {
            **grant.user.claims_for(grant.scope),
            "iss": state.issuer,
            "aud": [grant.client_id, *audiences] if audiences else grant.client_id,
            "exp": now + state.store.lifetimes.id_token,
            "iat": now,
            "auth_time": grant.signed_in_at,
            "sid": grant.sid,
            "at_hash": key.half_hash(access_token),
        }
        if audiences:
            claims["azp"] = grant.client_id
        if nonce is not None:
            claims["nonce"] = nonce
        token = IdToken({"alg": key.alg, "kid": key.kid, "typ": "JWT"}, claims)
        return key.encode(state.faults.apply("id_token", token))

    def logout_token(
        self,
        client_id: str,
        user: str | None,
        sid: str | None,
        header: Mapping[str, object],
        claims: Mapping[str, object],
    ) -> str:
        """The signed logout token (OpenID Connect Back-Channel Logout section 2.4)."""
        key, now = self._state.keys.keys[0], self._state.store.now()
        usual = {
            "iss": self._state.issuer,
            "aud": client_id,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(12),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sub": user,
            "sid": sid,
        }
        head = changed({"alg": key.alg, "kid": key.kid, "typ": "logout+jwt"}, header)
        signature: Literal["right", "absent"] = "absent" if head.get("alg") == "none" else "right"
        return key.encode(IdToken(head, changed(usual, claims), signature))

    # The other endpoints.

    def _revoke(self, request: Request) -> Response:
        client_id = self._authenticate(request)
        token = dict(request.params).get("token")
        if token is None:
            return Response.refusal("invalid_request", "token is missing")
        self._state.store.revoke(token, client_id)
        return Response.json(200, {})

    def _introspect(self, request: Request) -> Response:
        """Whether an access token is valid, and what for (RFC 7662 section 2)."""
        self._authenticate(request)
        token = dict(request.params).get("token")
        if token is None:
            return Response.refusal("invalid_request", "token is missing")
        grant = self._state.store.granted(token)
        if grant is None:
            return Response.json(200, {"active": False})
        members = {
            "active": True,
            "scope": grant.scope,
            "client_id": grant.client_id,
            "sub": grant.user.sub,
            "auth_time": grant.signed_in_at,
            "token_type": "Bearer",
        }
        return Response.json(200, members)

    def _userinfo(self, request: Request) -> Response:
        """The claims about a user (OpenID Connect Core section 5.3), with the errors of RFC 6750 section 3."""
        scheme, _, token = request.authorization.partition(" ")
        if scheme.lower() != "bearer":
            return Response(401, {"WWW-Authenticate": "Bearer"})
        grant = self._state.store.granted(token)
        if grant is None:
            return _bearer_refusal(401, "invalid_token")
        if "openid" not in grant.scope.split():
            return _bearer_refusal(403, "insufficient_scope")
        return Response.json(200, grant.user.claims_for(grant.scope))

    def _end_session(self, request: Request) -> Response:
        """OpenID Connect RP-Initiated Logout. The server keeps no sessions, so it only sends the browser back."""
        known = dict(request.params)
        to = known.get("post_logout_redirect_uri")
        if to is None:
            return Response.text(200, "You are signed out.")
        if not is_uri(to):
            return Response.text(400, "this post_logout_redirect_uri is not a URI", "invalid_request")
        clients = self._state.clients.values()
        if clients and not any(to in client.post_logout_redirect_uris for client in clients):
            return Response.text(400, "no client has registered this post_logout_redirect_uri", "invalid_request")
        return Response.redirect(302, to, [("state", known["state"])] if "state" in known else [])

    def _client(self, client_id: str) -> RegisteredClient | None:
        if not self._state.clients:
            return RegisteredClient(client_id)
        return self._state.clients.get(client_id)

    def _authenticate(self, request: Request) -> str:
        """The client id. A client that has a secret must authenticate (RFC 6749 section 2.3.1)."""
        if repeated := _repeated(request.params):
            raise _Refused(Response.refusal("invalid_request", f"sent more than once: {', '.join(sorted(repeated))}"))
        known = dict(request.params)
        client_id, secret, method = known.get("client_id"), known.get("client_secret"), "client_secret_post"
        if request.authorization:
            if secret is not None:
                raise _Refused(Response.refusal("invalid_request", "the client authenticates in two ways at once"))
            client_id, secret, method = *_basic(request.authorization), "client_secret_basic"
        if not self._state.clients and client_id:
            return client_id
        client = self._state.clients.get(client_id or "")
        if client is None:
            raise _unauthenticated("no such client")
        if client.client_secret is not None:
            if secret is None or not hmac.compare_digest(secret.encode(), client.client_secret.encode()):
                raise _unauthenticated("the client_secret is missing or wrong")
            if method not in client.auth_methods:
                raise _unauthenticated(f"this client may not authenticate by {method}")
        return client.client_id


def _refusal(params: Pairs) -> dict[str, str]:
    """The error in an authorization request, apart from PKCE; empty if there is none."""
    known = dict(params)
    prompts = known.get("prompt", "").split()
    if repeated := _repeated(params):
        return {"error": "invalid_request", "error_description": f"sent more than once: {', '.join(sorted(repeated))}"}
    if known.get("response_type") != "code":
        return {"error": "unsupported_response_type", "error_description": "response_type must be code"}
    if known.get("response_mode", "query") not in RESPONSE_MODES:
        return {"error": "invalid_request", "error_description": "response_mode must be query or form_post"}
    if "none" in prompts and len(prompts) > 1:
        return {"error": "invalid_request", "error_description": "prompt=none cannot be combined with other values"}
    return {}


def _repeated(params: Pairs) -> set[str]:
    """The parameters that were sent more than once, except `resource`, which may be (RFC 8707)."""
    return {name for name, count in Counter(name for name, _ in params).items() if count > 1 and name != "resource"}


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    try:
        client_id, colon, secret = base64.b64decode(credentials, validate=True).decode().partition(":")
    except ValueError:
        colon = ""
    if scheme.lower() != "basic" or not colon:
        raise _unauthenticated("the Authorization header must be Basic, with a client id and a secret")
    return unquote_plus(client_id), unquote_plus(secret)


def _unauthenticated(description: str) -> _Refused:
    return _Refused(Response.refusal("invalid_client", description, 401, WWW_Authenticate='Basic realm="proofkey"'))


def _bearer_refusal(status: int, error: str) -> Response:
    return Response(status, {"WWW-Authenticate": f'Bearer error="{error}"'}, error=error)


def _not_found(_request: Request) -> Response:
    return Response.text(404, "there is nothing at this path")


RESPONSE_MODES = ("query", "form_post")
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
GRANT_TYPES = ("authorization_code", "refresh_token", DEVICE_CODE)
