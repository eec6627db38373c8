"""Attacks on an app: planted callbacks and cookies, forged addresses, and redirects to other sites."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from bare import Browser
from proofkey import testing
from proofkey.testing import faults
from proofkey.web import LoginRefused, Request, SignIn
from proofkey.web._settings import ProviderConfig
from sites import CALLBACK, SECRET, SITES, TRUSTING, Make, cause, cookies, is_signed_in


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=[testing.User("user-1"), testing.User("attacker")]) as running:
        yield running


def test_an_attackers_callback_in_a_clean_browser(make: Make, server: testing.AuthorizationServer) -> None:
    """FL-04: login CSRF by a link."""
    site = make()
    attacker = site.browser()
    url = server.sign_in(site.begin(attacker), user="attacker")
    victim = site.browser()
    assert cause(victim.get(url)) == ("no_cookie", 400)
    assert (site.codes_sent, site.signed_in) == (0, [])
    assert is_signed_in(attacker.get(url))


def test_an_attackers_callback_in_a_browser_with_a_pending_login(
    make: Make, server: testing.AuthorizationServer
) -> None:
    site = make()
    attacker, victim = site.browser(), site.browser()
    planted = server.sign_in(site.begin(attacker), user="attacker")
    own = site.callback_url(victim)
    code_of_attacker = planted.partition("code=")[2].partition("&")[0]
    code_of_victim = own.partition("code=")[2].partition("&")[0]
    assert cause(victim.get(planted)) == ("no_cookie", 400)
    assert site.codes_sent == 0
    # A code that is injected into the victim's own callback does not match the victim's verifier.
    assert cause(victim.get(own.replace(code_of_victim, code_of_attacker))) == ("provider_error", 502)
    assert site.signed_in == []


@pytest.mark.parametrize("base", ["https://app.example", "http://localhost"])
def test_a_planted_cookie(make: Make, server: testing.AuthorizationServer, base: str) -> None:
    """A site on another subdomain can set cookies here, but none with the prefix `__Host-`. So under https, a planted
    cookie is not read. On loopback over http there is no such prefix, and every local program can plant one."""
    site = make(base=base, config={"PROOFKEY_BASE_URL": base})
    attacker, victim = site.browser(), site.browser()
    url = server.sign_in(site.begin(attacker), user="attacker")
    for name, value in cookies(attacker).items():
        victim.set_cookie(name.removeprefix("__Host-"), value, domain=base.partition("//")[2])
    page = victim.get(url)
    assert is_signed_in(page) == (base == "http://localhost")
    assert site.codes_sent == (base == "http://localhost")


def test_a_planted_cookie_connects_nothing(make: Make, server: testing.AuthorizationServer) -> None:
    """Even if it is read, because the sealed login says for which user it began."""
    site = make()
    user = iter(["attacker", "victim"])
    site.user = lambda: next(user)
    attacker, victim = site.browser(), site.browser()
    url = server.sign_in(attacker.post("/auth/idp", data={"connect": ""}).location or "", user="attacker")
    for name, value in cookies(attacker).items():
        victim.set_cookie(name, value)
    assert cause(victim.get(url)) == ("user_changed", 400)
    assert (site.codes_sent, site.signed_in) == (0, [])


def test_callbacks_are_not_cached_and_send_no_referrer(make: Make) -> None:
    """FL-05, CB-15: also if the app's own page says otherwise."""
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    pages = [browser.get(url), browser.get(url), browser.get("/auth/idp")]
    site.handler = lambda user: "a page"
    pages.append(browser.get(site.callback_url(browser)))
    assert [page.status_code for page in pages] == [302, 400, 302, 200]
    for page in pages:
        assert page.headers.getlist("Cache-Control") == ["no-store"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"},
        {"Forwarded": "host=evil.example"},
        {"Host": "app.example.evil.example"},
    ],
)
def test_a_forged_host_changes_nothing(make: Make, headers: dict[str, str]) -> None:
    """FL-08, with a configured address."""
    site = make(config={"PROOFKEY_BASE_URL": "https://app.example"}, base="https://app.example")
    page = site.browser().get("/auth/idp", headers=headers)
    assert "redirect_uri=https%3A%2F%2Fapp.example%2Fauth" in (page.location or "")


HOSTS = ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "0x7f.1", "[::ffff:127.0.0.1]"]

