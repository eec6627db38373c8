"""Measures whole logins through two apps of one framework that do the same: the start, the callback and the page after it.

Both ask for the scope "openid profile", use PKCE and check the ID token; flask_proofkey.py and flask_authlib.py are
the complete apps in Flask. A third app handles the same requests without signing anybody in, which measures the
framework's own share. The argument is Flask, Starlette or Django.

The apps are called in this process, as a WSGI server calls them, and only these calls are timed. The provider has a
process and a processor of its own, and the browser's requests to it are not timed. Each round runs a short slice of every
app in turn, and only ratios within a round count.
"""

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

import frameworks
from werkzeug.test import create_environ

from proofkey import testing
from proofkey.testing import faults

ROUNDS, LOGINS = 41, 5
NAME = "First User"
CLIENT = testing.RegisteredClient("my-app", client_secret="only-for-the-comparison")


class Browser:
    """Signs in to an app, and adds up the time that the app took: wall-clock time and processor time."""

    def __init__(self, app):
        self.app, self.cookies = app, {}
        self.taken, self.processor = 0.0, 0.0

    def sign_in(self):
        """Returns the text of the page after the login, or "" if the app refuses the login."""
        _, at_provider, _ = self.get("/auth/bench")
        status, to, _ = self.get(callback_url(at_provider))
        return self.get(to)[2] if status == 302 else ""

    def get(self, url):
        """Returns the status, the `Location` and the body."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        path = urlsplit(url)._replace(scheme="", netloc="").geturl()
        environ = create_environ(path, "http://localhost", headers={"Cookie": cookies})
        started = []
        before, cpu = perf_counter(), process_time()
        body = b"".join(self.app(environ, lambda *response: started.extend(response)))
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
    """The URL to which the provider sends the browser."""
    parts = urlsplit(authorization_url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}")
    response = connection.getresponse()
    connection.close()
    return response.headers["Location"]


def check_same_results(apps, misbehave):
    for name, app in apps.items():
        if Browser(app).sign_in() != NAME:
            sys.exit(f"{name} does not sign in: there is nothing to compare")
    misbehave(True)
    for name in ("proofkey", "authlib"):
        if signs_in_all_the_same(apps[name]):
            sys.exit(f"{name} accepts an ID token whose signature is wrong: there is nothing to compare")
    misbehave(False)


def signs_in_all_the_same(app):
    try:
        return Browser(app).sign_in()
    except Exception:  # Authlib's error, where the framework leaves it to the server
        return ""


def slice_of(app):
    """The seconds that the login of a new user takes: wall-clock time and processor time."""
    browsers = [Browser(app) for _ in range(LOGINS)]
    for browser in browsers:
        browser.sign_in()
    return tuple(sum(getattr(browser, what) for browser in browsers) / LOGINS for what in ("taken", "processor"))


def report(framework, what, rounds):
    """Prints a row of the table. Each round has two times in seconds: of proofkey and of Authlib."""
    ours, theirs = (f"{median(each) * 1e6:.0f} µs" for each in zip(*rounds, strict=True))
    row(framework, what, ours, theirs, median(theirs / ours for ours, theirs in rounds))


def row(framework, what, ours, theirs, ratio):
    print(f"| {framework} | {what} | {ours} | Authlib | {theirs} | 1/{ratio:.1f} | – | – |", flush=True)


def lines(framework, name):
    """The number of lines in the app's file that are not empty."""
    file = Path(__file__).with_name(f"{framework.lower()}_{name}.py")
    return sum(bool(line.strip()) for line in file.read_text().splitlines())


@contextmanager
def provider():
    """Runs the provider, on a processor of its own if there are two. Yields its issuer, and a function that makes it sign
    ID tokens wrongly or correctly."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    *ours, its_own = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, [its_own])  # inherited by the process
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
    with testing.AuthorizationServer(users=users, clients=[CLIENT]) as server:
        pipe.send(server.issuer)
        injected = None
        while (wrongly := pipe.recv()) is not None:
            if wrongly:
                injected = server.inject(faults.signature_wrong())
            else:
                injected.undo()
            pipe.send(None)


def without_proxies():
    """requests and httpx would use this machine's proxies."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            del os.environ[name]


def main(framework):
    without_proxies()
    with provider() as (issuer, misbehave):
        settings = {
            "SECRET_KEY": "the secret of this comparison, of 32 bytes and more",
            "PROOFKEY_BENCH_ISSUER": issuer,
            "PROOFKEY_BENCH_CLIENT_ID": CLIENT.client_id,
            "PROOFKEY_BENCH_CLIENT_SECRET": CLIENT.client_secret,
            "BENCH_SERVER_METADATA_URL": f"{issuer}/.well-known/openid-configuration",
            "BENCH_CLIENT_ID": CLIENT.client_id,
            "BENCH_CLIENT_SECRET": CLIENT.client_secret,
            "BENCH_AUTHORIZE": f"{issuer}/authorize?client_id={CLIENT.client_id}",
        }
        os.environ |= settings | {f"FLASK_{name}": value for name, value in settings.items()}
        apps = frameworks.MAKE[framework]()
        check_same_results(apps, misbehave)
        rounds = [[slice_of(app) for app in apps.values()] for _ in range(ROUNDS)]
    report(framework, "login, time", [(ours[0], theirs[0]) for ours, theirs, _ in rounds])
    report(framework, "login, processor time", [(ours[1], theirs[1]) for ours, theirs, _ in rounds])
    less = [(ours[1] - alone[1], theirs[1] - alone[1]) for ours, theirs, alone in rounds]
    report(framework, f"the same, less {framework}'s own", less)
    ours, theirs = lines(framework, "proofkey"), lines(framework, "authlib")
    row(framework, "app with one login", f"{ours} lines", f"{theirs} lines", theirs / ours)


if __name__ == "__main__":
    main(sys.argv[1])
