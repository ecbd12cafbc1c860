"""Tells on the broker how each animal is, and Home Assistant that there is one.

Follows the change feed like the suggestions do, whoever wrote. All is reckoned again when
something changed, and every minute, since time alone makes a feed overdue; only what differs is
told, and the rest now and then. What the broker keeps of animals that have left is taken back.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, Protocol

from monitor.messages import AnimalCareMessage, AnimalTopics
from monitor.settings import Settings
from web import changes
from web.animal_discovery import REPEATED_S, config, config_topic
from web.care_state import care_of_all
from web.database import Database

TELL_EVERY_S = 1.0  # how often the feed is looked at
AGAIN_S = 60.0  # how often all is reckoned without a change
NOT_BEFORE_S = 3.0  # after the last time: while it cries, something changes all the time
MOST_SHARE = 0.1  # of the processor, on a small board with a full house
BIRTH_WAIT_S = (1.0, 5.0)  # after Home Assistant's birth, at random, as it asks for
MOST_CHANGES = 500  # in one look
ABOUT_CARE = ("animal", "box", "cry", "formula", "suggestion")


class Broker(Protocol):
    """What this needs of the connection."""

    births: int
    """How often Home Assistant has started."""

    def tell(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Publish; False when there is no connection."""

    def kept_care(self) -> set[str]:
        """Of which animals the broker has kept a message; each is told once."""


@dataclass
class _Told:
    """What was last told of an animal."""

    content: dict[str, Any] | None = None  # but for its moment
    at_s: float = 0.0  # monotonic
    config: bytes | None = None


class CareTeller:
    """One process's view of the feed; several may tell, they say the same."""

    def __init__(self, database: Database, settings: Settings, broker: Broker) -> None:
        self._database, self._settings, self._broker = database, settings, broker
        self._version = version("nursery-monitor")
        self._last_id: int | None = None
        self._told: dict[str, _Told] = {}
        self._kept: set[str] = set()  # by the broker, and not yet looked at
        self._reckoned_at: float | None = None  # monotonic, s
        self._pause_s = NOT_BEFORE_S
        self._changed = True
        self._births = broker.births
        self._born_at: float | None = None  # when Home Assistant's start is to be answered

    def connected_anew(self) -> None:
        """The broker may have forgotten: tell all again."""
        # Who was told stays known, to be taken back when it has left meanwhile.
        self._told = {animal: _Told() for animal in self._told}
        self._changed = True

    def turn(self, now: datetime, monotonic_s: float) -> None:
        """Tell what is new. Raises DatabaseError."""
        self._look()
        self._hear_of_births(monotonic_s)
        self._kept |= self._broker.kept_care()
        since = None if self._reckoned_at is None else monotonic_s - self._reckoned_at
        due = self._changed or bool(self._kept) or since is None or since >= AGAIN_S
        if not due or (since is not None and since < self._pause_s):
            return
        began, self._reckoned_at = time.thread_time(), monotonic_s
        with self._database.reading() as session:
            care = care_of_all(session, self._settings, now)
        self._pause_s = max(NOT_BEFORE_S, (time.thread_time() - began) / MOST_SHARE)
        self._changed = False
        for animal in sorted({*self._told, *self._kept} - {str(one) for one in care}):
            self._take_back(animal)
        self._kept.clear()
        for one in care.values():
            self._tell(one, monotonic_s)

    def _look(self) -> None:
        with self._database.reading() as session:
            if self._last_id is None:
                self._last_id = changes.newest(session)
                return
            news = changes.after(session, self._last_id, MOST_CHANGES)
            if news.reset:
                self._last_id, self._changed = changes.newest(session), True
            elif news.items:
                self._last_id = news.items[-1].id
        self._changed |= any(change.kind in ABOUT_CARE for change in news.items)

    def _hear_of_births(self, monotonic_s: float) -> None:
        if self._broker.births != self._births:
            self._births = self._broker.births
            self._born_at = monotonic_s + random.uniform(*BIRTH_WAIT_S)  # noqa: S311 - no secret
        if self._born_at is not None and monotonic_s >= self._born_at:
            self._born_at = None
            self.connected_anew()

    def _tell(self, care: AnimalCareMessage, monotonic_s: float) -> None:
        topics = AnimalTopics(self._settings.mqtt.base_topic, care.animal)
        told = self._told.setdefault(care.animal, _Told())
        found = self._settings.home_assistant
        device = config(topics, care, self._version) if found.discovery else b""
        if told.config != device:
            place = config_topic(found.prefix, care.animal)
            if not self._broker.tell(place, device, retain=True):
                return
            told.config = device
        content = care.model_dump(exclude={"at"})
        again = told.content != content or monotonic_s - told.at_s >= REPEATED_S
        if again and self._broker.tell(topics.care, care.payload(), retain=True):
            told.content, told.at_s = content, monotonic_s

    def _take_back(self, animal: str) -> None:
        """The device first: while the care is kept, an end in between is made good later."""
        place = config_topic(self._settings.home_assistant.prefix, animal)
        topics = AnimalTopics(self._settings.mqtt.base_topic, animal)
        places = (place, topics.care)
        if all(self._broker.tell(one, b"", retain=True) for one in places):
            self._told.pop(animal, None)
