"""The arguments of the servers, the names that they share, and how they serve.

Arguments: before|after strict|optional|project TOGETHER FOLDER. `before` uses the framework's own PKCE, `after` the
adapter of proofkey. `optional` lets confidential clients do without PKCE. `project` has a validator of its own, which
does the same. With TOGETHER above 1, that many token requests wait for each other after their code has passed every
check, so that they race for it. FOLDER is for the server's files. The variable POSTGRES names a database to use instead
of a file, and the folder of its socket, as NAME@FOLDER.
"""

import os
import sys
import threading
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

AFTER = sys.argv[1] == "after"
OPTIONAL = sys.argv[2] == "optional"
PROJECT = sys.argv[2] == "project"
TOGETHER = int(sys.argv[3])
FOLDER = Path(sys.argv[4])
POSTGRES = os.environ.get("POSTGRES")

PUBLIC, CONFIDENTIAL, SECRET = "public", "confidential", "only-for-tests-0123456789"
REDIRECT_URI = "https://client.example/callback"
SCOPE = "files.read"
USER = "somebody"

_barrier = threading.Barrier(max(TOGETHER, 1), timeout=60)


def meet() -> None:
    """Waits until every token request has reached this point."""
    _barrier.wait()


def serve(app: Any) -> None:
    """Serves on a free port on loopback, and prints the port."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Handler)
    print(server.port, flush=True)
    server.serve_forever()


class _Handler(WSGIRequestHandler):
    def log_request(self, *args: object) -> None:
        """Logs nothing, because request lines contain codes."""
