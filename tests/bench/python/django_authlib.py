"""The URLs of a Django project that signs in with Authlib, as in Authlib's documentation."""

from authlib.integrations.django_client import OAuth
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse

oauth = OAuth()
oauth.register("bench", client_kwargs={"scope": "openid profile", "code_challenge_method": "S256"})


def start(request):
    return oauth.bench.authorize_redirect(request, request.build_absolute_uri(reverse(callback)))


def callback(request):
    token = oauth.bench.authorize_access_token(request)
    request.session["user"] = token["userinfo"]["name"]
    return HttpResponseRedirect("/")


def home(request):
    return HttpResponse(request.session["user"])


urlpatterns = [path("auth/bench", start), path("auth/bench/callback", callback), path("", home)]
