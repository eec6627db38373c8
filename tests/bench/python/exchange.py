"""Measures whole code exchanges over loopback: make the URL for the browser, check its callback, send the code.

    exchange.py TOKEN_SERVER

Every client keeps its connections, trusts the same certificate and parses the response. The state is given, and the
browser's part costs nothing. Each round runs a short slice of every candidate in turn, and only ratios within a round
count.

The server has a processor of its own, like a server on another machine. If client and server shared one, no wake-up would
cross processors, and an exchange would cost a fraction of its usual time, which favours the clients that do least.
"""

import hmac
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import requests
import requests_oauthlib
import trustme
import urllib3
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

import proofkey
from bench import hand_pair

ROUNDS, THREADS = 25, 8
SLICE, SLICE_OF_THREADS = 0.03, 0.1

AUTHORIZE = "https://as.example/authorize"
CLIENT_ID, REDIRECT_URI = "my-app", "https://client.example/callback"
SCOPE, STATE = "files.read files.write", "af0ifjsldkj-0SMVExkFNfGZmVSCgPTo4kqSVPoqPs4"
CALLBACK = f"{REDIRECT_URI}?code=SplxlOBeZQQYbYS6WxSbIA&state={STATE}"


class Server(NamedTuple):
    token_endpoint: str
    ca_file: str


def sign_in(url):
    """The browser's part."""
    return CALLBACK


def with_proofkey(server):
    provider = proofkey.Provider(authorization_endpoint=AUTHORIZE, token_endpoint=server.token_endpoint)
    transport = proofkey.Transport(ca_file=server.ca_file)
    client = proofkey.Client(provider, CLIENT_ID, redirect_uri=REDIRECT_URI, transport=transport)

    def exchange():
        login = client.begin(scope=SCOPE, state=STATE)
        return client.finish(login, sign_in(login.url)).access_token.expose()

    return exchange


