"""Feeds, weighings, and what was found when looking at an animal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from web.journal.animals import animal_of, box_of
from web.journal.entry import Entry, EntryError, Recorder, Written
from web.journal.values import Reader, choice, ids, moment, number, whole, yes_no
from web.records import Animal, Feed, Observation, Weight

RED_FLAGS = ("limp", "unresponsive", "gasping", "pale_gums", "no_suck", "convulsion", "bleeding")
_HOW = choice("full", "short", "refused", unknown=False)
_AMOUNT = number(0, 400, "mL")
_GRAMS = number(20, 8000, "g")


def _went(field: str, value: Any) -> bool:
    """Only that it went is worth a line; that it did not is the age of the last one."""
    if yes_no(field, value) is not True:
        raise EntryError(field, "is written down when it went")
    return True


# What can be observed, and how it is read (limits: the care rules').
FACTS: Mapping[str, Reader] = {
    "body_feel": choice("warm", "cool", "cold", "hot"),
    "body_temp_c": number(15, 45, "°C"),
    "health": choice("ok", "suspect", "ill"),
    "stool_score": whole(1, 7, ""),
    "hungry_signs": yes_no,
    "toilet": _went,
    **dict.fromkeys(RED_FLAGS, yes_no),
}


def feed(
    session: Session,
    entry: Entry,
    animal_ids: Iterable[int],
    amount_ml: Any = None,
    how: str = "full",
    at: Any = None,
) -> Written:
    """Fed: one animal, or several at once, each with the same amount. `id` is the first feed's."""
    when, amount, went = moment(entry, at), _AMOUNT("amount_ml", amount_ml), _HOW("how", how)
    record = Recorder(session, entry, "fed")
    feeds = []
    for animal_id in ids("animal_ids", animal_ids):
        animal = animal_of(session, animal_id, "animal_ids")
        row = Feed(animal_id=animal.id, at=when, amount_ml=amount, how=went, by=entry.by)
        record.add(row)
        _tell(record, animal)
        feeds.append(row)
    return record.close(feeds[0].id, animals=[f.animal_id for f in feeds], ml=amount, how=went)


def weigh(session: Session, entry: Entry, animal_id: int, grams: Any, at: Any = None) -> Written:
    """Weighed."""
    animal, weight = animal_of(session, animal_id), _GRAMS("grams", grams)
    if weight is None:
        raise EntryError("grams", "is needed")
    record = Recorder(session, entry, "weighed")
    row = Weight(animal_id=animal.id, at=moment(entry, at), grams=weight, by=entry.by)
    record.add(row)
    _tell(record, animal)
    return record.close(row.id, animal=animal.id, grams=weight)


def observe(
    session: Session, entry: Entry, animal_id: int, fact: str, value: Any, at: Any = None
) -> Written:
    """One fact that was seen, felt or measured; `fact` is one of `FACTS`."""
    return observe_all(session, entry, animal_id, {fact: value}, at)


def observe_all(
    session: Session, entry: Entry, animal_id: int, values: Mapping[str, Any], at: Any = None
) -> Written:
    """Several facts of one look, taken back together. `id` is the first one's."""
    animal, when = animal_of(session, animal_id), moment(entry, at)
    record = Recorder(session, entry, "observed")
    rows = []
    for fact, value in values.items():
        if fact not in FACTS:
            raise EntryError("fact", f"must be one of: {', '.join(FACTS)}")
        read = FACTS[fact](fact, value)
        row = Observation(animal_id=animal.id, at=when, fact=fact, value=read, by=entry.by)
        record.add(row)
        rows.append(row)
    _tell(record, animal)
    return record.close(rows[0].id, animal=animal.id, facts={r.fact: r.value for r in rows})


def _tell(record: Recorder, animal: Animal) -> None:
    record.tell("animal", animal.id, box_of(record.session, animal.id))
