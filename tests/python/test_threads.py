"""Threads, and the first error of an interpreter."""

import subprocess
import sys
import threading
from collections.abc import Callable

import proofkey
import pytest
from proofkey import server
from rfc7636 import B_CHALLENGE, STORED, B


def at_once(work: Callable[[], None], threads: int = 8) -> None:
    """Runs `work` in several threads that start together; fails if one of them fails."""
    barrier = threading.Barrier(threads)
    failures: list[BaseException] = []

    def run() -> None:
        try:
            barrier.wait()
            work()
        except BaseException as failure:
            failures.append(failure)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert failures == []


def test_threads_share_everything() -> None:
    shared = proofkey.Verifier(B)
    binding = server.Binding(STORED)
    made: list[str] = []

    def work() -> None:
        for _ in range(500):
            made.append(proofkey.Verifier.generate().expose())
            assert shared.challenge() == proofkey.s256(shared.expose()) == B_CHALLENGE
            server.verify(binding, {"code_verifier": B})
            with pytest.raises(server.RequestError):
                server.verify(binding, {"code_verifier": made[-1]})

    at_once(work)
    assert len(set(made)) == len(made) == 8 * 500


def test_first_errors_in_several_threads() -> None:
    # The exception classes load with the first error. Here all threads of a fresh interpreter raise it together.
    program = """
import sys, threading, proofkey
assert "proofkey._errors" not in sys.modules
barrier, seen = threading.Barrier(8), []
def work():
    barrier.wait()
    try:
        proofkey.s256("")
    except Exception as error:
        seen.append(type(error))
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert seen == [proofkey.VerifierError] * 8, seen
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_exception_classes_that_do_not_load_are_an_import_error() -> None:
    program = """
import sys, proofkey
sys.modules["proofkey._errors"] = None
try:
    proofkey.s256("")
except ImportError:
    sys.exit(0)
sys.exit(1)
"""
    subprocess.run([sys.executable, "-c", program], check=True)
