"""The users and clients that a test server knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from proofkey import server


@dataclass(frozen=True)
class User:
    """A user who can sign in: the subject, and the claims about them.

    >>> User("user-2", {"email": "user-2@example.com", "groups": ["staff"]}).claims_for("openid")
    {'sub': 'user-2', 'groups': ['staff']}
    """

    sub: str
    """The subject: the id by which clients know the user."""
    claims: Mapping[str, object] = field(default_factory=dict)
    """Other claims, with the names of OpenID Connect Core section 5.1 or names of your own."""

    def claims_for(self, scope: str) -> dict[str, object]:
        """`sub` and the claims that a client with this scope may see. Standard claims need `profile`, `email`,
        `address` or `phone` (OpenID Connect Core section 5.4); all others need `openid`.
        """
        granted = scope.split()
        shown = {name: value for name, value in self.claims.items() if _SCOPE_OF_CLAIM.get(name, "openid") in granted}
        return {"sub": self.sub, **shown}

    def is_meant_by(self, hint: str) -> bool:
        """Whether a `login_hint` names this user, by subject, email address or user name."""
        return hint in (self.sub, self.claims.get("email"), self.claims.get("preferred_username"))


@dataclass(frozen=True)
class RegisteredClient:
    """A client that is registered with a test server.

    A client with a secret must authenticate, with either method unless `auth_method` names one. Redirect URIs are
    compared by `proofkey.server.redirect_uri_matches`; for a client without a secret, the port of a loopback address
    does not count. A client that registers no redirect URI may use any.

    >>> RegisteredClient("my-app", client_secret="s3cret", redirect_uris=["https://app.example/callback"])
    RegisteredClient(client_id='my-app', redirect_uris=['https://app.example/callback'])
    """

    client_id: str
    """The client id."""
    client_secret: str | None = field(default=None, repr=False)
    """The secret; `None` for a public client."""
    redirect_uris: Sequence[str] = ()
    """The redirect URIs that the client may use."""
    post_logout_redirect_uris: Sequence[str] = field(default=(), repr=False)
    """Where the browser may be sent after signing out."""
    auth_method: Literal["client_secret_basic", "client_secret_post"] | None = field(default=None, repr=False)
    """The only way in which the client may send its secret; `None` for either."""
    audiences: Sequence[str] = field(default=(), repr=False)
    """Other audiences of the client's ID tokens. If there are any, `aud` is a list and `azp` is the client."""

    def may_redirect_to(self, redirect_uri: str) -> bool:
        """Whether the client may use this redirect URI."""
        port: Literal["exact", "any"] = "any" if self.client_secret is None else "exact"
        return not self.redirect_uris or any(
            server.redirect_uri_matches(registered, redirect_uri, loopback_port=port)
            for registered in self.redirect_uris
        )

    @property
    def auth_methods(self) -> Sequence[str]:
        """The methods with which the client may authenticate."""
        if self.client_secret is None:
            return ["none"]
        return [self.auth_method] if self.auth_method else ["client_secret_basic", "client_secret_post"]


DEFAULT_USER = User(
    "user-1",
    {
        "name": "First User",
        "preferred_username": "first",
        "email": "user-1@example.com",
        "email_verified": True,
    },
)

_SCOPE_OF_CLAIM = {
    **dict.fromkeys(("email", "email_verified"), "email"),
    **dict.fromkeys(("phone_number", "phone_number_verified"), "phone"),
    "address": "address",
    **dict.fromkeys(
        (
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ),
        "profile",
    ),
}
