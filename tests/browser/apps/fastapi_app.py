"""A FastAPI app with two providers: "idp" signs in and connects, and "away" ends at another origin."""

import os

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import escape
from proofkey.starlette import ProofKey, SignedIn
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])
auth = ProofKey(app, secret_key=os.environ["SECRET_KEY"], config=os.environ)


@auth.on_login("idp")
async def signed_in(request: Request, user: SignedIn) -> RedirectResponse:
    if user.connect_to:
        request.session["connected"] = f"{user.connect_to} to {user.profile['sub']}"
    else:
        request.session["user"] = user.profile["sub"]
    return RedirectResponse(user.next, 303)


@auth.on_login("away")
async def away(request: Request, user: SignedIn) -> RedirectResponse:
    request.session["user"] = user.profile["sub"]
    return RedirectResponse(os.environ["AWAY"], 303)


@auth.user_loader
async def current_user(request: Request) -> str | None:
    return request.session.get("user")


@app.get("/")
async def home(request: Request) -> HTMLResponse:
    user, connected = request.session.get("user", "nobody"), request.session.get("connected", "nothing")
    form = '<form method="post" action="/auth/idp"><button name="connect">Connect</button></form>'
    return HTMLResponse(f"<main>{escape(user)}, {escape(connected)}</main>{form}")
