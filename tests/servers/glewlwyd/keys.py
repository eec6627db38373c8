"""Keys for Glewlwyd: a JWK set (RFC 7517) for the OIDC plugin, and a PEM key for the OAuth2 plugin."""

import base64
import json
import secrets

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


class Keys:
    """One key for each algorithm. Glewlwyd uses the first for every client that does not name the `kid` of another."""

    def __init__(self) -> None:
        self._others = [_es256(), _eddsa()]
        self.change()

    def change(self) -> None:
        """Replaces the first key."""
        self._first = _rs256()

    def private(self) -> str:
        return json.dumps({"keys": [self._first, *self._others]})


def rsa_pem() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return {"jwt-type": "rsa", "jwt-key-size": "256", "key": private, "cert": public}


def _rs256() -> dict[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_numbers()
    numbers = {"n": key.public_numbers.n, "e": key.public_numbers.e, "d": key.d, "p": key.p, "q": key.q}
    numbers |= {"dp": key.dmp1, "dq": key.dmq1, "qi": key.iqmp}
    encoded = {name: _number(value, (value.bit_length() + 7) // 8) for name, value in numbers.items()}
    return {"kty": "RSA", "alg": "RS256", "kid": secrets.token_hex(8), **encoded}


def _es256() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    numbers = {"x": key.public_numbers.x, "y": key.public_numbers.y, "d": key.private_value}
    encoded = {name: _number(value, 32) for name, value in numbers.items()}
    return {"kty": "EC", "crv": "P-256", "alg": "ES256", "kid": "ES256", **encoded}


def _eddsa() -> dict[str, str]:
    key = ed25519.Ed25519PrivateKey.generate()
    encoded = {"x": _base64url(key.public_key().public_bytes_raw()), "d": _base64url(key.private_bytes_raw())}
    return {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "EdDSA", **encoded}


def _number(value: int, length: int) -> str:
    return _base64url(value.to_bytes(length, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
