"""The cookies of pending logins: what they contain, how many there are, and which one is evicted first."""

import base64
import itertools
import json
import re
import time
import zlib
from http.cookies import SimpleCookie
from random import Random

import pytest
from bare import Browser
from proofkey import testing
from proofkey.web import LoginRefused, Request, SignIn
from proofkey.web._http import header_size
from proofkey.web._jar import MAX_BYTES
from sites import SECRET, Make, all_cookies, cause, clock, cookie_bytes, cookies, is_signed_in
from werkzeug.test import Client

HTTPS = {"PROOFKEY_BASE_URL": "https://app.example"}


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


def test_nothing_secret_is_readable_in_the_browser(make: Make, server: testing.AuthorizationServer) -> None:
    """FL-01: every cookie of a whole login, decoded."""
    site = make(scope="openid profile", client_secret="client-s3cret")
    browser = site.browser()
    begun = browser.get("/auth/idp")
    finished = browser.get(server.sign_in(begun.location or ""))
    assert is_signed_in(finished)
    values = [
        morsel.value
        for page in (begun, finished)
        for header in page.headers.getlist("Set-Cookie")
        for morsel in SimpleCookie(header).values()
    ]
    assert any(value.startswith("proofkey1.") for value in values) and len(values) >= 4
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
def test_attributes(make: Make, config: dict[str, str], response_mode: str | None) -> None:
    """FL-03: they are the same for both kinds of callback."""
    site = make(config=config, base=config.get("PROOFKEY_BASE_URL", "http://localhost"), response_mode=response_mode
    )
    [header] = site.browser().get("/auth/idp", base_url=site.base).headers.getlist("Set-Cookie")
    name, _, rest = header.strip().partition("=")
    attributes = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in rest.split(";")[1:]}
    attributes.pop("Expires", None)
    secure = {"Secure": ""} if config else {}
    assert attributes == {"Max-Age": "600", "HttpOnly": "", "Path": "/", "SameSite": "Lax", **secure}
    assert name.startswith("__Host-proofkey-" if config else "proofkey-")


def test_under_https_the_name_without_prefix_is_not_read(make: Make) -> None:
    site = make(config=HTTPS, base="https://app.example")
    browser, planted = site.browser(), site.browser()
    url = site.callback_url(browser)
    [(name, value)] = cookies(browser).items()
    planted.set_cookie(name.removeprefix("__Host-"), value, domain="app.example")
    assert cause(planted.get(url)) == ("no_cookie", 400)
    assert is_signed_in(browser.get(url))


# 20 of the 720 orders, at regular intervals.
ORDERS = list(itertools.permutations(range(6)))[::37]


@pytest.mark.parametrize("config", [{}, HTTPS])
def test_six_tabs_finish_in_any_order(make: Make, config: dict[str, str]) -> None:
    """FL-02."""
    site = make(config=config, base=config.get("PROOFKEY_BASE_URL", "http://localhost"), scope="openid profile email"
    )
    for order in ORDERS:
        browser = site.browser()
        urls = [site.callback_url(browser) for _ in range(6)]
        for tab in order:
            assert is_signed_in(browser.get(urls[tab]))
        assert [cause(browser.get(url)) for url in urls] == [("already_finished", 400)] * 6
    assert len(ORDERS) == 20


def test_a_thousand_abandoned_logins(make: Make) -> None:
    """CB-16."""
    site = make(config=HTTPS, base="https://app.example")
    browser = site.browser()
    sizes = set()
    for _ in range(1000):
        site.begin(browser)
        sizes.add(cookie_bytes(browser))
    assert 3000 < max(sizes) <= MAX_BYTES
    assert is_signed_in(browser.get(site.callback_url(browser)))


def test_the_oldest_is_evicted_first(make: Make) -> None:
    site = make()
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


def cause_or_none(browser: Client, url: str) -> str | None:
    page = browser.get(url)
    return None if is_signed_in(page) else cause(page)[0]


def test_expired_logins_are_evicted_first(make: Make) -> None:
    site = make()
    browser = site.browser()
    urls = [site.callback_url(browser) for _ in range(5)]
    with clock(-661):
        site.begin(browser)
        site.begin(browser)
    all_of_them = {*cookies(browser)}
    urls += [site.callback_url(browser) for _ in range(2)]
    assert len(cookies(browser)) == 7 and len(all_of_them & {*cookies(browser)}) == 5
    assert all(is_signed_in(browser.get(url)) for url in urls)


def test_logins_that_another_site_begins_evict_only_such_logins(
    make: Make, server: testing.AuthorizationServer
) -> None:
    site = make()
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


