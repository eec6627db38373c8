"""The bundled authorization server for the tests of Kotlin: `server.py auto|page`, the consent that it asks for.

It prints its issuer, then takes a command a line: `deny`, `cut`, `seen` (the endpoints asked, in order), `advance SECONDS`,
and `allow CODE` or `deny CODE` for a device. It ends with its input.
"""

import sys

from proofkey import testing
from proofkey.testing import faults

with testing.AuthorizationServer(consent="page" if sys.argv[1] == "page" else "auto") as server:
    print(server.issuer, flush=True)
    for line in sys.stdin:
        match line.split():
            case ["deny"]:
                server.inject_once(faults.denied())
                print("ok", flush=True)
            case ["cut"]:
                server.inject_once(faults.cut_before_response("token"))
                print("ok", flush=True)
            case ["seen"]:
                print(" ".join(seen.path for seen in server.seen), flush=True)
            case ["advance", seconds]:
                server.advance(int(seconds))
                print("ok", flush=True)
            case ["allow", code]:
                server.allow_device(code)
                print("ok", flush=True)
            case ["deny", code]:
                server.deny_device(code)
                print("ok", flush=True)
            case command:
                sys.exit(f"no such command: {command}")
