"""Animals: who is in care, what is known of them, and in which box they live."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from web import carers
from web.care.age_signs import estimate, signs_of
from web.journal.entry import Doubt, Entry, EntryError, Recorder, Written, found_by
from web.journal.feeds import doubts_of_stomach
from web.journal.milk import doubts_of_milk, formula_of
from web.journal.values import (
    Reader,
    choice,
    day,
    is_empty,
    line,
    line_or_unknown,
    moment,
    number,
    past_day,
    text,
    text_or_unknown,
    whole,
    yes_no,
    yes_or_no,
)
from web.journal.whom import animal_of, box_of, open_companionships, open_stay, tell_of
from web.records import Animal, Box, Feed, Stay, Weight

STATUSES = ("in_care", "with_mother", "adopted", "died", "gone")
OLDEST_YEARS = 25  # no cat or dog in care is older

# What can be entered of an animal, and how it is read.
FIELDS: Mapping[str, Reader] = {
    "name": line(60, needed=True),
    "species": choice("kitten", "puppy", unknown=False),
    "sex": choice("female", "male"),
    "born_on": day,
    "born_estimated": yes_or_no,
    "born_signs": text_or_unknown(120),
    "intake_on": day,
    "litter": line_or_unknown(60),
    "runt": yes_no,
    "mother": choice("present", "available", "none"),
    "mother_name": line_or_unknown(60),
    "status": choice(*STATUSES, unknown=False),
    "left_on": day,
    "in_quarantine": yes_no,
    "exposed": yes_no,
    "parasites": choice("clear", "treated", "present"),
    "vaccinated": yes_no,
    "temperament": choice("calm", "rough"),
    "suckles_others": yes_or_no,
    "keep_apart": yes_or_no,
    "plan_interval_min": whole(60, 720, "minutes"),
    "plan_volume_ml": number(0.5, 400, "mL"),
    "formula_id": whole(1, 2**31 - 1, ""),
    "notes": text(4000),
    "demo": yes_or_no,
}
DAYS = ("born_on", "intake_on", "left_on")
# Ways to tell an age; both give an estimated birth date.
AGE_FIELDS = ("age_days", "age_signs")
_AGE: Reader = whole(0, 365 * OLDEST_YEARS, "days")


def add_animal(
    session: Session, entry: Entry, values: Mapping[str, Any], box_id: str | None = None
) -> Written:
    """Take an animal in, into a box if one is named.

    `values` holds any of `FIELDS`; name and species are needed. An age may be given instead of
    a birth date: `age_days`, or `age_signs` (`{"eyes": "opening"}`, see `web/care/age_signs.py`).
    Of these the same goes for `edit_animal`.
    """
    animal = Animal(created_at=entry.now, status="in_care")
    read = _read(entry, animal, {"name": None, "species": None, **values})
    record = Recorder(session, entry, "animal added")
    _set_out(animal, read)
    record.ask(_doubts(session, entry, animal, read))
    record.add(animal)
    if box_id and animal.status == "in_care":
        _house(record, animal, box_id, entry.now)
    record.tell("animal", animal.id, box_id)
    return record.close("animal", animal.id, name=animal.name)


def edit_animal(
    session: Session, entry: Entry, animal_id: int, values: Mapping[str, Any]
) -> Written:
    """Put facts of an animal right; only those given are changed, an empty one becomes unknown.

    Whoever leaves care (any status but `in_care`) leaves its box, and `left_on` is today if no
    other day is given.
    """
    animal = animal_of(session, animal_id)
    read = _read(entry, animal, values)
    if read.get("demo", animal.demo) != animal.demo:  # a demo's needs no coordinator's approval
        raise EntryError("demo", "is told when an animal is taken in, and stays so")
    record = Recorder(session, entry, "animal edited")
    record.ask(_doubts(session, entry, animal, read))
    record.set(animal, **read)
    box_id = box_of(session, animal.id)
    if animal.status != "in_care":
        _move_out(record, animal)
    record.tell("animal", animal.id, box_id)
    return record.close("animal", animal.id, fields=sorted(read))


def approve_cross(
    session: Session, entry: Entry, animal_id: int, ok: Any, partner_id: int | None = None
) -> Written:
    """The coordinator's word on company of the other species, of one animal or of both at once.

    Yes is a coordinator's alone; anybody may say no, or take it back (None).
    """
    animals = [animal_of(session, animal_id)]
    if partner_id is not None:
        animals.append(animal_of(session, partner_id, "partner_id"))
    word = yes_no("ok", ok)
    if word and not all(animal.demo for animal in animals):
        _needs_coordinator(session, entry)
    record = Recorder(session, entry, "cross-species company approved")
    known = word is not None
    for animal in animals:
        record.set(
            animal,
            cross_ok=word,
            cross_ok_by=entry.by if known else None,
            cross_ok_at=entry.now if known else None,
        )
        tell_of(record, animal)
    return record.close("animal", *(animal.id for animal in animals), ok=word)


def _needs_coordinator(session: Session, entry: Entry) -> None:
    """Raises EntryError. Where nobody can sign in yet there is nobody to ask."""
    carer = carers.named(session, entry.by or "")
    if carers.any_carer(session) and (carer is None or not carer.coordinator):
        names = [one.name for one in carers.everybody(session) if one.coordinator]
        who = " or ".join(names) or "a coordinator (`nursery-monitor carer --help` makes one)"
        raise EntryError("ok", f"is for the rescue's coordinator to say; ask {who}")


def move(
    session: Session, entry: Entry, animal_id: int, box_id: str | None, at: Any = None
) -> Written:
    """Put an animal into a box, or (None) out of all boxes."""
    animal = animal_of(session, animal_id)
    if box_id and animal.status != "in_care":
        raise EntryError("animal_id", f"{animal.name} is not in your care now; change that first")
    record = Recorder(session, entry, "moved")
    house(record, animal, box_id or None, moment(entry, at))
    return record.close("animal", animal.id, box=box_id)


def house(record: Recorder, animal: Animal, box_id: str | None, at: datetime) -> None:
    """End the animal's stay, begin the next, tell the pages of both boxes."""
    before = box_of(record.session, animal.id)
    _house(record, animal, box_id, at)
    record.tell("animal", animal.id, box_id)
    if before and before != box_id:
        record.tell("animal", animal.id, before)


