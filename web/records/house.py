"""Who may come in, what was done, and what live pages follow."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from web.records.base import Base


class Carer(Base):
    """A person who may sign in."""

    __tablename__ = "carer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    passphrase_hash: Mapped[str] = mapped_column(String(200))
    session_key: Mapped[str] = mapped_column(String(64))  # changed with the passphrase: signs out
    # May approve cross-species company; the first carer is one.
    coordinator: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class Token(Base):
    """A bearer token of the API; only its hash is kept."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[str] = mapped_column(String(20), default="read", server_default="read")
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class QuarantinedMessage(Base):
    """A message that could not be taken, with the reason."""

    __tablename__ = "quarantined_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)  # its first KiB
    size_bytes: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    received_at: Mapped[datetime] = mapped_column(index=True)


class Heartbeat(Base):
    """The last sign of life of one of our processes; `/healthz` judges its age."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime]
    details: Mapped[dict[str, Any]]


class Audit(Base):
    """Who did what, for whoever has to ask later; `undo` holds what it takes to go back."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str | None] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), default="", index=True)
    details: Mapped[dict[str, Any] | None]
    undo: Mapped[dict[str, Any] | None]
    undone_at: Mapped[datetime | None]


class Once(Base):
    """A command or request that was carried out, by its caller's key; it is not done twice."""

    __tablename__ = "once"

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    what: Mapped[str] = mapped_column(String(80))  # the same key for something else is refused
    at: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[dict[str, Any]]


class Change(Base):
    """The ordered change feed: what live pages follow, and how they resume."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(20))  # see `web/changes.py`
    subject: Mapped[str] = mapped_column(String(40))  # the id of what changed
    box_id: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = ({"sqlite_autoincrement": True},)
