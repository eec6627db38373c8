"""The verifier and the challenge of RFC 7636 appendix B, and texts that misbehave."""

from typing import Any

B = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""The verifier of appendix B."""

B_CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""Its S256 challenge."""

STORED = f"S256:{B_CHALLENGE}"
"""What a server stores with a code to which this challenge is bound."""


class Liar(str):
    """A text whose methods are all overridden. What counts is the text itself."""

    def lie(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("an overridden method was called")

    __str__ = __repr__ = __format__ = __len__ = __iter__ = __getitem__ = encode = lie
    __eq__ = __hash__ = __ne__ = __contains__ = strip = isascii = lie
