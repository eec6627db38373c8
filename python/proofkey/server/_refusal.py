"""What the adapters make of a `RequestError`."""

import logging

from proofkey.server import RequestError

_log = logging.getLogger("proofkey.server")


def description(refused: RequestError) -> str | None:
    """The `error_description` for the client. If the server's own storage is at fault there is none, and the operator
    finds the name in the log.
    """
    if refused.fault == "server":
        _log.error("%s", refused)
    return refused.as_dict().get("error_description")
