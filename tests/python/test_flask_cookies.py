"""The cookies of pending logins: what they contain, how many there are, and which one is evicted first."""

import base64
import itertools
import json
import zlib
from collections.abc import Iterator
from http.cookies import SimpleCookie

import pytest
from flask_site import SECRET, Site, cause, clock, cookie_bytes, cookies, is_signed_in
from proofkey import testing
from proofkey.flask._cookies import DONE, LIFETIME, MAX_BYTES, Jar
from werkzeug.wrappers import Response

HTTPS = {"PROOFKEY_BASE_URL": "https://app.example"}


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def everything_in(text: str) -> str:
    """A cookie's value, and what its parts decode to."""
    found = [text]
    for part in text.replace("-", "+").replace("_", "/").split("."):
        raw = base64.b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else b""
        try:
            raw = zlib.decompress(raw)
        except zlib.error:
            pass
        found.append(raw.decode("latin-1"))
    return "\n".join(found)


def test_nothing_secret_is_readable_in_the_browser(server: testing.AuthorizationServer) -> None:
    """FL-01: every cookie of a whole login, decoded."""
    site = Site(server, scope="openid profile", client_secret="client-s3cret")
    browser = site.browser()
    begun = browser.get("/auth/idp")
    finished = browser.get(server.sign_in(begun.location))
    assert is_signed_in(finished)
    values = [
        morsel.value
        for page in (begun, finished)
        for header in page.headers.getlist("Set-Cookie")
        for morsel in SimpleCookie(header).values()
    ]
    assert any(value.startswith("proofkey1.") for value in values) and len(values) == 4
    readable = "\n".join(map(everything_in, values))
    assert "user-1" in readable, "the session is decoded, with what the handler put there"
    params = dict(next(seen.params for seen in server.seen if seen.path == "/token"))
    [user] = site.signed_in
    tokens = user.tokens
    assert tokens.claims is not None and tokens.refresh_token is not None and tokens.id_token is not None
    secrets = [
        params["code_verifier"], params["code"], "client-s3cret", SECRET, str(tokens.claims["nonce"]),
        tokens.access_token.expose(), tokens.refresh_token.expose(), tokens.id_token.expose(),
    ]  # fmt: skip
    for secret in secrets:
        assert secret not in readable


def test_sessions_are_decoded() -> None:
    """The control for the test above."""
    text = base64.urlsafe_b64encode(json.dumps({"verifier": "in clear"}).encode()).decode().rstrip("=")
    assert "in clear" in everything_in(f"{text}.aaaa.bbbb")
    packed = base64.urlsafe_b64encode(zlib.compress(b"in clear " * 99)).decode().rstrip("=")
    assert "in clear" in everything_in(f".{packed}.aaaa")


@pytest.mark.parametrize("config", [{}, HTTPS])
@pytest.mark.parametrize("response_mode", [None, "form_post"])
def test_attributes(server: testing.AuthorizationServer, config: dict[str, str], response_mode: str | None) -> None:
    """FL-03: they are the same for both kinds of callback."""
    site = Site(
        server, config=config, base=config.get("PROOFKEY_BASE_URL", "http://localhost"), response_mode=response_mode
    )
    [header] = site.browser().get("/auth/idp", base_url=site.base).headers.getlist("Set-Cookie")
    name, _, rest = header.partition("=")
    attributes = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in rest.split(";")[1:]}
    del attributes["Expires"]
    secure = {"Secure": ""} if config else {}
    assert attributes == {"Max-Age": "600", "HttpOnly": "", "Path": "/", "SameSite": "Lax", **secure}
    assert name.startswith("__Host-proofkey-" if config else "proofkey-")


def test_under_https_the_name_without_prefix_is_not_read(server: testing.AuthorizationServer) -> None:
    site = Site(server, config=HTTPS, base="https://app.example")
    browser, planted = site.browser(), site.browser()
    url = site.callback_url(browser)
    [(name, value)] = cookies(browser).items()
    planted.set_cookie(name.removeprefix("__Host-"), value, domain="app.example")
    assert cause(planted.get(url)) == ("no_cookie", 400)
    assert is_signed_in(browser.get(url))


# 20 of the 720 orders, at regular intervals.
ORDERS = list(itertools.permutations(range(6)))[::37]


@pytest.mark.parametrize("config", [{}, HTTPS])
def test_six_tabs_finish_in_any_order(server: testing.AuthorizationServer, config: dict[str, str]) -> None:
    """FL-02."""
    site = Site(
        server, config=config, base=config.get("PROOFKEY_BASE_URL", "http://localhost"), scope="openid profile email"
    )
    for order in ORDERS:
        browser = site.browser()
        urls = [site.callback_url(browser) for _ in range(6)]
        for tab in order:
            assert is_signed_in(browser.get(urls[tab]))
        assert [cause(browser.get(url)) for url in urls] == [("already_finished", 400)] * 6
    assert len(ORDERS) == 20


def test_a_thousand_abandoned_logins(server: testing.AuthorizationServer) -> None:
    """CB-16."""
    site = Site(server, config=HTTPS, base="https://app.example")
    browser = site.browser()
    sizes = set()
    for _ in range(1000):
        site.begin(browser)
        sizes.add(cookie_bytes(browser))
    assert 3000 < max(sizes) <= MAX_BYTES
    assert is_signed_in(browser.get(site.callback_url(browser)))


