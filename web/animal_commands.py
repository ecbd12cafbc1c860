"""What others say was done for an animal, over MQTT: written down once, and answered.

The caller's `id` names a command for its animal and for what was done: delivered again, it is
answered as before and written no second time. What was refused left no trace, so it may come again
with the same id, put right or `sure`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from monitor.messages import MAX_PAYLOAD_BYTES, AnimalCommand, AnimalTopics, Answer
from monitor.settings import Settings
from web import journal, reading
from web.journal import Doubt, Entry, EntryError
from web.mqtt import Arrived
from web.reading import RefusedError
from web.records import Animal
from web.times import clock_time

NOBODY = "MQTT"  # who did it, when the caller does not say
LONGEST_MESSAGE = 300
# What the journal calls by another name than whoever sends a command.
CALLED: Mapping[str, str] = {
    "amount_ml": "ml",
    "animal_id": "animal",
    "animal_ids": "animal",
    "key": "id",
}


@dataclass(frozen=True)
class Saying:
    """An answer, to be published once what it tells is committed."""

    topic: str
    payload: bytes


def carry_out(
    session: Session, message: Arrived, settings: Settings, now: datetime
) -> tuple[Saying | None, str | None]:
    """Write down what a command says: its answer, and the reason if it was refused.

    Of what is no command at all, there is only the reason.
    """
    base = settings.mqtt.base_topic
    try:
        animal_id, what = reading.animal_address(base, message.topic)
        if message.retained:
            raise RefusedError("a command must not be retained: it would come again and again")
    except RefusedError as refused:
        return None, str(refused)
    try:
        command = reading.animal_command(message.payload)
        with session.begin_nested():
            told = _once(session, animal_id, what, command, settings, now)
        reason: str | None = None
        answer = Answer(id=command.id, ok=True, message=told[:LONGEST_MESSAGE])
    except (RefusedError, EntryError) as refused:
        reason = _why(refused)[:LONGEST_MESSAGE]
        known = _id_of(message.payload)
        if known is None:
            return None, reason
        answer = Answer(id=known, ok=False, message=reason)
    return Saying(AnimalTopics(base, str(animal_id)).answer(what), answer.payload()), reason


def _once(  # noqa: PLR0913, PLR0917 - what there is to say of it
    session: Session,
    animal_id: int,
    what: str,
    command: AnimalCommand,
    settings: Settings,
    now: datetime,
) -> str:
    """In words what was written, now or when this command came first. Raises EntryError."""
    said = command.model_dump(mode="json", exclude={"sure"})
    content = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
    key = f"mqtt {animal_id} {what} {command.id}"

    def write() -> dict[str, Any]:
        entry = Entry(by=command.by or NOBODY, now=now, zone=settings.house.zone, sure=command.sure)
        WRITE[what](session, entry, animal_id, command)
        animal = session.get_one(Animal, animal_id)
        at = clock_time(min(command.at or now, now), settings.house.zone)
        return {"message": f"{animal.name}: {_in_words(what, command)} at {at}"}

    return str(journal.once(session, key, f"{what} {content}", now, write).answer["message"])


def _fed(session: Session, entry: Entry, animal_id: int, command: AnimalCommand) -> None:
    journal.feed(session, entry, [animal_id], command.ml, command.how, command.at)


def _stimulated(session: Session, entry: Entry, animal_id: int, command: AnimalCommand) -> None:
    journal.toilet(session, entry, [animal_id], command.came, at=command.at)


WRITE: Mapping[str, Callable[[Session, Entry, int, AnimalCommand], None]] = {
    "fed": _fed,
    "stimulated": _stimulated,
}


def _in_words(what: str, command: AnimalCommand) -> str:
    if what == "stimulated":
        came = {"both": "urine and stool", "nothing": "nothing came"}.get(
            command.came or "", command.came
        )
        return f"helped to the toilet, {came}," if came else "helped to the toilet"
    amount = "" if command.ml is None else f", {command.ml:g} mL,"
    return {"refused": "refused a feed", "short": "fed a little"}.get(command.how, "fed") + amount


def _why(refused: RefusedError | EntryError) -> str:
    """The reason by the caller's own names, and what to do about a doubt."""
    if isinstance(refused, RefusedError):
        return str(refused)
    reason = f"{CALLED.get(refused.field, refused.field)}: {refused.message}"
    if isinstance(refused, Doubt):
        reason += '; send it again with "sure": true if it is so'
    return reason


def _id_of(payload: bytes) -> str | None:
    """The caller's id, as far as it can be read of what may be no command."""
    try:
        said = json.loads(payload[:MAX_PAYLOAD_BYTES])["id"]
        str(said).encode()  # half a surrogate is no text
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return said if isinstance(said, str) and 0 < len(said) <= 64 else None