def _house(record: Recorder, animal: Animal, box_id: str | None, at: datetime) -> None:
    if box_id is not None and found_by(record.session, Box, box_id) is None:
        raise EntryError("box_id", "is not a box that is known here")
    stay = open_stay(record.session, animal.id)
    if stay is not None and stay.box_id == box_id:
        return
    if stay is not None:
        if at < stay.began_at:
            raise EntryError("at", "is before it came into the box where it is now")
        record.set(stay, ended_at=at)
    if box_id is not None:
        if stay is None and at < _left_last(record.session, animal.id, at):
            raise EntryError("at", "is before it left the box where it was last")
        record.add(Stay(animal_id=animal.id, box_id=box_id, began_at=at))
    for together in open_companionships(record.session, animal.id):
        other = together.partner_id if together.animal_id == animal.id else together.animal_id
        if box_id is None or box_of(record.session, other) != box_id:
            record.set(together, ended_at=max(at, together.began_at))


def _left_last(session: Session, animal_id: int, default: datetime) -> datetime:
    """When the last of its stays ended."""
    query = select(func.max(Stay.ended_at)).where(Stay.animal_id == animal_id)
    return session.scalar(query) or default


def _move_out(record: Recorder, animal: Animal) -> None:
    """Out of its box, at the end of the day on which it left if that is past."""
    stay, entry = open_stay(record.session, animal.id), record.entry
    if stay is None:
        return
    at = entry.now
    if animal.left_on is not None and animal.left_on < entry.today:
        over = datetime.combine(animal.left_on + timedelta(days=1), time(), entry.zone)
        at = max(stay.began_at, over.astimezone(UTC))
    _house(record, animal, None, at)


