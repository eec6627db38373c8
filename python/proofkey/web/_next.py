"""Where the browser goes after a login: to a path of this site, or to the start page of the app."""

from urllib.parse import urlsplit

MAX_LENGTH = 200
"""In bytes. The path travels in the sealed login, which has little room."""


def local_path(target: str | None, home: str = "/") -> str:
    """Returns `target` if it is a path of this site, else `home`.

    Browsers read a backslash as a slash, and drop tabs and line breaks before they parse a URL. A target that browsers
    read differently from the standard is not accepted as a path.

    >>> local_path("/photos?page=2")
    '/photos?page=2'
    >>> local_path("//evil.example"), local_path("https://evil.example"), local_path("/\\\\evil.example")
    ('/', '/', '/')
    """
    if not target or len(target.encode(errors="replace")) > MAX_LENGTH:
        return home
    is_printable = all(" " < character != "\\" and character.isprintable() for character in target)
    if not is_printable or not target.startswith("/") or target.startswith("//"):
        return home
    try:
        parts = urlsplit(target)
    except ValueError:
        return home
    return home if parts.scheme or parts.netloc else target
