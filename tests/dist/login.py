"""A login against the bundled server, for a Python that has nothing but the wheel: `login.py VECTORS`.

It must not need a package: the server signs ID tokens with cryptography, so this login asks for none.
"""

import json
import sys
import time
from pathlib import Path

started = time.perf_counter()
import proofkey  # noqa: E402

imported = time.perf_counter() - started
from proofkey import testing  # noqa: E402

cases = json.loads(Path(sys.argv[1], "pkce.json").read_text(encoding="utf-8"))["s256"]
for case in cases:
    assert proofkey.s256(case["verifier"]) == case["challenge"], case["name"]

with testing.AuthorizationServer() as server:
    provider = proofkey.Provider.discover(server.issuer)
    client = proofkey.Client(provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
    login = client.begin(scope="files.read")
    tokens = client.finish(login, server.sign_in(login.url))
assert tokens.scope == ["files.read"]
print(
    f"proofkey {proofkey.__version__}, Python {sys.version.split()[0]}: imported in {1000 * imported:.1f} ms, "
    f"{len(cases)} vectors, a login, {time.perf_counter() - started:.1f} s"
)
