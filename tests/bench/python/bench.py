"""Compares the Python package with hand-written code and with other packages.

Machines are noisy: each round runs a short slice of every candidate in turn, and only ratios within a round count.
"""

import base64
import hashlib
import hmac
import importlib.util
import resource
import secrets
import string
import subprocess
import sys
from statistics import median
from timeit import Timer

import pkce
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oauth2.rfc7636.challenge import CODE_VERIFIER_PATTERN, compare_s256_code_challenge
from oauthlib.oauth2 import WebApplicationClient
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

import proofkey
from proofkey import server

ROUNDS, SLICE = 101, 0.0004
IMPORT_ROUNDS = 15
OAUTHLIB = WebApplicationClient("client")
ALPHABET = string.ascii_letters + string.digits + "-._~"



def encoded(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def hand_generate():
    return encoded(secrets.token_bytes(32))


def hand_challenge(verifier):
    return encoded(hashlib.sha256(verifier.encode("ascii")).digest())


def hand_pair():
    verifier = hand_generate()
    return verifier, hand_challenge(verifier)


def hand_verify(challenge, form):
    if not hmac.compare_digest(hand_challenge(form["code_verifier"]), challenge):
        raise ValueError


def generate():
    return proofkey.Verifier.generate().expose()


def pair():
    verifier = proofkey.Verifier.generate()
    return verifier.expose(), verifier.challenge()


def authlib_pair():
    verifier = generate_token(48)
    return verifier, create_s256_code_challenge(verifier)


def authlib_verify(challenge, form):
    """The steps of `CodeChallenge.validate_code_verifier`, without its request objects."""
    verifier = form["code_verifier"]
    if not CODE_VERIFIER_PATTERN.match(verifier) or not compare_s256_code_challenge(verifier, challenge):
        raise ValueError


def oauthlib_challenge(verifier):
    return OAUTHLIB.create_code_challenge(verifier, "S256")


def oauthlib_pair():
    verifier = OAUTHLIB.create_code_verifier(43)
    return verifier, oauthlib_challenge(verifier)


def oauthlib_verify(challenge, form):
    if not code_challenge_method_s256(form["code_verifier"], challenge):
        raise ValueError


CHALLENGES = [
    ("proofkey", proofkey.s256, None),
    ("by hand", hand_challenge, 5),
    ("pkce", pkce.get_code_challenge, None),
    ("Authlib", create_s256_code_challenge, 6),
    ("oauthlib", oauthlib_challenge, None),
]
PAIRS = [
    ("proofkey", pair, None),
    ("by hand", hand_pair, 2.5),
    ("pkce", lambda: pkce.generate_pkce_pair(43), None),
    ("Authlib", authlib_pair, 80),
    ("oauthlib", oauthlib_pair, None),
]
GENERATES = [
    ("proofkey", generate, None),
    ("by hand", hand_generate, None),
    ("pkce", lambda: pkce.generate_code_verifier(43), None),
    ("Authlib", lambda: generate_token(48), None),
    ("oauthlib", lambda: OAUTHLIB.create_code_verifier(43), None),
]
VERIFIES = [
    ("proofkey", server.verify, None),
    ("by hand", hand_verify, 5),
    ("Authlib", authlib_verify, 7),
    ("oauthlib", oauthlib_verify, None),
]


def verifier_of(length):
    """The same text in each run."""
    return (ALPHABET * 2)[:length]


def check_same_results():
    for length in range(43, 129):
        verifier = verifier_of(length)
        challenge = proofkey.s256(verifier)
        for name, call, _ in CHALLENGES:
            if call(verifier) != challenge:
                sys.exit(f"{name} computes another challenge: there is nothing to compare")
        for name, verify, _ in VERIFIES:
            stored = f"S256:{challenge}" if name == "proofkey" else challenge
            verify(stored, {"code_verifier": verifier})
            try:
                verify(stored, {"code_verifier": verifier[:-1] + "!"})
            except (ValueError, proofkey.Error):
                pass
            else:
                sys.exit(f"{name} accepts a wrong verifier: there is nothing to compare")
    for name, call, _ in PAIRS:
        verifier, challenge = call()
        if challenge != proofkey.s256(verifier):
            sys.exit(f"{name} generates a challenge of another verifier: there is nothing to compare")


def report(row, candidates, arguments, targets=True):
    """Measures in interleaved slices and prints a row of the table for each candidate but the first, which is ours.

    `arguments(name)` returns the arguments of the candidate's call.
    """
    timers = []
    for name, call, _ in candidates:
        names = {"call": call, "arguments": arguments(name)}
        places = ", ".join(f"arguments[{place}]" for place in range(len(names["arguments"])))
        timers.append(Timer(f"call({places})", globals=names))
    times = [max(1, int(SLICE / (timer.timeit(100) / 100))) for timer in timers]
    rounds = [
        [timer.timeit(count) / count for timer, count in zip(timers, times, strict=True)] for _ in range(ROUNDS)
    ]
    for place, (name, _, target) in enumerate(candidates):
        if place:
            ours, theirs = (f"{median(each[column] for each in rounds) * 1e9:.0f} ns" for column in (0, place))
            ratio = median(each[place] / each[0] for each in rounds)
            line(row, ours, name, theirs, ratio, target if targets else None)


def line(row, ours, name, theirs, ratio, target):
    # Compared at the digit that is printed.
    verdict = "– | –" if target is None else f"≤ 1/{target} | {'met' if round(ratio, 1) >= target else '**missed**'}"
    print(f"| Python | {row} | {ours} | {name} | {theirs} | 1/{ratio:.1f} | {verdict} |", flush=True)


def report_imports():
    """Measures what each import adds to an interpreter that has started, each time in a fresh one."""
    authlib = "authlib.integrations.flask_client" if importlib.util.find_spec("flask") else "authlib.oauth2"
    modules = ["proofkey", "pkce", "oauthlib.oauth2", "requests_oauthlib", authlib]
    costs = {module: [] for module in modules}
    for round_ in range(IMPORT_ROUNDS + 1):
        for module in modules:
            cost = cost_of_import(module)
            if round_:  # the first one fills the caches
                costs[module].append(cost)
    added = {module: [median(each) for each in zip(*costs[module], strict=True)] for module in modules}
    own, *others = modules
    for other in others:
        ratio = median(theirs[0] / ours[0] for ours, theirs in zip(costs[own], costs[other], strict=True))
        target = 100 if other == "requests_oauthlib" else None
        line("import", described(added[own]), f"import {other}", described(added[other]), ratio, target)
    milliseconds, _, megabytes = added[own]
    met = "met" if milliseconds <= 1 and megabytes <= 1.5 else "**missed**"
    print(f"| Python | import | {described(added[own])} | the interpreter alone | – | – | ≤ 1 ms, +1.5 MB | {met} |")


def described(added):
    milliseconds, modules, megabytes = added
    return f"{milliseconds:.2f} ms, +{modules:.0f} modules, +{megabytes:.1f} MB"


def cost_of_import(module):
    """The milliseconds, the number of modules and the resident megabytes that an import adds, on Linux."""
    program = f"""
import sys, time
def resident():
    with open("/proc/self/statm", "rb") as statm:
        return int(statm.read().split()[1])
def state():
    return len(sys.modules), resident()
state()
before = state()
start = time.perf_counter_ns()
import {module}
end = time.perf_counter_ns()
after = state()
print(end - start, after[0] - before[0], after[1] - before[1])
"""
    run = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, check=True, text=True)
    nanoseconds, modules, pages = map(int, run.stdout.split())
    return nanoseconds / 1e6, modules, pages * resource.getpagesize() / 1e6


def main():
    check_same_results()
    report("generate", GENERATES, lambda _: ())
    for length in (43, 64, 128):
        verifier = verifier_of(length)
        # Targets apply to 43 characters, what clients generate. The hash grows with the length, for all alike.
        report(f"challenge, {length} characters", CHALLENGES, lambda _: (verifier,), targets=length == 43)
    report("verifier and challenge", PAIRS, lambda _: ())
    form = {"grant_type": "authorization_code", "code": "x", "code_verifier": verifier_of(43)}
    challenge = proofkey.s256(form["code_verifier"])
    report("verify", VERIFIES, lambda name: (f"S256:{challenge}" if name == "proofkey" else challenge, form))
    report_imports()


if __name__ == "__main__":
    main()
