"""Write into the records what a message tells; the same message twice changes nothing.

The order of arrival does not matter either: of a cry's messages the highest `seq` wins, its calls
are added up, and its sound may come before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from monitor.messages import (
    OFFLINE,
    ONLINE,
    Answer,
    CryMessage,
    CryStep,
    HealthMessage,
    LearningMessage,
    LevelMessage,
    MinuteMessage,
    StateMessage,
)
from monitor.settings import Settings
from web import changes, learning, minutes, quarantine, reading
from web.animal_commands import Saying, carry_out
from web.boxes import TooManyBoxesError, box_of, status_of
from web.mqtt import Arrived
from web.reading import RefusedError
from web.records import Box, BoxStatus, Call, Clip, Cry, CryMessageLog

STATES = {CryStep.ENDED: "ended", CryStep.RETRACTED: "retracted"}  # of the others: open
KEPT_DETAILS = {
    *("species_scores", "acoustics", "arousal_evidence", "reason", "clip", "no_clip", "decided"),
}
# An empty one clears what the broker keeps.
RETAINED = ("state", "health", "availability", "learning")


def take(  # noqa: PLR0913 - what is known while a batch is taken
    session: Session,
    messages: Sequence[Arrived],
    settings: Settings,
    now: datetime,
    answers: list[Saying] | None = None,
    *,
    clock_is_set: bool = True,
) -> list[str | None]:
    """Write messages down in one transaction.

    For each, None, or the reason why it was put into quarantine instead. `answers` gets what is
    to be said when the transaction is committed. `clock_is_set`: `now` is the time of day, not
    just what this computer began with.
    """
    taking = _Taking(session, settings, now, [] if answers is None else answers)
    taking.known_now = now if clock_is_set else None
    reasons = [taking.take(place, message) for place, message in enumerate(messages)]
    for place, why in taking.close():
        reasons[place] = why
    both = zip(messages, reasons, strict=True)
    quarantine.put(session, [(message, why) for message, why in both if why is not None], now)
    return reasons


class _Taking:
    """Takes a batch: cries are gathered and written together, the rest as it comes."""

    def __init__(
        self, session: Session, settings: Settings, now: datetime, answers: list[Saying]
    ) -> None:
        self._session, self._settings, self._now = session, settings, now
        self._answers = answers
        self.known_now: datetime | None = now
        self._boxes: dict[str, Box] = {}
        self._said: list[tuple[int, CryMessage]] = []  # of cries, with the place in the batch
        self._told: dict[tuple[changes.Kind, str, str | None], None] = {}  # in order, each once

    def take(self, place: int, message: Arrived) -> str | None:
        """Write it down, or gather it; the reason if it cannot be taken."""
        try:
            self._take(place, message)
        except RefusedError as refused:
            return str(refused)
        return None

    def close(self) -> list[tuple[int, str]]:
        """Write the cries, tell of all changes; those that cannot be taken, and why."""
        refused = self._cries() if self._said else []
        self._session.flush()
        for kind, subject, box_id in self._told:
            changes.append(self._session, self._now, kind, subject, box_id)
        return refused

    def _take(self, place: int, message: Arrived) -> None:
        if reading.is_of_animal(self._settings.mqtt.base_topic, message.topic):
            self._of_animal(message)
            return
        about = reading.address(self._settings.mqtt.base_topic, message.topic)
        payload, live = message.payload, not message.retained
        if about.what in RETAINED and not payload:
            return
        match about.what:
            case "cry":
                said = reading.cry(payload, about.box, self.known_now)
                self._box(about.box, demo=said.demo)
                self._said.append((place, said))
            case "clip":
                self._clip(about.box, reading.clip(payload, about.rest), payload)
            case "state":
                self._state(reading.message(StateMessage, payload, about.box), live=live)
            case "health":
                self._health(reading.message(HealthMessage, payload, about.box), live=live)
            case "level":  # those that can be taken go another way, see `web/levels.py`
                reading.message(LevelMessage, payload, about.box)
            case "minute":
                self._minute(reading.minute(payload, about.box, self.known_now))
            case "learning":
                self._learning(reading.message(LearningMessage, payload, about.box), live=live)
            case "answer":
                self._answer(about, reading.message(Answer, payload, about.box))
            case "availability":
                self._availability(about.box, payload, live=live)
            case _:
                raise RefusedError("this is no topic of ours")

    def _of_animal(self, message: Arrived) -> None:
        answer, reason = carry_out(self._session, message, self._settings, self._now)
        if answer is not None:
            self._answers.append(answer)
        if reason is not None:
            raise RefusedError(reason)

    def _cries(self) -> list[tuple[int, str]]:
        session, ids = self._session, {said.id for _, said in self._said}
        cries = {c.id: c for c in session.scalars(select(Cry).where(Cry.id.in_(ids)))}
        logged = select(CryMessageLog.cry_id, CryMessageLog.seq)
        rows = session.execute(logged.where(CryMessageLog.cry_id.in_(ids)))
        known = {(cry_id, seq) for cry_id, seq in rows}
        new: list[CryMessage] = []
        refused = []
        for place, said in self._said:
            cry = cries.get(said.id)
            if cry is not None and cry.box_id != said.box:
                refused.append((place, f"id: this cry is one of the box {cry.box_id}"))
            elif (said.id, said.seq) not in known:
                known.add((said.id, said.seq))
                new.append(said)
                if cry is None:
                    cry = Cry(id=said.id, seq=0, box_id=said.box, received_at=self._now)
                    cries[said.id] = cry
                    session.add(cry)
                if said.seq > cry.seq:
                    _retell(cry, said, self._now)
                self._tell("cry", said.id, said.box)
        session.flush()  # the cries before their calls
        self._log(new)
        self._calls(new)
        return refused

    def _log(self, new: list[CryMessage]) -> None:
        rows = [
            {"cry_id": said.id, "seq": said.seq, "type": said.type, "received_at": self._now}
            for said in new
        ]
        if rows:
            self._session.execute(insert(CryMessageLog), rows)

    def _calls(self, new: list[CryMessage]) -> None:
        calls = {(said.id, onset): length for said in new for onset, length in said.call_times}
        if not calls:
            return
        ids = {cry_id for cry_id, _ in calls}
        found = select(Call.cry_id, Call.onset_s).where(Call.cry_id.in_(ids))
        known = {(cry_id, onset) for cry_id, onset in self._session.execute(found)}
        rows = [
            {"cry_id": cry_id, "onset_s": onset, "length_s": length}
            for (cry_id, onset), length in calls.items()
            if (cry_id, onset) not in known
        ]
        if rows:
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

    def _minute(self, said: MinuteMessage) -> None:
        box = self._box(said.box, demo=said.demo)
        if minutes.keep(self._session, said):
            self._tell("box", box.id, box.id)

    def _learning(self, said: LearningMessage, *, live: bool) -> None:
        box, _ = self._status(said.box, live=live)
        if learning.learned(self._session, said, self._now):
            self._tell("box", box.id, box.id)

    def _answer(self, about: reading.Address, said: Answer) -> None:
        wish = learning.answered(self._session, about.box, about.rest, said, self._now)
        if wish is not None:
            kind: changes.Kind = "cry" if wish.cry_id else "box"
            self._tell(kind, wish.cry_id or about.box, about.box)

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
        if box_id not in self._boxes:
            try:
                box = box_of(self._session, box_id, self._now, demo=demo)
            except TooManyBoxesError:
                raise RefusedError("there are as many boxes already as are kept") from None
            self._boxes[box_id] = box
        return self._boxes[box_id]

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
    cry.details = said.model_dump(mode="json", include=KEPT_DETAILS)
    # An older listener kept sound without looking for speech in it, and does not say `no_clip`.
    cry.details["speech_checked"] = said.clip and "no_clip" in said.model_fields_set
