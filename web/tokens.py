"""Bearer tokens of the API: 256 random bits, shown once, kept as their SHA-256 only.

A random token of that length needs no slow hash: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from web.records import Audit, Token

PREFIX = "nm_"  # so that people and scanners know what they have found
LONGEST_NAME = 60
Scope = Literal["read", "write"]
READ: Scope = "read"
WRITE: Scope = "write"
NOTED_EVERY = timedelta(minutes=1)  # "last used" need not be more exact than this


class TokenError(ValueError):
    """A token cannot be made or revoked; the text is in plain words."""


def add(session: Session, name: str, now: datetime, *, scope: Scope = READ) -> str:
    """Make a token and return it; it cannot be shown again. Raises TokenError."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        raise TokenError(f"a token's name has 1 to {LONGEST_NAME} characters")
    if not name.isprintable():  # it stands in a line of `token list`, and in every audit
        raise TokenError("a token's name must be printable, and in one line")
    if _named(session, name) is not None:
        raise TokenError(f"there is a token called {name} already; revoke it, or take another name")
    secret = PREFIX + secrets.token_urlsafe(32)
    session.add(Token(name=name, secret_hash=_hash(secret), scope=scope, created_at=now))
    session.add(Audit(at=now, action="token added", subject=name, details={"scope": scope}))
    return secret


def revoke(session: Session, name: str, now: datetime) -> None:
    """Let a token in no more; its name is free again. Raises TokenError."""
    found = _named(session, name)
    if found is None:
        known = ", ".join(t.name for t in living(session)) or "none yet"
        raise TokenError(f"there is no token called {name}; there is: {known}")
    session.delete(found)
    session.add(Audit(at=now, action="token revoked", subject=name))


def living(session: Session) -> list[Token]:
    """All tokens that let in, by name."""
    return list(session.scalars(select(Token).order_by(Token.name)))


def check(session: Session, secret: str) -> Token | None:
    """The token, if there is one like this. The hash is looked up, so time tells nothing."""
    return session.scalars(select(Token).where(Token.secret_hash == _hash(secret))).first()


def is_stale(token: Token, now: datetime) -> bool:
    """Whether its use should be noted."""
    return token.last_used_at is None or token.last_used_at < now - NOTED_EVERY


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Remember when it was last used."""
    session.execute(update(Token).where(Token.id == token_id).values(last_used_at=now))


def _named(session: Session, name: str) -> Token | None:
    return session.scalars(select(Token).where(Token.name == name.strip())).first()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
