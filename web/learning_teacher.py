"""Tells listeners what they are to learn, again and again until they have answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.messages import Command
from web import changes
from web.database import Database
from web.learning import command_of, note_reviews, unanswered
from web.records import BoxStatus, Wish

TEACH_EVERY_S = 1.0
AGAIN_S = 20.0  # without an answer it is told again
AT_ONCE = 10  # told in one turn: a listener takes that many without losing one
MOST_CHANGES = 500  # in one look; more of them mean: all reviews

Tell = Callable[[str, str, Command], bool]


class Teacher:
    """One process's; several may tell the same, for a listener does it once."""

    def __init__(self, database: Database, tell: Tell) -> None:
        self._database, self._tell = database, tell
        self._last_id: int | None = None  # of the change feed
        self._told: dict[int, float] = {}  # wish -> when, monotonic, s

    def connected_anew(self) -> None:
        """What was on its way may be lost."""
        self._told.clear()

    def turn(self, now: datetime, monotonic_s: float) -> None:
        """Note new reviews, and tell what is due. Raises DatabaseError."""
        with self._database.reading() as session:
            last_id, cries = self._look(session)
        if cries is None or cries:
            with self._database.writing() as session:
                note_reviews(session, now, cries)
        self._last_id = last_id
        with self._database.reading() as session:
            here = set(
                session.scalars(select(BoxStatus.box_id).where(BoxStatus.available.is_(True)))
            )
            waiting = [one for one in unanswered(session, now) if one.box_id in here]
        self._told = {one.id: self._told[one.id] for one in waiting if one.id in self._told}
        due = [one for one in waiting if self._is_due(one, monotonic_s)]
        for one in due[:AT_ONCE]:
            if self._tell(one.box_id, one.what, command_of(one)):
                self._told[one.id] = monotonic_s

    def _is_due(self, one: Wish, monotonic_s: float) -> bool:
        told = self._told.get(one.id)
        return told is None or monotonic_s - told >= AGAIN_S

    def _look(self, session: Session) -> tuple[int, set[str] | None]:
        """Where the feed stands, and the cries of which it tells; None: any may have changed."""
        if self._last_id is None:
            return changes.newest(session), None
        news = changes.after(session, self._last_id, MOST_CHANGES)
        if news.reset or len(news.items) == MOST_CHANGES:
            return changes.newest(session), None
        cries = {change.subject for change in news.items if change.kind == "cry"}
        return (news.items[-1].id if news.items else self._last_id), cries
