"""Sign-in for web apps, without a framework: what `proofkey.flask`, `proofkey.starlette` and `proofkey.django` share.

`SignIn` begins and finishes logins; requests and responses are data. `Jar` is only the cookies, for programs that call
`proofkey.Client` themselves.
"""

from proofkey.web._causes import CAUSES, Cause, LoginRefused
from proofkey.web._doctor import Finding
from proofkey.web._http import Headers, Request, Response
from proofkey.web._jar import Jar
from proofkey.web._sign_in import SignIn
from proofkey.web._signed_in import SignedIn

__all__ = [
    "CAUSES",
    "Cause",
    "Finding",
    "Headers",
    "Jar",
    "LoginRefused",
    "Request",
    "Response",
    "SignIn",
    "SignedIn",
]
