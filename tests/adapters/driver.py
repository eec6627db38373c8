"""Runs a server, and sends it requests that no OAuth client would send."""

import json
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlencode, urlsplit

HERE = Path(__file__).resolve().parent
STATE = "a+b%20=c"
REDIRECT_URI = "https://client.example/callback"
CONFIDENTIAL_HEADER = "Basic " + b64encode(b"confidential:only-for-tests-0123456789").decode()

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Framework:
    name: str
    package: str
    script: str
    """The file in the folder `servers`."""
    slash: str = ""
    """The end of its paths."""
    database: str = "codes.sqlite"
    table: str = "codes"
    column: str = "pkce_binding"
    """Where the binding is stored."""
    path: str = ""
    """A folder with another version of the package."""
    postgres: bool = False
    """Whether it uses PostgreSQL instead of a file."""


FRAMEWORKS = {
    framework.name: framework
    for framework in (
        Framework("Authlib", "Authlib", "with_authlib.py"),
        Framework("oauthlib", "oauthlib", "with_oauthlib.py"),
        Framework(
            "django-oauth-toolkit",
            "django-oauth-toolkit",
            "with_django.py",
            slash="/",
            database="db.sqlite",
            table="oauth2_provider_grant",
            column="code_challenge",
        ),
    )
}

TOOLKIT = FRAMEWORKS["django-oauth-toolkit"]
OLD_TOOLKIT = "django-oauth-toolkit 3.0.1"
_OLD = str(HERE.parents[1] / "target" / "adapters" / "django-oauth-toolkit-3.0.1")
TOOLKITS = {
    toolkit.name: toolkit
    for toolkit in (
        replace(TOOLKIT, name=OLD_TOOLKIT, path=_OLD),
        replace(TOOLKIT, name="django-oauth-toolkit, PostgreSQL", postgres=True),
        replace(TOOLKIT, name=f"{OLD_TOOLKIT}, PostgreSQL", path=_OLD, postgres=True),
    )
}
"""django-oauth-toolkit as it is not in the table: the oldest version that the adapter supports, and on PostgreSQL."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: str

    @property
    def redirected(self) -> dict[str, list[str]]:
        """The query of the redirect to the client; empty if there is no such redirect."""
        location = self.headers.get("location", "")
        return parse_qs(urlsplit(location).query) if location.startswith(f"{REDIRECT_URI}?") else {}

    @property
    def code(self) -> str | None:
        return self.redirected.get("code", [None])[0]

    @property
    def members(self) -> dict[str, object] | None:
        """The members of a token response; `None` if it does not have the form of one (RFC 6749 section 5)."""
        if (self.headers["content-type"], self.headers.get("cache-control")) != ("application/json", "no-store"):
            return None
        members = json.loads(self.body)
        return members if isinstance(members, dict) else None


@dataclass(frozen=True)
class Server:
    framework: Framework
    port: int
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def authorize(self, pkce: Pairs, client_id: str = "public", scope: str = "files.read") -> Response:
        pairs = [("response_type", "code"), ("client_id", client_id), ("redirect_uri", REDIRECT_URI)]
        pairs += [("scope", scope), ("state", STATE), *pkce]
        return self.send("GET", f"/authorize{self.framework.slash}?{urlencode(pairs)}")

    def token(self, code: str, pkce: Pairs, client_id: str = "public") -> Response:
        pairs = [("grant_type", "authorization_code"), ("redirect_uri", REDIRECT_URI), ("code", code), *pkce]
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if client_id != "confidential":
            pairs.append(("client_id", client_id))
        else:
            headers["Authorization"] = CONFIDENTIAL_HEADER
        return self.send("POST", f"/token{self.framework.slash}", urlencode(pairs), headers)

    def send(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> Response:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=90)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            content = response.read().decode()
            return Response(response.status, {name.lower(): value for name, value in response.headers.items()}, content)
        finally:
            connection.close()


@contextmanager
def running(
    framework: Framework, kind: str, policy: str, together: int = 1, *, postgres: str | None = None
) -> Iterator[Server]:
    """Runs a server with an empty store. `servers/setting.py` describes the arguments and the variable POSTGRES."""
    script = HERE / "servers" / framework.script
    with TemporaryDirectory() as folder, open(Path(folder, "log"), "w+") as log:
        command = [sys.executable, str(script), kind, policy, str(together), folder]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": framework.path}
        if postgres:
            environment["POSTGRES"] = postgres
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        assert process.stdout
        try:
            port = process.stdout.readline()
            if not port:
                log.seek(0)
                raise RuntimeError(f"{framework.name} does not start:\n{log.read()}")
            yield Server(framework, int(port), Path(folder))
        finally:
            process.terminate()
            process.wait(10)
            process.stdout.close()
