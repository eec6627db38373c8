"""An authorization server for tests and demonstrations, on loopback, in a thread of its own. **Not for production**: it
signs everybody in without a password.

>>> import proofkey
>>> from proofkey import testing
>>> with testing.Provider() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="files.read")
...     callback_url = server.sign_in(login.url)  # what the browser does
...     tokens = client.finish(login, callback_url)
>>> tokens.scope
['files.read']

`faults` has what it can do wrong, `sign_in` signs in to a Flask app, and pytest finds it as the fixture
`proofkey_provider`.
"""

from proofkey.testing import faults
from proofkey.testing._bends import Bend
from proofkey.testing._browser import Callback, SignInError
from proofkey.testing._flask import sign_in
from proofkey.testing._mismatch import Mismatch, explain_mismatch
from proofkey.testing._provider import Provider, Seen
from proofkey.testing._registry import RegisteredClient, User

__all__ = [
    "Bend",
    "Callback",
    "Mismatch",
    "Provider",
    "RegisteredClient",
    "Seen",
    "SignInError",
    "User",
    "explain_mismatch",
    "faults",
    "sign_in",
]
