"""The feeding plan: when each baby is due next, how much, and all feeds of a night. Pure.

It asks the same facts as the suggestions (care rules, sections 2, 3 and 5), only ahead of time: a
feed is due at the first moment at which the rules would call it overdue, by the column and the age
that hold then. Nothing is due for a baby that is too cold, too hot or an emergency: it says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from web.care import tables
from web.care.facts import Facts, Feed, Warmth, facts_of
from web.care.feeding import OLDEST_DAYS
from web.care.feeding_night import Stretch
from web.care.portion import portion_of
from web.care.scenario import Animal, Box, Context, Cry, Protocol, Scenario

ROUND = timedelta(minutes=20)  # feeds so near to each other are one round
MOST_FEEDS = 40  # of one baby in one night: a plan of an hour at the least, and no endless loop


class State(StrEnum):
    """Where a baby stands between two feeds."""

    OVERDUE = "overdue"
    UNKNOWN = "unknown"  # when it last fed
    DUE = "due"  # soon, or again after a short feed, or by signs of hunger
    LATER = "later"
    MOTHER = "mother"  # feeds it


STATES = tuple(State)  # in the order of the list
_STATE_OF = {
    Feed.OVERDUE: State.OVERDUE,
    Feed.UNKNOWN: State.UNKNOWN,
    Feed.SOON: State.DUE,
    Feed.SHORT: State.DUE,
    Feed.HUNGRY: State.DUE,
    Feed.NOT_DUE: State.LATER,
    Feed.MOTHER: State.MOTHER,
}


class Stop(StrEnum):
    """Why it is not to be fed now, however due it is."""

    URGENT = "urgent"
    CHILLED = "chilled"
    HOT = "hot"


@dataclass(frozen=True, slots=True)
class Fed:
    """A baby, as the rules know it now, with what only the plan asks."""

    animal: Animal
    fed_at: datetime | None  # None: not known, or so long ago that the log was not kept
    day: date  # of the house, on which the animal's age holds
    kcal_ml: float | None = None  # of its milk; None: reckoned as 1.0
    volume_ml: float | None = None  # its own plan's, for each feed


@dataclass(frozen=True, slots=True)
class Amount:
    """What to offer."""

    ml: float
    cap_ml: float | None  # never above; None where nobody knows its weight
    capped: bool = False  # the stomach takes less than was reckoned or planned
    own: bool = False  # from its own plan


@dataclass(frozen=True, slots=True)
class Next:
    """A baby's next feed."""

    fed: Fed
    state: State
    why: Feed
    due_at: datetime | None  # None: not known, or its mother feeds it
    interval_min: int
    night: bool  # the interval is the night's
    amount: Amount | None  # None: weigh first
    stop: Stop | None
    facts: Facts

    @property
    def id(self) -> str:
        """The baby's."""
        return self.fed.animal.id

    @property
    def toilet(self) -> bool:
        """Whether it needs help with its toilet at each feed."""
        return self.facts.age < tables.TOILET_HELP_BELOW_DAYS and self.facts.motherless


@dataclass(frozen=True, slots=True)
class Feeding:
    """One feed of a night's plan."""

    id: str
    at: datetime
    amount: Amount | None
    first: Next | None = None  # how it stands, at its first feed


@dataclass(frozen=True, slots=True)
class Round:
    """Feeds that lie so near to each other that one gets up once."""

    at: datetime
    feeds: tuple[Feeding, ...]


def next_feed(fed: Fed, time: Sequence[Stretch], now: datetime) -> Next:
    """How a baby stands now. `time` covers the last feed, now and half a day ahead."""
    here = _stretch(time, now)
    facts = _facts(fed, here)
    due_at = None if fed.fed_at is None else _due(fed, time, now)
    if facts.feed is Feed.MOTHER:
        due_at = None
    then = here if due_at is None or due_at < now else _stretch(time, due_at)
    if facts.feed is Feed.NOT_DUE:  # the amount is that of the moment when it will be due
        facts_then = _when_due(fed, then)
    else:
        facts_then, then = facts, here
    return Next(
        fed=fed,
        state=_STATE_OF[facts.feed],
        why=facts.feed,
        due_at=due_at,
        interval_min=facts_then.interval_min,
        night=then.night,
        amount=None if facts.feed is Feed.MOTHER else _amount(fed, facts_then),
        stop=_stop(facts),
        facts=facts,
    )


