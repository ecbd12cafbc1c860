"""Weighings: plain ones, which make the curve, and those before and after a bottle."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.care.tables import AGE_ROWS
from web.journal import values
from web.journal.entry import Doubt, Entry, EntryError, Recorder, Written
from web.journal.values import choice, number
from web.journal.whom import animal_of, doubts_of_time, tell_of
from web.records import Animal, Weight

LEAST_G, MOST_G = 20, 8000  # what the care rules know
GRAMS = number(LEAST_G, MOST_G, "g")
MOMENT = choice("before", "after")
# A change that a scale or a typing finger makes rather than a baby: from one weighing to the next,
# beside a gain of a day. Babies gain up to 10 % a day (puppies, week 1); a full stomach is 4 %.
JUMP_SHARE = 0.15
GAIN_SHARE_A_DAY = 0.12
FIRST_WEIGHT_MOST = 2.5  # times what a kitten weighs at the end of its week (care rules)
FIRST_DAYS = tuple(row.first_day for row in AGE_ROWS)
COMPARED_WITHIN = timedelta(days=14)


def weigh(
    session: Session,
    entry: Entry,
    animal_id: int,
    grams: Any,
    at: Any = None,
    moment: Any = None,
) -> Written:
    """Weighed; `moment` is "before" or "after" when it was done for a bottle.

    Raises Doubt at a weight that no baby can have gained or lost since the last.
    """
    return weigh_each(session, entry, {animal_id: grams}, at, moment)


def weigh_each(
    session: Session,
    entry: Entry,
    grams: Mapping[int, Any],
    at: Any = None,
    moment: Any = None,
) -> Written:
    """Several weighed in one go, animal -> grams; taken back together."""
    when, word = values.moment(entry, at), MOMENT("moment", moment)
    if not grams:
        raise EntryError("animal_ids", "choose at least one animal")
    read = [(animal_of(session, one), read_grams("grams", g)) for one, g in grams.items()]
    record = Recorder(session, entry, "weighed")
    doubts = [d for animal, _ in read for d in doubts_of_time(entry, animal, when)]
    record.ask(doubts + [d for a, g in read for d in doubts_of_weight(session, a, when, g)])
    rows = []
    for animal, weight in read:
        row = Weight(animal_id=animal.id, at=when, grams=weight, moment=word, by=entry.by)
        record.add(row)
        tell_of(record, animal)
        rows.append(row)
    told = {str(row.animal_id): row.grams for row in rows}
    return record.close("weight", *(row.id for row in rows), grams=told)


def read_grams(field: str, value: Any) -> float:
    """A weight, which must be given."""
    weight: float | None = GRAMS(field, value)
    if weight is None:
        raise EntryError(field, "is needed")
    return weight


def doubts_of_weight(
    session: Session, animal: Animal, at: datetime, grams: float, but: int | None = None
) -> list[Doubt]:
    """Whether it jumps away from the weighing before it (`but`: not from that one)."""
    last = newest_weight(session, animal.id, at, COMPARED_WITHIN, but)
    if last is None:
        return _doubts_of_first_weight(animal, at, grams)
    days = (at - last.at) / timedelta(days=1)
    most = last.grams * (1 + JUMP_SHARE + GAIN_SHARE_A_DAY * days)
    if last.grams * (1 - JUMP_SHARE) <= grams <= most:
        return []
    share = abs(grams - last.grams) / last.grams
    than = f"{'more' if grams > last.grams else 'less'} than {animal.name}'s last weight"
    return [Doubt("grams", f"is {share:.0%} {than} ({last.grams:g} g)".replace("%", " %"))]


def _doubts_of_first_weight(animal: Animal, at: datetime, grams: float) -> list[Doubt]:
    """A kitten far beyond its age: a digit too many. A puppy's weight is its breed's matter."""
    if animal.species != "kitten" or animal.born_on is None:
        return []
    row = bisect_right(FIRST_DAYS, max(0, (at.date() - animal.born_on).days))
    if row == len(FIRST_DAYS) or grams <= FIRST_WEIGHT_MOST * AGE_ROWS[row].kitten_from_g:
        return []
    usual = f"{AGE_ROWS[row].kitten_from_g:g} g"
    return [
        Doubt("grams", f"is much for {animal.name}'s age; kittens so young weigh under {usual}")
    ]


def newest_weight(
    session: Session, animal_id: int, at: datetime, within: timedelta, but: int | None = None
) -> Weight | None:
    """The last weighing up to a moment that tells the baby's own weight: not one after a bottle."""
    query = select(Weight).where(
        Weight.animal_id == animal_id,
        Weight.undone_at.is_(None),
        Weight.moment.is_distinct_from("after"),
        Weight.at <= at,
        Weight.at > at - within,
    )
    if but is not None:
        query = query.where(Weight.id != but)
    return session.scalars(query.order_by(Weight.at.desc(), Weight.id.desc())).first()
