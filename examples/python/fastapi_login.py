"""A FastAPI app whose users sign in with GitHub, or with any other provider that the environment names.

In a checkout:

    pip install '.[starlette]' fastapi uvicorn itsdangerous
    export SECRET_KEY=$(python -c "import secrets; print(secrets.token_hex(32))")
    export PROOFKEY_GITHUB_CLIENT_ID=… PROOFKEY_GITHUB_CLIENT_SECRET=…
    uvicorn --app-dir examples/python fastapi_login:app

Register http://localhost:8000/auth/github/callback with GitHub, and open http://localhost:8000. For another provider,
set PROOFKEY_GITHUB_ISSUER and _SCOPE as well, or change the name.
"""

import os

from fastapi import FastAPI
from fastapi.requests import Request
from fastapi.responses import RedirectResponse
from proofkey.starlette import ProofKey
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])
auth = ProofKey(app, secret_key=os.environ["SECRET_KEY"], config=os.environ)


@auth.on_login("github")
async def signed_in(request, user):
    request.session["user"] = user.profile["login"]
    return RedirectResponse(user.next, 303)


@app.get("/")
async def home(request: Request):
    return {"hello": request.session.get("user", "stranger"), "sign in": "/auth/github"}
