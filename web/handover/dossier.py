"""One baby's whole record, as a vet asks for it: read once, shown as PDF or CSV.

What was taken back is left out. Milk is summed by the house's days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from web import growing
from web.care.signs import AMBER, RED
from web.growing import Growing
from web.journal import photo_of
from web.nursery import Look
from web.pages.babies import box_names
from web.records import (
    Animal,
    Companionship,
    Feed,
    Formula,
    Note,
    Observation,
    Reminder,
    Stay,
    Weight,
)
from web.times import age_in_days

Written = TypeVar("Written", Feed, Weight, Observation, Note)


@dataclass(frozen=True)
class Together:
    """Company it had."""

    name: str
    species: str
    record: Companionship


@dataclass(frozen=True)
class Lived:
    """A stay in a box."""

    box: str
    began_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Dossier:
    """All that is on record of one animal; every list oldest first."""

    house: str
    zone: ZoneInfo
    at: datetime
    animal: Animal
    age_days: int | None
    photo: bytes | None
    milks: Mapping[int, str]
    feeds: Sequence[Feed]
    weights: Sequence[Weight]
    seen: Sequence[Observation]
    notes: Sequence[Note]
    reminders: Sequence[Reminder]
    company: Sequence[Together]
    stays: Sequence[Lived]
    growing: Growing

    def day_of(self, moment: datetime) -> date:
        """The house's day of a moment."""
        return moment.astimezone(self.zone).date()


def dossier(look: Look, animal: Animal) -> Dossier:
    """Read it all."""
    session, house, names = look.session, look.settings.house, box_names(look)
    photo = photo_of(session, animal.id)
    return Dossier(
        house=house.name,
        zone=house.zone,
        at=look.now,
        animal=animal,
        age_days=age_in_days(animal.born_on, _until(animal, look), house.zone),
        photo=photo.image if photo else None,
        milks=dict(iter(session.execute(select(Formula.id, Formula.name)))),
        feeds=_living(session, Feed, animal.id),
        weights=_living(session, Weight, animal.id),
        seen=_living(session, Observation, animal.id),
        notes=_living(session, Note, animal.id),
        reminders=session.scalars(
            select(Reminder)
            .where(Reminder.animal_id == animal.id, Reminder.undone_at.is_(None))
            .order_by(Reminder.due_at, Reminder.id)
        ).all(),
        company=_company(session, animal.id),
        stays=[
            Lived(names.get(one.box_id, one.box_id), one.began_at, one.ended_at)
            for one in session.scalars(
                select(Stay).where(Stay.animal_id == animal.id).order_by(Stay.began_at, Stay.id)
            )
        ],
        growing=growing.of(session, animal, house, look.now),
    )


def _until(animal: Animal, look: Look) -> datetime:
    """Up to when its age is told: now, or the day it left."""
    if animal.left_on is None:
        return look.now
    return datetime.combine(animal.left_on, time(12), look.settings.house.zone)


def _living(session: Session, table: type[Written], animal_id: int) -> Sequence[Written]:
    query = select(table).where(table.animal_id == animal_id, table.undone_at.is_(None))
    return session.scalars(query.order_by(table.at, table.id)).all()


def _company(session: Session, animal_id: int) -> list[Together]:
    pairs = session.scalars(
        select(Companionship)
        .where(or_(Companionship.animal_id == animal_id, Companionship.partner_id == animal_id))
        .order_by(Companionship.began_at, Companionship.id)
    ).all()
    others = {one.partner_id if one.animal_id == animal_id else one.animal_id for one in pairs}
    known = {
        one.id: one for one in session.scalars(select(Animal).where(Animal.id.in_(list(others))))
    }
    return [
        Together(other.name, other.species, one)
        for one in pairs
        if (other := known[one.partner_id if one.animal_id == animal_id else one.animal_id])
    ]


@dataclass
class Day:
    """One day of the house, summed up."""

    day: date
    age_days: int | None
    grams: float | None = None
    """Its last weighing, without the milk of a bottle in it."""
    feeds: int = 0
    ml: float = 0.0
    ml_unknown: int = 0
    """Feeds whose amount nobody noted, and that were not refused."""
    short: int = 0
    refused: int = 0
    urine: int = 0
    stool: int = 0
    scores: list[int] = field(default_factory=list)
    degrees: list[float] = field(default_factory=list)
    signs: list[str] = field(default_factory=list)
    """Names of red flags and amber signs that were seen."""


def days(found: Dossier) -> list[Day]:
    """Every day on which something was noted, newest first."""
    known: dict[date, Day] = {}

    def day(at: datetime) -> Day:
        name = found.day_of(at)
        if name not in known:
            born = found.animal.born_on
            known[name] = Day(name, max(0, (name - born).days) if born else None)
        return known[name]

    for feed in found.feeds:
        _count_feed(day(feed.at), feed)
    for weight in found.weights:
        if weight.moment != "after":
            day(weight.at).grams = weight.grams
    for seen in found.seen:
        _count_seen(day(seen.at), seen)
    return sorted(known.values(), key=lambda one: one.day, reverse=True)


def _count_feed(day: Day, feed: Feed) -> None:
    day.feeds += feed.how != "refused"
    day.refused += feed.how == "refused"
    day.short += feed.how == "short"
    day.ml += feed.amount_ml or 0.0
    day.ml_unknown += feed.amount_ml is None and feed.how != "refused"


def _count_seen(day: Day, seen: Observation) -> None:
    if seen.fact == "toilet":
        day.urine += seen.value in ("urine", "both")
        day.stool += seen.value in ("stool", "both")
    elif seen.fact == "stool_score" and seen.value is not None:
        day.scores.append(seen.value)
    elif seen.fact == "body_temp_c" and seen.value is not None:
        day.degrees.append(seen.value)
    elif seen.fact in (*RED, *AMBER) and seen.value is True and seen.fact not in day.signs:
        day.signs.append(seen.fact)


@dataclass(frozen=True)
class Milk:
    """What it drank in a stretch of time."""

    feeds: int
    ml: float
    ml_unknown: int
    refused: int


def milk_since(found: Dossier, hours: float) -> Milk:
    """In the hours before the dossier was made."""
    sum_ = Day(found.day_of(found.at), None)
    for feed in found.feeds:
        if feed.at > found.at - timedelta(hours=hours):
            _count_feed(sum_, feed)
    return Milk(sum_.feeds, sum_.ml, sum_.ml_unknown, sum_.refused)


def newest(found: Dossier, *facts: str) -> Observation | None:
    """The newest of some facts; None when it was never noted."""
    return next((one for one in reversed(found.seen) if one.fact in facts), None)
