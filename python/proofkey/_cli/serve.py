"""The command that runs the authorization server for tests."""

import threading
from argparse import Namespace

from proofkey import testing
from proofkey._cli import exits
from proofkey._cli.output import print_json
from proofkey._loopback import tell


def serve(options: Namespace) -> int:
    """Runs the authorization server of `proofkey.testing` until it is interrupted."""
    with testing.AuthorizationServer(port=options.port, consent="page" if options.consent else "auto") as server:
        print_json(server.metadata)
        tell(f"An authorization server for tests is running at {server.issuer}. Ctrl-C ends it.")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            tell("")
    return exits.DONE
