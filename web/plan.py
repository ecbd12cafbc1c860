"""The feeding plan of the house, read from its records.

`plan` is what pages, REST and MQTT show of who is due; `night_plan` is the coming (or this) night's
feeds. Reckoned by `web.care.plan`, from the same animals that the suggestions are made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from monitor.settings import HouseSettings
from web import known
from web.care import plan as care
from web.care.feeding import OLDEST_DAYS
from web.care.feeding_night import Stretch, stretches
from web.care.growth import Growth, growth
from web.care.plan import Fed, Next, Round, State
from web.known import KnownAnimal
from web.scenario_of import baby_of
from web.times import age_in_days

# Feeds longer ago are no guide (care rules: 2880 min); the longest interval is half a day, and a
# night's plan may end two days ahead.
BEHIND, AHEAD = timedelta(hours=50), timedelta(hours=62)
NO_NIGHT = timedelta(hours=9)  # what the night plan covers in a house that has no feeding night


@dataclass(frozen=True)
class Planned:
    """A baby in the plan."""

    id: int
    name: str
    species: str
    box_id: str | None
    fed_at: datetime | None
    """Its newest feed, however long ago."""
    fed_ml: float | None
    fed_how: str | None
    grams: float | None
    """Its newest weight; None when nobody weighed it for two days."""
    weighed_at: datetime | None
    own_plan: bool
    milk_known: bool
    """Whether the energy of its milk is on record."""
    growth: Growth
    """By the weights of the last two days."""
    next: Next

    @property
    def due_at(self) -> datetime | None:
        """When it is due next, or has been due; None where that is not known."""
        return self.next.due_at

    @property
    def overdue(self) -> bool:
        """As the rules say."""
        return self.next.state is State.OVERDUE


@dataclass(frozen=True)
class Plan:
    """Everybody in care: overdue first, then the next to come."""

    at: datetime
    babies: Sequence[Planned]
    grown: Sequence[str] = ()
    """Names of those too old for the tables."""

    def of(self, animal_id: int) -> Planned | None:
        """One baby's."""
        return next((one for one in self.babies if one.id == animal_id), None)


@dataclass(frozen=True)
class NightPlan:
    """A night's feeds on one page."""

    begin: datetime
    end: datetime
    running: bool
    """Whether it is this night, not the coming one."""
    rounds: Sequence[Round]
    plan: Plan


def plan(
    session: Session, house: HouseSettings, now: datetime, everyone: known.House | None = None
) -> Plan:
    """Who is due, and for how much; `everyone` is `known.house` of this moment, if it was read."""
    found = everyone or known.house(session, now)
    time_ = _time(house, now)
    babies, grown = [], []
    for one in found.animals:
        age = age_in_days(one.animal.born_on, now, house.zone)
        if age is not None and age > OLDEST_DAYS:
            grown.append(one.animal.name)
        else:
            babies.append(_planned(one, house, time_, now))
    order = {one.id: place for place, one in enumerate(care.in_order(b.next for b in babies))}
    return Plan(now, sorted(babies, key=lambda one: order[str(one.id)]), sorted(grown))


def night_plan(session: Session, house: HouseSettings, now: datetime) -> NightPlan:
    """All feeds of this night from now on, or of the coming one."""
    today = plan(session, house, now)
    time_ = _time(house, now)
    begin, end = night_of(time_, now)
    feeds = [
        feeding
        for one in today.babies
        for feeding in care.feeds_between(one.next.fed, time_, now, max(begin, now), end)
    ]
    return NightPlan(begin, end, begin <= now, care.rounds(feeds), today)


def night_of(time_: Sequence[Stretch], now: datetime) -> tuple[datetime, datetime]:
    """Begin and end of this night, or of the coming one."""
    nights = _joined(time_)
    coming = next(((begin, end) for begin, end in nights if end > now), None)
    return coming or (now, now + NO_NIGHT)


def _joined(time_: Sequence[Stretch]) -> list[tuple[datetime, datetime]]:
    """Nights from end to end: at midnight only the ages turn."""
    found: list[tuple[datetime, datetime]] = []
    for stretch in (one for one in time_ if one.night):
        if found and found[-1][1] == stretch.begin:
            found[-1] = found[-1][0], stretch.end
        else:
            found.append((stretch.begin, stretch.end))
    return found


def _time(house: HouseSettings, now: datetime) -> list[Stretch]:
    return stretches(now - BEHIND, now + AHEAD, house.zone, house.night_from, house.night_to)


def _planned(
    one: KnownAnimal, house: HouseSettings, time_: Sequence[Stretch], now: datetime
) -> Planned:
    record, feed = one.animal, one.feed
    animal = baby_of(one, house, now)
    kcal = one.kcal_ml or house.formula_kcal_ml
    fed = Fed(
        animal=animal,
        fed_at=feed.at if feed and animal.min_since_fed is not None else None,
        day=_today(house, now),
        kcal_ml=kcal,
        volume_ml=record.plan_volume_ml,
    )
    weight = one.weights[0] if one.weights else None
    return Planned(
        id=record.id,
        name=record.name,
        species=record.species,
        box_id=one.box_id,
        fed_at=feed.at if feed else None,
        fed_ml=feed.amount_ml if feed else None,
        fed_how=feed.how if feed else None,
        grams=weight.grams if weight else None,
        weighed_at=weight.at if weight else None,
        own_plan=record.plan_interval_min is not None or record.plan_volume_ml is not None,
        milk_known=kcal is not None,
        growth=growth(animal.species, one.weights, animal.age_days, now),
        next=care.next_feed(fed, time_, now),
    )


def _today(house: HouseSettings, now: datetime) -> date:
    return now.astimezone(house.zone).date()
