"""The causes of a refused login, and what the user reads about each."""

from dataclasses import dataclass

import proofkey
from proofkey.web._http import PRIVATE


@dataclass(frozen=True)
class Cause:
    """One cause, and what to tell the user."""

    name: str
    status: int
    title: str
    text: str


class LoginRefused(Exception):
    """A login that could not begin or finish. `cause` says why; `error` is the library's own error, if there is one.

    Neither contains a secret. The provider's own words in `error` are untrusted.
    """

    def __init__(
        self, cause: str, *, provider: str, error: proofkey.Error | None = None, reason: str | None = None
    ) -> None:
        super().__init__(cause)
        self.cause = cause
        """A key of `CAUSES`, for example "expired"."""
        self.provider = provider
        """The provider's name in this app."""
        self.error = error
        """The library's own error, if there is one."""
        self.reason = reason
        """For the log: which setting is wrong, and why."""
        self.headers = list(PRIVATE)
        """To add to whatever response the app sends."""
        self.next: str | None = None
        """Where the user wanted to go, if known: a path of this site."""

    @property
    def status(self) -> int:
        """The HTTP status of the response: 400; 502 if the provider or the network failed; 503 if this app is set up
        wrongly or cannot do it at the moment."""
        return CAUSES[self.cause].status

    @property
    def title(self) -> str:
        """A heading for the user."""
        return CAUSES[self.cause].title

    @property
    def text(self) -> str:
        """One to three sentences for the user, which also say what to do."""
        return CAUSES[self.cause].text

    def __str__(self) -> str:
        return f"{self.cause} ({self.error.name})" if self.error else self.cause

    def for_log(self) -> str:
        """Everything that is known, in one line: the cause, the reason, the library's error with the provider's own
        words and the next step, and the error below it. It contains no secret."""
        below = self.error.__cause__ if self.error else None
        parts = [self.cause, self.reason, self.error and str(self.error), below and one_line(below)]
        return ": ".join(str(part) for part in parts if part)


def one_line(error: BaseException) -> str:
    """An error of another library, in one line of printable ASCII."""
    return f"{type(error).__name__} {ascii(str(error))[1:-1][:300]}".rstrip()


def of_error(error: proofkey.Error, provider: str) -> LoginRefused:
    """Turns an error of the library into a `LoginRefused` with the right cause."""
    if isinstance(error, proofkey.AuthorizationError):
        cause = "denied" if error.error == "access_denied" else "provider_error"
    elif error.name == "store_unavailable":
        cause = "store"
    elif error.name == "store_reply_lost":
        cause = "store_reply_lost"
    elif isinstance(error, proofkey.MetadataError) and error.name == "keys_unavailable":
        # Keys are fetched before the code is sent, and once more if an ID token names another key.
        cause = "network_after" if error.request_sent else "network_before"
    elif isinstance(error, proofkey.TransportError):
        cause = "network_after" if error.request_sent else "network_before"
    elif isinstance(
        error, (proofkey.TokenError, proofkey.IdTokenError, proofkey.MetadataError, proofkey.UserinfoError)
    ):
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
    "login_already_used": "already_finished",
    "state_mismatch": "not_issued_here",
    "seal_key_unknown": "not_issued_here",
    "seal_forged": "not_issued_here",
    "seal_malformed": "not_issued_here",
    "seal_context": "not_issued_here",
    "seal_client": "configuration",
    "seal_too_large": "configuration",
    "secret_weak": "configuration",
    "store_busy": "store",
    "store_insecure": "configuration",
}

CAUSES = {
    cause.name: cause
    for cause in (
        Cause(
            "no_cookie",
            400,
            "This browser does not know this sign-in",
            "It started in another browser, or its cookie was blocked or deleted. Allow cookies for this site, then "
            "sign in again.",
        ),
        Cause(
            "cookies_malformed",
            400,
            "This browser's cookies cannot be told apart",
            "They were changed on their way here, or another program on this computer sets the same ones. Delete the "
            "cookies of this site, then sign in again.",
        ),
        Cause("expired", 400, "That took too long", "A sign-in has to be finished within ten minutes. Sign in again."),
        Cause(
            "other_host",
            400,
            "The sign-in started at another address",
            "It started at another name of this site, for example 127.0.0.1 instead of localhost, and the two names do "
            "not share cookies. Sign in again from here.",
        ),
        Cause(
            "not_issued_here",
            400,
            "This link does not belong to a sign-in on this site",
            "The link was made up or comes from another site, or this site's secret key has changed since the sign-in "
            "started. Sign in again.",
        ),
        Cause(
            "already_finished",
            400,
            "This sign-in is already finished",
            "The page was loaded a second time. If you are not signed in, sign in again.",
        ),
        Cause("denied", 400, "The sign-in was declined", "Nothing was shared with this site. You can sign in again."),
        Cause(
            "provider_error",
            502,
            "The provider did not complete the sign-in",
            "It sent an error or an unexpected response. Sign in again. If this keeps happening, tell the people who "
            "run this site.",
        ),
        Cause(
            "issuer_mismatch",
            400,
            "The response came from another provider",
            "It did not come from the provider that this sign-in started with, so it was not used. This may be an "
            "attack. Sign in again from this site.",
        ),
        Cause(
            "network_before",
            502,
            "The provider cannot be reached",
            "Your sign-in is not lost: load this page again in a moment.",
        ),
        Cause(
            "network_after",
            502,
            "The connection to the provider was lost",
            "This sign-in may already have been used, so it cannot continue. Sign in again.",
        ),
        Cause(
            "store",
            503,
            "This site cannot finish sign-ins right now",
            "Your sign-in is not lost: load this page again in a moment.",
        ),
        Cause(
            "store_reply_lost",
            503,
            "This site may have lost your sign-in",
            "Load this page again in a moment. If it then says that the sign-in is finished, sign in again.",
        ),
        Cause(
            "callback_malformed",
            400,
            "The response to this sign-in cannot be read",
            "Something changed it on its way here. Sign in again.",
        ),
        Cause(
            "user_changed",
            400,
            "You are no longer signed in as the same user",
            "The account was meant for the user who was signed in before, so it was not connected. Start again.",
        ),
        Cause(
            "post_required",
            400,
            "Use the button on this site to connect an account",
            "You have to be signed in. A link cannot connect an account, because another site could have made it.",
        ),
        Cause(
            "too_many",
            400,
            "Too many sign-ins are open",
            "Another site sent you here. To protect the sign-ins that you started yourself, it cannot start one more. "
            "Sign in from this site instead.",
        ),
        Cause(
            "grant_ended",
            400,
            "This site can no longer use your account",
            "Its access was withdrawn, or has expired. Sign in again to renew it.",
        ),
        Cause(
            "proxy",
            503,
            "This site does not know its own address",
            "It is reached over https but sees http. Behind a proxy, the administrator has to set PROOFKEY_BASE_URL.",
        ),
        Cause(
            "base_url",
            503,
            "This site does not know its own address",
            "The administrator has to set PROOFKEY_BASE_URL.",
        ),
        Cause(
            "configuration",
            503,
            "Sign-in is not set up correctly on this site",
            "The administrator can find the reason in the log.",
        ),
        Cause("prefetch", 503, "Not yet", "This page loads when you open it, not in advance."),
    )
}
"""Every cause by its name."""
