"""The app under load: it signs users in, stores the tokens of each on the server, and shows each what it has stored."""

import hashlib
import json
import os
import secrets
from pathlib import Path

from flask import Flask, redirect, session
from flask.typing import ResponseReturnValue

from proofkey import Transport
from proofkey.flask import ProofKey, SignedIn

SESSIONS = Path(os.environ["SESSIONS"])
"""A folder for all workers, with a file for each session. Only the browser of the session knows the file's name."""

app = Flask(__name__)
app.config.from_prefixed_env()
# The timeout is longer than the tests delay a response, even on a slow machine.
auth = ProofKey(app, test={"scope": "openid profile", "transport": Transport(timeout=60)})


@auth.on_login("test")
def signed_in(user: SignedIn) -> ResponseReturnValue:
    # The provider can hold this response until other threads are here, too.
    auth["test"].client.userinfo(user.tokens)
    stored = {"profile": user.profile, "token": user.tokens.access_token.expose()}
    session["file"] = secrets.token_hex(16)
    (SESSIONS / session["file"]).write_text(json.dumps(stored))
    return redirect(user.next)


@app.get("/me")
def me() -> ResponseReturnValue:
    stored = json.loads((SESSIONS / session["file"]).read_text())
    return {**stored["profile"], "token": hashlib.sha256(stored["token"].encode()).hexdigest()}
