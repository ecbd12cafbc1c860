"""Put right what was written, or strike it out; the old value is kept in a history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.journal.animals import edit_animal
from web.journal.entry import Doubt, Entry, EntryError, Recorder, Written, found_by, subject_of
from web.journal.feeds import (
    AMOUNT,
    HOW,
    NOTE,
    ROUTE,
    check_amount,
    doubts_of_feed,
    doubts_of_stomach,
)
from web.journal.milk import edit_formula, formula_of
from web.journal.notes import WORDS
from web.journal.reminders import EVERY, KIND, no_dose
from web.journal.tending import read_fact
from web.journal.values import Reader, is_empty, moment, moment_ahead
from web.journal.weights import MOMENT, doubts_of_weight, read_grams
from web.journal.whom import animal_of, doubts_of_time, tell_of
from web.records import Animal, Audit, Base, Feed, Formula, Note, Observation, Reminder, Weight

KINDS: Mapping[str, type[Base]] = {
    "feed": Feed,
    "weight": Weight,
    "check": Observation,
    "note": Note,
    "reminder": Reminder,
    "animal": Animal,
    "formula": Formula,
}
Row = Feed | Weight | Observation | Note | Reminder
_FEED: Mapping[str, Reader] = {"amount_ml": AMOUNT, "how": HOW, "route": ROUTE, "note": NOTE}
_WEIGHT: Mapping[str, Reader] = {"grams": read_grams, "moment": MOMENT}
_NOTE: Mapping[str, Reader] = {"text": WORDS}
_REMINDER: Mapping[str, Reader] = {"kind": KIND, "text": no_dose, "every_days": EVERY}
_READERS: Mapping[str, Mapping[str, Reader]] = {
    "feed": _FEED,
    "weight": _WEIGHT,
    "check": {},
    "note": _NOTE,
    "reminder": _REMINDER,
}


def correct(
    session: Session, entry: Entry, kind: str, record_id: int, values: Mapping[str, Any]
) -> Written:
    """Put a record right; only the columns given are changed, checked as when they were new.

    `kind` is one of `KINDS`. Feeds, weights, checks and notes also take another `animal_id` (it
    was the wrong baby) and another `at`; a reminder another `due_at`.
    """
    if kind == "animal":
        return edit_animal(session, entry, record_id, values)
    if kind == "formula":
        return edit_formula(session, entry, record_id, values)
    row = _row_of(session, kind, record_id)
    record = Recorder(session, entry, "corrected")
    was = _animal_of(session, row)
    read = {name: _read(session, entry, kind, row, name, value) for name, value in values.items()}
    bottle = _bottle(session, row, read)
    record.ask(_doubts(session, entry, row, read) + [d for of in bottle for d in of[2]])
    record.set(row, **read)
    for drunk, amount, _ in bottle:
        record.set(drunk, amount_ml=amount)
    if isinstance(row, Feed):  # the weighings of its bottle go with it
        moved = {name: read[name] for name in ("animal_id", "at") if name in read}
        for weight in _weighings(session, row) if moved else ():
            record.set(weight, **moved)
    for animal in {one.id: one for one in (was, _animal_of(session, row)) if one}.values():
        tell_of(record, animal)
    if isinstance(row, Note) and row.box_id:
        record.tell("box", row.box_id, row.box_id)
    return record.close(kind, row.id, fields=sorted(read))


def remove(session: Session, entry: Entry, kind: str, record_id: int) -> Written:
    """Strike a record out, however long ago it was written: a feed, weight, check, note, reminder.

    It stays on record as struck out, and undo brings it back.
    """
    row = _row_of(session, kind, record_id)
    record = Recorder(session, entry, "removed")
    record.set(row, undone_at=entry.now)
    for weight in _weighings(session, row) if isinstance(row, Feed) else ():
        record.set(weight, undone_at=entry.now)
    animal = _animal_of(session, row)
    if animal is not None:
        tell_of(record, animal)
    if isinstance(row, Note) and row.box_id:
        record.tell("box", row.box_id, row.box_id)
    return record.close(kind, row.id)


@dataclass(frozen=True)
class Change:
    """One change of a record: the values before and after, of the columns that changed."""

    at: datetime
    by: str | None
    action: str  # corrected, fed the rest, removed, animal edited, ...
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    undo_id: int
    taken_back_at: datetime | None = None  # the values before hold again
    sure_of: Sequence[str] = field(default=())  # doubts that the carer knew better


def history(session: Session, kind: str, record_id: int) -> list[Change]:
    """How a record came to be what it is, oldest first; empty when it was never changed."""
    if kind not in KINDS:
        raise EntryError("kind", f"must be one of: {', '.join(KINDS)}")
    table = KINDS[kind].__tablename__
    # The first release wrote the bare id as the subject.
    subjects = (subject_of(kind, record_id), str(record_id))
    audits = session.scalars(
        select(Audit).where(Audit.subject.in_(subjects), Audit.undo.is_not(None)).order_by(Audit.id)
    )
    return [
        Change(
            at=audit.at,
            by=audit.by,
            action=audit.action,
            before=step["before"],
            after=step["after"],
            undo_id=audit.id,
            taken_back_at=audit.undone_at,
            sure_of=(audit.details or {}).get("sure_of", ()),
        )
        for audit in audits
        for step in (audit.undo or {}).get("steps", ())
        if step["did"] == "set" and (step["table"], step["key"]) == (table, record_id)
    ]


def _row_of(session: Session, kind: str, record_id: Any) -> Row:
    if kind not in _READERS:
        raise EntryError("kind", f"must be one of: {', '.join(_READERS)}")
    row = found_by(session, KINDS[kind], record_id)
    if row is None or row.undone_at is not None:  # type: ignore[attr-defined]
        raise EntryError("id", f"is not a {kind} that is known here")
    return row  # type: ignore[return-value]


def _read(session: Session, entry: Entry, kind: str, row: Row, name: str, value: Any) -> Any:
    if name == "animal_id" and kind != "reminder" and row.animal_id is not None:
        return animal_of(session, value).id
    if name == "at" and kind != "reminder":
        if is_empty(value):  # of something new that means now, of this it would be another time
            raise EntryError("at", "is needed")
        return moment(entry, value)
    if name == "due_at" and kind == "reminder":
        return moment_ahead(entry, value, name)
    if name == "formula_id" and kind == "feed":
        milk = formula_of(session, value)
        return milk.id if milk else None
    if name == "value" and isinstance(row, Observation):
        return read_fact(row.fact, value)
    if name not in _READERS[kind]:
        raise EntryError(name, f"is not something that is put right of a {kind}")
    return _READERS[kind][name](name, value)


def _doubts(session: Session, entry: Entry, row: Row, read: Mapping[str, Any]) -> list[Doubt]:
    """What speaks against the row as it will be, as far as that is new."""
    if isinstance(row, Reminder) or row.animal_id is None:
        return []
    animal = animal_of(session, read.get("animal_id", row.animal_id))
    at = read.get("at", row.at)
    moved = not read.keys().isdisjoint({"at", "animal_id"})
    doubts = doubts_of_time(entry, animal, at) if moved else []
    if isinstance(row, Weight):
        doubts += doubts_of_weight(session, animal, at, read.get("grams", row.grams), but=row.id)
    if isinstance(row, Feed):
        amount, milk = read.get("amount_ml", row.amount_ml), read.get("formula_id", row.formula_id)
        check_amount(amount, read.get("how", row.how))
        new = Feed(animal_id=animal.id, at=at, amount_ml=amount, formula_id=milk)
        doubts += doubts_of_feed(session, entry, animal, new, but=row.id)
    return [doubt for doubt in doubts if moved or doubt.field in read]


def _weighings(session: Session, fed: Feed) -> Sequence[Weight]:
    """Before and after the bottle, where it was weighed."""
    query = select(Weight).where(Weight.feed_id == fed.id, Weight.undone_at.is_(None))
    return session.scalars(query).all()


def _bottle(
    session: Session, row: Row, read: Mapping[str, Any]
) -> list[tuple[Feed, float, list[Doubt]]]:
    """The feed that this weight measured, with the amount that it had after all."""
    if not isinstance(row, Weight) or row.feed_id is None or "grams" not in read:
        return []
    fed = session.get(Feed, row.feed_id)
    if fed is None:
        return []
    grams = {one.moment: one.grams for one in _weighings(session, fed)}
    grams[row.moment] = read["grams"]
    if not grams.keys() >= {"before", "after"}:
        return []
    drunk = round(grams["after"] - grams["before"], 1)
    if drunk < 0:
        raise EntryError("grams", "makes the weight after the bottle less than the one before")
    check_amount(drunk, fed.how)
    animal = animal_of(session, fed.animal_id)
    return [(fed, drunk, doubts_of_stomach(session, animal, fed.at, drunk))]


def _animal_of(session: Session, row: Row) -> Animal | None:
    return None if row.animal_id is None else animal_of(session, row.animal_id)
