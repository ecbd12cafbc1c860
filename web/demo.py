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
from web.records import Animal

AGE, IN_CARE = timedelta(days=18), timedelta(days=16)  # old enough in care to be out of quarantine
ARRIVED_AGO = timedelta(hours=2)  # in its box: a baby just moved may cry for that
FED_AGO = timedelta(minutes=50)
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
    """Enter the two, if they are not there yet; `box_id` is where the kitten lies.

    Raises NotADemoError when somebody real is in the records.
    """
    if session.scalar(select(func.count(Animal.id)).where(Animal.demo.is_(False))):
        raise NotADemoError(
            "these records are real; `nursery-monitor up --demo` keeps a demo apart from them"
        )
    if session.scalar(select(func.count(Animal.id))):
        return
    for values, box in ((_KITTEN, box_id), (_PUPPY, None)):
        _take_in(session, now, {**values, **_BOTH}, box)
    entry = Entry(by=BY, now=now)
    journal.box_facts(session, entry, box_id, comfort="yes", carer_can_watch="yes", temp_c="27")


def _take_in(session: Session, now: datetime, values: dict[str, Any], box_id: str | None) -> None:
    then, entry = Entry(by=BY, now=now - ARRIVED_AGO), Entry(by=BY, now=now)
    values |= {"born_on": entry.today - AGE, "intake_on": entry.today - IN_CARE}
    animal = journal.add_animal(session, then, values, box_id).id
    assert isinstance(animal, int)  # noqa: S101 - an animal's id is a number
    journal.approve_cross(session, entry, animal, ok=True)
    yesterday, today = _GRAMS[str(values["name"])]
    journal.weigh(session, entry, animal, yesterday, now - timedelta(hours=24))
    journal.weigh(session, entry, animal, today, now - FED_AGO)
    journal.feed(session, entry, [animal], None, "full", now - FED_AGO)
    seen = {"body_feel": "warm", "health": "ok", "hungry_signs": False, "toilet": True}
    observe_all(session, entry, animal, seen | dict.fromkeys(RED_FLAGS, False))
