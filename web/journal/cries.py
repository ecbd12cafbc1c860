"""What carers say of a cry, and of what was suggested for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from web.journal.entry import Entry, EntryError, Recorder, Written, found_by
from web.journal.values import choice, yes_no
from web.journal.whom import animal_of
from web.records import Cry, Review, Suggestion

STOPPED_BY = ("fed", "company", "warmth", "comfort", "by_itself", "unknown")
_BECAUSE = choice(*STOPPED_BY)
_VERDICT = choice("right", "not_a_cry", unknown=False)
_SPECIES = choice("kitten", "puppy")
_DONE = choice("done", "dismissed")
WHYS = ("not_now", "did_not_help", "wrong")  # of a dismissal
_WHY = choice(*WHYS)


def cry_stopped(session: Session, entry: Entry, cry_id: str, because: str | None) -> Written:
    """It stopped because...; None takes the word back."""
    cry, word = cry_of(session, cry_id), _BECAUSE("because", because)
    record = Recorder(session, entry, "cry stopped because")
    record.set(cry, stopped_by=word, stopped_told_by=entry.by if word else None)
    record.tell("cry", cry.id, cry.box_id)
    return record.close("cry", cry.id, because=word)


def cry_seen(
    session: Session, entry: Entry, cry_id: str, source_id: int | None = None, unusual: Any = None
) -> Written:
    """Somebody looked: who cries, and whether it sounds unlike its usual cry."""
    cry = cry_of(session, cry_id)
    if source_id is not None:
        animal_of(session, source_id, "source_id")
    record = Recorder(session, entry, "cry seen")
    record.set(cry, source_id=source_id, unusual=yes_no("unusual", unusual))
    record.tell("cry", cry.id, cry.box_id)
    return record.close("cry", cry.id, source=source_id)


def review(
    session: Session, entry: Entry, cry_id: str, verdict: str, species: str | None = None
) -> Written:
    """Right, or not a cry; and whose voice it really was. The newest word holds."""
    cry = cry_of(session, cry_id)
    record = Recorder(session, entry, "cry reviewed")
    row = Review(
        cry_id=cry.id,
        verdict=_VERDICT("verdict", verdict),
        species=_SPECIES("species", species),
        at=entry.now,
        by=entry.by,
    )
    record.add(row)
    record.tell("cry", cry.id, cry.box_id)
    return record.close("cry", cry.id, verdict=verdict)


def suggestion_answered(
    session: Session,
    entry: Entry,
    suggestion_id: int,
    outcome: str | None,
    why: str | None = None,
) -> Written:
    """Done, dismissed (`why` is one of `WHYS`), or (None) open again."""
    found = found_by(session, Suggestion, suggestion_id)
    if found is None:
        raise EntryError("suggestion_id", "is not known here")
    word, reason = _DONE("outcome", outcome), _WHY("why", why)
    record = Recorder(session, entry, "suggestion answered")
    at = entry.now if word else None
    record.set(found, outcome=word, why=reason, outcome_at=at, by=entry.by if word else None)
    record.tell("suggestion", found.cry_id or found.box_id, found.box_id)
    return record.close("suggestion", found.id, code=found.code, outcome=word, why=reason)


def cry_of(session: Session, cry_id: Any) -> Cry:
    """The cry of that id. Raises EntryError."""
    found = found_by(session, Cry, cry_id)
    if found is None:
        raise EntryError("cry_id", "is not a cry that is known here")
    return found
