"""Forks, threads, and several interpreters' worth of first uses."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable

import proofkey
import pytest
from proofkey import server
from test_verifier import B, B_CHALLENGE

STORED = f"S256:{B_CHALLENGE}"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_parent_and_child_generate_different_verifiers() -> None:
    proofkey.Verifier.generate()  # Whatever state there is exists before the fork.
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, "\n".join(proofkey.Verifier.generate().expose() for _ in range(20)).encode())
        finally:
            os._exit(0)
    os.close(write)
    ours = {proofkey.Verifier.generate().expose() for _ in range(20)}
    with os.fdopen(read) as pipe:
        theirs = set(pipe.read().splitlines())
    assert os.waitpid(child, 0)[1] == 0
    assert len(ours) == len(theirs) == 20
    assert not ours & theirs


def at_once(work: Callable[[], None], threads: int = 8) -> None:
    """Runs `work` in several threads that start together, and fails if one fails."""
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
            server.redeem(binding, {"code_verifier": B})
            with pytest.raises(server.RequestError):
                server.redeem(binding, {"code_verifier": made[-1]})

    at_once(work)
    assert len(set(made)) == len(made) == 8 * 500


def test_first_errors_in_several_threads() -> None:
    # The exception classes load with the first error: here all threads meet it together, in a fresh interpreter.
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


def test_an_unloadable_class_is_an_import_error_and_no_panic() -> None:
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
