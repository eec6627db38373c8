"""A Starlette app that signs in with Authlib, as in Authlib's documentation."""

import os
import ssl

from authlib.integrations.starlette_client import OAuth
from starlette.applications import Starlette
from starlette.config import Config
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse, RedirectResponse

app = Starlette()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])
oauth = OAuth(Config())
# Not in the documentation: without it each login makes an httpx client that reads all certificate authorities anew, and
# takes more than ten times as long.
options = {"verify": ssl.create_default_context()}
oauth.register("bench", client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", **options})


async def start(request):
    return await oauth.bench.authorize_redirect(request, str(request.url_for("callback")))


async def callback(request):
    token = await oauth.bench.authorize_access_token(request)
    request.session["user"] = token["userinfo"]["name"]
    return RedirectResponse("/", 302)


async def home(request):
    return PlainTextResponse(request.session["user"])


app.add_route("/auth/bench", start)
app.add_route("/auth/bench/callback", callback)
app.add_route("/", home)
