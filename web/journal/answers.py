"""One tap on a fact that the suggestions do not know: where each answer is written.

Keys are those of the `unknown` lists that the care rules give (`<animal>.fed`, `box.temp_c`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.journal.animals import approve_cross, edit_animal
from web.journal.boxes import box_facts
from web.journal.cries import cry_of, cry_seen, review
from web.journal.entry import Entry, EntryError, Recorder, Written
from web.journal.feeds import HOW, feed
from web.journal.tending import RED_FLAGS, observe, observe_all
from web.journal.values import id_of, is_empty, whole
from web.journal.weights import weigh
from web.journal.whom import animal_of, tell_of
from web.records import Feed

_MINUTES = whole(0, 2880, "minutes")


def answer(
    session: Session,
    entry: Entry,
    key: str,
    value: Any,
    *,
    box_id: str,
    cry_id: str | None = None,
) -> Written:
    """Write the answer to one unknown.

    `fed` and `toilet` take minutes ago, `warmth` what the body feels like, `red_flags` the flags
    that were seen ([] for none of them), `weight_g` and `growth` grams now, `days_in_care` days;
    the others take the fact's own value. Raises EntryError.
    """
    subject, _, fact = key.partition(".")
    if subject in ("box", "context"):
        if fact not in ("temp_c", "spread", "comfort", "carer_can_watch"):
            raise EntryError("key", "cannot be answered here; it is in the settings")
        return box_facts(session, entry, box_id, **{fact: value})
    if subject == "cry":
        return _of_cry(session, entry, fact, value, cry_id)
    animal_id = id_of(subject)
    if animal_id is None or fact not in ANIMAL_FACTS:
        raise EntryError("key", "is not a question that is asked here")
    return ANIMAL_FACTS[fact](session, entry, animal_id, value)


def _of_cry(session: Session, entry: Entry, fact: str, value: Any, cry_id: str | None) -> Written:
    cry = cry_of(session, cry_id)
    if fact == "species":
        return review(session, entry, cry.id, "right", value)
    if fact == "source_id":
        source = None if is_empty(value) else id_of(value)
        if source is None and not is_empty(value):
            raise EntryError("source_id", "is not an animal")
        return cry_seen(session, entry, cry.id, source, cry.unusual)
    if fact == "unusual":
        return cry_seen(session, entry, cry.id, cry.source_id, value)
    raise EntryError("key", "is not a question that is asked here")


Answered = Callable[[Session, Entry, int, Any], Written]


def _fed(session: Session, entry: Entry, animal_id: int, value: Any) -> Written:
    return feed(session, entry, [animal_id], at=_minutes_ago(entry, "fed", value))


def _toilet(session: Session, entry: Entry, animal_id: int, value: Any) -> Written:
    at = _minutes_ago(entry, "toilet", value)
    return observe(session, entry, animal_id, "toilet", value=True, at=at)


def _minutes_ago(entry: Entry, field: str, value: Any) -> Any:
    minutes = _MINUTES(field, value)
    if minutes is None:
        raise EntryError(field, "say how many minutes ago")
    return entry.now - timedelta(minutes=minutes)


def _last_feed(session: Session, entry: Entry, animal_id: int, value: Any) -> Written:
    animal, word = animal_of(session, animal_id), HOW("last_feed", value)
    query = select(Feed).where(Feed.animal_id == animal.id, Feed.undone_at.is_(None))
    last = session.scalars(query.order_by(Feed.at.desc(), Feed.id.desc())).first()
    if last is None:
        raise EntryError("last_feed", "no feed is on record; say first when it was fed")
    record = Recorder(session, entry, "feed put right")
    record.set(last, how=word)
    tell_of(record, animal)
    return record.close("feed", last.id, how=word)


def _red_flags(session: Session, entry: Entry, animal_id: int, value: Any) -> Written:
    seen = [value] if isinstance(value, str) else value
    # Anything but a list might mean "not looked", which is not the same as "none seen".
    if not isinstance(seen, list | tuple) or any(one not in (*RED_FLAGS, "") for one in seen):
        raise EntryError("red_flags", f"must name red flags, or none: {', '.join(RED_FLAGS)}")
    return observe_all(session, entry, animal_id, {flag: flag in seen for flag in RED_FLAGS})


def _days_in_care(session: Session, entry: Entry, animal_id: int, value: Any) -> Written:
    days = whole(0, 3650, "days")("days_in_care", value)
    day = None if days is None else entry.today - timedelta(days=days)
    return edit_animal(session, entry, animal_id, {"intake_on": day})


def _observed(fact: str) -> Answered:
    return lambda session, entry, animal_id, value: observe(session, entry, animal_id, fact, value)


def _edited(field: str) -> Answered:
    return lambda session, entry, animal_id, value: edit_animal(
        session, entry, animal_id, {field: value}
    )


ANIMAL_FACTS: Mapping[str, Answered] = {
    "warmth": _observed("body_feel"),
    "health": _observed("health"),
    "hungry": _observed("hungry_signs"),
    "toilet": _toilet,
    "red_flags": _red_flags,
    "fed": _fed,
    "last_feed": _last_feed,
    "weight_g": weigh,
    "growth": weigh,
    "cross_ok": approve_cross,
    "days_in_care": _days_in_care,
    "age_days": _edited("age_days"),
    "mother": _edited("mother"),
    "exposed": _edited("exposed"),
    "parasites": _edited("parasites"),
    "temperament": _edited("temperament"),
    "vaccinated": _edited("vaccinated"),
}