def by_hand(post):
    """The flow as a careful programmer writes it. `post` sends a form, checks the status and returns the JSON."""

    def exchange():
        verifier, challenge = hand_pair()
        query = {
            "response_type": "code",
            "client_id": CLIENT_ID,
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
            "state": STATE,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        callback = parse_qs(urlsplit(sign_in(f"{AUTHORIZE}?{urlencode(query)}")).query)
        if not hmac.compare_digest(callback["state"][0].encode(), STATE.encode()):
            raise ValueError
        form = {
            "grant_type": "authorization_code",
            "code": callback["code"][0],
            "redirect_uri": REDIRECT_URI,
            "code_verifier": verifier,
            "client_id": CLIENT_ID,
        }
        return post(form)["access_token"]

    return exchange


def with_urllib3(server):
    pool = urllib3.PoolManager(maxsize=THREADS, ca_certs=server.ca_file, timeout=10, retries=False)

    def post(form):
        response = pool.request("POST", server.token_endpoint, fields=form, encode_multipart=False, redirect=False)
        if response.status != 200:
            raise ValueError
        return response.json()

    return by_hand(post)


def with_httpx(server):
    client = httpx.Client(verify=ssl.create_default_context(cafile=server.ca_file), timeout=10)
    return by_hand(lambda form: client.post(server.token_endpoint, data=form).raise_for_status().json())


def with_requests(server):
    session = requests.Session()
    session.verify = server.ca_file

    def post(form):
        response = session.post(server.token_endpoint, data=form, timeout=10, allow_redirects=False)
        response.raise_for_status()
        return response.json()

    return by_hand(post)


def with_authlib(server):
    session = OAuth2Session(
        CLIENT_ID,
        token_endpoint_auth_method="none",
        scope=SCOPE,
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
    )
    session.verify = server.ca_file

    def exchange():
        verifier = generate_token(48)
        url, state = session.create_authorization_url(AUTHORIZE, state=STATE, code_verifier=verifier)
        token = session.fetch_token(
            server.token_endpoint, authorization_response=sign_in(url), state=state, code_verifier=verifier, timeout=10
        )
        return token["access_token"]

    return exchange


def with_requests_oauthlib(server):
    session = requests_oauthlib.OAuth2Session(CLIENT_ID, redirect_uri=REDIRECT_URI, scope=SCOPE, pkce="S256")
    session.verify = server.ca_file

    def exchange():
        url, _ = session.authorization_url(AUTHORIZE, state=STATE)
        token = session.fetch_token(
            server.token_endpoint, authorization_response=sign_in(url), include_client_id=True, timeout=10
        )
        return token["access_token"]

    return exchange


class Candidate(NamedTuple):
    name: str
    make: Callable
    # Whether the threads share one client. requests does not document its sessions as safe for that.
    shared: bool
    target: float | None = None


CANDIDATES = [
    Candidate("proofkey", with_proofkey, shared=True),
    Candidate("urllib3.PoolManager", with_urllib3, shared=True),
    Candidate("httpx.Client", with_httpx, shared=True),
    Candidate("requests.Session", with_requests, shared=False, target=6),
    Candidate("Authlib's session", with_authlib, shared=False),
    Candidate("requests-oauthlib", with_requests_oauthlib, shared=False),
]


def compare(scheme, server):
    calls = []
    for candidate in CANDIDATES:
        makes = 1 if candidate.shared else THREADS
        calls.append([candidate.make(server) for _ in range(makes)] * (THREADS // makes))
    check_same_results(calls)
    rounds = [[(*one_thread(each[0]), threads(each)) for each in calls] for _ in range(ROUNDS)]
    row(f"{scheme}, median time", rounds, 0)
    row(f"{scheme}, processor time", rounds, 1, targets=True)
    row(f"{scheme}, {THREADS} threads", rounds, 2, targets=True)


def check_same_results(calls):
    ours = calls[0][0]()
    for candidate, each in zip(CANDIDATES, calls, strict=True):
        if any(call() != ours for call in each):
            sys.exit(f"{candidate.name} gets another access token: there is nothing to compare")


def one_thread(call):
    """The median time of an exchange, and the processor time of one in this process, all threads included."""
    call()  # reopens a connection that was idle too long
    times = []
    now, cpu = perf_counter(), process_time()
    end = now + SLICE
    while now < end:
        call()
        before, now = now, perf_counter()
        times.append(now - before)
    return median(times), (process_time() - cpu) / len(times)


def threads(calls):
    """The exchanges per second of all threads together."""
    ready = threading.Barrier(THREADS, timeout=10)

    def work(call):
        call()
        ready.wait()
        count, start = 0, perf_counter()
        end = start + SLICE_OF_THREADS
        while perf_counter() < end:
            call()
            count += 1
        return count / (perf_counter() - start)

    with ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(work, calls))


def row(what, rounds, column, targets=False):
    """Prints a row of the table for each candidate except the first, which is proofkey."""
    rate = column == 2
    for place, (name, _, _, target) in enumerate(CANDIDATES):
        if place:
            ours, theirs = (median(each[index][column] for each in rounds) for index in (0, place))
            ratio = median(each[place][column] / each[0][column] for each in rounds)
            ratio, sign, texts = (1 / ratio, "≥ {} ×", "{:.1f} ×") if rate else (ratio, "≤ 1/{}", "1/{:.1f}")
            # Compared at the digit that is printed.
            met = target and ("met" if round(ratio, 1) >= target else "**missed**")
            verdict = f"{sign.format(target)} | {met}" if targets and target else "– | –"
            ours, theirs = (f"{value:,.0f} /s" if rate else f"{value * 1e6:.0f} µs" for value in (ours, theirs))
            cells = ("Exchange", what, ours, name, theirs, texts.format(ratio), verdict)
            print(f"| {' | '.join(cells)} |", flush=True)


@contextmanager
def token_server(program):
    """Runs the token server until the end of the block, on a processor of its own if there are two.

    The server stops when its standard input is closed, so that it always ends with this process.
    """
    with TemporaryDirectory() as folder:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        ca_file, chain, key = (str(Path(folder, name)) for name in ("ca.pem", "chain.pem", "key.pem"))
        authority.cert_pem.write_to_path(ca_file)
        certificate.cert_chain_pems[0].write_to_path(chain)
        certificate.private_key_pem.write_to_path(key)
        *ours, its_own = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, [its_own])  # inherited by the server
        command = [program, chain, key]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            os.sched_setaffinity(0, ours or [its_own])
            ports = [int(server.stdout.readline()) for _ in range(2)]
            yield {
                scheme: Server(f"{scheme}://127.0.0.1:{port}/token", ca_file)
                for scheme, port in zip(("http", "https"), ports, strict=True)
            }


def main():
    # Not all clients read these: proxies, and certificates that requests prefers to those it is given.
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.endswith("_CA_BUNDLE"):
            del os.environ[name]
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http to loopback
    with token_server(sys.argv[1]) as servers:
        for scheme, server in servers.items():
            compare(scheme, server)


if __name__ == "__main__":
    main()
