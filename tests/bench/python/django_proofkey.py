"""The URLs of a Django project that signs in with proofkey."""

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import path

from proofkey.django import ProofKey

auth = ProofKey(bench={"scope": "openid profile"})


@auth.on_login("bench")
def signed_in(request, user):
    request.session["user"] = user.profile["name"]
    return HttpResponseRedirect(user.next)


def home(request):
    return HttpResponse(request.session["user"])


urlpatterns = [*auth.urls, path("", home)]
