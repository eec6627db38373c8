"""How the adapters report a `RequestError`."""

import logging

from proofkey.server import RequestError

_log = logging.getLogger("proofkey.server")


def description(refused: RequestError) -> str | None:
    """The `error_description` for the client. `None` if the server's own storage is at fault: the operator finds the
    name of the error in the log.
    """
    if refused.fault == "server":
        _log.error("%s", refused)
    return refused.as_dict().get("error_description")
