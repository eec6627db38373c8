"""A Starlette app that signs in with proofkey."""

import os

from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse

from proofkey.starlette import ProofKey

app = Starlette()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])
auth = ProofKey(app, secret_key=os.environ["SECRET_KEY"], config=os.environ, bench={"scope": "openid profile"})


@auth.on_login("bench")
async def signed_in(request, user):
    request.session["user"] = user.profile["name"]
    return RedirectResponse(user.next, 302)


async def home(request):
    return PlainTextResponse(request.session["user"])


app.add_route("/", home)
