"""Animals: who is in care, what is known of them, and in which box they live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from web.journal.entry import Entry, EntryError, Recorder, Written
from web.journal.values import (
    Reader,
    choice,
    day,
    is_empty,
    moment,
    past_day,
    text,
    text_or_unknown,
    whole,
    yes_no,
    yes_or_no,
)
from web.records import Animal, Box, Companionship, Stay

STATUSES = ("in_care", "gone", "died")
OLDEST_YEARS = 25  # no cat or dog in care is older

# What can be entered of an animal, and how it is read.
FIELDS: Mapping[str, Reader] = {
    "name": text(60, needed=True),
    "species": choice("kitten", "puppy", unknown=False),
    "sex": choice("female", "male"),
    "born_on": day,
    "born_estimated": yes_or_no,
    "intake_on": day,
    "litter": text_or_unknown(60),
    "mother": choice("present", "available", "none"),
    "status": choice(*STATUSES, unknown=False),
    "in_quarantine": yes_no,
    "exposed": yes_no,
    "parasites": choice("clear", "treated", "present"),
    "vaccinated": yes_no,
    "temperament": choice("calm", "rough"),
    "suckles_others": yes_or_no,
    "keep_apart": yes_or_no,
    "plan_interval_min": whole(60, 720, "minutes"),
    "notes": text(4000),
    "demo": yes_or_no,
}
_AGE: Reader = whole(0, 365 * OLDEST_YEARS, "days")


def add_animal(
    session: Session, entry: Entry, values: Mapping[str, Any], box_id: str | None = None
) -> Written:
    """Take an animal in, into a box if one is named.

    `values` holds any of `FIELDS` and `age_days` (which gives an estimated birth date); name and
    species are needed. Of these the same goes for `edit_animal`.
    """
    read = _read(entry, {"name": None, "species": None, **values})
    record = Recorder(session, entry, "animal added")
    animal = Animal(created_at=entry.now, **read)
    record.add(animal)
    if box_id:
        _house(record, animal, box_id, entry.now)
    record.tell("animal", animal.id, box_id)
    return record.close(animal.id, name=animal.name)


def edit_animal(
    session: Session, entry: Entry, animal_id: int, values: Mapping[str, Any]
) -> Written:
    """Put facts of an animal right; only those given are changed, an empty one becomes unknown."""
    animal = animal_of(session, animal_id)
    record = Recorder(session, entry, "animal edited")
    read = _read(entry, values)
    record.set(animal, **read)
    box_id = box_of(session, animal.id)
    if read.get("status", "in_care") != "in_care":
        _house(record, animal, None, entry.now)
    record.tell("animal", animal.id, box_id)
    return record.close(animal.id, fields=sorted(read))


def approve_cross(session: Session, entry: Entry, animal_id: int, ok: Any) -> Written:
    """The coordinator's word on company of the other species: yes, no, or taken back (None)."""
    animal = animal_of(session, animal_id)
    word = yes_no("ok", ok)
    record = Recorder(session, entry, "cross-species company approved")
    known = word is not None
    record.set(
        animal,
        cross_ok=word,
        cross_ok_by=entry.by if known else None,
        cross_ok_at=entry.now if known else None,
    )
    record.tell("animal", animal.id, box_of(session, animal.id))
    return record.close(animal.id, ok=word)


def move(
    session: Session, entry: Entry, animal_id: int, box_id: str | None, at: Any = None
) -> Written:
    """Put an animal into a box, or (None) out of all boxes."""
    animal = animal_of(session, animal_id)
    record = Recorder(session, entry, "moved")
    house(record, animal, box_id or None, moment(entry, at))
    return record.close(animal.id, box=box_id)


def animal_of(session: Session, animal_id: Any, field: str = "animal_id") -> Animal:
    """The animal of that id. Raises EntryError."""
    found = session.get(Animal, animal_id) if isinstance(animal_id, int) else None
    if found is None:
        raise EntryError(field, "is not an animal that is known here")
    return found


def open_stay(session: Session, animal_id: int) -> Stay | None:
    """Where the animal lives now."""
    query = select(Stay).where(Stay.animal_id == animal_id, Stay.ended_at.is_(None))
    return session.scalars(query).first()


def box_of(session: Session, animal_id: int) -> str | None:
    """Id of the box that the animal lives in now."""
    stay = open_stay(session, animal_id)
    return stay.box_id if stay else None


def house(record: Recorder, animal: Animal, box_id: str | None, at: datetime) -> None:
    """End the animal's stay, begin the next, tell the pages of both boxes."""
    before = box_of(record.session, animal.id)
    _house(record, animal, box_id, at)
    record.tell("animal", animal.id, box_id)
    if before and before != box_id:
        record.tell("animal", animal.id, before)


def _house(record: Recorder, animal: Animal, box_id: str | None, at: datetime) -> None:
    if box_id is not None and record.session.get(Box, box_id) is None:
        raise EntryError("box_id", "is not a box that is known here")
    stay = open_stay(record.session, animal.id)
    if stay is not None and stay.box_id == box_id:
        return
    if stay is not None:
        if at < stay.began_at:
            raise EntryError("at", "is before it came into the box where it is now")
        record.set(stay, ended_at=at)
    if box_id is not None:
        record.add(Stay(animal_id=animal.id, box_id=box_id, began_at=at))
    for together in open_companionships(record.session, animal.id):
        other = together.partner_id if together.animal_id == animal.id else together.animal_id
        if box_id is None or box_of(record.session, other) != box_id:
            record.set(together, ended_at=max(at, together.began_at))


def open_companionships(session: Session, animal_id: int) -> list[Companionship]:
    """With whom the animal has been put together, and still is."""
    query = select(Companionship).where(
        or_(Companionship.animal_id == animal_id, Companionship.partner_id == animal_id),
        Companionship.ended_at.is_(None),
    )
    return list(session.scalars(query))


def _read(entry: Entry, values: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for field, value in values.items():
        if field == "age_days":
            continue
        if field not in FIELDS:
            raise EntryError(field, "is not a fact that is kept of an animal")
        read[field] = FIELDS[field](field, value)
    for field in ("born_on", "intake_on"):
        if field in read:
            read[field] = past_day(entry, field, read[field], OLDEST_YEARS)
    if not is_empty(values.get("age_days")) and not read.get("born_on"):
        age = _AGE("age_days", values["age_days"])
        read |= {"born_on": entry.today - timedelta(days=age), "born_estimated": True}
    if read.get("born_on") and read.get("intake_on") and read["intake_on"] < read["born_on"]:
        raise EntryError("intake_on", "is before it was born")
    return read
