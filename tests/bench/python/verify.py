"""Verifications per second of one thread: Rust, C and Python beside the checks of Authlib and oauthlib themselves.

    verify.py RUST_PROGRAM C_PROGRAM

Machines are noisy: each round runs a short slice of every candidate in turn, one at a time, and only ratios within a
round count. The programs read how many verifications to run, and print how many nanoseconds one took. oauthlib checks
neither the length of a verifier nor its characters.
"""

import subprocess
import sys
from statistics import median
from timeit import Timer
from types import SimpleNamespace

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc7636 import CodeChallenge
from oauthlib.oauth2 import AuthorizationCodeGrant

from proofkey import server

ROUNDS, SLICE_NS = 201, 400_000
# RFC 7636 appendix B, as in the two programs.
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


class Program:
    def __init__(self, path):
        self.process = subprocess.Popen([path, "verify"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def slice(self, times):
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        if self.process.wait():
            sys.exit(f"{self.process.args[0]} failed")


class Here:
    def __init__(self, call, *arguments):
        places = ", ".join(f"arguments[{place}]" for place in range(len(arguments)))
        self.timer = Timer(f"call({places})", globals={"call": call, "arguments": arguments})

    def slice(self, times):
        return self.timer.timeit(times) / times * 1e9

    def end(self):
        pass


def authlib_grant(verifier):
    """The parts of a token request that Authlib's check reads."""
    code = SimpleNamespace(code_challenge=CHALLENGE, code_challenge_method="S256")
    request = SimpleNamespace(form={"code_verifier": verifier}, auth_method="none", authorization_code=code)
    return SimpleNamespace(request=request)


AUTHLIB = CodeChallenge().validate_code_verifier
OAUTHLIB = AuthorizationCodeGrant().validate_code_challenge


def check_same_results():
    for verifier, right in ((VERIFIER, True), (VERIFIER[::-1], False)):
        try:
            server.verify(f"S256:{CHALLENGE}", {"code_verifier": verifier})
            ours = True
        except server.RequestError:
            ours = False
        try:
            AUTHLIB(authlib_grant(verifier), None)
            authlib = True
        except OAuth2Error:
            authlib = False
        oauthlib = OAUTHLIB(CHALLENGE, "S256", verifier)
        if (ours, authlib, oauthlib) != (right, right, right):
            sys.exit("one accepts what another refuses: there is nothing to compare")


def described(nanoseconds):
    return f"{nanoseconds:.0f} ns, {1e3 / nanoseconds:.2f} M/s"


def main(rust, c):
    check_same_results()
    ours = {
        "Rust": Program(rust),
        "C": Program(c),
        "Python": Here(server.verify, f"S256:{CHALLENGE}", {"code_verifier": VERIFIER}),
    }
    peers = {
        "Authlib's own check": Here(AUTHLIB, authlib_grant(VERIFIER), None),
        "oauthlib's own check": Here(OAUTHLIB, CHALLENGE, "S256", VERIFIER),
    }
    candidates = ours | peers
    # The first call warms up; the second measures how many verifications fill a slice.
    times = {}
    for name, candidate in candidates.items():
        candidate.slice(1_000)
        times[name] = int(SLICE_NS / candidate.slice(1_000)) + 1
    rounds = [{name: each.slice(times[name]) for name, each in candidates.items()} for _ in range(ROUNDS)]
    for candidate in candidates.values():
        candidate.end()
    taken = {name: median(each[name] for each in rounds) for name in candidates}
    for surface in ours:
        for peer in peers:
            ratio = median(each[peer] / each[surface] for each in rounds)
            row = [f"{surface}, one thread", described(taken[surface]), peer, described(taken[peer]), f"1/{ratio:.1f}"]
            print("| Verify |", " | ".join(row), "| – | – |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
