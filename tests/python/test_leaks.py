"""A process that makes good and bad logins and writes out as much as it can writes no secret.

Run as a program, this file is that process. With the argument "leaks" it leaks on purpose, in every way that the test
watches.
"""

import base64
import faulthandler
import logging
import os
import pprint
import subprocess
import sys
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import quote_plus

import hostile
import proofkey
from hidden import Hidden, shown
from hostile import REDIRECT_URI, ROWS, Authority, Row
from proofkey import server

VERIFIER = Hidden("needle-verifier~needle-verifier~needle-verifier")
CODE = Hidden("needle-code/needle")
CLIENT_SECRET = Hidden("needle-client-secret+needle")
# The secrets that are passed in, the tokens that the server grants, and what is derived from them.
SECRETS = {
    "verifier": VERIFIER.text,
    "code": CODE.text,
    "client secret": CLIENT_SECRET.text,
    "access token": "needle-access-token",
    "refresh token": "needle-refresh-token",
    "Basic credentials": base64.b64encode(f"my-app:{quote_plus(CLIENT_SECRET.text)}".encode()).decode(),
}
SHAPES: list[Callable[[str], str]] = [
    str,
    quote_plus,
    lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    lambda text: text.encode().hex(),
    lambda text: str(list(text.encode()))[1:-1],
]


def found(text: str) -> set[str]:
    """The names of the secrets in a text. Their first 15 characters suffice, in clear or encoded."""
    return {name for name, secret in SECRETS.items() for shape in SHAPES if shape(secret[:15]) in text}


