"""oauthlib, in a small WSGI application."""
# oauthlib has no types.
# mypy: allow-subclassing-any

import os
from typing import Any

# Allow http, which is used on loopback here.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

from base64 import b64encode

from oauthlib.oauth2 import FatalClientError, OAuth2Error, RequestValidator, WebApplicationServer
from proofkey.server import Policy
from proofkey.server.oauthlib import PkceMixin
from setting import AFTER, CONFIDENTIAL, FOLDER, OPTIONAL, PUBLIC, REDIRECT_URI, SCOPE, SECRET, USER, meet, serve
from store import Code, Codes
from werkzeug import Request, Response

codes = Codes(FOLDER / "codes.sqlite")
AUTHORIZATION = "Basic " + b64encode(f"{CONFIDENTIAL}:{SECRET}".encode()).decode()


class Client:
    def __init__(self, client_id: str) -> None:
        self.client_id = client_id


class Clients(RequestValidator):
    """Everything that does not depend on the kind of PKCE."""

    def validate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        return client_id in (PUBLIC, CONFIDENTIAL)

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        return bool(request.client_id != PUBLIC)

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        request.client = Client(CONFIDENTIAL)
        return bool(request.headers.get("Authorization") == AUTHORIZATION)

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        request.client = Client(client_id)
        return client_id == PUBLIC

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        return redirect_uri == REDIRECT_URI

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return response_type == "code"

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return grant_type == "authorization_code"

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Any, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return scopes == [SCOPE]

    def validate_code(self, client_id: str, code: str, client: Client, request: Any, *args: Any, **kwargs: Any) -> bool:
        request.user, request.scopes = USER, [SCOPE]
        return codes.find(code, client_id) is not None

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        found = codes.find(code, client_id)
        meet()
        return found is not None and found.redirect_uri == redirect_uri

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """Tokens are not kept."""


class Validator(PkceMixin, Clients):
    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        codes.save(code["code"], client_id, request.redirect_uri, self.pkce_binding(request))

    def get_pkce_binding(self, code: str, request: Any) -> str | None:
        found = codes.find(code, request.client_id)
        return found and found.pkce_binding

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return codes.take(code)


class OptionalValidator(Validator):
    def pkce_policy(self, request: Any) -> Policy:
        return Policy.strict().optional_for_confidential_client()


class OwnPkce(Clients):
    """Stores the two values of the request where the adapter stores the binding."""

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return not OPTIONAL or client_id == PUBLIC

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Any, *args: Any, **kwargs: Any
    ) -> None:
        sent = f"{request.code_challenge or ''} {request.code_challenge_method or ''}"
        codes.save(code["code"], client_id, request.redirect_uri, sent)

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        return self._sent(code, request)[0] or None

    def get_code_challenge_method(self, code: str, request: Any) -> str | None:
        return self._sent(code, request)[1] or None

    def invalidate_authorization_code(
        self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any
    ) -> None:
        codes.take(code)

    def _sent(self, code: str, request: Any) -> list[str]:
        found = codes.find(code, request.client_id)
        assert isinstance(found, Code)
        return found.pkce_binding.split(" ")


validator = (OptionalValidator if OPTIONAL else Validator) if AFTER else OwnPkce
server = WebApplicationServer(validator())


@Request.application
def app(request: Request) -> Response:
    uri = f"{request.path}?{request.query_string.decode('latin-1')}"
    try:
        if request.path == "/authorize":
            headers, body, status = server.create_authorization_response(uri, scopes=[SCOPE])
        else:
            headers, body, status = server.create_token_response(
                request.path, request.method, request.get_data(as_text=True), dict(request.headers)
            )
    except FatalClientError as error:
        return Response(error.error, 400)
    except OAuth2Error as error:
        headers, body, status = error.headers, error.json, error.status_code
    return Response(body, status, headers)


serve(app)