MALFORMED = [
    "evil.example:localhost", "localhost@evil.example", "evil.example#localhost", "evil.example\\@localhost",
    "localhost:80@evil.example", "",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
def test_an_address_that_is_not_configured(make: Make, host: str) -> None:
    assert cause(make().browser().get("/auth/idp", headers={"Host": host})) == ("base_url", 503)


@pytest.mark.parametrize("host", MALFORMED)
def test_a_host_that_is_malformed(make: Make, host: str) -> None:
    site = make()
    page = site.browser().get("/auth/idp", headers={"Host": host})
    if page.status_code == 400:
        assert site.framework == "django", "which refuses such a request itself"
    else:
        assert cause(page) == ("base_url", 503)


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1:5000", "[::1]:5000"])
def test_on_loopback_the_address_is_that_of_the_request(make: Make, host: str) -> None:
    location = make().browser().get("/auth/idp", headers={"Host": host}).location or ""
    assert f"redirect_uri=http%3A%2F%2F{quote(host)}%2Fauth" in location


@pytest.mark.parametrize("make", TRUSTING, indirect=True, ids=[site.framework for site in TRUSTING])
def test_trusted_hosts(make: Make) -> None:
    site = make(config={"TRUSTED_HOSTS": ["one.example", ".two.example"]})
    for host in ("one.example", "www.two.example"):
        location = site.browser().get("/auth/idp", base_url=f"https://{host}").location or ""
        assert f"redirect_uri=https%3A%2F%2F{host}%2Fauth" in location
    for host in ("evil.example", "one.example.evil.example", "www.one.example"):
        assert site.browser().get("/auth/idp", base_url=f"https://{host}").status_code == 400


@pytest.mark.parametrize("framework", [site.__name__ for site in SITES])
def test_a_login_begins_in_one_process_and_ends_in_another(
    server: testing.AuthorizationServer, framework: str
) -> None:
    """FL-11."""
    code = f"""
import conftest  # Sets Django up.
import sys
from sites import {framework}, cookies
from types import SimpleNamespace
site = {framework}(SimpleNamespace(provider=None), issuer={server.issuer!r})
browser = site.browser()
if len(sys.argv) == 1:
    print(site.begin(browser, "/auth/idp?next=/photos"))
    [(name, value)] = cookies(browser).items()
    print(name, value)
else:
    browser.set_cookie(sys.argv[2], sys.argv[3])
    print(browser.get(sys.argv[1]).location)
"""

    def run(*arguments: str) -> list[str]:
        here = Path(__file__).parent
        command = [sys.executable, "-c", code, *arguments]
        ran = subprocess.run(command, cwd=here, capture_output=True, text=True, timeout=60)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.split()

    url, name, value = run()
    assert run(server.sign_in(url), name, value) == ["/photos"]


# FL-09, RU-16: a target that a browser would take for another site, or that is not a path, becomes the start page.
ELSEWHERE = [
    "https://evil.example", "http://evil.example", "//evil.example", "///evil.example", "////evil.example",
    "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example", "/\t/evil.example",
    "/\n/evil.example", "/\r/evil.example", "\t//evil.example", " //evil.example", " https://evil.example",
    "\x00//evil.example", "https:evil.example", "https:/evil.example", "javascript:alert(1)", "JavaScript:alert(1)",
    "java\nscript:alert(1)", "data:text/html,x", "vbscript:x", "mailto:x@evil.example", "evil.example",
    "evil.example/path", "@evil.example", "?next=//evil.example", "#//evil.example", "", "/\u2028/evil.example",
    "/\u200b/evil.example", "\uff0f\uff0fevil.example", "/photos\r\nSet-Cookie: a=b", "/ evil", "/\x7f",
    "/" + "a" * 200, "/" + "é" * 100, "/\ud800", "http:///evil.example", "://evil.example", ".//evil.example",
    "/photos/\\..\\..\\evil.example", "/\u00a0/evil.example",
]  # fmt: skip


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_login_leads_elsewhere(make: Make, server: testing.AuthorizationServer, target: str) -> None:
    site = make()
    browser = site.browser()
    # Passed to `begin` as it is. In the URL of a request, some of these would arrive changed.
    site.options = {"next": target}
    page = browser.get(server.sign_in(site.begin(browser, "/own")))
    assert (page.status_code, page.location) == (302, "/")
    assert site.signed_in[0].next == "/"


HERE = [
    "/", "/photos", "/photos?page=2&x=https://evil.example", "/photos#top", "/a/../b", "/%2F/evil.example",
    "/%5Cevil.example", "/%09/evil.example", "/a//b", "/@evil.example", "/:80", "/é", "/\uff0fevil.example",
    "/" + "a" * 199, "/.//evil.example",
]  # fmt: skip


@pytest.mark.parametrize("target", HERE)
def test_a_path_of_this_site_is_kept(make: Make, server: testing.AuthorizationServer, target: str) -> None:
    """Encoded characters stay encoded, and a browser takes them for part of the path."""
    site = make()
    browser = site.browser()
    browser.get(server.sign_in(site.begin(browser, query_string={"next": target})))
    assert site.signed_in[0].next == target


@pytest.mark.parametrize("target", ["/%2F/evil.example", "/%5C/evil.example", "/%0d%0aSet-Cookie:x"])
def test_an_encoded_path_is_not_decoded(make: Make, server: testing.AuthorizationServer, target: str) -> None:
    site = make()
    browser = site.browser()
    page = browser.get(server.sign_in(site.begin(browser, query_string={"next": target})))
    assert page.location == target


@pytest.mark.parametrize(
    "fault",
    [
        faults.denied(),
        faults.iss_wrong(),
        faults.state_wrong(),
        faults.parameters_twice(),
        faults.garbage("token"),
        None,
    ],
)
def test_nothing_secret_is_shown_or_logged(
    make: Make,
    server: testing.AuthorizationServer,
    fault: faults.Fault[object] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """CB-20: not in pages, in logs at any level, or in reprs."""
    caplog.set_level(logging.DEBUG)
    site = make(client_secret="client-s3cret", scope="openid")
    refusals: list[LoginRefused] = []
    site.on_error = refusals.append
    browser = site.browser()
    if fault is not None:
        server.inject(fault)
    url = site.callback_url(browser)
    sealed = list(cookies(browser).values())
    pages = [browser.get(url), browser.get(url), site.browser().get(url)]
    text = "\n".join(
        [*(page.text for page in pages), caplog.text, *map(repr, refusals), *map(str, refusals), repr(site.signed_in)]
    )
    params = [
        value for seen in server.seen for name, value in seen.params if name in ("state", "code", "code_verifier")
    ]
    params += [value for pair in url.partition("?")[2].split("&") if (value := pair.partition("=")[2])]
    assert len(params) > 2 and pages[0].status_code in (302, 400, 502) and "proofkey: login with idp failed" in text
    for secret in [*params, *sealed, "client-s3cret", SECRET]:
        assert secret == "access_denied" or secret not in text
    for user in site.signed_in:
        assert user.tokens.access_token.expose() not in text


def test_reprs_show_nothing_secret() -> None:
    request = Request("POST", "https", "h", query=b"code=c0de", cookie=b"name=s3aled", form=b"code=f0rm")
    settings = {"SECRET_KEY": SECRET, "PROOFKEY_IDP_CLIENT_SECRET": "client-s3cret"}
    config = ProviderConfig.of(settings, "idp", {"client_secret": "other-s3cret"})
    text = repr([request, config, SignIn(settings, {"idp": {"client_secret": "other-s3cret"}})])
    for secret in ("c0de", "s3aled", "f0rm", SECRET, "s3cret"):
        assert secret not in text


def test_the_servers_words_are_only_in_the_log(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """CB-19: anybody can choose them, and they could break out of a page or of a line of the log."""
    site = make()
    browser = site.browser()
    state = site.begin(browser).partition("state=")[2].partition("&")[0]
    hostile = "%3Cscript%3Ealert(1)%3C/script%3E%0d%0aWARNING%20forged%e2%80%a8%1b[2J"
    page = browser.get(
        f"{CALLBACK}?error=x&error_description={hostile}&error_uri={hostile}&state={state}&iss={site.server.issuer}"
    )
    assert cause(page) == ("provider_error", 502)
    assert "alert" not in page.text and "forged" not in page.text
    [line] = site.logged(caplog)
    assert line.startswith("proofkey: login with idp failed: provider_error: ")
    assert "alert(1)" in line and "WARNING forged" in line and "Next: " in line
    assert line.isprintable() and line.isascii()


def test_a_login_of_one_provider_is_refused_at_another(server: testing.AuthorizationServer) -> None:
    """Even if both names stand for the same provider and the same client."""
    settings = {"client_id": "a", "provider": server.provider}
    browser = Browser(SignIn({"SECRET_KEY": SECRET}, {"one": settings, "two": settings}))
    url = server.sign_in(browser.begin("one"))
    with pytest.raises(LoginRefused, match="not_issued_here"):
        browser.finish(url.replace("/one/", "/two/"), "two")
    assert browser.finish(url, "one").provider == "one"
