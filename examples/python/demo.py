"""One whole login on this machine, step by step, and what a thief gets from a code without its verifier.

Run by `make demo`. Everything listens on loopback, and secrets are masked.
"""

import json
import urllib.error
import urllib.parse
import urllib.request

import proofkey
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"
SECRETS = {"code", "code_verifier", "access_token", "refresh_token"}


def step(number: int, text: str) -> None:
    print(f"\n{number}. {text}")


def show(what: str, params: list[tuple[str, str]]) -> None:
    print(f"     {what}")
    for name, value in params:
        print(f"       {name:<22} {mask(value) if name in SECRETS else value}")


def mask(secret: str) -> str:
    return f"{secret[:3]}… ({len(secret)} characters, masked)"


def query(url: str) -> list[tuple[str, str]]:
    return urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query)


def steal(server: testing.Provider, code: str, **guess: str) -> tuple[int, str]:
    """What a thief does who read the code off the redirect: the status and the answer."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "client_id": "demo-app",
        **guess,
    }
    request = urllib.request.Request(server.token_endpoint, urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, "tokens"
    except urllib.error.HTTPError as refused:
        answer = json.load(refused)
        return refused.code, f"{answer['error']}: {answer['error_description']}"


def main() -> None:
    print("proofkey: one login with PKCE (RFC 7636), app, browser and authorization server on this machine")
    with testing.Provider() as server:
        client = proofkey.Client(server.provider, "demo-app", redirect_uri=REDIRECT_URI)

        step(1, "The app begins a login: it keeps a fresh verifier, and sends the browser off with its challenge.")
        login = client.begin(scope="files.read")
        show(f"GET {server.authorization_endpoint}", query(login.url))

        step(2, "The user consents, and the server sends the browser back with a code.")
        callback_url = server.sign_in(login.url)
        show(f"GET {REDIRECT_URI}", query(callback_url))

        step(3, "The app checks where that arrived, its state and its issuer, and exchanges the code with the verifier.")
        tokens = client.finish(login, callback_url)
        show(f"POST {server.token_endpoint}", server.seen[-1].params)

        step(4, "The server hashes the verifier, finds the challenge that it stored with the code, and answers.")
        granted = {name: value for name, value in tokens.to_dict().items() if isinstance(value, str)}
        show("200 OK", [*granted.items(), ("scope", " ".join(tokens.scope or []))])

        step(5, "A thief reads the code of a second login off the redirect, and tries it first.")
        login = client.begin(scope="files.read")
        callback_url = server.sign_in(login.url)
        code = dict(query(callback_url))["code"]
        challenge = dict(query(login.url))["code_challenge"]
        attempts = {
            "without a verifier": steal(server, code),
            "with the challenge": steal(server, code, code_verifier=challenge),
            "with a fresh verifier": steal(server, code, code_verifier=proofkey.Verifier.generate().expose()),
        }
        for how, (status, answer) in attempts.items():
            print(f"       {how:<22} {status} {answer}")
        client.finish(login, callback_url)
        print("       the app itself         200 tokens: the attempts did not use its code up")

    if any(status != 400 for status, _ in attempts.values()):
        raise SystemExit("the intercepted code was worth something: that must not be")
    print("\nAll as it should be: one login finished, and three tries with a stolen code refused.")


if __name__ == "__main__":
    main()
