"""Measures whole logins through two Flask apps that do the same: the start, the callback and the page after it.

Both ask for the scope "openid profile", use PKCE and check the ID token; flask_proofkey.py and flask_authlib.py are all
that there is of them. A third one answers the same requests and signs nobody in, so that what Flask takes itself can be
told from what a login does.

They are called in this process, as a WSGI server calls them, and only these calls are timed. The provider has a process
and a processor of its own; what the browser does there costs nothing. Each round runs a short slice of every app in
turn, and only ratios within a round count.
"""

import importlib
import multiprocessing
import os
import sys
from contextlib import contextmanager
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from urllib.parse import urlsplit

from werkzeug.test import create_environ

from proofkey import testing
from proofkey.testing import faults

ROUNDS, LOGINS = 41, 5
NAME = "First User"
CLIENT = testing.RegisteredClient("my-app", client_secret="only-for-the-comparison")


class Browser:
    """Signs in to an app, and counts the seconds that the app took: of the clock, and of the processor."""

    def __init__(self, app):
        self.app, self.cookies = app, {}
        self.taken, self.processor = 0.0, 0.0

    def sign_in(self):
        """The text of the page after the login; nothing if the app refuses it."""
        _, at_provider, _ = self.get("/auth/bench")
        status, to, _ = self.get(callback_url(at_provider))
        return self.get(to)[2] if status == 302 else ""

    def get(self, url):
        """The status, the `Location` and the body."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        path = urlsplit(url)._replace(scheme="", netloc="").geturl()
        environ = create_environ(path, "http://localhost", headers={"Cookie": cookies})
        started = []
        before, cpu = perf_counter(), process_time()
        body = b"".join(self.app(environ, lambda *answer: started.extend(answer)))
        self.processor += process_time() - cpu
        self.taken += perf_counter() - before
        status, headers = started
        for name, value in headers:
            if name == "Set-Cookie":
                self.keep(SimpleCookie(value))
        return int(status.split()[0]), dict(headers).get("Location", ""), body.decode()

    def keep(self, cookie):
        for name, morsel in cookie.items():
            self.cookies[name] = morsel.value
            if morsel["max-age"] == "0":
                del self.cookies[name]


def callback_url(authorization_url):
    """Where the provider sends the browser."""
    parts = urlsplit(authorization_url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    answer = connection.getresponse()
    connection.close()
    return answer.headers["Location"]


def check_same_results(apps, misbehave):
    for name, app in apps.items():
        if Browser(app).sign_in() != NAME:
            sys.exit(f"{name} does not sign in: there is nothing to compare")
    misbehave(True)
    for name in ("proofkey", "authlib"):
        app = apps[name]
        app.logger.disabled = True  # It says why.
        if Browser(app).sign_in():
            sys.exit(f"{name} takes an ID token whose signature is wrong: there is nothing to compare")
        app.logger.disabled = False
    misbehave(False)


def slice_of(app):
    """The seconds that the login of a new user takes: of the clock, and of the processor."""
    browsers = [Browser(app) for _ in range(LOGINS)]
    for browser in browsers:
        browser.sign_in()
    return tuple(sum(getattr(browser, what) for browser in browsers) / LOGINS for what in ("taken", "processor"))


def report(what, rounds):
    """Prints a row of the table, of the seconds in each round: ours, and theirs."""
    ours, theirs = (f"{median(each) * 1e6:.0f} µs" for each in zip(*rounds, strict=True))
    row(what, ours, theirs, median(theirs / ours for ours, theirs in rounds))


def row(what, ours, theirs, ratio):
    print(f"| Flask | {what} | {ours} | Authlib | {theirs} | 1/{ratio:.1f} | – | – |", flush=True)


def lines(app):
    """Those of the app's file that are not empty."""
    return sum(bool(line.strip()) for line in Path(sys.modules[app.import_name].__file__).read_text().splitlines())


@contextmanager
def provider():
    """Its issuer, and what makes it sign ID tokens wrongly or rightly. It has its own processor, if there are two."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    *ours, its_own = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, [its_own])  # a process inherits it
    process = context.Process(target=serve, args=(there,))
    process.start()
    os.sched_setaffinity(0, ours or [its_own])

    def misbehave(wrongly):
        here.send(wrongly)
        here.recv()

    try:
        yield here.recv(), misbehave
    finally:
        here.send(None)
        process.join()


def serve(pipe):
    users = [testing.User("user-1", {"name": NAME})]
    with testing.Provider(users=users, clients=[CLIENT]) as server:
        pipe.send(server.issuer)
        bend = None
        while (wrongly := pipe.recv()) is not None:
            if wrongly:
                bend = server.bend(faults.signature_wrong())
            else:
                bend.undo()
            pipe.send(None)


def main():
    # The settings of this machine are not the same for all: requests uses its proxies.
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]
    with provider() as (issuer, misbehave):
        os.environ |= {
            "FLASK_SECRET_KEY": "the secret of this comparison, of 32 bytes and more",
            "FLASK_PROOFKEY_BENCH_ISSUER": issuer,
            "FLASK_PROOFKEY_BENCH_CLIENT_ID": CLIENT.client_id,
            "FLASK_PROOFKEY_BENCH_CLIENT_SECRET": CLIENT.client_secret,
            "FLASK_BENCH_SERVER_METADATA_URL": f"{issuer}/.well-known/openid-configuration",
            "FLASK_BENCH_CLIENT_ID": CLIENT.client_id,
            "FLASK_BENCH_CLIENT_SECRET": CLIENT.client_secret,
            "FLASK_BENCH_AUTHORIZE": f"{issuer}/authorize?client_id={CLIENT.client_id}",
        }
        apps = {name: importlib.import_module(f"flask_{name}").app for name in ("proofkey", "authlib", "alone")}
        check_same_results(apps, misbehave)
        rounds = [[slice_of(app) for app in apps.values()] for _ in range(ROUNDS)]
    report("login, time", [(ours[0], theirs[0]) for ours, theirs, _ in rounds])
    report("login, processor time", [(ours[1], theirs[1]) for ours, theirs, _ in rounds])
    report("the same, less Flask's own", [(ours[1] - flask[1], theirs[1] - flask[1]) for ours, theirs, flask in rounds])
    ours, theirs = lines(apps["proofkey"]), lines(apps["authlib"])
    row("app with one login", f"{ours} lines", f"{theirs} lines", theirs / ours)


if __name__ == "__main__":
    main()