def test_logins_that_the_user_begins_evict_the_oldest_of_all(make: Make, server: testing.AuthorizationServer) -> None:
    site = make()
    browser = site.browser()
    with clock(-60):
        for _ in range(6):
            site.begin(browser, headers={"Sec-Fetch-Site": "cross-site"})
    urls = [server.sign_in(site.begin(browser, headers={"Sec-Fetch-Site": "none"})) for _ in range(5)]
    assert all(is_signed_in(browser.get(url)) for url in urls)


def test_forged_cookies_change_nothing(make: Make) -> None:
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    [name] = cookies(browser)
    prefix, login = name[:14], name[14:22]
    forged = [
        f"{prefix}{login}-ffffffffffo", f"{prefix}{login}-0d", f"{prefix}{login}-zo", prefix, "proofkey-",
        f"{prefix}x", f"{prefix}{login}-{'1' * 11}o", f"{prefix}{login[:7]}-1o", f"{prefix}AAAAAAAA-5d",
        f"{prefix}finished", "proofkey-finished",
    ]  # fmt: skip
    for value in ("", "1", "proofkey1.AAAAAAAA.BBBB", "x" * 99, "AAAAAAAA-1.BBBBBBBB-zz", "." * 99):
        for forgery in forged:
            stranger = site.browser()
            stranger.set_cookie(forgery, value)
            assert not is_signed_in(stranger.get(url))
            page = stranger.get("/auth/idp")
            assert page.status_code == 302
    assert site.codes_sent == 0
    assert is_signed_in(browser.get(url))


def test_a_forged_value_under_the_right_name(make: Make) -> None:
    site = make()
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


@pytest.mark.parametrize("around", ["\xa0", "\x85", "\x1c", "\x0b", "\xa0\x85"])
@pytest.mark.parametrize("side", ["before", "after"])
def test_a_name_is_read_byte_for_byte(make: Make, around: str, side: str) -> None:
    """Werkzeug 3.1.0 to 3.1.8 strips these characters from names. Then a site on another subdomain, which cannot set a
    cookie with the prefix `__Host-`, could set one that is read as such."""
    site = make(config=HTTPS, base="https://app.example")
    browser = site.browser()
    url = site.callback_url(browser)
    [(name, value)] = cookies(browser).items()
    planted = around + name if side == "before" else name + around
    assert cause(site.get(url, f"{planted}={value}")) == ("no_cookie", 400)
    assert site.codes_sent == 0
    assert is_signed_in(site.get(url, f"{planted}=x; \t{name} ={value} ")), "only spaces and tabs are stripped"


def test_a_planted_name_beside_the_own_one_is_not_read(make: Make) -> None:
    """The attacker's own login, under a name that would be the same once it is stripped."""
    site = make(config=HTTPS, base="https://app.example")
    attacker, victim = site.browser(), site.browser()
    planted_url, own_url = site.callback_url(attacker), site.callback_url(victim)
    [(planted, value)], [(own, own_value)] = cookies(attacker).items(), cookies(victim).items()
    header = f"\xa0{planted}={value}; {own}={own_value}; \xa0{own}={value}"
    assert cause(site.get(planted_url, header)) == ("no_cookie", 400)
    assert is_signed_in(site.get(own_url, header))


def test_a_quoted_value_is_not_unquoted(make: Make) -> None:
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    [(name, value)] = cookies(browser).items()
    octal = "".join(f"\\{ord(character):03o}" for character in value)
    for quoted in (f'"{value}"', f'"{octal}"', f'{value}"'):
        assert cause(site.get(url, f"{name}={quoted}")) == ("no_cookie", 400)


def test_a_repeated_name_in_the_middle_of_others(make: Make) -> None:
    site = make()
    browser = site.browser()
    url = site.callback_url(browser)
    [(name, value)] = cookies(browser).items()
    header = f"{name}=proofkey1.AAAAAAAA.BBBB; theme=dark; {name}={value}; broken; =x"
    assert cause(site.get(url, header)) == ("cookies_malformed", 400)
    assert is_signed_in(site.get(url, f"theme=dark, light; {name}={value}; broken; =x")), "other commas do not matter"


@pytest.mark.parametrize("ahead", [-59, -5, 5, 59])
def test_a_worker_whose_clock_differs(make: Make, ahead: int) -> None:
    """It neither refuses nor evicts a login that another worker began."""
    site = make()
    browser = site.browser()
    urls = [site.callback_url(browser) for _ in range(3)]
    with clock(ahead):
        assert is_signed_in(browser.get(urls[0]))
        for _ in range(9):
            site.begin(browser, headers={"Sec-Fetch-Site": "cross-site"})
        assert is_signed_in(browser.get(urls[1]))
        begun_there = site.callback_url(browser)
    assert is_signed_in(browser.get(urls[2]))
    assert is_signed_in(browser.get(begun_there))


