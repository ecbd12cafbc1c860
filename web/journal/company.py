"""Animals put together, and what came of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.journal.animals import animal_of, box_of, house, open_companionships, open_stay
from web.journal.entry import Entry, EntryError, Recorder, Written
from web.journal.values import choice, moment
from web.records import Companionship, Stay

_OUTCOME = choice("passed", "failed")


def put_together(
    session: Session,
    entry: Entry,
    animal_id: int,
    partner_id: int,
    box_id: str | None = None,
    at: Any = None,
) -> Written:
    """Put two animals into one box: the one named, else the first one's, else the partner's."""
    animal = animal_of(session, animal_id)
    partner = animal_of(session, partner_id, "partner_id")
    if animal.id == partner.id:
        raise EntryError("partner_id", "must be another animal")
    pairs = open_companionships(session, animal.id)
    if any(partner.id in (p.animal_id, p.partner_id) for p in pairs):
        raise EntryError("partner_id", "is together with it already")
    box = box_id or box_of(session, animal.id) or box_of(session, partner.id)
    if box is None:
        raise EntryError("box_id", "say in which box; neither of them is in one")
    when = moment(entry, at)
    record = Recorder(session, entry, "put together")
    for one in (animal, partner):
        house(record, one, box, when)
    together = Companionship(animal_id=animal.id, partner_id=partner.id, began_at=when, by=entry.by)
    record.add(together)
    record.tell("animal", animal.id, box)
    return record.close(together.id, animals=[animal.id, partner.id], box=box)


def trial_outcome(
    session: Session, entry: Entry, companionship_id: int, outcome: str | None
) -> Written:
    """Say how company went while they stay together."""
    together = _known(session, companionship_id)
    word = _OUTCOME("outcome", outcome)
    record = Recorder(session, entry, "company judged")
    record.set(together, outcome=word)
    for animal_id in (together.animal_id, together.partner_id):
        record.tell("animal", animal_id, box_of(session, animal_id))
    return record.close(together.id, outcome=word)


def part(
    session: Session,
    entry: Entry,
    companionship_id: int,
    outcome: str | None = None,
    at: Any = None,
) -> Written:
    """Part them again; whoever moved in for it goes back to the box it came from."""
    together = _known(session, companionship_id)
    if together.ended_at is not None:
        raise EntryError("companionship_id", "has ended already")
    when, word = moment(entry, at), _OUTCOME("outcome", outcome)
    if when < together.began_at:
        raise EntryError("at", "is before they were put together")
    record = Recorder(session, entry, "parted")
    record.set(together, ended_at=when, outcome=word or together.outcome)
    pair = [together.animal_id, together.partner_id]
    came_from = {one: _came_from(session, one, together) for one in pair}
    if not any(came_from.values()):
        came_from = {together.partner_id: None}  # into no box: it is told where later
    for animal_id, box_id in came_from.items():
        if box_id is not None or len(came_from) == 1:
            house(record, animal_of(session, animal_id), box_id, when)
    for animal_id in pair:
        record.tell("animal", animal_id, box_of(session, animal_id))
    return record.close(together.id, outcome=word)


def _came_from(session: Session, animal_id: int, together: Companionship) -> str | None:
    """The box that the animal left to be put together, if it lives where it was put."""
    stay = open_stay(session, animal_id)
    if stay is None or stay.began_at != together.began_at:
        return None
    query = select(Stay.box_id).where(
        Stay.animal_id == animal_id, Stay.ended_at == together.began_at
    )
    return session.scalars(query).first()


def _known(session: Session, companionship_id: Any) -> Companionship:
    found = session.get(Companionship, companionship_id)
    if found is None:
        raise EntryError("companionship_id", "is not known here")
    return found
