"""The app under load: it signs users in, keeps the tokens of each on the server, and tells each what it keeps."""

import hashlib
import json
import os
import secrets
from pathlib import Path

from flask import Flask, redirect, session
from flask.typing import ResponseReturnValue

from proofkey import Transport
from proofkey.flask import ProofKey, SignedIn

KEPT = Path(os.environ["KEPT"])
"""A folder for all workers: a file for each session, by a name that only its browser has."""

app = Flask(__name__)
app.config.from_prefixed_env()
# Longer than the tests hold an answer, on whatever machine.
auth = ProofKey(app, test={"scope": "openid profile", "transport": Transport(timeout=60)})


@auth.on_login("test")
def signed_in(login: SignedIn) -> ResponseReturnValue:
    # The provider can hold this answer until others have come here, too.
    auth["test"].client.userinfo(login.tokens)
    kept = {"profile": login.profile, "token": login.tokens.access_token.expose()}
    session["kept"] = secrets.token_hex(16)
    (KEPT / session["kept"]).write_text(json.dumps(kept))
    return redirect(login.next)


@app.get("/me")
def me() -> ResponseReturnValue:
    kept = json.loads((KEPT / session["kept"]).read_text())
    return {**kept["profile"], "token": hashlib.sha256(kept["token"].encode()).hexdigest()}
