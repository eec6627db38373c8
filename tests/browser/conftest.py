import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright
from proofkey import testing
from website import Website

TARGET = Path(__file__).resolve().parents[2] / "target" / "browser"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",  # It runs as root in containers, and visits nothing but loopback.
    "--host-resolver-rules=MAP app.example 127.0.0.1",
]
SECONDS = 30
Shoot = Callable[[Page, str], None]

expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield browser
    browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser without any cookies."""
    context = chromium.new_context()
    context.set_default_timeout(SECONDS * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    users = [testing.User("user-1", {"name": "First User"}), testing.User("user-2", {"name": "Second User"})]
    with testing.AuthorizationServer(users=users, consent="page") as running:
        yield running


@pytest.fixture
def site(server: testing.AuthorizationServer) -> Iterator[Website]:
    with Website(server, {}).running() as running:
        yield running


@pytest.fixture(scope="session")
def shoot() -> Shoot:
    """Writes screenshots of the page below target/browser: light, dark, and as on a phone."""
    folder = TARGET / "pages"
    folder.mkdir(parents=True, exist_ok=True)

    def write(page: Page, name: str) -> None:
        for look, width, scheme in (("light", 1000, "light"), ("dark", 1000, "dark"), ("phone", 360, "light")):
            page.set_viewport_size({"width": width, "height": 640})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=folder / f"{name}-{look}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is too wide: {look}"

    return write


def allow(page: Page) -> None:
    page.get_by_role("button", name="Allow").click()


def expect_text(page: Page, text: str) -> None:
    expect(page.locator("main")).to_have_text(text)


def expect_cause(page: Page, cause: str) -> None:
    """Expects the built-in page of a refused login, which names the cause."""
    expect(page.locator("small")).to_have_text(re.compile(rf"^{cause}\b"))
