"""How easily something counts as a cry at a box: what is in force, and what was asked for since."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.records import Minute, Wish


class Told(Protocol):
    """A minute, however it is kept."""

    @property
    def at(self) -> datetime:
        """When it began."""

    @property
    def sensitivity(self) -> str:
        """That was in force."""


@dataclass(frozen=True)
class InForce:
    """The sensitivity of a box."""

    now: str | None  # what its listener goes by, or will once it is told; None: not known
    asked: Wish | None  # since its newest word of it


def in_force(session: Session, box_id: str, newest: Told | None) -> InForce:
    """`newest` is the box's newest minute: it tells what was in force when it began."""
    asked = session.scalars(
        select(Wish)
        .where(Wish.box_id == box_id, Wish.what == "sensitivity")
        .order_by(Wish.id.desc())
    ).first()
    heard = newest.sensitivity if newest else None
    if asked is None or (newest is not None and asked.at <= newest.at):
        return InForce(heard, None)
    return InForce(heard if asked.ok is False else json.loads(asked.value), asked)


def newest_minute(session: Session, box_id: str) -> Minute | None:
    """What the box's listener told last."""
    query = select(Minute).where(Minute.box_id == box_id).order_by(Minute.at.desc())
    return session.scalars(query.limit(1)).first()
