"""Write into the records what a message tells; the same message twice changes nothing.

The order of arrival does not matter either: of a cry's messages the highest `seq` wins, its calls
are added up, and its sound may come before it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from monitor.messages import (
    OFFLINE,
    ONLINE,
    CryMessage,
    CryStep,
    HealthMessage,
    LevelMessage,
    StateMessage,
)
from monitor.settings import Settings
from web import changes, quarantine, reading
from web.boxes import TooManyBoxesError, box_of, status_of
from web.mqtt import Arrived
from web.reading import Address, RefusedError
from web.records import Box, BoxStatus, Call, Clip, Cry, CryMessageLog

STATES = {CryStep.ENDED: "ended", CryStep.RETRACTED: "retracted"}  # of the others: open
RETAINED = ("state", "health", "availability")  # an empty one clears what the broker keeps


class Taking:
    """Takes messages within one transaction; `close` tells the live pages of what changed."""

    def __init__(self, session: Session, settings: Settings, now: datetime) -> None:
        self._session, self._settings, self._now = session, settings, now
        self._told: dict[tuple[changes.Kind, str, str | None], None] = {}  # in order, each once

    def take(self, message: Arrived) -> str | None:
        """Write it down; the reason if it had to be put into quarantine instead."""
        try:
            place = reading.address(self._settings.mqtt.base_topic, message.topic)
            self._take(place, message)
        except RefusedError as refused:
            quarantine.put(self._session, message, str(refused), self._now)
            return str(refused)
        return None

    def close(self) -> None:
        """Tell of all changes; nothing may follow."""
        self._session.flush()
        for kind, subject, box_id in self._told:
            changes.append(self._session, self._now, kind, subject, box_id)

    def _take(self, place: Address, message: Arrived) -> None:
        payload, live = message.payload, not message.retained
        if place.what in RETAINED and not payload:
            return
        match place.what:
            case "cry":
                self._cry(place.box, reading.cry(payload, place.box, self._now))
            case "clip":
                self._clip(place.box, reading.clip(payload, place.rest), payload)
            case "state":
                self._state(reading.message(StateMessage, payload, place.box), live=live)
            case "health":
                self._health(reading.message(HealthMessage, payload, place.box), live=live)
            case "level":  # those that can be taken go another way, see `web/levels.py`
                reading.message(LevelMessage, payload, place.box)
            case "availability":
                self._availability(place.box, payload, live=live)
            case _:
                raise RefusedError("this is no topic of ours")

    def _cry(self, box_id: str, said: CryMessage) -> None:
        session = self._session
        box = self._box(box_id, demo=said.demo)
        if session.get(CryMessageLog, (said.id, said.seq)) is not None:
            return
        cry = session.get(Cry, said.id)
        if cry is not None and cry.box_id != box.id:
            raise RefusedError(f"id: this cry is one of the box {cry.box_id}")
        session.add(
            CryMessageLog(cry_id=said.id, seq=said.seq, type=said.type, received_at=self._now)
        )
        if cry is None:
            cry = Cry(id=said.id, seq=0, box_id=box.id, received_at=self._now)
            session.add(cry)
        if said.seq > cry.seq:
            _retell(cry, said, self._now)
        self._calls(said)
        self._tell("cry", cry.id, box.id)

    def _calls(self, said: CryMessage) -> None:
        if not said.call_times:
            return
        self._session.flush()  # the cry first
        known = set(self._session.scalars(select(Call.onset_s).where(Call.cry_id == said.id)))
        new = {onset: length for onset, length in said.call_times if onset not in known}
        if new:
            rows = [
                {"cry_id": said.id, "onset_s": onset, "length_s": length}
                for onset, length in new.items()
            ]
            self._session.execute(insert(Call), rows)

    def _clip(self, box_id: str, cry_id: str, flac: bytes) -> None:
        if not self._settings.clips.keep:
            return
        box = self._box(box_id)
        if self._session.get(Clip, cry_id) is not None:
            return
        self._session.add(
            Clip(
                cry_id=cry_id,
                box_id=box.id,
                received_at=self._now,
                size_bytes=len(flac),
                flac=flac,
            )
        )
        self._tell("cry", cry_id, box.id)

    def _state(self, said: StateMessage, *, live: bool) -> None:
        box, status = self._status(said.box, live=live)
        before = (status.state, status.reason, status.detail, status.state_since, status.demo)
        status.state, status.reason = said.state, said.reason
        status.detail, status.state_since = said.detail, said.since
        status.state_at = self._now
        status.demo = box.demo = said.demo
        after = (status.state, status.reason, status.detail, status.state_since, status.demo)
        if before != after:
            self._tell("box", box.id, box.id)

    def _health(self, said: HealthMessage, *, live: bool) -> None:
        box, status = self._status(said.box, live=live)
        status.health, status.health_at = said.model_dump(mode="json", by_alias=True), said.at
        self._tell("box", box.id, box.id)

    def _availability(self, box_id: str, payload: bytes, *, live: bool) -> None:
        if payload not in (ONLINE, OFFLINE):
            raise RefusedError("must be online or offline")
        box, status = self._status(box_id, live=live and payload == ONLINE)
        available = payload == ONLINE
        if status.available is not available:
            status.available, status.available_at = available, self._now
            self._tell("box", box.id, box.id)

    def _status(self, box_id: str, *, live: bool) -> tuple[Box, BoxStatus]:
        """The box and its newest word; `live`: it was said just now, by somebody who lives."""
        box = self._box(box_id)
        status = status_of(self._session, box)
        if live:
            status.heard_at = self._now
        return box, status

    def _box(self, box_id: str, *, demo: bool = False) -> Box:
        try:
            return box_of(self._session, box_id, self._now, demo=demo)
        except TooManyBoxesError:
            raise RefusedError("there are as many boxes already as are kept") from None

    def _tell(self, kind: changes.Kind, subject: str, box_id: str | None) -> None:
        self._told[kind, subject, box_id] = None


def _retell(cry: Cry, said: CryMessage, now: datetime) -> None:
    """The cry as this message tells it."""
    cry.seq = said.seq
    cry.state = STATES.get(said.type, "open")
    cry.onset, cry.offset, cry.clock = said.onset, said.offset, said.clock
    cry.species, cry.score, cry.arousal = said.species, said.score, said.arousal
    cry.calls, cry.calls_per_minute = said.calls, said.calls_per_minute
    cry.model, cry.demo, cry.updated_at = said.model, said.demo, now
    cry.details = said.model_dump(
        mode="json", include={"species_scores", "acoustics", "reason", "clip", "decided"}
    )
