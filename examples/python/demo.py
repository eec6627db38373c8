"""A user signs in to the app of flask_login.py, step by step. Then a thief tries to use a stolen code.

`make demo` runs it. App, browsers and provider are in this process and on loopback. Secrets are masked.
"""

import json
import secrets
import sys
import urllib.error
import urllib.request
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask_login import app, auth
from werkzeug.test import TestResponse

import proofkey
from proofkey import testing

USER = testing.User("user-1", {"login": "first-user"})
SECRETS = {"code", "code_verifier"}
unexpected: list[str] = []


def main() -> None:
    app.logger.disabled = True
    # Instead of a page, show the cause and the library's error.
    auth.on_error(lambda refusal: (str(refusal), refusal.status))
    with testing.AuthorizationServer(users=[USER], id_token_alg="ES256") as server:
        app.config.update(
            SECRET_KEY=secrets.token_hex(),
            PROOFKEY_GITHUB_ISSUER=server.issuer,
            PROOFKEY_GITHUB_CLIENT_ID="demo-app",
            PROOFKEY_GITHUB_SCOPE="openid",
        )
        sign_in(server)
        steal(server)
    if unexpected:
        sys.exit(f"\nThis should not have happened: {', '.join(unexpected)}.")
    print("\nAs it should be: the user is signed in, and the thief is not.")


def sign_in(server: testing.AuthorizationServer) -> None:
    browser = app.test_client()
    step("The app keeps a verifier in a sealed cookie, and sends the browser to the provider with the verifier's hash.")
    authorization_url = browser.get("/auth/github").location
    show(f"GET {server.authorization_endpoint}", query(authorization_url))

    step("The user agrees, and the provider sends the browser back with a code.")
    callback_url = server.sign_in(authorization_url)
    show(f"GET {callback_url.partition('?')[0]}", query(callback_url))

    step("The app opens the cookie, checks state and iss, and sends the code and the verifier to the provider.")
    response = browser.get(callback_url)
    show(f"POST {server.token_endpoint}", server.seen[-1].params)

    step("The provider hashes the verifier and issues tokens. The app checks the ID token, and knows who the user is.")
    expect("signing in", "302 to /", outcome(response))
    expect("the app's start page", "200 Hello first-user.", outcome(browser.get("/")))


def steal(server: testing.AuthorizationServer) -> None:
    browser, thief = app.test_client(), app.test_client()
    step("In a second sign-in, a thief reads the callback on its way to the app, and acts first.")
    begun = browser.get("/auth/github")
    callback_url = server.sign_in(begun.location)
    code = dict(query(callback_url))["code"]
    expect("the code, with a verifier of the thief's", "400 invalid_grant", redeem(server, callback_url, code))
    thiefs_own = server.sign_in(thief.get("/auth/github").location)
    injected = thiefs_own.replace(dict(query(thiefs_own))["code"], code)
    expect("the code, in a sign-in of the thief's", "502 provider_error (token_error)", outcome(thief.get(injected)))
    expect("the callback, in the thief's browser", "400 no_cookie (login_lost)", outcome(thief.get(callback_url)))

    step("The user's browser delivers the callback. From now on it is worth nothing, even with the cookie.")
    expect("the callback, in the user's browser", "302 to /", outcome(browser.get(callback_url)))
    expect("the callback again, in the user's browser", "400 already_finished", outcome(browser.get(callback_url)))
    name, _, sealed = begun.headers["Set-Cookie"].partition(";")[0].partition("=")
    thief.set_cookie(name, sealed)
    replayed = outcome(thief.get(callback_url))
    expect("the callback, with the user's cookie", "400 already_finished (login_already_used)", replayed)


def redeem(server: testing.AuthorizationServer, callback_url: str, code: str) -> str:
    """Sends a code straight to the token endpoint, without the app."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback_url.partition("?")[0],
        "client_id": "demo-app",
        "code_verifier": proofkey.Verifier.generate().expose(),
    }
    try:
        with urllib.request.urlopen(server.token_endpoint, urlencode(form).encode(), timeout=10) as response:
            return f"{response.status} tokens"
    except urllib.error.HTTPError as refused:
        return f"{refused.code} {json.load(refused)['error']}"


def outcome(response: TestResponse) -> str:
    text, _, _link = response.text.partition(" <a")
    return f"{response.status_code} {f'to {response.location}' if response.location else text}"


def step(text: str) -> None:
    print(f"\n{text}")


def show(what: str, params: list[tuple[str, str]]) -> None:
    print(f"  {what}")
    for name, value in params:
        print(f"    {name:<22} {f'{value[:3]}… (masked)' if name in SECRETS else value}")


def expect(what: str, expected: str, actual: str) -> None:
    print(f"  {what:<42} {actual}")
    if actual != expected:
        unexpected.append(what)


def query(url: str) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(url).query)


if __name__ == "__main__":
    main()
