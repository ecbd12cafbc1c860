"""Keeps the open cries' suggestions up to date, and publishes them.

Follows the change feed like a live page does, so it does not matter who wrote: a message, a page,
another process. A box is asked about again when something of it changed, and every so often while
it cries; all of them after a new connection to the broker.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from monitor.messages import SuggestionMessage
from monitor.settings import Settings
from web import changes
from web.database import Database, DatabaseError
from web.records import Box, Cry
from web.suggesting import Advice, advise, keep

EVERY_S = 0.25  # how often the feed is looked at
AGAIN_S = 15.0  # how often an open cry is thought about again: time alone makes a feed due
MOST_CHANGES = 1000  # in one look; more of them mean: all boxes

Publish = Callable[[SuggestionMessage], bool]


@dataclass
class _Said:
    """What was last said of a box."""

    kept: tuple[str | None, Any] | None = None  # cry and cards in the records
    published: dict[str, Any] | None = None  # the message, but for its moment


class Follower:
    """One process's view of the feed; several may follow, they say the same."""

    def __init__(self, database: Database, settings: Settings, publish: Publish) -> None:
        self._database, self._settings, self._publish = database, settings, publish
        self._last_id: int | None = None
        self._said: dict[str, _Said] = {}
        self._due: set[str] = set()
        self._thought_at = 0.0  # monotonic, s

    def connected_anew(self) -> None:
        """The broker may have forgotten: publish all again."""
        for said in self._said.values():
            said.published = None
        self._last_id = None

    def turn(self, now: datetime, monotonic_s: float) -> None:
        """Look at the feed, and see to the boxes that it tells of. Raises DatabaseError."""
        self._look(monotonic_s)
        for box_id in sorted(self._due):
            self._due.discard(box_id)
            try:
                self._see_to(box_id, now)
            except DatabaseError:
                self._due.add(box_id)
                raise

    def _look(self, monotonic_s: float) -> None:
        again = monotonic_s - self._thought_at >= AGAIN_S
        with self._database.reading() as session:
            if self._last_id is None:
                self._last_id = changes.newest(session)
                self._due.update(session.scalars(select(Box.id)))
                return
            news = changes.after(session, self._last_id, MOST_CHANGES)
            everything = news.reset or len(news.items) == MOST_CHANGES
            if news.items or news.reset or again:
                crying = set(session.scalars(select(Cry.box_id).where(Cry.state == "open")))
            if everything:
                self._due.update(session.scalars(select(Box.id)))
                self._last_id = changes.newest(session)
            elif news.items:
                self._last_id = news.items[-1].id
        for change in news.items:
            if change.kind == "animal":
                self._due |= crying  # a companion may live anywhere
            if change.kind in ("animal", "box", "cry") and change.box_id is not None:
                self._due.add(change.box_id)
        if again:
            self._thought_at = monotonic_s
            self._due |= crying

    def _see_to(self, box_id: str, now: datetime) -> None:
        said = self._said.setdefault(box_id, _Said())
        try:
            with self._database.reading() as session:
                advice = advise(session, self._settings, box_id, now)
            if advice.cry is not None and said.kept != _cards(advice):
                with self._database.writing() as session:  # what was read may be old by now
                    advice = advise(session, self._settings, box_id, now)
                    keep(session, advice)
        except KeyError:  # the box is gone
            self._said.pop(box_id)
            return
        said.kept = _cards(advice)
        message = advice.message
        content = message.model_dump(exclude={"at"})
        if content != said.published and self._publish(message):
            said.published = content


def _cards(advice: Advice) -> tuple[str | None, Any]:
    return (advice.cry.id if advice.cry else None, advice.items)