def test_seventy_finished_logins_leave_one_cookie(make: Make) -> None:
    site = make(config=HTTPS, base="https://app.example")
    browser = site.browser()
    for _ in range(70):
        url = site.callback_url(browser)
        page = browser.get(url)
        assert is_signed_in(page)
        assert header_size([(name, value) for name, value in page.headers if name == "Set-Cookie"]) < 1000
    assert cookies(browser) == {} and len(all_cookies(browser)) == 1
    assert cookie_bytes(browser) < 300
    assert header_size([*browser.get("/auth/idp").headers]) < 1700
    assert cause(browser.get(url)) == ("already_finished", 400)


def test_two_apps_below_one_host_leave_each_others_logins_alone(make: Make) -> None:
    """In one browser, which sends all cookies of the host to both."""
    one = make(config={"PROOFKEY_BASE_URL": "https://h.example/a"}, base="https://h.example")
    two = make(config={"PROOFKEY_BASE_URL": "https://h.example/b"}, base="https://h.example")
    browser, other = one.browser(), two.browser()
    other._cookies = browser._cookies
    pending = one.server.sign_in(one.begin(browser))
    for _ in range(30):
        two.begin(other)
    finished = two.server.sign_in(two.begin(other))
    assert is_finished(other, finished, "/b/") and is_finished(browser, pending, "/a/")


def is_finished(browser: Client, url: str, home: str) -> bool:
    """The proxy strips the path of the app."""
    page = browser.get(url.replace(home, "/", 1))
    return (page.status_code, page.location) == (302, home)


def random_cookies(random: Random, prefix: str) -> str:
    """Some cookies of a browser: genuine names with any value, and names that only look like it."""

    def text(longest: int) -> str:
        letters = "abcABC019-_.,=\"\xa0é "
        return "".join(random.choices(letters, k=random.randrange(longest)))

    def one() -> str:
        age = random.choice([0, 1, 59, 300, 599, 601, 700, -59, -61, -700, 10**9])
        login = "".join(random.choices("abcdefgh", k=8))
        kind = f"{login}-{max(int(time.time()) - age, 0):x}{random.choice('os')}"
        marks = ".".join(f"{login}-{random.randrange(2**33):x}" for _ in range(random.randrange(20)))
        return random.choice(
            [
                f"{prefix}{kind}={'v' * random.randrange(1500)}", f"{prefix}{kind}=", f"{prefix}finished={marks}",
                f"{prefix}{text(20)}={text(200)}", f"{text(12)}={text(900)}",
            ]
        )  # fmt: skip

    return "; ".join(one() for _ in range(random.randrange(80)))


def test_the_header_of_a_redirect_is_bounded_whatever_the_cookies_are(server: testing.AuthorizationServer) -> None:
    random = Random(7636)
    settings = {"SECRET_KEY": SECRET, "PROOFKEY_BASE_URL": "https://app.example"}
    sign_in = SignIn(settings, {"idp": {"client_id": "my-app", "provider": server.provider}})
    clean = Browser(sign_in)
    clean.begin()
    prefix = next(iter(clean.cookies))[:-18]
    assert prefix.startswith("__Host-proofkey-")
    sizes = []
    for _ in range(300):
        cookie = random_cookies(random, prefix).encode("latin-1")
        site = random.choice(["none", "cross-site"])
        scope = "x" * random.choice([5, 300, 900])
        request = Request("GET", "http", "internal", cookie=cookie, headers={"sec-fetch-site": site})
        try:
            headers = sign_in.begin(request, "idp", scope=scope, next="/" + "a" * random.randrange(200)).headers
        except LoginRefused as refusal:
            assert (refusal.cause, site) == ("too_many", "cross-site")
            continue
        sizes.append(header_size(headers))
        kept = Browser(sign_in)
        kept.keep(headers)
        assert len(kept.cookies) == 1, "the new login is among the cookies"
    assert 3500 < max(sizes) <= 3800 and len(sizes) > 150


def test_a_scope_that_is_too_large(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """A proxy such as nginx answers 502 to a response whose headers exceed 4 KiB."""
    site = make(scope=" ".join(["https://api.example/files.readonly"] * 36))
    assert cause(site.browser().get("/auth/idp")) == ("configuration", 503)
    [line] = site.logged(caplog)
    assert re.fullmatch(
        r"proofkey: login with idp failed: configuration: scope: the redirect would have [4-5],\d{3} bytes of headers, "
        r"and common proxies accept 3,800",
        line,
    )
