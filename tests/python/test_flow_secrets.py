"""No object of the flow, no exception and no log line shows a verifier, a code, a token or a sealing secret."""

import copy
import gc
import logging
import pickle
import pprint
from collections.abc import Callable
from typing import Any

import proofkey
import pytest
from hidden import Hidden, refused, shown
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"
VERIFIER = Hidden("needle-verifier-needle-verifier-needle-verifier")
CODE = Hidden("needle-code-needle")
TOKEN = Hidden("needle-token-needle")
SECRET = Hidden("needle-secret-needle-secret-needle-secret")
NEEDLE = Hidden("needle-")


def client() -> proofkey.Client:
    provider = proofkey.Provider(authorization_endpoint="https://as.example/a", token_endpoint="https://as.example/t")
    return proofkey.Client(provider, "my-app", redirect_uri=REDIRECT_URI)


def login() -> proofkey.Login:
    return client().begin(state="s", verifier=proofkey.Verifier(VERIFIER.text))


def callback(state: str = "s") -> Hidden:
    return Hidden(f"{REDIRECT_URI}?code={CODE.text}&state={state}")


def exchange() -> proofkey.Exchange:
    return login().accept(callback().text)


def tokens() -> proofkey.Tokens:
    done = exchange()
    body = Hidden(f'{{"access_token": "{TOKEN.text}", "refresh_token": "{TOKEN.text}", "x": "{TOKEN.text}"}}')
    done.receive(200, {"Content-Type": "application/json"}, body.text)
    return done.tokens


def keys() -> proofkey.SealKeys:
    return proofkey.SealKeys(SECRET.text, SECRET.text.encode())


OBJECTS: dict[str, tuple[Callable[[], Any], set[str]]] = {
    # What makes it, and which of its members give secrets away.
    "Login": (login, set()),
    "Exchange": (exchange, set()),
    "Request": (lambda: exchange().request, {"body"}),
    "Tokens": (tokens, {"to_dict", "extra"}),
    "Secret": (lambda: tokens().access_token, {"expose"}),
    "SealKeys": (keys, set()),
}


# For calling the members that take arguments.
ARGUMENTS: dict[str, list[Any]] = {
    "expires_within": [60],
    "extra": ["x"],
    "accept": ["?"],
    "accept_pasted_code": ["x"],
    "seal": [keys(), "x"],
    "receive": [500, {}, b""],
    "from_dict": [{"access_token": "a"}],
}


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_is_redacted(name: str) -> None:
    make, ways_out = OBJECTS[name]
    made = make()
    for view in [repr(made), str(made), f"{made}", f"{made!a}", format(made), pprint.pformat([made]), repr({1: made})]:
        assert NEEDLE.text not in view
        assert f"proofkey.{name}" in view
    with pytest.raises(TypeError):
        vars(made)
    for attribute in dir(made):
        if attribute.startswith("__") and attribute not in {"__repr__", "__str__", "__doc__", "__sizeof__"}:
            continue
        try:
            value = getattr(made, attribute)
            shows = repr(value) + (repr(value(*ARGUMENTS.get(attribute, []))) if callable(value) else "")
        except proofkey.Error as error:
            shows = shown(error)
        assert (NEEDLE.text in shows) == (attribute in ways_out), attribute
    for referent in gc.get_referents(made):
        assert NEEDLE.text not in repr(referent)


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_is_neither_copied_nor_pickled(name: str) -> None:
    made = OBJECTS[name][0]()
    ways: list[Callable[[], object]] = [
        lambda: copy.copy(made),
        lambda: copy.deepcopy({"kept": [made]}),
        *(lambda protocol=protocol: pickle.dumps(made, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)),
    ]
    for way in ways:
        assert "cannot be copied or pickled" in str(refused(way, TypeError))


def test_keys_are_not_compared() -> None:
    one, other = keys(), keys()
    for way in (lambda: one == other, lambda: one != SECRET.text, lambda: one in [other]):
        assert "cannot be compared" in str(refused(way, TypeError))
    assert "unhashable" in str(refused(lambda: hash(one), TypeError))


def test_a_secret_is_not_compared() -> None:
    one, other = tokens().access_token, tokens().access_token
    for way in (lambda: one == other, lambda: one != TOKEN.text, lambda: one in [other]):
        assert "cannot be compared" in str(refused(way, TypeError))
    assert "unhashable" in str(refused(lambda: hash(one), TypeError))


REFUSALS: dict[str, Callable[[], object]] = {
    "a sealed login": lambda: client().resume(Hidden(login().seal(keys(), "a")).text, keys(), "b"),
    "no sealed login": lambda: client().resume(f"proofkey1.{CODE.text}", keys(), NEEDLE.text),
    "a short secret": lambda: proofkey.SealKeys(NEEDLE.text),
    "a secret with a surrogate": lambda: proofkey.SealKeys(SECRET.text + "\udc80"),
    "too much data": lambda: client().begin(data=SECRET.text * 9),
    "another state": lambda: login().accept(callback("x").text),
    "twice": lambda: login().accept(callback().text + "&code=" + CODE.text),
    "a character": lambda: login().accept(callback().text.replace(CODE.text, CODE.text + "%00")),
    "an error": lambda: login().accept(callback().text + "&error=access_denied"),
    "an error page": lambda: exchange().receive(502, {"Content-Type": "text/html"}, TOKEN.text),
    "garbage": lambda: exchange().receive(200, {}, "{" + TOKEN.text),
    "a wrong token": lambda: exchange().receive(200, {}, f'{{"access_token": "{TOKEN.text}\\u0000"}}'),
    "a token twice": lambda: exchange().receive(200, {}, f'{{"access_token": "{TOKEN.text}", "access_token": "a"}}'),
    "another type": lambda: exchange().receive(200, {}, f'{{"access_token": "{TOKEN.text}", "token_type": "mac"}}'),
    "a verifier": lambda: login().accept(f"{REDIRECT_URI}?state={VERIFIER.text}"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_an_exception_shows_no_input(case: str) -> None:
    error = refused(REFUSALS[case], proofkey.Error)
    assert NEEDLE.text not in shown(error)
    assert error.__cause__ is error.__context__ is None


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """A whole login over the network, with every logger at DEBUG."""
    caplog.set_level(logging.DEBUG)
    logging.getLogger("the control").debug("is seen")
    with testing.AuthorizationServer() as server:
        client = proofkey.Client(server.provider, "my-app", redirect_uri=REDIRECT_URI)
        begun = client.begin(verifier=proofkey.Verifier(VERIFIER.text))
        client.finish(begun, server.sign_in(begun.url))
        secrets = [value for seen in server.seen for name, value in seen.params if name in {"code", "code_verifier"}]
        assert len(secrets) == 2
        assert all(secret not in repr(server.seen) for secret in secrets)
    written = "".join(capfd.readouterr())
    assert [record.name for record in caplog.records] == ["the control"]
    assert written == ""
