"""Servers that publish their metadata as real ones do: the client knows only the issuer, and signs a user in."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import urlopen

import proofkey
import pytest
from proofkey import testing
from proofkey.testing import _http
from proofkey.testing._http import Response
from proofkey.testing._registry import DEFAULT_USER

RFC8414 = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"
REDIRECT_URI = "http://127.0.0.1:8400/callback"
OPENID_MEMBERS = {
    "jwks_uri",
    "userinfo_endpoint",
    "end_session_endpoint",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
}

Metadata = Mapping[str, object]
Page = Callable[[Metadata, str], Response]
"""Takes the whole metadata and the `Accept` header of the request."""


class ShapedServer(testing.AuthorizationServer):
    """A test server that responds with these pages where metadata is looked for. It signs with ES256, so that a client
    that did not read the metadata would refuse its ID tokens."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        super().__init__(id_token_alg="ES256")
        self.asked: list[str] = []
        """The paths of the requests for metadata, and of those that the server knows nothing about."""
        server = self

        class Handler(_http._Handler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                page = pages.get(path)
                if page is None:
                    return super().do_GET()
                server.asked.append(path)
                self._send(page(server.metadata, self.headers.get("Accept", "")))

        self._http.RequestHandlerClass = Handler


def whole(metadata: Metadata, _accept: str) -> Response:
    return Response.json(200, metadata)


def without_openid(metadata: Metadata, _accept: str) -> Response:
    return Response.json(200, {name: value for name, value in metadata.items() if name not in OPENID_MEMBERS})


def refused_when_asked_for_json(metadata: Metadata, accept: str) -> Response:
    if "application/json" not in accept:
        return html(metadata, accept)
    return Response.json(401, {"error": 9, "result": 0})


def html(_metadata: Metadata, _accept: str) -> Response:
    return Response(200, {"Content-Type": "text/html; charset=utf-8"}, b"<!doctype html><title>Welcome</title>")


def to_the_login_page(metadata: Metadata, _accept: str) -> Response:
    return Response(302, {"Location": f"{metadata['issuer']}/login?next={RFC8414}"})


def not_found(_metadata: Metadata, _accept: str) -> Response:
    return Response.text(404, "not found")


def fixed(status: int, **members: object) -> Page:
    return lambda metadata, accept: Response.json(status, members)


@contextmanager
def serving(first: Page, second: Page) -> Iterator[ShapedServer]:
    # The login page is there to be seen if a redirect is followed.
    server = ShapedServer({RFC8414: first, OPENID: second, "/login": html})
    with server:
        yield server


FIRST: dict[str, Page] = {
    "a document without the OpenID members": without_openid,
    "401 when asked for JSON, else a page": refused_when_asked_for_json,
    "a page": html,
    "403 of a gateway": fixed(403, message="Missing Authentication Token"),
    "400": fixed(400, error="invalid_request"),
    "410": fixed(410, message="gone"),
    "200 with an error": fixed(200, error="not found"),
    "a redirect to the login page": to_the_login_page,
    "404": not_found,
}


@pytest.mark.parametrize("shape", FIRST)
def test_the_issuer_alone_signs_a_user_in_and_out(shape: str) -> None:
    with serving(FIRST[shape], whole) as server:
        provider = proofkey.Provider.discover(server.issuer)
        assert server.asked == [RFC8414, OPENID]
        client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)
        assert client.id_token_algorithms == ["ES256"]
        login = client.begin(scope="openid email")
        tokens = client.finish(login, server.sign_in(login.url))
        assert tokens.claims is not None
        assert (tokens.claims["iss"], tokens.claims["sub"]) == (server.issuer, DEFAULT_USER.sub)
        assert tokens.signature_verified
        assert client.userinfo(tokens)["sub"] == tokens.claims["sub"]
        with urlopen(client.end_session_url(tokens), timeout=10) as page:
            assert page.status == 200
        assert [seen.path for seen in server.seen if seen.path == "/end_session"] == ["/end_session"]
        assert provider.iss_parameter_supported and provider.pkce_support == "S256"
        assert server.asked == [RFC8414, OPENID], "no redirect was followed, and nothing was asked twice"


SECOND: dict[str, Page] = {"404": not_found, "a page": html, "an error": fixed(200, error="not found")}


@pytest.mark.parametrize("shape", SECOND)
def test_a_server_without_openid_connect_signs_a_user_in(shape: str) -> None:
    with serving(without_openid, SECOND[shape]) as server:
        provider = proofkey.Provider.discover(server.issuer)
        client = proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)
        login = client.begin(scope="files.read")
        assert client.finish(login, server.sign_in(login.url)).access_token.expose()
        with pytest.raises(proofkey.ConfigurationError, match="endpoint_missing"):
            client.begin(scope="openid")
        assert server.asked == [RFC8414, OPENID]


NOWHERE: dict[str, tuple[Page, Page, int]] = {
    "404 at both": (not_found, not_found, 404),
    "pages at both": (html, html, 200),
    "redirects at both": (to_the_login_page, to_the_login_page, 302),
}


@pytest.mark.parametrize("shape", NOWHERE)
def test_nothing_at_either_address_is_named(shape: str) -> None:
    first, second, status = NOWHERE[shape]
    with serving(first, second) as server:
        with pytest.raises(proofkey.MetadataError) as refused:
            proofkey.Provider.discover(server.issuer)
        assert refused.value.name == "metadata_not_found"
        assert (refused.value.endpoint, refused.value.status) == ("metadata", status)
        assert RFC8414 in str(refused.value) and OPENID in str(refused.value)
        assert server.asked == [RFC8414, OPENID]


def test_the_shape_that_depends_on_the_header_shows_both_sides() -> None:
    """The control for the 401 above: without the header it is a page."""
    with serving(refused_when_asked_for_json, whole) as server:
        with urlopen(f"{server.issuer}{RFC8414}", timeout=10) as page:
            assert page.headers.get_content_type() == "text/html"
        with urlopen(f"{server.issuer}{OPENID}", timeout=10) as page:
            assert json.load(page)["issuer"] == server.issuer
