"""The demo's own records: a month of twelve babies, and tonight the two of the founding story.

They stand in the demo's state directory, marked as a demo; nothing real is ever beside them. The
kitten Miso and the puppy Biscuit lie apart, and all that company across species asks for is on
record, so that the made-up night can tell the story: both cry alone, are quiet together, and cry
again when a feed is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from monitor.settings import Settings
from web import boxes, changes, demo_month, journal, month
from web.journal import Entry
from web.journal.tending import RED_FLAGS, observe_all
from web.month import BOXES, DAYS, Checked, Cried, Fed, Helped, Step, Weighed
from web.month.babies import NEST
from web.records import (
    Animal,
    Base,
    Box,
    BoxLearning,
    BoxStatus,
    Carer,
    Change,
    Heartbeat,
    Observation,
    QuarantinedMessage,
    Token,
)

# At 18 days a feed is nearly due 192 min after the last (care rules, section 3): a minute and a
# half into the night, when the two lie together and before they cry for food.
FED_AGO = timedelta(minutes=192) - timedelta(seconds=90)
SAME_NIGHT = timedelta(minutes=10)  # a dashboard that starts again so soon goes on with it
# The month tells nothing of the two so lately: how they are tonight is told by itself.
TONIGHT, WEIGHED_LATELY = timedelta(hours=6), timedelta(hours=36)
BY = "Demo"
STORY = {"Miso": (299, 311, 10), "Biscuit": (451, 470, 17)}  # yesterday, today, g; drunk, mL
OF_THE_HOUSE = (BoxStatus, BoxLearning, Box, Carer, Token, Heartbeat, QuarantinedMessage, Change)


class NotADemoError(Exception):
    """These records hold real animals; the text is one line that says what to do."""


def seed(
    session: Session,
    now: datetime,
    box_id: str,
    zone: ZoneInfo,
    *,
    settings: Settings | None = None,
) -> None:
    """Enter the month that ends today and how the two are tonight; `box_id` is where Miso lies.

    A demo that goes on another day begins anew: what was tried in it is forgotten. With
    `settings` what was suggested of late is on record too.
    Raises NotADemoError when somebody real is in the records.
    """
    if session.scalar(select(func.count(Animal.id)).where(Animal.demo.is_(False))):
        raise NotADemoError(
            "these records are real; `nursery-monitor up --demo` keeps a demo apart from them"
        )
    newest = session.scalar(select(func.max(Observation.at)))
    if newest is not None and now - newest < SAME_NIGHT:
        return
    first = now.astimezone(zone).date() - timedelta(days=DAYS)
    known = dict(iter(session.execute(select(Animal.name, Animal.id))))
    if not STORY.keys() <= known.keys() or not _is_of_today(session, known["Miso"], first):
        _forget(session)
        known = _past(session, now, first, box_id, zone, settings=settings)
    entry = Entry(by=BY, now=now, zone=zone, sure=True)
    for name, box in (("Miso", box_id), ("Biscuit", None)):
        journal.move(session, entry, known[name], box)
        _tonight(session, entry, known[name], STORY[name])
    journal.box_facts(session, entry, box_id, comfort="yes", carer_can_watch="yes", temp_c="27")


def _is_of_today(session: Session, miso: int, first: date) -> bool:
    """Whether the month in the records is the one that ends today."""
    born = next(baby.born for baby in month.BABIES if baby.name == "Miso")
    return session.get_one(Animal, miso).born_on == first + timedelta(days=born)


def _forget(session: Session) -> None:
    """All but the house itself."""
    kept = {table.__tablename__ for table in OF_THE_HOUSE}
    for table in reversed(Base.metadata.sorted_tables):
        if table.name not in kept:
            session.execute(table.delete())
    session.expire_all()


def _past(  # noqa: PLR0913 - each is a value that the demo knows
    session: Session,
    now: datetime,
    first: date,
    box_id: str,
    zone: ZoneInfo,
    *,
    settings: Settings | None,
) -> dict[str, int]:
    for box, name in BOXES.items():
        found = boxes.box_of(session, box_id if box == NEST else box, now, demo=True)
        found.name = found.name or name
    steps = _until_tonight(month.steps(first, zone, days=DAYS + 1), now)
    ids = demo_month.write(
        session, steps, boxes={NEST: box_id}, by=BY, zone=zone, until=now, settings=settings
    )
    for name in STORY:
        journal.approve_cross(session, Entry(BY, now, zone), ids[name], True)
    for changed in session.scalars(select(Box.id)):
        changes.append(session, now, "box", changed, changed)
    return ids


def _until_tonight(steps: Iterable[Step], now: datetime) -> Iterable[Step]:
    for step in steps:
        of_the_story = getattr(step, "who", None) in STORY
        if isinstance(step, Weighed):
            told = now - WEIGHED_LATELY if of_the_story else now
        elif isinstance(step, Fed | Helped | Checked | Cried):
            told = now - TONIGHT if of_the_story else now
        else:
            told = now
        if step.at < told:
            yield step


def _tonight(session: Session, entry: Entry, animal: int, told: tuple[int, int, int]) -> None:
    yesterday, today, drunk = told
    journal.weigh(session, entry, animal, yesterday, entry.now - timedelta(hours=24))
    journal.weigh(session, entry, animal, today, entry.now - timedelta(minutes=20))
    journal.feed(session, entry, [animal], drunk, "full", entry.now - FED_AGO)
    seen = {"body_feel": "warm", "health": "ok", "hungry_signs": False, "toilet": True}
    observe_all(session, entry, animal, seen | dict.fromkeys(RED_FLAGS, False))