def in_order(plan: Iterable[Next]) -> list[Next]:
    """Overdue first, the longest by its interval before others; then the next to come."""

    def key(one: Next) -> tuple[int, float, float, str]:
        since = one.fed.animal.min_since_fed
        late = -since / one.interval_min if one.state is State.OVERDUE and since else 0.0
        at = one.due_at.timestamp() if one.due_at else 0.0
        return STATES.index(one.state), late, at, one.id

    return sorted(plan, key=key)


def feeds_between(
    fed: Fed, time: Sequence[Stretch], now: datetime, begin: datetime, end: datetime
) -> list[Feeding]:
    """All feeds of one baby from `begin` on, before `end`, as if each were given when due.

    What is overdue, or due again for another reason, comes at once; so does what nobody knows.
    Nothing is planned for an emergency, nor for a baby that its mother feeds.
    """
    first = next_feed(fed, time, now)
    if first.state is State.MOTHER or first.stop is Stop.URGENT:
        return []
    at_once = first.why not in {Feed.NOT_DUE, Feed.SOON}
    at = now if at_once or first.due_at is None else first.due_at
    if first.state is State.UNKNOWN:
        at = max(now, begin)
    amount = first.amount
    found: list[Feeding] = []
    while at < end and len(found) < MOST_FEEDS:
        if at >= begin:
            found.append(Feeding(fed.animal.id, at, amount, None if found else first))
        given = replace(fed, fed_at=at)
        at = _due(given, time, at)
        if at < end:
            amount = _amount(fed, _when_due(fed, _stretch(time, at)))
    return found


def rounds(feeds: Iterable[Feeding]) -> list[Round]:
    """All feeds by the clock; those near to each other as one round."""
    found: list[list[Feeding]] = []
    for feeding in sorted(feeds, key=lambda one: (one.at, one.id)):
        if found and feeding.at - found[-1][0].at <= ROUND:
            found[-1].append(feeding)
        else:
            found.append([feeding])
    return [Round(feeds[0].at, tuple(feeds)) for feeds in found]


def _due(fed: Fed, time: Sequence[Stretch], now: datetime) -> datetime:
    """Since when it is overdue, if it is now; else the first moment at which it will be.

    The interval may grow at a turn to the night: what was due before it may wait again after it.
    """
    last = fed.fed_at
    assert last is not None  # noqa: S101 - the callers' promise
    since: datetime | None = None
    for stretch in time:
        if stretch.end <= last:
            continue
        due = max(stretch.begin, last + timedelta(minutes=_interval(fed, stretch)))
        if due >= stretch.end:
            since = None
        elif stretch.begin < due or since is None:
            since = due
        if since is not None and now < stretch.end:
            return since
    raise ValueError("the stretches of time end before the feed is due")


def _interval(fed: Fed, stretch: Stretch) -> int:
    return _facts(fed, stretch).interval_min


def _when_due(fed: Fed, stretch: Stretch) -> Facts:
    """Its facts at the moment when it is due: the last feed is then an interval ago."""
    animal = replace(fed.animal, hungry_signs=None, last_feed=None)
    minutes = _interval(fed, stretch)
    return _facts(replace(fed, animal=replace(animal, min_since_fed=minutes)), stretch)


def _facts(fed: Fed, stretch: Stretch) -> Facts:
    animal = fed.animal
    older = (stretch.day - fed.day).days
    if animal.age_days is not None and older:
        age = max(0, min(OLDEST_DAYS, animal.age_days + older))
        animal = replace(animal, age_days=age)
    scenario = Scenario(
        cry=Cry(episode_s=0),
        box=Box(),
        context=Context(night=stretch.night),
        protocol=Protocol(),
        animals=(animal,),
    )
    return facts_of(animal, scenario)


def _amount(fed: Fed, facts: Facts) -> Amount | None:
    portion = portion_of(facts, fed.kcal_ml)
    own = fed.volume_ml
    if own is None:
        if portion is None:
            return None
        return Amount(portion.volume_ml, portion.cap_ml, portion.capped)
    if facts.feed in {Feed.SHORT, Feed.HUNGRY}:
        own /= tables.SMALL_FEED_SHARE
    if portion is None:
        return Amount(own, None, own=True)
    return Amount(min(own, portion.cap_ml), portion.cap_ml, own > portion.cap_ml, own=True)


def _stop(facts: Facts) -> Stop | None:
    if facts.urgent:
        return Stop.URGENT
    if facts.warmth is Warmth.CHILLED:
        return Stop.CHILLED
    return Stop.HOT if facts.warmth is Warmth.HOT else None


def _stretch(time: Sequence[Stretch], at: datetime) -> Stretch:
    for stretch in time:
        if stretch.begin <= at < stretch.end:
            return stretch
    raise ValueError("the stretches of time do not cover the moment")
