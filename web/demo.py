"""The demo's own records: a kitten and a puppy, apart, as the founding story has them.

They stand in the demo's state directory, marked as a demo; nothing real is ever beside them. All
that company across species asks for is on record, so that the made-up night can tell the story:
both cry alone, are quiet together, and cry again when a feed is due.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from web import journal
from web.journal import Entry
from web.journal.tending import RED_FLAGS, observe_all
from web.records import Animal, Observation

AGE, IN_CARE = timedelta(days=18), timedelta(days=16)  # old enough in care to be out of quarantine
ARRIVED_AGO = timedelta(hours=2)  # in its box: a baby just moved may cry for that
# At 18 days a feed is nearly due 192 min after the last (care rules, section 3): a minute and a
# half into the night, when the two lie together and before they cry for food.
FED_AGO = timedelta(minutes=192) - timedelta(seconds=90)
SAME_NIGHT = timedelta(minutes=10)  # a dashboard that starts again so soon goes on with it
BY = "Demo"

_KITTEN: dict[str, Any] = {"name": "Miso", "species": "kitten", "sex": "female"}
_PUPPY: dict[str, Any] = {"name": "Biscuit", "species": "puppy", "sex": "male"}
_BOTH: dict[str, Any] = {
    "mother": "none",
    "in_quarantine": "no",
    "exposed": "no",
    "parasites": "treated",
    "vaccinated": "no",
    "temperament": "calm",
    "demo": "yes",
}
_GRAMS = {"Miso": (302, 311), "Biscuit": (455, 470)}  # yesterday, today


class NotADemoError(Exception):
    """These records hold real animals; the text is one line that says what to do."""


def seed(session: Session, now: datetime, box_id: str) -> None:
    """Enter the two and how they are tonight; `box_id` is where the kitten lies.

    Raises NotADemoError when somebody real is in the records.
    """
    if session.scalar(select(func.count(Animal.id)).where(Animal.demo.is_(False))):
        raise NotADemoError(
            "these records are real; `nursery-monitor up --demo` keeps a demo apart from them"
        )
    newest = session.scalar(select(func.max(Observation.at)))
    if newest is not None and now - newest < SAME_NIGHT:
        return
    entry = Entry(by=BY, now=now)
    for values, box in ((_KITTEN, box_id), (_PUPPY, None)):
        known = session.scalar(select(Animal.id).where(Animal.name == values["name"]))
        animal = known or _take_in(session, now, {**values, **_BOTH}, box)
        if known:
            journal.move(session, entry, animal, box)
        _tonight(session, entry, animal, _GRAMS[str(values["name"])])
    journal.box_facts(session, entry, box_id, comfort="yes", carer_can_watch="yes", temp_c="27")


def _take_in(session: Session, now: datetime, values: dict[str, Any], box_id: str | None) -> int:
    then = Entry(by=BY, now=now - ARRIVED_AGO)
    values |= {"born_on": then.today - AGE, "intake_on": then.today - IN_CARE}
    animal = journal.add_animal(session, then, values, box_id).id
    assert isinstance(animal, int)  # noqa: S101 - an animal's id is a number
    journal.approve_cross(session, then, animal, ok=True)
    return animal


def _tonight(session: Session, entry: Entry, animal: int, grams: tuple[int, int]) -> None:
    yesterday, today = grams
    journal.weigh(session, entry, animal, yesterday, entry.now - timedelta(hours=24))
    journal.weigh(session, entry, animal, today, entry.now - timedelta(minutes=20))
    journal.feed(session, entry, [animal], None, "full", entry.now - FED_AGO)
    seen = {"body_feel": "warm", "health": "ok", "hungry_signs": False, "toilet": True}
    observe_all(session, entry, animal, seen | dict.fromkeys(RED_FLAGS, False))
