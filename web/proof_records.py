"""What is on record around two that were put together: stays, cries, minutes, feeds. Only reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from sqlalchemy import Integer, cast, extract, func, or_, select
from sqlalchemy.orm import Session

from monitor.messages import ClockState
from monitor.settings import HouseSettings
from web.care import facts, scenario
from web.care.evidence import HOUR, WINDOW, Cried, Fed, Records, Stayed
from web.care.feeding import OLDEST_DAYS
from web.records import Animal, Companionship, Cry, Feed, Minute, Review, Stay, Weight
from web.scenario_of import is_night
from web.times import age_in_days

HOUR_S = 3600
FED_BEFORE = timedelta(days=1)  # before the window: how long ago its first hours were fed
WEIGHED_BEFORE = timedelta(days=3)


def records_of(
    session: Session, house: HouseSettings, row: Companionship, now: datetime
) -> Records:
    """All that is on record around two that were put together."""
    pair = (row.animal_id, row.partner_id)
    began = row.began_at
    begin = began - WINDOW
    until = min(row.ended_at or now, began + WINDOW, now)
    stays = _stays(session, pair, begin, until)
    boxes = sorted({stay.box for stay in stays})
    ids = sorted({stay.animal for stay in stays} | set(pair))
    animals = {one.id: one for one in session.scalars(select(Animal).where(Animal.id.in_(ids)))}
    demo = any(one.demo for one in animals.values())
    return Records(
        pair=pair,
        began=began,
        until=until,
        species={one.id: one.species for one in animals.values()},
        stays=stays,
        cries=_cries(session, boxes, begin, until, demo=demo),
        listened=_listened(session, boxes, begin, until),
        feeds=_feeds(session, house, animals.values(), begin, until),
        hour_of_day=lambda at: at.astimezone(house.zone).hour,
    )


def _stays(
    session: Session, pair: tuple[int, int], begin: datetime, until: datetime
) -> list[Stayed]:
    """Of everybody who was in a box of one of those that lived with the two."""
    at_all = (Stay.began_at < until, or_(Stay.ended_at.is_(None), Stay.ended_at > begin))
    boxes = select(Stay.box_id).where(Stay.animal_id.in_(pair), *at_all)
    mates = select(Stay.animal_id).where(Stay.box_id.in_(boxes), *at_all)
    theirs = select(Stay.box_id).where(Stay.animal_id.in_(mates), *at_all)
    rows = session.scalars(
        select(Stay).where(Stay.box_id.in_(theirs), *at_all).order_by(Stay.began_at, Stay.id)
    )
    return [Stayed(row.animal_id, row.box_id, row.began_at, row.ended_at) for row in rows]


def _cries(
    session: Session, boxes: Sequence[str], begin: datetime, until: datetime, *, demo: bool
) -> list[Cried]:
    """All but those that were none, or at a time that nobody knows."""
    wrong = _not_cries(session, boxes, begin, until)
    rows = session.execute(
        select(Cry.id, Cry.box_id, Cry.onset, Cry.offset, Cry.calls, Cry.species, Cry.source_id)
        .where(Cry.box_id.in_(boxes), Cry.onset >= begin, Cry.onset < until)
        .where(Cry.state != "retracted", Cry.clock == ClockState.SYNCHRONISED)
        .where(Cry.demo.is_(demo))
        .order_by(Cry.onset)
    )
    return [
        Cried(box, onset, max(0.0, (offset - onset).total_seconds()), calls, species, source)
        for id_, box, onset, offset, calls, species, source in rows
        if id_ not in wrong
    ]


def _not_cries(
    session: Session, boxes: Sequence[str], begin: datetime, until: datetime
) -> set[str]:
    """Those of which a carer's newest word is that they were none."""
    rows = session.execute(
        select(Review.cry_id, Review.verdict)
        .join(Cry, Cry.id == Review.cry_id)
        .where(Cry.box_id.in_(boxes), Cry.onset >= begin, Cry.onset < until)
        .order_by(Review.id)
    )
    newest = dict(iter(rows))
    return {cry_id for cry_id, verdict in newest.items() if verdict == "not_a_cry"}


