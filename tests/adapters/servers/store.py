"""The store of codes for the servers whose framework has none."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from authlib.oauth2.rfc6749 import AuthorizationCodeMixin


@dataclass(frozen=True)
class Code(AuthorizationCodeMixin):  # type: ignore[misc]
    """One row, in the form that Authlib expects."""

    code: str
    client_id: str
    redirect_uri: str
    pkce_binding: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return "files.read"


class Codes:
    def __init__(self, path: Path) -> None:
        self._path = path
        with self._open() as db:
            db.execute("CREATE TABLE codes (code PRIMARY KEY, client_id, redirect_uri, pkce_binding NOT NULL)")

    def save(self, code: str, client_id: str, redirect_uri: str, pkce_binding: str) -> None:
        with self._open() as db:
            db.execute("INSERT INTO codes VALUES (?, ?, ?, ?)", (code, client_id, redirect_uri, pkce_binding))

    def find(self, code: str, client_id: str) -> Code | None:
        with self._open() as db:
            row = db.execute("SELECT * FROM codes WHERE code = ? AND client_id = ?", (code, client_id)).fetchone()
        return row and Code(*row)

    def take(self, code: str) -> bool:
        """Whether this call deleted the code: one statement decides, however many come."""
        with self._open() as db:
            return db.execute("DELETE FROM codes WHERE code = ? RETURNING 1", (code,)).fetchone() is not None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._path, timeout=30, isolation_level=None)
        try:
            yield db
        finally:
            db.close()