def test_the_oldest_is_evicted_first(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    urls = []
    for age in (300, 100, 200, 400, 50, 20, 30):
        with clock(-age):
            urls.append(site.callback_url(browser))
    assert len(cookies(browser)) == 7
    urls.append(site.callback_url(browser))
    assert len(cookies(browser)) == 7, "one more does not fit"
    gone = [index for index, url in enumerate(urls) if cause_or_none(browser, url) == "no_cookie"]
    assert gone == [3]


def cause_or_none(browser: object, url: str) -> str | None:
    page = browser.get(url)  # type: ignore[attr-defined]
    return None if is_signed_in(page) else cause(page)[0]


def test_expired_logins_are_removed_even_if_there_is_room(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    with clock(-601):
        site.begin(browser)
    site.begin(browser)
    assert len(cookies(browser)) == 1


def test_logins_that_another_site_begins_evict_only_such_logins(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    own = [site.callback_url(browser) for _ in range(3)]
    sizes = set()
    for elsewhere in ["cross-site", "same-site"] * 100:
        site.begin(browser, headers={"Sec-Fetch-Site": elsewhere})
        sizes.add(cookie_bytes(browser))
    assert 3000 < max(sizes) <= MAX_BYTES
    last = server.sign_in(site.begin(browser, headers={"Sec-Fetch-Site": "cross-site"}))
    for url in [*own, last]:
        assert is_signed_in(browser.get(url))


def test_logins_that_the_user_begins_evict_the_oldest_of_all(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    with clock(-60):
        for _ in range(6):
            site.begin(browser, headers={"Sec-Fetch-Site": "cross-site"})
    urls = [server.sign_in(site.begin(browser, headers={"Sec-Fetch-Site": "none"})) for _ in range(5)]
    assert all(is_signed_in(browser.get(url)) for url in urls)


def test_forged_cookies_change_nothing(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    [name] = cookies(browser)
    login_id = name.split("-", 1)[1][:8]
    forged = [
        f"proofkey-{login_id}-ffffffffffo", f"proofkey-{login_id}-0d", f"proofkey-{login_id}-zo", "proofkey-",
        "proofkey-x", f"proofkey-{login_id}-{'1' * 11}o", f"proofkey-{login_id[:7]}-1o", "proofkey-AAAAAAAA-5d",
    ]  # fmt: skip
    for value in ("", "1", "proofkey1.AAAAAAAA.BBBB", "x" * 99):
        for forgery in forged:
            stranger = site.browser()
            stranger.set_cookie(forgery, value)
            assert not is_signed_in(stranger.get(url))
            page = stranger.get("/auth/idp")
            assert page.status_code == 302
    assert site.codes_sent == 0
    assert is_signed_in(browser.get(url))


def test_a_forged_value_under_the_right_name(server: testing.AuthorizationServer) -> None:
    site = Site(server)
    browser = site.browser()
    url = site.callback_url(browser)
    [(name, value)] = cookies(browser).items()
    other = site.browser()
    url_of_other = site.callback_url(other)
    [(_, value_of_other)] = cookies(other).items()
    unknown_key = f"proofkey1.AAAAAAAA.{value.rpartition('.')[2]}"
    for forged in (
        "",
        "1",
        "proofkey1.",
        unknown_key,
        value[:-1],
        value[:-1] + ("A" if value[-1] != "A" else "B"),
        value_of_other,
    ):
        browser.set_cookie(name, forged)
        assert cause(browser.get(url)) == ("not_issued_here", 400)
    browser.set_cookie(name, value)
    assert site.codes_sent == 0
    assert is_signed_in(browser.get(url))
    assert is_signed_in(other.get(url_of_other))


def jar(*cookies: tuple[str, int, int, str], now: int = 1_800_000_000) -> Jar:
    """A jar with these cookies: id, age, size and kind."""
    return Jar(
        {f"proofkey-{name:A<8}-{now - age:x}{kind}": "v" * size for name, age, size, kind in cookies}, False, now
    )


def dropped(jar: Jar) -> list[str]:
    headers = jar.save(Response()).headers.getlist("Set-Cookie")
    return sorted(header[9:17].rstrip("A") for header in headers if "Max-Age=0" in header)


def test_the_order_of_eviction() -> None:
    full = [("x", LIFETIME + 1, 10, "o"), ("future", -1, 1100, "o"), ("old", 20, 1100, "o"), ("new", 10, 1100, "s")]
    begun = jar(*full)
    assert begun.add("BBBBBBBB", "v" * 100, cross_site=False) and dropped(begun) == ["x"]
    begun = jar(*full)
    assert begun.add("BBBBBBBB", "v" * 1200, cross_site=False) and dropped(begun) == ["future", "x"]
    begun = jar(*full)
    assert begun.add("BBBBBBBB", "v" * 2400, cross_site=False) and dropped(begun) == ["future", "old", "x"]
    begun = jar(*full)
    assert begun.add("BBBBBBBB", "v" * 2700, cross_site=True) is False, "the user began the old one"
    begun = jar(*full)
    assert begun.add("BBBBBBBB", "v" * 2600, cross_site=True) and dropped(begun) == ["future", "new", "x"]


def test_a_login_that_is_too_large_is_not_added() -> None:
    assert jar().add("BBBBBBBB", "v" * (MAX_BYTES - 29), cross_site=False) is False
    assert jar().add("BBBBBBBB", "v" * (MAX_BYTES - 30), cross_site=False) is True


def test_a_finished_login_leaves_a_marker() -> None:
    begun = jar(("a", 5, 100, "o"))
    begun.finish("aAAAAAAA")
    found = begun.find("aAAAAAAA")
    assert found is not None and found.kind == DONE
    assert dropped(begun) == ["a"]
    assert begun.find("bAAAAAAA") is None
