"""Commands and requests that arrive more than once are carried out once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from web.journal.entry import EntryError
from web.records import Once

KEPT = timedelta(days=7)  # a caller that repeats itself later than that means it
LONGEST_KEY, LONGEST_WHAT = 120, 80


class KeyRefusedError(EntryError):
    """A key that cannot be kept, or has been used for something else."""

    def __init__(self, message: str) -> None:
        super().__init__("key", message)


@dataclass(frozen=True)
class Answer:
    """What the command answered, now or when it first came."""

    answer: dict[str, Any]
    repeated: bool


def once(
    session: Session, key: str, what: str, now: datetime, do: Callable[[], dict[str, Any]]
) -> Answer:
    """Carry a command out, in this transaction of `Database.writing`, unless it has been.

    `key` is the caller's own, `what` says what it is used for: the same key for something else
    raises KeyRefusedError, as does a key that cannot be kept. `do` gives the answer, as plain JSON
    values; whatever it raises passes through, and the command may then be sent again.
    """
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
        raise KeyRefusedError(f"must be 1 to {LONGEST_KEY} printable characters")
    known = session.get(Once, key)
    if known is not None and known.what != what[:LONGEST_WHAT]:
        raise KeyRefusedError("has been used for something else; take a new one")
    if known is not None:
        return Answer(known.answer, repeated=True)
    answer = do()
    session.add(Once(key=key, what=what[:LONGEST_WHAT], at=now, answer=answer))
    session.flush()
    return Answer(answer, repeated=False)


def forget(session: Session, now: datetime, limit: int) -> int:
    """Forget old keys, at most `limit`; how many."""
    old = select(Once.key).where(Once.at < now - KEPT).order_by(Once.at).limit(limit)
    keys = list(session.scalars(old))
    if keys:
        session.execute(delete(Once).where(Once.key.in_(keys)))
    return len(keys)
