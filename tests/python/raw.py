"""A client without proofkey's flow. It sends what tests tell it, and checks ID tokens with the package cryptography."""

import base64
import json
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

import proofkey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from proofkey import testing

REDIRECT_URI = "http://127.0.0.1:8400/callback"
FORM = "application/x-www-form-urlencoded"


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def members(self) -> dict[str, Any]:
        members = json.loads(self.body)
        assert isinstance(members, dict)
        return members

    @property
    def callback(self) -> dict[str, str]:
        """The parameters of the redirect."""
        return dict(parse_qsl(urlsplit(self.headers["Location"]).query, keep_blank_values=True))


Form = Mapping[str, str] | list[tuple[str, str]]


def ask(
    url: str, form: Form | None = None, *, authorization: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """GET, or POST of a form. Redirects are not followed."""
    headers = {**(headers or {}), **({"Authorization": authorization} if authorization else {})}
    target = urlsplit(url)
    connection = HTTPConnection(target.netloc, timeout=10)
    try:
        if form is None:
            connection.request("GET", f"{target.path}?{target.query}", headers=headers)
        else:
            connection.request("POST", target.path, urlencode(form), {"Content-Type": FORM, **headers})
        response = connection.getresponse()
        return Response(response.status, dict(response.headers.items()), response.read().decode())
    finally:
        connection.close()


class Login:
    """One login: the parameters of its authorization request, and the form of its token request."""

    def __init__(self, server: testing.AuthorizationServer, client_id: str = "my-app", **params: str) -> None:
        self.server = server
        verifier = proofkey.Verifier.generate()
        self.params = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": REDIRECT_URI,
            "state": "the-state",
            "code_challenge": verifier.challenge(),
            "code_challenge_method": "S256",
            **params,
        }
        self.form = {
            "grant_type": "authorization_code",
            "redirect_uri": self.params["redirect_uri"],
            "client_id": client_id,
            "code_verifier": verifier.expose(),
        }

    @property
    def url(self) -> str:
        return f"{self.server.authorization_endpoint}?{urlencode(self.params)}"

    def authorize(self) -> Response:
        return ask(self.url)

    def sign_in(self) -> "Login":
        self.form["code"] = self.authorize().callback["code"]
        return self

    def exchange(self, *, authorization: str = "") -> Response:
        """Sends the code to the token endpoint."""
        return ask(self.server.token_endpoint, self.form, authorization=authorization)


def tokens(server: testing.AuthorizationServer, scope: str = "", **params: str) -> dict[str, Any]:
    """The members of the token response to a login that succeeds."""
    response = Login(server, scope=scope, **params).sign_in().exchange()
    assert response.status == 200
    return response.members


def refresh(
    server: testing.AuthorizationServer, refresh_token: str, client_id: str = "my-app", **more: str
) -> Response:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client_id, **more}
    return ask(server.token_endpoint, form)


def userinfo(server: testing.AuthorizationServer, access_token: str) -> Response:
    return ask(server.userinfo_endpoint, authorization=f"Bearer {access_token}")


def decoded(part: str) -> bytes:
    assert "=" not in part
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def header_of(id_token: str) -> dict[str, Any]:
    header = json.loads(decoded(id_token.split(".")[0]))
    assert isinstance(header, dict)
    return header


def claims_of(id_token: str) -> dict[str, Any]:
    claims = json.loads(decoded(id_token.split(".")[1]))
    assert isinstance(claims, dict)
    return claims


def verify(id_token: str, jwks_uri: str) -> None:
    """Verifies the signature: `InvalidSignature` if it is wrong, `StopIteration` if its key is not published."""
    signed, _, signature = id_token.rpartition(".")
    header = header_of(id_token)
    jwk = next(key for key in ask(jwks_uri).members["keys"] if key["kid"] == header["kid"])
    assert (jwk["alg"], jwk["use"]) == (header["alg"], "sig")
    message, raw = signed.encode(), decoded(signature)
    if header["alg"] == "RS256":
        rsa_key = rsa.RSAPublicNumbers(number(jwk["e"]), number(jwk["n"])).public_key()
        assert rsa_key.key_size == 2048
        rsa_key.verify(raw, message, padding.PKCS1v15(), hashes.SHA256())
    elif header["alg"] == "ES256":
        ec_key = ec.EllipticCurvePublicNumbers(number(jwk["x"]), number(jwk["y"]), ec.SECP256R1()).public_key()
        assert (jwk["crv"], len(raw)) == ("P-256", 64)
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        ec_key.verify(utils.encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    else:
        assert (header["alg"], jwk["crv"]) == ("EdDSA", "Ed25519")
        ed25519.Ed25519PublicKey.from_public_bytes(decoded(jwk["x"])).verify(raw, message)


def number(text: str) -> int:
    return int.from_bytes(decoded(text), "big")
