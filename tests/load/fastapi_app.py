"""The app under load in FastAPI; what it does is what `app.py` does."""

import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request

from proofkey import Transport
from proofkey.starlette import ProofKey, SignedIn

SESSIONS = Path(os.environ["SESSIONS"])

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])
auth = ProofKey(
    app,
    secret_key=os.environ["SECRET_KEY"],
    config=os.environ,
    threads=int(os.environ["THREADS"]),
    test={"scope": "openid profile", "transport": Transport(timeout=60)},
)


@auth.on_login("test")
async def signed_in(request: Request, user: SignedIn) -> RedirectResponse:
    client = await auth["test"].client(request)
    await anyio.to_thread.run_sync(client.userinfo, user.tokens)
    stored = {"profile": user.profile, "token": user.tokens.access_token.expose()}
    request.session["file"] = secrets.token_hex(16)
    (SESSIONS / request.session["file"]).write_text(json.dumps(stored))
    return RedirectResponse(user.next, 302)


@app.get("/me")
async def me(request: Request) -> dict[str, Any]:
    stored = json.loads((SESSIONS / request.session["file"]).read_text())
    return {**stored["profile"], "token": hashlib.sha256(stored["token"].encode()).hexdigest()}