def run(*arguments: str) -> str:
    """Everything that the process writes to stdout and stderr."""
    variables = {
        "RUST_LOG": "trace",
        "RUST_BACKTRACE": "full",
        "PYTHONDEVMODE": "1",
        "PYTHONFAULTHANDLER": "1",
        "PYTHONWARNINGS": "always",
        "PYTHONUNBUFFERED": "1",
    }
    ran = subprocess.run(
        [sys.executable, __file__, *arguments],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout[-2000:]
    return ran.stdout


def test_nothing_leaks() -> None:
    written = run()
    assert found(written) == set()
    # The control: it made all the logins, and wrote about them in every way.
    assert written.count("\nlogin: ") == len(ROWS)
    assert written.count("result: <proofkey.Tokens redacted") >= sum(row.name == "tokens" for row in ROWS.values())
    for name in {row.name for row in ROWS.values()} - {"tokens"}:
        assert f"error: {name}: " in written
    signs = ("the control is logged", "the control warns", "Current thread", "Traceback", "client = <proofkey.Client")
    for sign in signs:
        assert sign in written


def test_every_leak_is_found() -> None:
    """The control: one secret leaks in each of the ways that the test watches."""
    _, *parts = run("leaks").split("\nleak: ")
    assert [part.split()[0] for part in parts] == list(LEAKS)
    for part, secret in zip(parts, spread(LEAKS), strict=True):
        assert found(part) == {secret}, part


def spread(leaks: Iterable[str]) -> list[str]:
    """The name of the secret that each leak lets out. Each secret gets its turn."""
    return [name for name, _ in zip(cycle(SECRETS), leaks, strict=False)]


def log_it(secret: Hidden) -> None:
    logging.getLogger("a.library").debug("sent %s", secret.text)


def log_it_aside(secret: Hidden) -> None:
    logging.getLogger("a.library").info("sent", extra={"body": {"code": secret.text.encode()}})


def print_it(secret: Hidden) -> None:
    print([secret.text])


def write_it(secret: Hidden) -> None:
    os.write(2, quote_plus(secret.text).encode() + b"\n")


def warn_of_it(secret: Hidden) -> None:
    warnings.warn(f"{base64.b64encode(secret.text.encode()).decode()} was sent", ResourceWarning, stacklevel=2)


def raise_it(secret: Hidden) -> None:
    report(lambda: int(secret.text))


def keep_it_in_a_local(secret: Hidden) -> None:
    def fail() -> None:
        form = {"code": secret.text}
        raise RuntimeError(len(form))

    report(fail)


def raise_it_in_a_thread(secret: Hidden) -> None:
    thread = threading.Thread(target=lambda: int(secret.text))
    thread.start()
    thread.join()


def raise_it_in_del(secret: Hidden) -> None:
    class Dying:
        def __del__(self) -> None:
            raise RuntimeError(secret.text[:-1])

    Dying()


LEAKS: dict[str, Callable[[Hidden], None]] = {
    leak.__name__: leak
    for leak in (
        log_it,
        log_it_aside,
        print_it,
        write_it,
        warn_of_it,
        raise_it,
        keep_it_in_a_local,
        raise_it_in_a_thread,
        raise_it_in_del,
    )
}


AuthMethod: TypeAlias = Literal["client_secret_basic", "client_secret_post"]


class Everything(logging.Handler):
    """Writes every attribute of each record."""

    def emit(self, record: logging.LogRecord) -> None:
        print("record:", record.getMessage(), pprint.pformat(vars(record)), file=sys.stderr)


def report(call: Callable[[], object]) -> None:
    """Writes the outcome of a call in as much detail as the most talkative error tracker."""
    try:
        print("result:", repr(call()))
    except Exception as error:
        print("error:", str(error), shown(error))
        logging.getLogger("the.application").exception("a call failed")
        faulthandler.dump_traceback(all_threads=True)


def sign_in(row: Row, authority: Authority, auth_method: AuthMethod) -> None:
    """Makes one login at such a server, and writes its outcome and every object that is left."""
    tls = authority.contexts[row.certificate] if row.certificate else None
    with hostile.Server() as bystander, hostile.Server(row.behave, tls=tls, elsewhere=bystander.url()) as there:
        provider = proofkey.Provider(
            authorization_endpoint="https://as.example/a",
            token_endpoint=there.url("/token", "https" if row.https else None),
            revocation_endpoint=there.url("/revoke", "https" if row.https else None),
        )
        client = proofkey.Client(
            provider,
            "my-app",
            redirect_uri=REDIRECT_URI,
            client_secret=CLIENT_SECRET.text,
            auth_method=auth_method,
            transport=proofkey.Transport(ca_file=authority.path, timeout=row.timeout),
        )
        login = client.begin(state="s", verifier=proofkey.Verifier(VERIFIER.text))
        callback = Hidden(f"{REDIRECT_URI}?code={quote_plus(CODE.text)}&state=s")
        kept: list[Any] = [provider, client, login]
        print(f"\nlogin: {row}")

        report(lambda: client.finish(login, callback.text.replace("state=s", "state=" + CODE.text)))
        report(lambda: client.finish(login, callback.text))
        report(lambda: client.finish(login, callback.text))
        # The rest of the flow, with tokens that any server would grant.
        stored = Hidden('{"access_token": "needle-access-token", "refresh_token": "needle-refresh-token"}')
        other = Hidden(callback.text.replace("state=s", "state=t"))
        exchange = client.begin(state="t", verifier=proofkey.Verifier(VERIFIER.text)).accept(other.text)
        kept += [exchange, exchange.request]
        exchange.receive(200, {}, stored.text)
        tokens = exchange.tokens
        kept += [tokens, tokens.access_token, tokens.refresh_token]
        if row.timeout == hostile.DEADLINE:
            report(lambda: client.refresh(tokens))
            report(lambda: client.revoke(tokens))
        pprint.pprint([kept, [str(each) for each in kept], there.requests])


def serve() -> None:
    """The authorization server's side: refuses verifiers and challenges."""
    other = proofkey.Verifier.generate().challenge()
    binding = server.bind({"code_challenge": other, "code_challenge_method": "S256"})
    report(lambda: server.verify(binding, {"code_verifier": VERIFIER.text}))
    report(lambda: server.verify(binding, {"code_verifier": [VERIFIER.text, VERIFIER.text]}))
    report(lambda: server.bind({"code_challenge": VERIFIER.text + "/"}))
    report(lambda: proofkey.Verifier(VERIFIER.text + "!"))


def main(arguments: list[str]) -> None:
    logging.basicConfig(level=logging.DEBUG, handlers=[Everything(), logging.StreamHandler()])
    warnings.simplefilter("always")
    faulthandler.enable(all_threads=True)
    logging.getLogger("a.library").debug("the control is logged")
    warnings.warn("the control warns", stacklevel=1)
    if arguments == ["leaks"]:
        for leak, secret in zip(LEAKS, spread(LEAKS), strict=True):
            print("\nleak:", leak)
            LEAKS[leak](Hidden(SECRETS[secret]))
        return
    with tempfile.TemporaryDirectory() as folder:
        authority = Authority(Path(folder))
        methods: list[AuthMethod] = ["client_secret_basic", "client_secret_post"]
        for row, auth_method in zip(ROWS.values(), cycle(methods), strict=False):
            sign_in(row, authority, auth_method)
    serve()


if __name__ == "__main__":
    main(sys.argv[1:])
