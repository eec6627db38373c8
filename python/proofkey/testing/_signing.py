"""Signing keys and ID tokens. The package `cryptography` does the work; it is imported when the first key is needed."""

import base64
import collections
import hashlib
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

# One Literal for each: stubtest expects an alias with several values to be a Union.
Alg: TypeAlias = Literal["RS256"] | Literal["ES256"] | Literal["EdDSA"]


class ExtraMissing(RuntimeError):
    """The package `cryptography` is not installed."""

    def __init__(self) -> None:
        super().__init__("signing ID tokens needs the package cryptography: pip install proofkey[testing]")


@dataclass(frozen=True)
class IdToken:
    """An ID token before it is signed."""

    header: Mapping[str, object]
    claims: Mapping[str, object]
    signature: Literal["right", "wrong", "absent"] = "right"


class Key:
    """A private key with a key ID."""

    def __init__(self, alg: Alg) -> None:
        self.alg = alg
        self.kid = secrets.token_urlsafe(6)
        try:
            self.private = _spare[alg].pop()
        except IndexError:
            self.private = _generate(alg)

    def retire(self) -> None:
        """Leaves the private key to the next test server in this process, because making an RSA key is slow."""
        _spare[self.alg].append(self.private)

    def jwk(self) -> dict[str, str]:
        """The public key (RFC 7517)."""
        return {"kid": self.kid, "use": "sig", "alg": self.alg, **_public_members(self.private.public_key())}

    def encode(self, token: IdToken) -> str:
        """Signs the token as its `signature` says (RFC 7515 section 7.1)."""
        signed = f"{_part(token.header)}.{_part(token.claims)}"
        signature = b"" if token.signature == "absent" else self._sign(signed.encode())
        if token.signature == "wrong":
            signature = bytes([signature[0] ^ 1]) + signature[1:]
        return f"{signed}.{_base64url(signature)}"

    def half_hash(self, text: str) -> str:
        """The value of `at_hash` (OpenID Connect Core section 3.1.3.6)."""
        digest = (hashlib.sha512 if self.alg == "EdDSA" else hashlib.sha256)(text.encode()).digest()
        return _base64url(digest[: len(digest) // 2])

    def _sign(self, message: bytes) -> bytes:
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

        if self.alg == "EdDSA":
            signature: bytes = self.private.sign(message)
        elif self.alg == "ES256":
            r, s = utils.decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        else:
            signature = self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return signature


class KeyRing:
    """The keys of one test server, made when they are first needed. The newest one signs."""

    def __init__(self, alg: Alg) -> None:
        self._alg = alg
        self._lock = threading.Lock()
        self._keys: list[Key] = []

    @property
    def keys(self) -> list[Key]:
        """The published keys, newest first."""
        with self._lock:
            if not self._keys:
                self._keys = [Key(self._alg)]
            return list(self._keys)

    def require(self) -> None:
        """Raises `ExtraMissing` if nothing can be signed."""
        _ = self.keys

    def rotate(self) -> None:
        """Makes a new key that signs from now on. Of the older keys, only the previous one stays published."""
        with self._lock:
            signed_until_now = self._keys[:1] or [Key(self._alg)]
            self._keys = [Key(self._alg), *signed_until_now]

    def retire(self) -> None:
        """Retires all keys, at the end of the server."""
        with self._lock:
            for key in self._keys:
                key.retire()
            self._keys = []


def _generate(alg: Alg) -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    except ImportError:
        raise ExtraMissing from None
    if alg == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    if alg == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _public_members(key: Any) -> dict[str, str]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n, 256), "e": _number(numbers.e, 3)}
    if isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}
    return {"kty": "OKP", "crv": "Ed25519", "x": _base64url(key.public_bytes_raw())}


def _part(members: Mapping[str, object]) -> str:
    return _base64url(json.dumps(members, separators=(",", ":")).encode())


def _number(value: int, length: int) -> str:
    return _base64url(value.to_bytes(length, "big"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_spare: dict[str, collections.deque[Any]] = {alg: collections.deque() for alg in ("RS256", "ES256", "EdDSA")}
