"""A Flask site that leaves OAuth and OpenID Connect to Authlib, with two pages: to sign in, and to consent.

Arguments: PORT CLIENTS_JSON. Everything is kept in memory. SIGHUP makes new keys.
"""
# Authlib has no types.
# mypy: allow-subclassing-any, allow-untyped-decorators, disable-error-code="import-untyped"

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

# Allows http URLs, which are on loopback here.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
from authlib.oauth2.rfc6750 import BearerTokenValidator
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode, OpenIDToken, UserInfo, UserInfoEndpoint
from authlib.oidc.rpinitiated import EndSessionEndpoint
from flask import Flask, jsonify, redirect, request, session
from flask.typing import ResponseReturnValue
from joserfc.jwk import ECKey, Key, KeySet, OKPKey, RSAKey

PORT = int(sys.argv[1])
SETTINGS = json.loads(Path(sys.argv[2]).read_text())
ISSUER = f"http://127.0.0.1:{PORT}"
LOGIN = """<form method="post">
<input name="username"><input type="password" name="password"><button>Sign in</button></form>"""
CONSENT = """<form method="post">
<button name="consent" value="yes">Allow</button><button name="consent" value="no">Deny</button></form>"""
METHODS = ["none", "client_secret_basic", "client_secret_post"]
SCOPES = ["openid", SETTINGS["scope"]]


class Client(ClientMixin):
    def __init__(self, client_id: str, auth_method: str, secret: str | None, id_token_alg: str = "RS256") -> None:
        self.client_id, self.auth_method, self.secret = client_id, auth_method, secret
        self.id_token_signed_response_alg = id_token_alg
        self.client_metadata = {"post_logout_redirect_uris": [SETTINGS["signed_out_uri"]]}

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(token for token in scope.split() if token in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return bool(redirect_uri == SETTINGS["redirect_uri"])

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == self.secret

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


class Code(AuthorizationCodeMixin):
    def __init__(self, payload: Any, client_id: str, user: str) -> None:
        self.client_id, self.user = client_id, user
        self.redirect_uri, self.scope = payload.redirect_uri, payload.scope
        self.code_challenge = payload.data.get("code_challenge")
        self.code_challenge_method = payload.data.get("code_challenge_method")
        self.nonce, self.auth_time = payload.data.get("nonce"), int(time.time())

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str | None:
        return None if self.nonce is None else str(self.nonce)

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Token(TokenMixin):
    def __init__(self, response: dict[str, Any], asked: Any) -> None:
        self.response = response
        self.client: Client = asked.client
        self.user: str = asked.user
        self.auth_time = auth_time(asked)
        self.issued_at, self.revoked = time.time(), False

    def check_client(self, client: Client) -> bool:
        return client is self.client

    def get_client(self) -> Client:
        return self.client

    def get_user(self) -> str:
        return self.user

    @property
    def scope(self) -> str:
        return str(self.response["scope"])

    def get_scope(self) -> str:
        return self.scope

    def get_expires_in(self) -> int:
        return int(self.response["expires_in"])

    def is_expired(self) -> bool:
        return time.time() > self.issued_at + self.get_expires_in()

    def is_revoked(self) -> bool:
        return self.revoked


def make_keys() -> dict[str, Key]:
    return {
        "RS256": RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True),
        "ES256": ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True),
        "EdDSA": OKPKey.generate_key("Ed25519", {"use": "sig"}, auto_kid=True),
    }


def change_keys(*_signal: object) -> None:
    KEYS.update(make_keys())
    print("new keys", flush=True)


KEYS = make_keys()
CLIENTS = {client_id: Client(client_id, **settings) for client_id, settings in SETTINGS["clients"].items()}
CODES: dict[str, Code] = {}
TOKENS: list[Token] = []


def token_with(text: str, *kinds: str) -> Token | None:
    found = (token for token in TOKENS if text in [token.response.get(kind) for kind in kinds])
    return next((token for token in found if not token.revoked), None)


