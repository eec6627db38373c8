"""Signing in: the app's code, paths, and several providers."""

import subprocess
import sys
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import proofkey
import pytest
from proofkey import testing
from sites import CALLBACK, Site, all_cookies, cause, cookies, is_signed_in

Make = Callable[..., Site]


def asked(url: str) -> dict[str, str]:
    """The parameters of an authorization request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_signing_in(make: Make) -> None:
    site = make(scope="files.read", extra={"prompt": "consent"})
    browser = site.browser()
    request = asked(site.begin(browser, "/auth/idp?next=/photos?page=2"))
    assert (request["client_id"], request["redirect_uri"]) == ("my-app", f"http://localhost{CALLBACK}")
    assert (request["scope"], request["prompt"], request["code_challenge_method"]) == ("files.read", "consent", "S256")
    page = site.sign_in(browser, "/auth/idp?next=/photos")
    assert page.request.path == "/photos"
    [user] = site.signed_in
    assert (user.provider, user.next, user.connect_to, user.tokens.scope) == ("idp", "/photos", None, ["files.read"])
    assert repr(user) == "<SignedIn with idp>"
    assert site.session(browser)["user"] == "user-1"
    # The other login is still pending.
    assert len(cookies(browser)) == 1
    assert len(all_cookies(browser)) == 2


def test_without_next_the_login_ends_at_the_start_page(make: Make) -> None:
    site = make()
    assert site.sign_in(site.browser()).text == "home"
    assert site.signed_in[0].next == "/"


def test_a_provider_that_is_discovered_by_its_issuer(make: Make, server: testing.AuthorizationServer) -> None:
    site = make(issuer=server.issuer)
    for _ in range(3):
        assert site.sign_in(site.browser()).text == "home"


def test_paths_without_a_provider(make: Make) -> None:
    site = make(config={"PROOFKEY_OTHER_CLIENT_ID": "other"})
    for path in ("/auth/other", "/auth/other/callback", "/auth/", "/auth/idp/else"):
        assert site.browser().get(path).status_code == 404


def test_several_providers_do_not_mix(make: Make, server: testing.AuthorizationServer) -> None:
    with testing.AuthorizationServer() as second:
        one = {"client_id": "a", "provider": server.provider}
        site = make(others={"one": one, "two": {"client_id": "b", "issuer": second.issuer}})
        browser = site.browser()
        urls = {name: site.begin(browser, f"/auth/{name}") for name in ("one", "two")}
        assert browser.get(second.sign_in(urls["two"])).text == "two"
        assert browser.get(server.sign_in(urls["one"])).text == "one"
        # CB-17: a callback that is sent to the other provider's URL is sent to neither token endpoint.
        callback = server.sign_in(site.begin(browser, "/auth/one"))
        assert cause(browser.get(callback.replace("/auth/one/", "/auth/two/"))) == ("not_issued_here", 400)
        assert [[seen.path for seen in each.seen].count("/token") for each in (server, second)] == [1, 1]
        assert browser.get(callback).text == "one", "it still works at its own URL"


@pytest.mark.parametrize("value", [True, 1.5, ["a"]])
def test_a_setting_that_is_not_a_str(make: Make, value: object, caplog: pytest.LogCaptureFixture) -> None:
    site = make(config={"PROOFKEY_IDP_SCOPE": value})
    assert cause(site.browser().get("/auth/idp")) == ("configuration", 503)
    [line] = site.logged(caplog)
    named = f"PROOFKEY_IDP_SCOPE: a str, not {type(value).__name__}; "
    assert line.startswith(f"proofkey: login with idp failed: configuration: {named}")
    assert line.endswith("double quotes")


def test_an_unknown_keyword_is_refused_at_once(make: Make) -> None:
    with pytest.raises(TypeError, match="^idp: no such setting: client_key, secret$"):
        make(secret="b", client_key="c")
    with pytest.raises(TypeError, match="^prefix: no such setting"):
        make(others={"prefix": {"/": "/"}})


def test_a_handler_is_registered_once(make: Make) -> None:
    with pytest.raises(ValueError, match="^name: 'idp' already has a handler$"):
        make().auth.on_login("idp")(lambda *_: "two")


def test_a_route_of_the_apps_own_that_begins(make: Make) -> None:
    site = make(scope="less", redirect_path="/back", extra={"ui": "y", "display": "page"})
    site.options = {"next": "/there", "scope": "more", "extra": {"ui": "x"}, "login_hint": "user-1"}
    request = asked(site.begin(site.browser(), "/own"))
    assert (request["redirect_uri"], request["scope"]) == ("http://localhost/back", "more")
    assert (request["ui"], request["display"], request["login_hint"]) == ("x", "page", "user-1")
    refused = site.browser().get("/own", headers={"Sec-Purpose": "prefetch"})
    assert cause(refused) == ("prefetch", 503)
    assert (refused.headers["Cache-Control"], refused.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize("prefix", ["/auth", "", "/deep/er", "/auth/"])
def test_prefixes(make: Make, prefix: str) -> None:
    site = make(url_prefix=prefix)
    browser = site.browser()
    assert site.sign_in(browser, f"{prefix.rstrip('/')}/idp").text == "home"


def test_an_app_below_a_path(make: Make, server: testing.AuthorizationServer) -> None:
    """Mounted at /app, which is in front of every path that the browser sees."""
    site = make(base="http://localhost/app")
    browser = site.browser()
    url = site.begin(browser)
    assert asked(url)["redirect_uri"] == f"http://localhost/app{CALLBACK}"
    query = urlsplit(server.sign_in(url)).query
    page = browser.get(CALLBACK, base_url=site.base, query_string=query)
    assert (page.status_code, page.location) == (302, "/app/")
    again = browser.get(CALLBACK, base_url=site.base, query_string=query)
    assert 'href="/app/auth/idp"' in again.text


FRAMEWORKS = ("flask", "werkzeug", "starlette", "fastapi", "anyio", "django", "asgiref", "redis")
NEEDS = {
    "web": set[str](),
    "flask": {"flask", "werkzeug"},
    "starlette": {"starlette", "anyio"},
    "django": {"django", "asgiref"},
}


@pytest.mark.parametrize("adapter", NEEDS)
def test_importing_an_adapter_imports_no_other_framework(adapter: str) -> None:
    code = f"import sys, proofkey.{adapter}; print(*{{*sys.modules}} & {{*{FRAMEWORKS}}})"
    ran = subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True, text=True)
    # Flask itself imports asgiref where an app has async functions, and not before.
    assert set(ran.stdout.split()) == NEEDS[adapter]


def test_providers_that_are_known_by_name(make: Make) -> None:
    names = {"github": {}, "microsoft": {"tenant": "common"}, "nobody": dict[str, str]()}
    site = make(others={name: {"client_id": "a", **settings} for name, settings in names.items()})
    assert site.begin(site.browser(), "/auth/github").startswith("https://github.com/login/oauth/authorize?")
    assert site.begin(site.browser(), "/auth/microsoft").startswith("https://login.microsoftonline.com/common/")
    page = site.browser().get("/auth/nobody")
    assert cause(page) == ("configuration", 503)
    assert "endpoint_missing" in page.text
    assert proofkey.ConfigurationError("endpoint_missing").hint not in page.text


def test_the_page_after_a_second_delivery_has_a_link_to_try_again(make: Make) -> None:
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    assert is_signed_in(browser.get(url))
    assert 'href="/auth/idp"' in browser.get(url).text
