"""The bundled authorization server for the tests of Kotlin.

It prints its issuer, then takes a command a line: `deny`, `cut`, `seen` (the endpoints asked, in order). It ends
with its input.
"""

import sys

from proofkey import testing
from proofkey.testing import faults

with testing.AuthorizationServer() as server:
    print(server.issuer, flush=True)
    for line in sys.stdin:
        match line.strip():
            case "deny":
                server.inject_once(faults.denied())
                print("ok", flush=True)
            case "cut":
                server.inject_once(faults.cut_before_response("token"))
                print("ok", flush=True)
            case "seen":
                print(" ".join(seen.path for seen in server.seen), flush=True)
            case command:
                sys.exit(f"no such command: {command}")
