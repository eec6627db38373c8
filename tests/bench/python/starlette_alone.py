"""A Starlette app that signs nobody in. It measures what the three requests of a login cost in Starlette itself."""

import os

from starlette.applications import Starlette
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse

app = Starlette()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])


async def start(request):
    request.session["state"] = "removed by the callback"
    return RedirectResponse(f"{os.environ['BENCH_AUTHORIZE']}&redirect_uri={request.url_for('callback')}", 302)


async def callback(request):
    del request.session["state"]
    request.session["user"] = "First User"
    return RedirectResponse("/", 302)


async def home(request):
    return PlainTextResponse(request.session["user"])


app.add_route("/auth/bench", start)
app.add_route("/auth/bench/callback", callback)
app.add_route("/", home)
