"""A login that begins in Rust is finished in Python, and the other way round."""

import os
import subprocess
from collections.abc import Iterator

import proofkey
import pytest
from conftest import ROOT
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"
SECRET = "a secret that Rust and Python share, 32 bytes"


@pytest.fixture
def server() -> Iterator[testing.AuthorizationServer]:
    with testing.AuthorizationServer() as running:
        yield running


def rust(server: testing.AuthorizationServer, command: str, *lines: str) -> list[str]:
    """The lines that crates/proofkey/examples/sealed_login.rs prints."""
    cargo = ["cargo", "run", "--quiet", "--locked", "--package", "proofkey", "--example", "sealed_login", command]
    settings = {"ISSUER": server.issuer, "CLIENT_ID": "my-app", "REDIRECT_URI": REDIRECT_URI, "SECRET": SECRET}
    told = "".join(f"{line}\n" for line in lines)
    run = subprocess.run(cargo, cwd=ROOT, env={**os.environ, **settings}, input=told, stdout=subprocess.PIPE, text=True)
    assert run.returncode == 0
    return run.stdout.splitlines()


def client_of(server: testing.AuthorizationServer) -> proofkey.Client:
    return proofkey.Client(proofkey.Provider.discover(server.issuer), "my-app", redirect_uri=REDIRECT_URI)


def test_begun_in_rust_finished_in_python(server: testing.AuthorizationServer) -> None:
    url, sealed = rust(server, "begin")
    login = client_of(server).resume(sealed, proofkey.SealKeys(SECRET), "example")
    assert login.data == "/photos"
    assert client_of(server).finish(login, server.sign_in(url)).scope == ["files.read"]


def test_begun_in_python_finished_in_rust(server: testing.AuthorizationServer) -> None:
    login = client_of(server).begin(scope="files.read files.write", data="/photos?page=2")
    sealed = login.seal(proofkey.SealKeys(SECRET), "example")
    scope, data = rust(server, "finish", sealed, server.sign_in(login.url))
    assert (scope, data) == ("files.read files.write", "/photos?page=2")
    assert server.seen[-1].error is None
