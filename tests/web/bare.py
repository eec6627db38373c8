"""A browser for `proofkey.web.SignIn` without a framework."""

from http.cookies import SimpleCookie
from typing import Any

from proofkey.web import Request, Response, SignedIn, SignIn


class Browser:
    """Keeps the cookies of one browser, and sends them to whichever app it is asked to."""

    def __init__(self, sign_in: SignIn, base: str = "http://localhost") -> None:
        self.sign_in, self.base = sign_in, base
        self.cookies: dict[str, str] = {}

    def request(self, method: str = "GET", *, query: str = "", **parts: Any) -> Request:
        scheme, _, host = self.base.partition("://")
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items()).encode("latin-1")
        return Request(method, scheme, host, **{"query": query.encode(), "cookie": cookie, **parts})

    def keep(self, headers: list[tuple[str, str]]) -> None:
        """Does what the `Set-Cookie` headers say."""
        for name, value in headers:
            for morsel in SimpleCookie(value if name == "Set-Cookie" else "").values():
                self.cookies.pop(morsel.key, None)
                if morsel["max-age"] != "0":
                    self.cookies[morsel.key] = morsel.value

    def respond(self, provider: str = "idp", **options: Any) -> Response:
        """Begins a login; the response."""
        begun = self.sign_in.begin(self.request(), provider, **options)
        self.keep(begun.headers)
        return begun

    def begin(self, provider: str = "idp", **options: Any) -> str:
        """Begins a login; the URL that the app sends the browser to."""
        return dict(self.respond(provider, **options).headers)["Location"]

    def finish(self, url: str, provider: str = "idp") -> SignedIn:
        """Follows the redirect back from the provider."""
        finished = self.sign_in.finish(self.request(query=url.partition("?")[2]), provider)
        assert isinstance(finished, SignedIn)
        self.keep(finished.headers)
        return finished
