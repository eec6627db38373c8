"""docs/fastapi.md, docs/django.md and docs/web.md: their programs run, and do what the pages say."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from a2wsgi import ASGIMiddleware
from proofkey import testing
from werkzeug.test import Client, TestResponse

HERE = Path(__file__).resolve().parent
PAGES = HERE.parents[1] / "docs"
USER = testing.User("user-1", {"id": 1})


def program(page: str, *, number: int | None = None) -> str:
    """The Python blocks of a page, or one of them, with what comes from the environment."""
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)
    text = "\n\n".join(blocks) if number is None else blocks[number]
    return re.sub(r'os\.environ\["(\w+)"\]', r'"\1 of a test, as long as it has to be"', text)


def run(page: str, server: testing.AuthorizationServer, **options: Any) -> dict[str, Any]:
    """Runs a program against the test server, which takes the place of GitHub."""
    text = program(page, **options).replace('"https://login.example.com"', repr(server.issuer))
    text = text.replace('{"client_id": "GITHUB', f'{{"issuer": {server.issuer!r}, "scope": "openid", "client_id": "GITHUB')
    names: dict[str, Any] = {"__name__": f"page_{page}"}
    exec(compile(text, page, "exec", dont_inherit=True), names)
    return names


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer(users=[USER]) as running:
        yield running


def test_fastapi(server: testing.AuthorizationServer) -> None:
    app: Any = ASGIMiddleware(run("fastapi.md", server)["app"])
    browser = Client(app, TestResponse)
    assert browser.get("/").json == "Hello stranger"
    page = browser.get(server.sign_in(browser.get("/auth/github?next=/").location or ""))
    assert (page.status_code, page.location) == (303, "/")
    assert browser.get("/").json == "Hello 1"
    connected = browser.post("/auth/github", data={"connect": ""}, headers={"Sec-Fetch-Site": "same-origin"})
    assert browser.get(server.sign_in(connected.location or "")).status_code == 303


def test_wsgi(server: testing.AuthorizationServer) -> None:
    browser = Client(run("web.md", server, number=0)["app"], TestResponse)
    callback = server.sign_in(browser.get("/auth/github").location or "")
    assert browser.get(callback).text == "Hello 1"
    refused = browser.get(callback)
    assert (refused.status_code, "already_finished" in refused.text) == (400, True)
    assert browser.get("/").text == "home"


def test_a_jar(server: testing.AuthorizationServer) -> None:
    names = run("web.md", server, number=1)
    cookies: dict[str, str] = {}

    def header() -> bytes:
        return "; ".join(f"{name}={value}" for name, value in cookies.items() if value).encode()

    def keep(lines: list[str]) -> None:
        cookies.update(line.partition(";")[0].partition("=")[::2] for line in lines)

    tabs = []
    for _ in range(2):
        url, lines = names["begin"](header())
        keep(lines)
        tabs.append(server.sign_in(url).partition("?")[2])
    for query in tabs:
        state = query.partition("state=")[2].partition("&")[0]
        tokens, lines = names["finish"](header(), query, state)
        keep(lines)
        assert tokens.scope == ["files.read"]
        with pytest.raises(LookupError, match="already finished"):
            names["finish"](header(), query, state)
    with pytest.raises(LookupError, match="did not begin"):
        names["finish"](b"", tabs[0], "another state")


def test_django() -> None:
    """In a process of its own, because Django has one set of settings for each."""
    ran = subprocess.run([sys.executable, HERE / "docs_django.py"], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stderr) == (0, "")
