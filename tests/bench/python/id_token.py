"""Compares the cost of an ID token in proofkey with joserfc's check of the same token, whose key is already imported.

The row with the target is the check in the public interface: parse the token response, check its ID token, return the
claims. The other rows measure more around it: a whole login, and a refresh. Each round runs a short slice of every
candidate in turn, and only ratios within a round count.
"""

import json
import sys
from collections.abc import Callable
from statistics import median
from timeit import Timer
from typing import NamedTuple

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

import proofkey

ROUNDS, SLICE = 201, 0.002
NOW = 1_700_000_000
ISSUER, CLIENT_ID, REDIRECT_URI = "https://op.example", "my-app", "https://client.example/callback"
STATE, NONCE = "af0ifjsldkj-0SMVExkFNfGZmVSCgPTo4kqSVPoqPs4", "n-0S6_WzA2MjT5Rf3aBk7w"
CALLBACK = f"{REDIRECT_URI}?code=SplxlOBeZQQYbYS6WxSbIA&state={STATE}"
CLAIMS = {
    "iss": ISSUER,
    "sub": "248289761001",
    "aud": CLIENT_ID,
    "exp": NOW + 300,
    "iat": NOW,
    "auth_time": NOW,
    "nonce": NONCE,
    "name": "Jane Doe",
    "email": "jane@op.example",
    "email_verified": True,
}
TAMPERED = {"iss": "https://evil.example", "aud": "other", "exp": NOW - 60, "iat": NOW + 61, "nonce": "other"}


class Algorithm(NamedTuple):
    name: str
    make_key: Callable
    target: float | None


ALGORITHMS = [
    Algorithm("RS256", lambda: RSAKey.generate_key(2048, {"kid": "1"}), 0.6),
    Algorithm("ES256", lambda: ECKey.generate_key("P-256", {"kid": "1"}), 0.6),
    Algorithm("Ed25519", lambda: OKPKey.generate_key("Ed25519", {"kid": "1"}), None),
]


def with_proofkey(algorithm, key):
    provider = proofkey.Provider(
        authorization_endpoint=f"{ISSUER}/authorize",
        token_endpoint=f"{ISSUER}/token",
        issuer=ISSUER,
        jwks_uri=f"{ISSUER}/keys",
    )
    client = proofkey.Client(provider, CLIENT_ID, redirect_uri=REDIRECT_URI, id_token_algorithms=algorithm)
    keys = json.dumps({"keys": [key.as_dict(private=False)]}).encode()
    headers = {"Content-Type": "application/json"}

    def begin():
        login = client.begin(scope="openid", state=STATE, nonce=NONCE, now=NOW)
        exchange = login.accept(CALLBACK, now=NOW)
        if exchange.request.method == "GET":  # only for the first login: the client keeps the keys
            exchange.receive(200, headers, keys, now=NOW)
        return exchange

    def check(exchange, response):
        exchange.receive(200, headers, response, now=NOW)
        return exchange.tokens

    def refresh(tokens, response):
        exchange = client.begin_refresh(tokens, now=NOW + 2)
        exchange.receive(200, headers, response, now=NOW)
        return exchange.tokens

    return begin, check, refresh


class Prepared:
    """A timer of work that uses up its argument. The arguments are prepared before the time starts."""

    def __init__(self, prepare, work):
        self._prepare, self._work = prepare, work

    def timeit(self, count):
        ready = [self._prepare() for _ in range(count)]
        return Timer(lambda: self._work(ready.pop())).timeit(count)


def with_joserfc(algorithm, key):
    key = type(key).import_key(key.as_dict(private=False))
    registry = jwt.JWTClaimsRegistry(
        now=NOW,
        leeway=60,
        iss={"essential": True, "value": ISSUER},
        sub={"essential": True},
        aud={"essential": True, "value": CLIENT_ID},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": NONCE},
    )

    def check(id_token):
        token = jwt.decode(id_token, key, algorithms=[algorithm])
        registry.validate(token.claims)
        return token.claims

    return check


def response(id_token, **more):
    tokens = {"access_token": "2YotnFZFEjr1zCsicMWpAA", "refresh_token": "tGzv3JOkF0XG5Qx2TlKWIA"}
    return json.dumps({**tokens, "token_type": "Bearer", "id_token": id_token, **more}).encode()


def check_same_results(sign, login, check):
    """Checks that both accept the token, and that both refuse each changed one."""
    good = sign(CLAIMS)
    if not login(response(good)).claims == check(good) == CLAIMS:
        sys.exit("the two read different claims: there is nothing to compare")
    head, body, signature = good.split(".")
    other = "B" if signature[9] == "A" else "A"
    forged = f"{head}.{body}.{signature[:9]}{other}{signature[10:]}"
    for bad in [forged, *(sign({**CLAIMS, name: value}) for name, value in TAMPERED.items())]:
        for name, call, argument in ("proofkey", login, response(bad)), ("joserfc", check, bad):
            try:
                call(argument)
            except Exception:
                continue
            sys.exit(f"{name} accepts a bad token: there is nothing to compare")


def compare(algorithm):
    key = algorithm.make_key()
    begin, ours, refresh = with_proofkey(algorithm.name, key)
    check = with_joserfc(algorithm.name, key)

    def login(response):
        return ours(begin(), response)

    def sign(claims):
        return jwt.encode({"alg": algorithm.name, "kid": "1"}, claims, key, algorithms=[algorithm.name])

    check_same_results(sign, login, check)
    id_token = sign(CLAIMS)
    body = response(id_token)
    tokens = login(body)
    # Tokens that have expired by then are not served again, so that the same refresh token is sent each time.
    expired = response(id_token, expires_in=1)
    timers = [
        Timer(lambda: check(id_token)),
        Prepared(begin, lambda exchange: ours(exchange, body).claims),
        Timer(lambda: login(body).claims),
        Timer(lambda: refresh(tokens, expired).claims),
    ]
    times = [max(1, int(SLICE / (timer.timeit(50) / 50))) for timer in timers]
    rounds = [
        [timer.timeit(count) / count for timer, count in zip(timers, times, strict=True)] for _ in range(ROUNDS)
    ]
    row(f"{algorithm.name}, response to claims", rounds, 1, algorithm.target)
    row(f"{algorithm.name}, login to claims", rounds, 2, None)
    row(f"{algorithm.name}, refresh to claims", rounds, 3, None)


def row(what, rounds, place, target):
    theirs, ours = (median(each[column] for each in rounds) * 1e6 for column in (0, place))
    ratio = median(each[place] / each[0] for each in rounds)
    # Compared at the digits that are printed.
    verdict = f"≤ {target:.2f} | {'met' if round(ratio, 2) <= target else '**missed**'}" if target else "– | –"
    peer = "joserfc: signature and claims"
    print(f"| ID token | {what} | {ours:.0f} µs | {peer} | {theirs:.0f} µs | {ratio:.2f} | {verdict} |", flush=True)


if __name__ == "__main__":
    for each in ALGORITHMS:
        compare(each)
