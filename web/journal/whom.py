"""Of whom is written: the animal, where it lives, with whom; and when it can have been."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from web.journal.entry import Doubt, Entry, EntryError, Recorder, found_by
from web.records import Animal, Companionship, Stay


def animal_of(session: Session, animal_id: Any, field: str = "animal_id") -> Animal:
    """The animal of that id. Raises EntryError."""
    found = found_by(session, Animal, animal_id)
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


def open_companionships(session: Session, animal_id: int) -> list[Companionship]:
    """With whom the animal has been put together, and still is."""
    query = select(Companionship).where(
        or_(Companionship.animal_id == animal_id, Companionship.partner_id == animal_id),
        Companionship.ended_at.is_(None),
    )
    return list(session.scalars(query))


def tell_of(record: Recorder, animal: Animal) -> None:
    """Tell live pages that something is new of an animal."""
    record.tell("animal", animal.id, box_of(record.session, animal.id))


def doubts_of_time(entry: Entry, animal: Animal, at: datetime, field: str = "at") -> list[Doubt]:
    """Whether the animal was born and in care then.

    Raises EntryError before a birth that is known to the day; an estimated one may be wrong.
    """
    day = entry.day(at)
    if animal.born_on is not None and day < animal.born_on:
        if not animal.born_estimated:
            raise EntryError(field, f"is before {animal.name} was born")
        return [Doubt(field, f"is before {animal.name} was born, as its age was estimated")]
    if animal.status != "in_care" and (animal.left_on is None or day > animal.left_on):
        return [Doubt(field, f"is after {animal.name} left your care")]
    return []
