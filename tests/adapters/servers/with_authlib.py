"""Authlib, in Flask."""
# Authlib has no types.
# mypy: allow-subclassing-any

import os
from typing import Any

# Allow http, which is used on loopback here.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from flask import Flask
from flask.typing import ResponseReturnValue
from proofkey.server import Policy
from proofkey.server.authlib import Pkce
from setting import AFTER, CONFIDENTIAL, FOLDER, OPTIONAL, PUBLIC, REDIRECT_URI, SCOPE, SECRET, USER, meet, serve
from store import Code, Codes


class MeetingCodes(Codes):
    """Token requests that have found their code wait for each other."""

    def find(self, code: str, client_id: str) -> Code | None:
        found = super().find(code, client_id)
        meet()
        return found


codes = MeetingCodes(FOLDER / "codes.sqlite")


class Client(ClientMixin):
    def __init__(self, client_id: str, auth_method: str) -> None:
        self.client_id, self.auth_method = client_id, auth_method

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        return SCOPE

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == REDIRECT_URI

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == self.auth_method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


class CodeGrant(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["none", "client_secret_basic"]

    def save_authorization_code(self, code: str, request: Any) -> None:
        codes.save(code, request.client.client_id, request.payload.redirect_uri, request.pkce_binding)

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        return codes.find(code, client.client_id)

    def delete_authorization_code(self, authorization_code: Code) -> bool:
        return codes.take(authorization_code.code)

    def authenticate_user(self, authorization_code: Code) -> str:
        return USER


class OwnPkceGrant(CodeGrant):
    """Stores the two values of the request where the adapter stores the binding."""

    def save_authorization_code(self, code: str, request: Any) -> None:
        sent = [request.payload.data.get(name, "") for name in ("code_challenge", "code_challenge_method")]
        codes.save(code, request.client.client_id, request.payload.redirect_uri, " ".join(sent))


class OwnPkce(CodeChallenge):
    def get_authorization_code_challenge(self, authorization_code: Code) -> str:
        return authorization_code.pkce_binding.split(" ")[0]

    def get_authorization_code_challenge_method(self, authorization_code: Code) -> str | None:
        return authorization_code.pkce_binding.split(" ")[1] or None


CLIENTS = {PUBLIC: Client(PUBLIC, "none"), CONFIDENTIAL: Client(CONFIDENTIAL, "client_secret_basic")}

app = Flask(__name__)
server = AuthorizationServer(app, query_client=CLIENTS.get, save_token=lambda token, request: None)
if not AFTER:
    server.register_grant(OwnPkceGrant, [OwnPkce(required=True)])
elif OPTIONAL:
    server.register_grant(CodeGrant, [Pkce(Policy.strict().optional_for_confidential_client())])
else:
    server.register_grant(CodeGrant, [Pkce()])


@app.get("/authorize")
def authorize() -> ResponseReturnValue:
    try:
        grant = server.get_consent_grant(end_user=USER)
    except OAuth2Error as error:
        return server.handle_error_response(server.create_oauth2_request(None), error)  # type: ignore[no-any-return]
    return server.create_authorization_response(grant_user=USER, grant=grant)  # type: ignore[no-any-return]


@app.post("/token")
def token() -> ResponseReturnValue:
    return server.create_token_response()  # type: ignore[no-any-return]


serve(app)
