"""An authorization server for tests and demonstrations, on loopback, in a thread of its own. **Not for production**: it
signs everybody in without asking.

>>> import proofkey
>>> from proofkey import testing
>>> with testing.Provider() as server:
...     client = proofkey.Client(server.provider, "my-app", redirect_uri="http://127.0.0.1:8400/callback")
...     login = client.begin(scope="files.read")
...     callback_url = server.sign_in(login.url)  # what the browser does
...     tokens = client.finish(login, callback_url)
>>> tokens.scope
['files.read']
"""

from proofkey.testing._mismatch import Mismatch, explain_mismatch
from proofkey.testing._provider import Provider, Seen

__all__ = ["Mismatch", "Provider", "Seen", "explain_mismatch"]
