"""The ordered change feed: what live pages follow, and how they resume after a gap.

A change is written in the transaction of what it tells of. There is one writer at a time
(`Database.writing`), so ids become visible in order and a reader that asks for what came after the
last id it saw misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from web.records import Change

KEPT = timedelta(days=7)  # a page that slept longer loads everything again

# The subject is the id of what changed; of a suggestion it is the cry's.
Kind = Literal["box", "cry", "animal", "suggestion", "quarantine", "carer", "formula"]


@dataclass(frozen=True)
class Changes:
    """What came after an id, oldest first; `reset` when the reader must load everything again."""

    items: list[Change]
    reset: bool = False


def append(
    session: Session, at: datetime, kind: Kind, subject: str | int, box_id: str | None = None
) -> None:
    """Tell the followers, in this transaction of `Database.writing`."""
    session.add(Change(at=at, kind=kind, subject=str(subject), box_id=box_id))


def newest(session: Session) -> int:
    """Id of the newest change, 0 when there is none."""
    return session.scalar(select(func.max(Change.id))) or 0


def after(session: Session, last_id: int, limit: int = 200) -> Changes:
    """What came after `last_id`.

    `reset` is set when changes in between have been pruned already, or when the id is of another
    database (one that was put back from a backup, say).
    """
    oldest, newest_id = session.execute(select(func.min(Change.id), func.max(Change.id))).one()
    if (oldest is not None and last_id < oldest - 1) or last_id > (newest_id or 0):
        return Changes([], reset=True)
    query = select(Change).where(Change.id > last_id).order_by(Change.id).limit(limit)
    return Changes(list(session.scalars(query)))


def prune(session: Session, now: datetime, limit: int) -> int:
    """Forget old changes, at most `limit`; the newest stays, to know where the feed stands."""
    last_old = select(Change.id).where(Change.at < now - KEPT).order_by(Change.id).limit(limit)
    ids = [i for i in session.scalars(last_old) if i < newest(session)]
    if ids:
        session.execute(delete(Change).where(Change.id <= ids[-1]))
    return len(ids)
