"""Why a login did not come to its end, told apart."""

from dataclasses import dataclass

import proofkey


@dataclass(frozen=True)
class Cause:
    """One of the reasons, and what to tell the user."""

    name: str
    status: int
    title: str
    text: str


class LoginRefused(Exception):
    """A login that did not come to its end. `cause` tells why, `error` is the library's own, where there is one.

    Neither has anything secret in it, and the provider's own words in `error` are not to be trusted.
    """

    def __init__(self, cause: str, *, provider: str, error: proofkey.Error | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        """A word of `CAUSES`, for example "expired"."""
        self.provider = provider
        """The provider's name in this app."""
        self.error = error
        """What the library said."""
        self.next: str | None = None
        """Where the user wanted to go, a path of this site, if the login told."""

    @property
    def status(self) -> int:
        """The HTTP status to answer with: 400, 502 where the provider or the network failed, 503 where the app is set
        up wrongly."""
        return CAUSES[self.cause].status

    @property
    def title(self) -> str:
        """A heading for the user."""
        return CAUSES[self.cause].title

    @property
    def text(self) -> str:
        """A sentence or two for the user, with what to do."""
        return CAUSES[self.cause].text

    def __str__(self) -> str:
        return f"{self.cause} ({self.error.name})" if self.error else self.cause


def of_error(error: proofkey.Error, provider: str) -> LoginRefused:
    """The cause behind an error of the library."""
    if isinstance(error, proofkey.AuthorizationError):
        cause = "denied" if error.error == "access_denied" else "provider_error"
    elif error.name == "store_unavailable":
        cause = "store"
    elif error.name == "keys_unavailable":
        cause = "network_before"  # They are asked for before the code is sent.
    elif isinstance(error, proofkey.TransportError):
        cause = "network_after" if error.request_sent else "network_before"
    elif isinstance(error, (proofkey.TokenError, proofkey.IdTokenError, proofkey.MetadataError)):
        cause = "provider_error"
    elif isinstance(error, proofkey.ConfigurationError):
        cause = "configuration"
    else:
        cause = _NAMES.get(error.name, "callback_malformed")
    return LoginRefused(cause, provider=provider, error=error)


_NAMES = {
    "iss_mismatch": "issuer_mismatch",
    "iss_missing": "issuer_mismatch",
    "login_expired": "expired",
    "login_spent": "already_finished",
    "state_mismatch": "not_issued_here",
    "seal_key_unknown": "not_issued_here",
    "seal_forged": "not_issued_here",
    "seal_malformed": "not_issued_here",
    "seal_context": "not_issued_here",
    "seal_client": "configuration",
    "seal_too_large": "configuration",
    "secret_weak": "configuration",
}

CAUSES = {
    cause.name: cause
    for cause in (
        Cause(
            "no_cookie",
            400,
            "This browser did not begin this sign-in",
            "Its cookie did not come back. Sign in again in this browser, and allow cookies for this site.",
        ),
        Cause("expired", 400, "That took too long", "A sign-in is valid for ten minutes. Sign in again."),
        Cause(
            "other_host",
            400,
            "The sign-in began at another address",
            "It began at another name of this site, for example 127.0.0.1 instead of localhost, which does not share "
            "its cookies. Sign in again from here.",
        ),
        Cause(
            "not_issued_here",
            400,
            "This is not an answer to a sign-in of this site",
            "The link was made up, belongs to another site, or the site's secret has changed since. Sign in again.",
        ),
        Cause(
            "already_finished",
            400,
            "This sign-in is finished already",
            "The page was loaded a second time. If you are not signed in, sign in again.",
        ),
        Cause("denied", 400, "The sign-in was declined", "Nothing was shared with this site. You can sign in again."),
        Cause(
            "provider_error",
            502,
            "The provider did not let the sign-in finish",
            "Its answer was an error, or not what it should be. Sign in again; if it stays so, tell this site.",
        ),
        Cause(
            "issuer_mismatch",
            400,
            "The answer came from another provider",
            "It was not sent by the one where the sign-in began, and was not used. This may be an attack. Sign in "
            "again from this site.",
        ),
        Cause(
            "network_before",
            502,
            "The provider cannot be reached",
            "Nothing of the sign-in is used up: load this page again in a moment.",
        ),
        Cause(
            "network_after",
            502,
            "The connection to the provider broke",
            "The sign-in may have been used up. Sign in again.",
        ),
        Cause(
            "store",
            503,
            "This site cannot finish sign-ins just now",
            "Nothing of the sign-in is used up: load this page again in a moment.",
        ),
        Cause(
            "callback_malformed",
            400,
            "This is not an answer that a sign-in can end with",
            "Something on the way changed it. Sign in again.",
        ),
        Cause(
            "user_changed",
            400,
            "Somebody else is signed in now, or nobody",
            "The account was to be connected for the user who was signed in here before. Begin again.",
        ),
        Cause(
            "post_required",
            400,
            "Connecting an account begins with a button of this site",
            "This link cannot begin it, because another site may have made it.",
        ),
        Cause(
            "too_many",
            400,
            "Too many sign-ins are open",
            "Another site has sent you here, and may not end those that you began yourself. Begin from this page.",
        ),
        Cause(
            "proxy",
            503,
            "This site does not know its own address",
            "It is reached over https and sees http: behind a proxy it needs PROOFKEY_BASE_URL, or werkzeug's "
            "ProxyFix.",
        ),
        Cause(
            "base_url",
            503,
            "This site does not know its own address",
            "The administrator has to set PROOFKEY_BASE_URL, or Flask's TRUSTED_HOSTS.",
        ),
        Cause(
            "configuration",
            503,
            "Signing in is not set up here",
            'The administrator finds the reason in the log, and with the command "flask proofkey doctor".',
        ),
        Cause("prefetch", 503, "Not yet", "This page is loaded when it is opened, not ahead of it."),
    )
}
"""Every cause by its name."""
