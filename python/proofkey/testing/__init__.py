"""An authorization server for tests and demonstrations, on loopback, in a thread of its own. **Not for production**: it
signs anyone in without a password.

>>> import proofkey
>>> from proofkey import testing
>>> with testing.AuthorizationServer() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="files.read")
...     callback_url = server.sign_in(login.url)  # does what the browser and the user do
...     tokens = client.finish(login, callback_url)
>>> tokens.scope
['files.read']

`faults` lists what the server can do wrong on demand, `sign_in` signs in to a Flask app, and pytest has the server as
the fixture `proofkey_server`.
"""

from proofkey.testing import faults
from proofkey.testing._authorization_server import AuthorizationServer, Seen
from proofkey.testing._browser import Callback, SignInError
from proofkey.testing._faults import InjectedFault
from proofkey.testing._flask import sign_in
from proofkey.testing._mismatch import Mismatch, explain_mismatch
from proofkey.testing._registry import RegisteredClient, User

__all__ = [
    "AuthorizationServer",
    "Callback",
    "InjectedFault",
    "Mismatch",
    "RegisteredClient",
    "Seen",
    "SignInError",
    "User",
    "explain_mismatch",
    "faults",
    "sign_in",
]
