"""What is to be done by a day: deworming, a vaccine, a medicine. When, never how much."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from web.journal.entry import Entry, EntryError, Recorder, Written, found_by
from web.journal.values import Reader, choice, ids, moment, moment_ahead, text, whole
from web.journal.whom import animal_of, tell_of
from web.records import Animal, Reminder

KINDS = ("deworming", "vaccine", "medicine", "vet", "other")
KIND: Reader = choice(*KINDS, unknown=False)
EVERY: Reader = whole(1, 366, "days")
_TEXT = text(200)
# A number with a unit in which medicines are measured; not g and kg, which babies are weighed in.
_DOSE = re.compile(
    r"(?:[\d½¼¾]|\b(?:half|quarter|one|two|three)(?: of)?(?: an?)?\b)\s*"
    r"(?:m[lg]|mcg|[µμ]g|cc|iu|milli\w+|micro\w+|units?|drops?|tablets?|tabs?|pills?)(?![a-z])",
    re.IGNORECASE,
)


def add_reminder(
    session: Session,
    entry: Entry,
    animal_ids: Iterable[int],
    kind: Any,
    due_at: Any,
    text: Any = "",
    every_days: Any = None,
) -> Written:
    """To be done for each of these animals; a day alone means its morning in the house.

    Done, it comes again `every_days` later. A dose is refused: it stands on the vet's sheet.
    """
    animals = [animal_of(session, one, "animal_ids") for one in ids("animal_ids", animal_ids)]
    what, words = KIND("kind", kind), no_dose("text", text)
    due, every = moment_ahead(entry, due_at, "due_at"), EVERY("every_days", every_days)
    record = Recorder(session, entry, "reminder added")
    rows = []
    for animal in animals:
        row = Reminder(animal_id=animal.id, kind=what, text=words, due_at=due, every_days=every)
        row.created_at, row.by = entry.now, entry.by
        record.add(row)
        tell_of(record, animal)
        rows.append(row)
    return record.close("reminder", *(row.id for row in rows), what=what, due=due)


def reminder_done(session: Session, entry: Entry, reminder_id: int, at: Any = None) -> Written:
    """Done, by whoever says so; the next one is written if it comes again. `ids` holds both."""
    row = reminder_of(session, reminder_id)
    if row.done_at is not None:
        raise EntryError("reminder_id", "is done already")
    animal, when = animal_of(session, row.animal_id), moment(entry, at)
    record = Recorder(session, entry, "reminder done")
    record.set(row, done_at=when, done_by=entry.by)
    written = [row.id]
    if row.every_days is not None and animal.status == "in_care":
        written.append(_next(record, row, animal, when).id)
    tell_of(record, animal)
    return record.close("reminder", *written, animal=animal.id, what=row.kind)


def _next(record: Recorder, row: Reminder, animal: Animal, done: datetime) -> Reminder:
    """So many days after it was done, at the hour by the house's clock at which it was due."""
    entry = record.entry
    day = entry.day(done) + timedelta(days=row.every_days or 0)
    due = datetime.combine(day, row.due_at.astimezone(entry.zone).time(), entry.zone)
    then = Reminder(
        animal_id=animal.id, kind=row.kind, text=row.text, due_at=due, every_days=row.every_days
    )
    then.created_at, then.by = entry.now, entry.by
    record.add(then)
    return then


def reminder_of(session: Session, reminder_id: Any) -> Reminder:
    """The reminder of that id, if it was not taken back. Raises EntryError."""
    found = found_by(session, Reminder, reminder_id)
    if found is None or found.undone_at is not None:
        raise EntryError("reminder_id", "is not a reminder that is known here")
    return found


def no_dose(field: str, value: Any) -> str:
    """Words without a dose in them."""
    words: str = _TEXT(field, value)
    if _DOSE.search(words):
        raise EntryError(field, "holds a dose; doses stand on the vet's sheet, write where it is")
    return words