def _listened(
    session: Session, boxes: Sequence[str], begin: datetime, until: datetime
) -> dict[str, dict[datetime, float]]:
    """The share of each hour that was listened to; no entry for a box that told no minutes."""
    hour = cast(extract("epoch", Minute.at), Integer) // HOUR_S
    rows = session.execute(
        select(Minute.box_id, hour, func.sum(Minute.listened_s))
        .where(Minute.box_id.in_(boxes), Minute.at >= begin - HOUR, Minute.at < until)
        .where(Minute.clock == ClockState.SYNCHRONISED)
        .group_by(Minute.box_id, hour)
    )
    found: dict[str, dict[datetime, float]] = {}
    for box, number, listened_s in rows:
        at = datetime.fromtimestamp(number * HOUR_S, UTC)
        found.setdefault(box, {})[at] = listened_s / HOUR_S
    return found


def _feeds(
    session: Session,
    house: HouseSettings,
    animals: Iterable[Animal],
    begin: datetime,
    until: datetime,
) -> dict[int, list[Fed]]:
    """Each animal's feeds, with the interval that the rules gave it then."""
    by_id = {animal.id: animal for animal in animals}
    weights = _weights(session, list(by_id), begin, until)
    rows = session.execute(
        select(Feed.animal_id, Feed.at)
        .where(Feed.animal_id.in_(by_id), Feed.undone_at.is_(None))
        .where(Feed.at >= begin - FED_BEFORE, Feed.at < until)
        .order_by(Feed.at, Feed.id)
    )
    found: dict[int, list[Fed]] = {}
    intervals = cache(_interval_min)  # the same for most feeds of a day
    for animal_id, at in rows:
        animal, grams = by_id[animal_id], _weight_at(weights.get(animal_id, ()), at)
        age = age_in_days(animal.born_on, at, house.zone)
        interval = timedelta(minutes=intervals(animal, grams, age, night=is_night(house, at)))
        found.setdefault(animal_id, []).append(Fed(at, interval))
    return found


def _weights(
    session: Session, ids: Sequence[int], begin: datetime, until: datetime
) -> dict[int, list[tuple[datetime, float]]]:
    rows = session.execute(
        select(Weight.animal_id, Weight.at, Weight.grams)
        .where(Weight.animal_id.in_(ids), Weight.undone_at.is_(None))
        .where(Weight.at >= begin - WEIGHED_BEFORE, Weight.at < until)
        .order_by(Weight.at)
    )
    found: dict[int, list[tuple[datetime, float]]] = {}
    for animal_id, at, grams in rows:
        found.setdefault(animal_id, []).append((at, grams))
    return found


def _weight_at(weights: Sequence[tuple[datetime, float]], at: datetime) -> float | None:
    """The newest that the rules would have trusted then."""
    trusted = timedelta(minutes=scenario.TRUST_WEIGHT_MIN)
    newest = [grams for when, grams in weights if when <= at <= when + trusted]
    return newest[-1] if newest else None


def _interval_min(animal: Animal, grams: float | None, age: int | None, *, night: bool) -> int:
    """Until its next feed, by the rules."""
    baby = scenario.Animal(
        id=str(animal.id),
        species=animal.species,  # type: ignore[arg-type]  # the table's own check
        in_box=True,
        age_days=None if age is None else min(age, OLDEST_DAYS),
        weight_g=grams,
        plan_interval_min=animal.plan_interval_min,
        suckles_others=False,
        keep_apart=False,
    )
    asked = scenario.Scenario(
        cry=scenario.Cry(episode_s=0),
        box=scenario.Box(),
        context=scenario.Context(night=night),
        protocol=scenario.Protocol(),
        animals=(baby,),
    )
    return facts.facts_of(baby, asked).interval_min
