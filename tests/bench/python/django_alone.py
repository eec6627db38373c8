"""The URLs of a Django project that signs nobody in. It measures what the three requests of a login cost in Django itself."""

import os

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path, reverse


def start(request):
    request.session["state"] = "removed by the callback"
    there = request.build_absolute_uri(reverse(callback))
    return HttpResponseRedirect(f"{os.environ['BENCH_AUTHORIZE']}&redirect_uri={there}")


def callback(request):
    del request.session["state"]
    request.session["user"] = "First User"
    return HttpResponseRedirect("/")


def home(request):
    return HttpResponse(request.session["user"])


urlpatterns = [path("auth/bench", start), path("auth/bench/callback", callback), path("", home)]
