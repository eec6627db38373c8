"""The same sign-ins with Flask, FastAPI and Django, each in a server of its own: the examples, and apps with more."""

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from conftest import CHROMIUM, SECONDS, Shoot, allow, expect_cause
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from proofkey import testing

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parents[1] / "examples" / "python"
FRAMEWORKS = ["flask", "fastapi", "django"]
SECRET_KEY = "only for the tests with a browser"
APP, SIBLING = "app.example.test", "evil.example.test"

Serve = Callable[..., str]


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    users = [testing.User("victim", {"login": "victim"}), testing.User("attacker", {"login": "attacker"})]
    with testing.AuthorizationServer(users=users, consent="page", id_token_alg="ES256") as running:
        yield running


@pytest.fixture
def serve(server: testing.AuthorizationServer, tmp_path: Path) -> Iterator[Serve]:
    """Serves a program and returns its address; with a certificate, under https and the name `APP`."""
    with ExitStack() as stack:

        def start(folder: Path, program: str, certificate: Path | None = None, **settings: str) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = listener.getsockname()[1]
            base = f"https://{APP}:{port}" if certificate else f"http://localhost:{port}"
            ours = {"PROOFKEY_BASE_URL": base, **settings}
            for name in ("IDP", "AWAY", "GITHUB"):
                ours |= {f"PROOFKEY_{name}_ISSUER": server.issuer, f"PROOFKEY_{name}_CLIENT_ID": "my-app"}
                ours |= {f"PROOFKEY_{name}_SCOPE": "openid"}
            ours |= {"PROOFKEY_AWAY_RESPONSE_MODE": "form_post", "SECRET_KEY": SECRET_KEY}
            ours |= {f"FLASK_{name}": value for name, value in ours.items()}
            command = [sys.executable, str(HERE / "apps" / "serve.py"), str(folder), program, str(listener.fileno())]
            process = subprocess.Popen(
                [*command, *([str(certificate)] if certificate else [])],
                env={**os.environ, **ours, "DB": str(tmp_path / "db.sqlite3"), "AWAY": f"{server.issuer}/elsewhere"},
                pass_fds=[listener.fileno()],
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return base

        yield start


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_example_signs_in_two_tabs(
    context: BrowserContext, server: testing.AuthorizationServer, serve: Serve, framework: str, shoot: Shoot
) -> None:
    url = serve(EXAMPLES, f"{framework}_login")
    tabs = [context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(f"{url}/auth/github")
    for tab in reversed(tabs):
        allow(tab)
        tab.wait_for_url(f"{url}/")
        expect(tab.locator("body")).to_contain_text("victim")
    assert [seen.path for seen in server.seen].count("/token") == 2
    tabs[0].goto(f"{url}/auth/github")
    tabs[0].get_by_role("button", name="Deny").click()
    expect_cause(tabs[0], "denied")
    shoot(tabs[0], f"{framework}_denied")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_posted_callback_ends_at_another_origin(
    page: Page, server: testing.AuthorizationServer, serve: Serve, framework: str
) -> None:
    url = serve(HERE / "apps", f"{framework}_app")
    page.goto(f"{url}/auth/away")
    allow(page)
    page.wait_for_url(f"{server.issuer}/elsewhere")
    page.goto(url)
    expect(page.locator("main")).to_have_text("victim, nothing")


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_account_is_connected_by_a_form(page: Page, serve: Serve, framework: str) -> None:
    url = serve(HERE / "apps", f"{framework}_app")
    page.goto(f"{url}/auth/idp?connect=1")
    expect_cause(page, "post_required")
    page.goto(f"{url}/auth/idp")
    allow(page)
    expect(page.locator("main")).to_have_text("victim, nothing")
    page.get_by_role("button", name="Connect").click()
    page.get_by_label("attacker").check()
    allow(page)
    expect(page.locator("main")).to_have_text("victim, victim to attacker")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the app and its sibling, with the key."""
    path = tmp_path_factory.mktemp("https") / "certificate.pem"
    trustme.CA().issue_cert(APP, SIBLING).private_key_and_cert_chain_pem.write_to_path(path)
    return path


@pytest.fixture(scope="session")
def chromium_with_siblings(playwright: Playwright) -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP *.example.test 127.0.0.1"]
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
    yield browser
    browser.close()


@pytest.mark.parametrize("framework", FRAMEWORKS)
@pytest.mark.parametrize("byte", ["\xa0", "\x85"])
def test_a_sibling_sub_domain_plants_a_login(
    chromium_with_siblings: Browser,
    server: testing.AuthorizationServer,
    serve: Serve,
    certificate: Path,
    framework: str,
    byte: str,
) -> None:
    url = serve(HERE / "apps", f"{framework}_app", certificate)
    callback, login = attackers_login(url, server)
    assert login.startswith("__Host-proofkey-")
    # The browser accepts the certificate, so that all that follows is as under https.
    context = chromium_with_siblings.new_context(ignore_https_errors=True)
    context.set_default_timeout(SECONDS * 1000)
    page = context.new_page()
    with sibling(certificate, f"{byte}{login}; Domain=example.test; Path=/; Secure") as evil:
        page.goto(evil)
    (planted,) = context.cookies(url)
    assert planted["domain"] == ".example.test"
    page.goto(callback)
    expect_cause(page, "no_cookie")
    page.goto(url)
    expect(page.locator("main")).to_have_text("nobody, nothing")
    assert "/token" not in [seen.path for seen in server.seen]

    # The attacker lacks nothing but the name of the cookie.
    name, _, value = login.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": url, "secure": True}])
    page.goto(callback)
    expect(page.locator("main")).to_have_text("attacker, nothing")
    context.close()


def attackers_login(url: str, server: testing.AuthorizationServer) -> tuple[str, str]:
    """The callback of a login that the attacker has begun, and its cookie, with its value."""
    port = urlsplit(url).port
    # The certificate is for names that only the browser can resolve.
    trusting = ssl._create_unverified_context()
    connection = HTTPSConnection("127.0.0.1", port, timeout=SECONDS, context=trusting)
    connection.request("GET", "/auth/idp", headers={"Host": f"{APP}:{port}"})
    response = connection.getresponse()
    lines = response.headers.get_all("Set-Cookie") or []
    (cookie,) = [line.partition(";")[0] for line in lines if "proofkey-" in line]
    connection.close()
    return server.sign_in(response.headers["Location"], user="attacker"), cookie


@contextmanager
def sibling(certificate: Path, cookie: str) -> Iterator[str]:
    """A page of the attacker's own sub-domain, which sets this cookie."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Set-Cookie", cookie)
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"https://{SIBLING}:{http.server_port}/"
        finally:
            http.shutdown()
            thread.join()
