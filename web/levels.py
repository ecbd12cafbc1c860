"""Levels come each second from each box: only the newest counts, and no disk waits for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from monitor.messages import LevelMessage
from web import reading
from web.boxes import TooManyBoxesError, box_of, status_of
from web.mqtt import Arrived
from web.reading import RefusedError

EVERY_S = 2.0  # between two writings


class Levels:
    """The newest level of each box that is not yet written."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._newest: dict[str, LevelMessage] = {}

    def take(self, message: Arrived) -> bool:
        """Whether it is a level that can be taken."""
        if not message.topic.endswith("/level"):
            return False
        try:
            place = reading.address(self._base, message.topic)
            said = reading.message(LevelMessage, message.payload, place.box)
        except RefusedError:
            return False
        if place.what != "level":
            return False
        self._newest[place.box] = said
        return True

    def write(self, session: Session, now: datetime) -> None:
        """Into the records; live pages look there by themselves."""
        for box_id, said in self._newest.items():
            try:
                status = status_of(session, box_of(session, box_id, now))
            except TooManyBoxesError:
                continue
            status.level_dbfs, status.noise_dbfs = said.level_dbfs, said.noise_dbfs
            status.level_at = status.heard_at = now

    @property
    def waiting(self) -> bool:
        """Whether there is anything to write."""
        return bool(self._newest)

    def forget(self) -> None:
        """They are written."""
        self._newest.clear()