def auth_time(asked: Any) -> int:
    """When the user of this code or refresh token signed in."""
    return int((asked.authorization_code or asked.refresh_token).auth_time)


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code: str, request: Any) -> None:
        CODES[code] = Code(request.payload, request.client.client_id, request.user)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found = CODES.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        for code in [code for code, kept in CODES.items() if kept is authorization_code]:
            del CODES[code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return authorization_code.user


class RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        return token_with(refresh_token, "refresh_token")

    def authenticate_user(self, refresh_token: Token) -> str:
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.revoked = True


class IdToken(OpenIDToken):
    def resolve_client_private_key(self, client: Client) -> Key:
        return KEYS[client.id_token_signed_response_alg]

    def get_encode_header(self, client: Client) -> dict[str, Any]:
        algorithm = client.id_token_signed_response_alg
        return {"alg": algorithm, "kid": KEYS[algorithm].kid}

    def get_client_claims(self, client: Client) -> dict[str, Any]:
        return {"iss": ISSUER, "aud": [client.client_id]}

    def get_compatible_claims(self, asked: Any) -> dict[str, Any]:
        claims: dict[str, Any] = super().get_compatible_claims(asked)
        # Authlib would set the time of the refresh, against OpenID Connect Core section 12.2.
        return {**claims, "auth_time": auth_time(asked)}

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(sub=user)


class FirstIdToken(IdToken, OpenIDCode):
    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return any(code.nonce == nonce for code in CODES.values())


class AccessTokens(BearerTokenValidator):
    def authenticate_token(self, token_string: str) -> Token | None:
        return token_with(token_string, "access_token")


class Userinfo(UserInfoEndpoint):
    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        return UserInfo(sub=user)


class EndSession(EndSessionEndpoint):
    def get_server_jwks(self) -> KeySet:
        return KeySet(list(KEYS.values()))

    def end_session(self, end_session_request: Any) -> None:
        session.clear()


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, token_string: str, token_type_hint: str | None) -> Token | None:
        return token_with(token_string, "refresh_token", "access_token")

    def revoke_token(self, token: Token, request: Any) -> None:
        token.revoked = True


class Issuer(IssuerParameter):
    def get_issuer(self) -> str:
        return ISSUER


app = Flask(__name__)
app.secret_key = "only-for-tests"
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True

server = AuthorizationServer(
    app,
    query_client=CLIENTS.get,
    save_token=lambda response, asked: TOKENS.append(Token(response, asked)),
)
server.register_grant(CodeGrant, [CodeChallenge(required=True), FirstIdToken()])
server.register_grant(RefreshGrant, [IdToken()])
server.register_endpoint(Revocation)
server.register_endpoint(EndSession)
protector = ResourceProtector()
protector.register_token_validator(AccessTokens())
server.register_endpoint(Userinfo(resource_protector=protector))
server.register_extension(Issuer())


@app.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    known = [(user, SETTINGS["password"]) for user in (SETTINGS["user"], SETTINGS["other_user"])]
    if request.method == "POST" and (request.form["username"], request.form["password"]) in known:
        session["user"] = request.form["username"]
        return redirect(request.args["next"])
    return LOGIN


@app.route("/authorize", methods=["GET", "POST"])
def authorize() -> ResponseReturnValue:
    user = session.get("user")
    if not user:
        return redirect("/login?" + urlencode({"next": request.url}))
    try:
        grant = server.get_consent_grant(end_user=user)
    except OAuth2Error as error:
        return server.handle_error_response(server.create_oauth2_request(None), error)  # type: ignore[no-any-return]
    if request.method == "GET":
        return CONSENT
    granted_by = user if request.form["consent"] == "yes" else None
    return server.create_authorization_response(grant_user=granted_by, grant=grant)  # type: ignore[no-any-return]


@app.post("/token")
def token() -> ResponseReturnValue:
    return server.create_token_response()  # type: ignore[no-any-return]


@app.post("/revoke")
def revoke() -> ResponseReturnValue:
    return server.create_endpoint_response("revocation")  # type: ignore[no-any-return]


@app.get("/userinfo")
def userinfo() -> ResponseReturnValue:
    return server.create_endpoint_response("userinfo")  # type: ignore[no-any-return]


@app.get("/logout")
def logout() -> ResponseReturnValue:
    return server.create_endpoint_response("end_session") or "Signed out."


@app.get("/jwks")
def jwks() -> ResponseReturnValue:
    return jsonify(KeySet(list(KEYS.values())).as_dict(private=False))


@app.get("/.well-known/oauth-authorization-server")
def metadata() -> ResponseReturnValue:
    return jsonify(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/authorize",
        token_endpoint=f"{ISSUER}/token",
        revocation_endpoint=f"{ISSUER}/revoke",
        jwks_uri=f"{ISSUER}/jwks",
        userinfo_endpoint=f"{ISSUER}/userinfo",
        end_session_endpoint=f"{ISSUER}/logout",
        response_types_supported=["code"],
        grant_types_supported=["authorization_code", "refresh_token"],
        scopes_supported=SCOPES,
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=list(KEYS),
        token_endpoint_auth_methods_supported=METHODS,
        code_challenge_methods_supported=["plain", "S256"],
        authorization_response_iss_parameter_supported=True,
    )


signal.signal(signal.SIGHUP, change_keys)
app.run("127.0.0.1", PORT, threaded=True)
