"""What an app gets after a login, and who its own user is."""

import inspect
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import proofkey
from proofkey.web._causes import LoginRefused, of_error
from proofkey.web._settings import SettingError


class SignedIn:
    """A user who has just signed in: what an `on_login` function gets."""

    def __init__(
        self,
        client: proofkey.Client,
        tokens: proofkey.Tokens,
        provider: str,
        next: str,
        user: str | None,
        asked: Iterable[str],
        headers: list[tuple[str, str]],
    ) -> None:
        self._asked = asked
        self.client = client
        """The client that signed the user in."""
        self.tokens = tokens
        """What the provider granted. Keep it on the server: a session in a cookie can be read by the browser."""
        self.provider = provider
        """The provider's name in this app."""
        self.next = next
        """Where the user wanted to go: a path of this site, by default the start page of the app."""
        self.connect_to = user
        """The id of the user to connect the account to; `None` for a plain sign-in."""
        self.headers = headers
        """To add to the response that the app sends. The adapters for frameworks do that."""

    @property
    def profile(self) -> dict[str, Any]:
        """The claims about the user: those of the ID token and, if the scope asks for more than these, those of the
        userinfo endpoint, which is asked once and has to mean the same user. `LoginRefused` if the provider fails."""
        found = self._profile
        if isinstance(found, LoginRefused):
            raise found
        return found

    def fetch_profile(self) -> None:
        """Asks for the profile now, so that reading it later needs no network. A failure is kept, too."""
        _ = self._profile

    @cached_property
    def _profile(self) -> dict[str, Any] | LoginRefused:
        claims = self.tokens.claims
        if claims is not None and _is_complete(claims, self._asked):
            return claims
        try:
            return {**self.client.userinfo(self.tokens), **(claims or {})}
        except proofkey.TransportError as error:
            # The login is already over, so a reload cannot help, whether or not this request was sent.
            return LoginRefused("network_after", provider=self.provider, error=error)
        except proofkey.Error as error:
            if claims is not None and isinstance(error, proofkey.ConfigurationError):
                return claims  # There is no userinfo endpoint.
            return of_error(error, self.provider)

    def __repr__(self) -> str:
        return f"<SignedIn with {self.provider}>"


def user_id(user: object) -> str | None:
    """The id of the app's user, as a str; `None` for nobody: `None`, `False` and the empty str. `SettingError` for
    everything that cannot be an id."""
    if user is None or user is False or user == "":
        return None
    if isinstance(user, str) or (isinstance(user, int) and user is not True):
        return str(user)
    if inspect.iscoroutine(user):
        user.close()
    raise SettingError(f"user_loader: it returned {type(user).__name__}; return a str or an int, or None for nobody")


def _is_complete(claims: dict[str, Any], asked: Iterable[str]) -> bool:
    """Whether an ID token says everything about the user that was asked for (OpenID Connect Core section 5.4)."""
    if _BARE.issuperset(claims):
        return False
    return all(not _CLAIMS[scope].isdisjoint(claims) for scope in asked if scope in _CLAIMS)


_BARE = frozenset("iss sub aud azp exp iat nbf auth_time nonce acr amr at_hash c_hash sid jti".split())
"""Claims about the sign-in itself. An ID token without any other identifies the user and says nothing more."""

_CLAIMS = {
    "profile": frozenset("name family_name given_name nickname preferred_username picture profile".split()),
    "email": frozenset({"email"}),
    "address": frozenset({"address"}),
    "phone": frozenset({"phone_number"}),
}
"""A scope counts as answered if one of its claims is there: which ones a provider has is its own affair."""
