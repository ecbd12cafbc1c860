"""Words of a carer on an animal, or on a box."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from web.journal.entry import Entry, EntryError, Recorder, Written, found_by
from web.journal.values import Reader, moment, text
from web.journal.whom import animal_of, tell_of
from web.records import Box, Note

WORDS: Reader = text(4000, needed=True)


def add_note(
    session: Session,
    entry: Entry,
    words: Any,
    *,
    animal_id: int | None = None,
    box_id: str | None = None,
    at: Any = None,
) -> Written:
    """A note on an animal, or on a box: one of the two."""
    if (animal_id is None) == (not box_id):
        raise EntryError("animal_id", "say of which animal, or of which box, it is")
    row = Note(at=moment(entry, at), text=WORDS("text", words), by=entry.by)
    record = Recorder(session, entry, "noted")
    if animal_id is not None:
        animal = animal_of(session, animal_id)
        row.animal_id = animal.id
        tell_of(record, animal)
    else:
        if found_by(session, Box, box_id) is None:
            raise EntryError("box_id", "is not a box that is known here")
        row.box_id = box_id
        record.tell("box", str(box_id), box_id)
    record.add(row)
    return record.close("note", row.id, animal=animal_id, box=box_id)
