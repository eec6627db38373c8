"""Access tokens for requests with Requests: `pip install proofkey[requests]`.

>>> import requests
>>> import proofkey
>>> from proofkey import testing, token_source
>>> from proofkey.requests import TokenAuth
>>> with testing.AuthorizationServer() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="openid")
...     tokens = client.trust_token_endpoint_tls().finish(login, server.sign_in(login.url))
...     source = token_source.TokensInMemory(client, tokens)
...     requests.get(server.userinfo_endpoint, auth=TokenAuth(source, origins=[server.issuer])).json()["sub"]
'user-1'
"""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.auth

from proofkey._api import Origins, is_rejected
from proofkey._errors import ApiError
from proofkey._native import Tokens
from proofkey.token_source import TokenSource

__all__ = ["TokenAuth"]


class TokenAuth(requests.auth.AuthBase):
    """Sends the access token of one user to the `origins` of an API, for example ["https://api.example.com"].

    The tokens of `source` (`proofkey.token_source`) are refreshed before they expire, and once if the API responds with
    401 and `invalid_token` (RFC 6750 section 3); the request is then sent once more. Every other response is passed on.

    Nothing is sent to other origins: `ApiError` "origin_not_named". Requests drops the token when a redirect leads to
    another origin. `ApiError` also if the API refuses the new token, too ("access_token_rejected"), or wants a larger
    scope ("insufficient_scope") or another sign-in of the user ("insufficient_user_authentication", RFC 9470); and for a
    body that is a file or an iterator, if the token was refused: it is sent only once ("body_not_replayable"). Errors of
    the source are raised as they are: if `recovery` is "restart_login", the user has to sign in again.
    """

    def __init__(self, source: TokenSource, *, origins: Iterable[str]) -> None:
        self._source = source
        self._origins = Origins(origins)

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """What Requests calls."""
        url = urlsplit(r.url or "")
        self._origins.check(url.scheme, url.hostname or "", url.port)
        tokens = self._source.fresh()
        r.hooks["response"].append(_Receiver(self._source, tokens))
        return _authorized(r, tokens)


class _Receiver:
    """Gets the responses to a request, also those after a redirect."""

    def __init__(self, source: TokenSource, tokens: Tokens) -> None:
        self._source = source
        self._tokens = tokens
        self._is_second_attempt = False

    def __call__(self, response: requests.Response, **options: Any) -> requests.Response:
        """The response, or that to the second attempt. `options` are those of the adapter's `send`."""
        if not _is_rejected(self._tokens, response):
            self._is_second_attempt = self._is_second_attempt and response.is_redirect
            return response
        response.close()
        if self._is_second_attempt:
            raise ApiError("access_token_rejected", status=401)
        self._is_second_attempt = True
        self._tokens = self._source.fresh(rejected=self._tokens.access_token)
        # The same object, because Requests takes its headers along when it follows a redirect.
        request = _authorized(response.request, self._tokens)
        if not isinstance(request.body, bytes | str | None):
            raise ApiError("body_not_replayable", status=401)
        again: requests.Response = response.connection.send(request, **options)
        again.history.append(response)
        return self(again, **options)


def _authorized(request: requests.PreparedRequest, tokens: Tokens) -> requests.PreparedRequest:
    request.headers["Authorization"] = tokens.authorization_header().expose()
    return request


def _is_rejected(tokens: Tokens, response: requests.Response) -> bool:
    # Requests joins the values of several headers with commas.
    challenges = [response.headers.get("WWW-Authenticate", "")]
    try:
        return is_rejected(tokens, response.request.headers.get("Authorization"), response.status_code, challenges)
    except ApiError:
        response.close()
        raise
