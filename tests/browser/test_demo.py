"""The pages of `make demo-serve`, in a browser without JavaScript."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Shoot, allow, expect_cause
from playwright.sync_api import Browser, Page, expect

DEMO = Path(__file__).resolve().parents[2] / "examples" / "python" / "demo_serve.py"
SIGNED_IN = [
    "browser to app: GET /auth/github",
    "app to browser: 302 to /authorize",
    "browser to provider: GET /authorize",
    "provider to browser: back to /auth/github/callback",
    "browser to app: GET /auth/github/callback",
    "app to provider: POST /token",
    "provider to app: 200 tokens",
    "app to browser: 302 to /last-login",
]
REPLAYED = [*SIGNED_IN, *SIGNED_IN[2:5], "app to browser: 400 already_finished"]
DENIED = [*SIGNED_IN[:5], "app to browser: 400 denied (authorization_error)"]


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(java_script_enabled=False)
    yield context.new_page()
    context.close()


@pytest.fixture
def url() -> Iterator[str]:
    demo = subprocess.Popen([sys.executable, str(DEMO)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with demo:
        assert demo.stdout
        found = re.search(r"http://localhost:\d+/last-login", demo.stdout.readline())
        try:
            assert found
            yield found[0]
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=30) == 0


def test_the_last_sign_in_is_drawn(page: Page, url: str, shoot: Shoot) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url)
    expect(page.locator("main")).to_contain_text("Nobody has signed in so far.")

    page.get_by_role("link", name="Sign in").click()
    allow(page)
    expect(page.locator("main")).to_contain_text("You are signed in as first-user.")
    assert drawn(page) == SIGNED_IN
    shoot(page, "diagram")
    (callback,) = [url for url in requests if "/callback?" in url]
    secrets = re.findall(r"(?:code|state)=([^&]{20,})", callback)
    assert len(secrets) == 2
    assert not [secret for secret in secrets if secret in page.content()]
    assert page.locator("dd").filter(has_text=re.compile("^…$")).count() == 4, "code three times, code_verifier"

    page.go_back()
    allow(page)
    expect_cause(page, "already_finished")
    page.goto(url)
    assert drawn(page) == REPLAYED

    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("button", name="Deny").click()
    expect_cause(page, "denied")
    page.goto(url)
    assert drawn(page) == DENIED
    shoot(page, "diagram_denied")


def test_the_apps_own_page(page: Page, url: str, shoot: Shoot) -> None:
    page.goto(url.replace("/last-login", "/"))
    page.get_by_role("link", name="Sign in").click()
    page.get_by_label("Second User").check()
    allow(page)
    expect(page.locator("body")).to_have_text("Hello second-user. Sign in")
    shoot(page, "app")


def drawn(page: Page) -> list[str]:
    """The arrows, from top to bottom."""
    return [
        f"{arrow.locator('small').inner_text()}: {arrow.locator('h2').inner_text()}"
        for arrow in page.locator(".messages li").all()
    ]
