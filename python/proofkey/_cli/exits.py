"""How a command ends."""

import sys

import proofkey

DONE = 0
FAILED = 1
USAGE = 2
"""What argparse exits with."""
SIGN_IN = 3
RETRY = 4
INTERRUPTED = 130

TABLE = {
    DONE: "done",
    FAILED: "it failed; stderr says why, and what to do next",
    USAGE: "the command is not written like that",
    SIGN_IN: "nobody is signed in, or no longer: run `proofkey login`",
    RETRY: "the network, the server or another process is in the way: try again later",
    INTERRUPTED: "interrupted with Ctrl-C",
}
"""What each exit status means."""


class Refused(Exception):
    """A wrong setting, with what to do about it."""


def of(error: proofkey.Error) -> int:
    return {"restart_login": SIGN_IN, "retry_later": RETRY}.get(error.recovery, FAILED)


def failed(text: str, status: int) -> int:
    print(f"proofkey: {text}", file=sys.stderr)
    return status