def _read(entry: Entry, animal: Animal, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns to write; checked against each other and against what is on record."""
    read: dict[str, Any] = {}
    for field, value in values.items():
        if field in AGE_FIELDS:
            continue
        if field not in FIELDS:
            raise EntryError(field, "is not a fact that is kept of an animal")
        read[field] = FIELDS[field](field, value)
    for field in DAYS:
        if field in read:
            read[field] = past_day(entry, field, read[field], OLDEST_YEARS)
    read |= _born(entry, animal, read, values)
    read |= _left(entry, animal, read)
    days: dict[str, date | None] = {f: read.get(f, getattr(animal, f)) for f in DAYS}
    born, came, left = (days[field] for field in DAYS)
    if born and came and came < born:
        wrong = "intake_on" if "intake_on" in read else "born_on"
        says = "is before it was born" if wrong == "intake_on" else "is after it came to you"
        raise EntryError(wrong, says)
    if left and any(before and left < before for before in (born, came)):
        raise EntryError("left_on", "is before it came to you")
    return read


def _born(
    entry: Entry, animal: Animal, read: Mapping[str, Any], values: Mapping[str, Any]
) -> dict[str, Any]:
    """The birth date from an age; or what a new birth date says of the old estimate."""
    if read.get("born_on"):
        if read["born_on"] == animal.born_on or "born_estimated" in read:
            return {}
        return {"born_estimated": False, "born_signs": read.get("born_signs")}
    if not is_empty(values.get("age_days")):
        age, words = _AGE("age_days", values["age_days"]), read.get("born_signs")
    elif values.get("age_signs"):
        age, words = _age_by_signs(read.get("species") or animal.species, values["age_signs"])
    else:
        return {}
    born = entry.today - timedelta(days=age)
    return {"born_on": born, "born_estimated": True, "born_signs": words}


def _age_by_signs(species: Any, seen: Any) -> tuple[int, str]:
    told = seen if isinstance(seen, Mapping) else {}
    said = {str(sign): str(how) for sign, how in told.items() if not is_empty(how)}
    try:
        found = estimate(species, said)
    except ValueError:
        found = None
    if found is None:
        known = "; ".join(f"{sign}: {', '.join(of)}" for sign, of in signs_of(species).items())
        raise EntryError("age_signs", f"must be some of: {known}")
    return found.days, found.words


def _left(entry: Entry, animal: Animal, read: Mapping[str, Any]) -> dict[str, Any]:
    """The day it left, which whoever is in care has not."""
    status = read.get("status", animal.status)
    if status == "in_care":
        return {"left_on": None}
    if read.get("left_on") is None and animal.left_on is None:
        return {"left_on": entry.today}
    return {}


def _set_out(animal: Animal, read: Mapping[str, Any]) -> None:
    for field, value in read.items():
        setattr(animal, field, value)


def _doubts(session: Session, entry: Entry, animal: Animal, read: Mapping[str, Any]) -> list[Doubt]:
    doubts: list[Doubt] = []
    if animal.id is not None and read.get("born_on") not in (None, animal.born_on):
        first = _first_record(session, animal.id)
        if first is not None and entry.day(first) < read["born_on"]:
            doubts.append(Doubt("born_on", f"is after {animal.name}'s first feed or weight here"))
    if read.get("formula_id") is not None:
        milk = formula_of(session, read["formula_id"])
        if read["formula_id"] != animal.formula_id or animal.id is None:
            doubts += doubts_of_milk(animal, milk)
    volume = read.get("plan_volume_ml")
    if animal.id is not None and volume is not None and volume != animal.plan_volume_ml:
        doubts += doubts_of_stomach(session, animal, entry.now, volume, "plan_volume_ml")
    return doubts


def _first_record(session: Session, animal_id: int) -> datetime | None:
    moments = [
        session.scalar(
            select(func.min(table.at)).where(
                table.animal_id == animal_id, table.undone_at.is_(None)
            )
        )
        for table in (Feed, Weight)
    ]
    return min((at for at in moments if at is not None), default=None)
