"""After signing in: the user's profile, connecting accounts, and signing out."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import proofkey
import pytest
from proofkey import testing
from proofkey.testing import faults
from proofkey.testing._http import Response
from proofkey.web import SignedIn
from sites import Site, cause, cookies, is_signed_in
from werkzeug.test import TestResponse

Make = Callable[..., Site]
Server = testing.AuthorizationServer

# The profile.


def profile_of(site: Site) -> dict[str, Any] | tuple[str, int]:
    """The profile that the handler gets, or the cause of the refusal."""
    found: list[dict[str, Any]] = []

    def handler(user: SignedIn) -> str:
        found.extend([user.profile, user.profile])
        return "welcome"

    site.handler = handler
    browser = site.browser()
    page = browser.get(site.callback_url(browser))
    if page.text != "welcome":
        return cause(page)
    assert found[0] is found[1]
    return found[0]


def paths(server: Server) -> list[str]:
    return [seen.path for seen in server.seen]


def test_an_id_token_with_claims_about_the_user(make: Make, server: Server) -> None:
    profile = profile_of(make(scope="openid email"))
    assert isinstance(profile, dict) and profile["email"] == "user-1@example.com"
    assert "/userinfo" not in paths(server)


def test_for_a_bare_id_token_the_userinfo_endpoint_is_asked_once(make: Make, server: Server) -> None:
    with server.inject(faults.id_token(name=None, preferred_username=None)):
        profile = profile_of(make(scope="openid profile"))
    assert isinstance(profile, dict) and profile["name"] == "First User"
    assert paths(server).count("/userinfo") == 1


def test_a_bare_id_token_without_a_userinfo_endpoint(make: Make, server: Server) -> None:
    silent = proofkey.Provider(
        authorization_endpoint=server.authorization_endpoint, token_endpoint=server.token_endpoint,
        jwks_uri=server.jwks_uri, issuer=server.issuer,
    )  # fmt: skip
    profile = profile_of(make(scope="openid", provider=silent))
    assert isinstance(profile, dict) and profile["sub"] == "user-1"


def plain(make: Make, server: Server, userinfo_endpoint: str | None = None) -> Site:
    """An app whose provider does not support OpenID Connect, like GitHub."""
    return make(
        issuer=server.issuer,
        authorization_endpoint=server.authorization_endpoint,
        token_endpoint=server.token_endpoint,
        userinfo_endpoint=userinfo_endpoint,
    )


def test_a_provider_without_openid(make: Make, server: Server) -> None:
    account = {"login": "octocat", "id": 583231}
    fault = faults.Fault("account", "userinfo", lambda handle, _: lambda: Response.json(200, account))
    with server.inject(fault):
        assert profile_of(plain(make, server, server.userinfo_endpoint)) == account


def test_neither_an_id_token_nor_a_userinfo_endpoint(make: Make, server: Server) -> None:
    assert profile_of(plain(make, server)) == ("configuration", 503)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (faults.unavailable("userinfo"), ("provider_error", 502)),
        (faults.garbage("userinfo"), ("provider_error", 502)),
        (faults.sub_wrong(), ("provider_error", 502)),
        (faults.redirects("userinfo", 302), ("provider_error", 502)),
        (faults.cut_before_response("userinfo"), ("network_after", 502)),
    ],
)
def test_the_userinfo_endpoint_fails(
    make: Make, server: Server, fault: faults.Fault[Any], expected: tuple[str, int]
) -> None:
    site = make(scope="openid")
    with server.inject(faults.id_token(name=None)), server.inject(fault):
        assert profile_of(site) == expected


def test_the_userinfo_endpoint_cannot_be_reached(make: Make, server: Server) -> None:
    """The login is over by then, so the page must not say that a reload helps."""
    with testing.AuthorizationServer() as away:
        endpoint = away.userinfo_endpoint
    assert profile_of(plain(make, server, endpoint)) == ("network_after", 502)


# Connecting an account.


def with_user(make: Make, **settings: Any) -> tuple[Site, dict[str, str | int | None]]:
    site, user = make(**settings), dict[str, str | int | None](id=7)
    site.user = lambda: user["id"]
    return site, user


FORM = {"connect": ""}


def test_connecting(make: Make, server: Server) -> None:
    site, _ = with_user(make)
    browser = site.browser()
    begun = browser.post("/auth/idp?next=/account", data=FORM, headers={"Sec-Fetch-Site": "same-origin"})
    page = browser.get(server.sign_in(begun.location))
    assert page.location == "/account"
    assert [user.connect_to for user in site.signed_in] == ["7"]


def test_a_plain_sign_in_connects_nothing(make: Make, server: Server) -> None:
    site, _ = with_user(make)
    browser = site.browser()
    begun = browser.post("/auth/idp", data={"next": "/photos"})
    assert browser.get(server.sign_in(begun.location)).location == "/photos"
    assert [user.connect_to for user in site.signed_in] == [None]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:5000"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_another_site_cannot_connect(make: Make, headers: dict[str, str]) -> None:
    site, _ = with_user(make)
    page = site.browser().post("/auth/idp", data=FORM, headers=headers)
    assert cause(page) == ("post_required", 400)
    assert "<a " not in page.text


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}]
)
def test_a_form_of_this_site_can_connect(make: Make, headers: dict[str, str]) -> None:
    site, _ = with_user(make)
    assert site.browser().post("/auth/idp", data=FORM, headers=headers).status_code == 302


def test_a_configured_address_is_the_origin_that_counts(make: Make) -> None:
    site, _ = with_user(make, config={"PROOFKEY_BASE_URL": "https://app.example/below"}, base="http://10.0.0.7")
    for origin, status in [("https://app.example", 302), ("http://10.0.0.7", 400)]:
        page = site.browser().post("/auth/idp", data=FORM, headers={"Origin": origin}, base_url=site.base)
        assert page.status_code == status


def test_connecting_needs_a_post_and_a_user(make: Make) -> None:
    site, user = with_user(make)
    for link in ("/auth/idp?connect", "/auth/idp?connect=1"):
        assert cause(site.browser().get(link, headers={"Sec-Fetch-Site": "same-origin"})) == ("post_required", 400)
    user["id"] = None
    assert cause(site.browser().post("/auth/idp", data=FORM)) == ("post_required", 400)
    nobody = make()
    assert cause(nobody.browser().post("/auth/idp", data=FORM)) == ("post_required", 400)


@pytest.mark.parametrize("meanwhile", [8, None, "07", "x"])
def test_another_user_has_signed_in_meanwhile(make: Make, server: Server, meanwhile: str | int | None) -> None:
    site, user = with_user(make)
    browser = site.browser()
    url = server.sign_in(browser.post("/auth/idp", data=FORM).location)
    user["id"] = meanwhile
    page = browser.get(url)
    assert cause(page) == ("user_changed", 400)
    assert "<a " not in page.text, "a link could only sign in, not connect"
    assert (site.codes_sent, site.signed_in) == (0, [])
    user["id"] = "7"
    assert is_signed_in(browser.get(url))
    assert site.signed_in[0].connect_to == "7"


# Signing out.


def sign_out(site: Site, *, return_to: str | None = None, with_tokens: bool = True) -> TestResponse:
    """Signs in, and then signs out by a route of the app."""
    browser = site.browser()
    assert is_signed_in(browser.get(site.callback_url(browser)))
    if not with_tokens:
        site.signed_in.clear()
    site.options = {"return_to": return_to}
    page = browser.get("/logout", base_url=site.base)
    assert site.session(browser) == {}
    return page


def test_signing_out(make: Make, server: Server) -> None:
    site = make(scope="openid")
    page = sign_out(site, return_to="/bye")
    url = urlsplit(page.location)
    query = parse_qs(url.query)
    id_token = site.signed_in[0].tokens.id_token
    assert id_token is not None
    assert f"{url.scheme}://{url.netloc}{url.path}" == server.end_session_endpoint
    assert query["post_logout_redirect_uri"] == ["http://localhost/bye"]
    assert query["id_token_hint"] == [id_token.expose()]
    assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "/revoke" in paths(server)
    with pytest.raises(proofkey.TokenError, match="invalid_grant"):
        site.signed_in[0].client.refresh(site.signed_in[0].tokens)


def test_signing_out_of_an_app_below_a_path(make: Make) -> None:
    site = make(scope="openid", base="http://localhost/below")
    browser = site.browser()
    query = urlsplit(site.callback_url(browser)).query
    page = browser.get("/auth/idp/callback", base_url=site.base, query_string=query)
    assert page.location == "/below/"
    url = browser.get("/logout", base_url=site.base).location or ""
    assert parse_qs(urlsplit(url).query)["post_logout_redirect_uri"] == ["http://localhost/below/"]


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_signing_out_leads_to_no_other_site(make: Make, target: str) -> None:
    page = sign_out(make(scope="openid"), return_to=target)
    assert parse_qs(urlsplit(page.location).query)["post_logout_redirect_uri"] == ["http://localhost/"]
    assert sign_out(make(), return_to=target).location == "/"


def test_without_an_id_token_or_without_tokens(make: Make, server: Server) -> None:
    assert sign_out(make(), return_to="/bye").location == "/bye"
    assert paths(server).count("/revoke") > 0
    revoked = paths(server).count("/revoke")
    assert sign_out(make(), return_to="/bye", with_tokens=False).location == "/bye"
    assert paths(server).count("/revoke") == revoked


def test_a_provider_without_a_sign_out_page(make: Make, server: Server) -> None:
    silent = proofkey.Provider(
        authorization_endpoint=server.authorization_endpoint, token_endpoint=server.token_endpoint,
        jwks_uri=server.jwks_uri, issuer=server.issuer,
    )  # fmt: skip
    assert sign_out(make(scope="openid", provider=silent), return_to="/bye").location == "/bye"


def test_a_provider_that_does_not_revoke(make: Make, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    with server.inject(faults.unavailable("revoke")):
        assert sign_out(make(), return_to="/bye").location == "/bye"
    assert "proofkey: idp did not revoke the tokens: response_status" in caplog.text


def test_a_provider_that_cannot_be_found(make: Make, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """The tokens come from an earlier process, and the metadata cannot be fetched."""
    first, second = make(issuer=server.issuer, scope="openid"), make(issuer=server.issuer)
    browser = first.browser()
    assert is_signed_in(browser.get(first.callback_url(browser)))
    second.signed_in, second.options = first.signed_in, {"return_to": "/bye"}
    other = second.browser()
    assert second.session(other, user="user-1") == {"user": "user-1"}
    with server.inject(faults.unavailable("metadata")):
        page = other.get("/logout")
    assert page.location == "/bye"
    assert "proofkey: idp was not told of a logout" in caplog.text
    assert second.session(other) == {}
    assert cookies(other) == {}


def test_refreshing_with_the_client_of_the_flow(make: Make, server: Server) -> None:
    site = make()
    browser = site.browser()
    assert is_signed_in(browser.get(site.callback_url(browser)))
    tokens = site.signed_in[0].tokens
    renewed = site.client().refresh(tokens)
    assert renewed.access_token.expose() != tokens.access_token.expose()
    # Every request has a client of its own, and all of them know what has been refreshed already.
    again = site.client().refresh(tokens)
    assert again.access_token.expose() == renewed.access_token.expose()
    assert paths(server).count("/token") == 2
