"""A page that makes its verifier and its challenge with WebCrypto, and a server that binds the challenge and verifies
the verifier.
"""

import secrets
from collections.abc import Iterator

import pytest
from flask import Flask, request
from flask.typing import ResponseReturnValue
from playwright.sync_api import Page
from proofkey import server
from serving import serving

PAGE = """<!doctype html><title>A single-page app</title><script>
const base64url = bytes =>
  btoa(String.fromCharCode(...bytes)).replace(/[+]/g, "-").replace(/[/]/g, "_").replace(/=/g, "")
const makeVerifier = () => base64url(crypto.getRandomValues(new Uint8Array(32)))
const challengeOf = async verifier =>
  base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))))
const post = async (path, form) => (await fetch(path, {method: "POST", body: new URLSearchParams(form)})).json()

async function login(change = verifier => verifier) {
  const verifier = makeVerifier()
  const challenge = await challengeOf(verifier)
  const {code} = await post("/authorize", {code_challenge: challenge, code_challenge_method: "S256"})
  const response = await post("/token", {code, code_verifier: change(verifier)})
  return {verifier, challenge, response}
}
</script>"""


@pytest.fixture
def url() -> Iterator[str]:
    """The smallest possible authorization server, and the page on the same origin."""
    app = Flask(__name__)
    bindings: dict[str, str] = {}

    @app.get("/")
    def page() -> str:
        return PAGE

    @app.post("/authorize")
    def authorize() -> dict[str, str]:
        code = secrets.token_urlsafe()
        bindings[code] = str(server.bind(request.form))
        return {"code": code}

    @app.post("/token")
    def token() -> dict[str, str]:
        server.verify(bindings.pop(request.form["code"]), request.form)
        return {"access_token": "granted"}

    @app.errorhandler(server.RequestError)
    def refuse(error: server.RequestError) -> ResponseReturnValue:
        return error.as_dict(), error.status

    # Browsers have WebCrypto only on https and on localhost.
    with serving(app) as port:
        yield f"http://localhost:{port}/"


def test_the_verifier_of_the_page_is_accepted(page: Page, url: str) -> None:
    page.goto(url)
    made = page.evaluate("login()")
    assert made["response"] == {"access_token": "granted"}
    assert (len(made["verifier"]), len(made["challenge"])) == (43, 43)


WRONG = {
    "another verifier": "() => makeVerifier()",
    "one character changed": "verifier => (verifier[0] === 'A' ? 'B' : 'A') + verifier.slice(1)",
    "padded as base64": "verifier => verifier + '='",
    "cut": "verifier => verifier.slice(0, 42)",
    "empty": "() => ''",
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_changed_verifier_is_refused(page: Page, url: str, change: str) -> None:
    page.goto(url)
    assert page.evaluate(f"login({change})")["response"]["error"] == "invalid_grant"
