"""What is on record for a box at a moment: its animals, possible companions, the open cry.

Only reads; what the rules may still trust of it is judged in `web/scenario_of.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from web import whose
from web.care.growth import Weighing
from web.care.scenario import RED_FLAGS
from web.care.usual import Compared
from web.care.voice import Voice
from web.records import (
    Animal,
    Box,
    Companionship,
    Cry,
    Feed,
    Formula,
    Observation,
    Review,
    Stay,
    Weight,
)

# What of all that is observed the rules read.
FACTS = (
    *("body_feel", "body_temp_c", "health", "hungry_signs", "stool_score", "toilet"),
    *RED_FLAGS,
)
OBSERVED_WITHIN = timedelta(days=2)  # nothing older counts, but for the last check of its health
CHANGED_WITHIN = timedelta(days=1, minutes=1)  # a longer ago coming or going is none lately
WEIGHED_WITHIN = timedelta(hours=60)
EARLIER_CRIES = 100  # that may be one episode with the open one
PAUSE = timedelta(seconds=60)  # shorter silences do not end an episode of crying


class Seen(NamedTuple):
    """What a carer found when looking for one fact."""

    value: Any
    at: datetime


@dataclass(frozen=True)
class KnownAnimal:
    """An animal and the newest of what is on record of it."""

    animal: Animal
    in_box: bool
    feed: Feed | None
    weights: Sequence[Weighing]  # newest first
    facts: Mapping[str, Seen]  # the newest of each fact
    ok_with: frozenset[int]  # with whom the last trial went well
    kcal_ml: float | None = None  # of the milk that it drinks
    box_id: str | None = None  # where it lives


@dataclass(frozen=True)
class House:
    """All animals in care and what is on record of them, whatever their box."""

    boxes: Mapping[str, Box]  # the oldest first
    animals: Sequence[KnownAnimal]  # in none's box
    cries: Mapping[str, Cry]  # box -> the cry that goes on there
    changed: Mapping[str, datetime]  # box -> when a baby last came or went, of late
    at: datetime

    def of(self, animal_id: int) -> KnownAnimal | None:
        """One animal's; None where it is not in care."""
        return next((one for one in self.animals if one.animal.id == animal_id), None)


@dataclass(frozen=True)
class Known:
    """All that is on record for a box and its open cry."""

    box: Box
    cry: Cry | None
    heard: str | None  # species of the cry: a carer's word, else the sound with who is here
    voice: Voice | None  # the sound with who is here, whatever a carer said
    compared: Compared | None  # this crying beside the animal's own; None: whose is not known
    earlier: Sequence[Cry]  # before the open one, newest first
    changed_at: datetime | None  # when a baby last came or went
    animals: Sequence[KnownAnimal]  # those in the box first


def house(session: Session, now: datetime) -> House:
    """Who is in care; a dozen queries, whatever the number of animals."""
    animals = session.scalars(
        select(Animal).where(Animal.status == "in_care").order_by(Animal.id)
    ).all()
    ids = [animal.id for animal in animals]
    living = session.execute(select(Stay.animal_id, Stay.box_id).where(Stay.ended_at.is_(None)))
    at_home = dict(iter(living))
    feeds = _newest_feeds(session, ids, now)
    weights = _weights(session, ids, now)
    facts = _facts(session, ids, now)
    fine = _fine_together(session)
    milks = _milks(session)
    boxes = session.scalars(select(Box).order_by(Box.created_at, Box.id))
    return House(
        boxes={box.id: box for box in boxes},
        animals=[
            KnownAnimal(
                animal=animal,
                in_box=False,
                feed=feeds.get(animal.id),
                weights=weights.get(animal.id, ()),
                facts=facts.get(animal.id, {}),
                ok_with=frozenset(fine.get(animal.id, ())),
                kcal_ml=milks.get(animal.formula_id) if animal.formula_id else None,
                box_id=at_home.get(animal.id),
            )
            for animal in animals
        ],
        cries=open_cries(session),
        changed=_changed(session, now),
        at=now,
    )


def known(session: Session, box: Box, now: datetime, everyone: House | None = None) -> Known:
    """What is known around a box; `everyone` is `house` of the same moment, if it was read."""
    everyone = everyone or house(session, now)
    cry = everyone.cries.get(box.id)
    voice = whose.voice_of(session, cry) if cry else None
    earlier = _earlier(session, cry) if cry else ()
    inside = [replace(one, in_box=True) for one in everyone.animals if one.box_id == box.id]
    return Known(
        box=box,
        cry=cry,
        heard=_heard(session, cry, voice) if cry else None,
        voice=voice,
        compared=_compared(session, cry, earlier) if cry else None,
        earlier=earlier,
        changed_at=everyone.changed.get(box.id),
        animals=[*inside, *(one for one in everyone.animals if one.box_id != box.id)],
    )


def open_cries(session: Session) -> dict[str, Cry]:
    """Box -> the cry that goes on there right now."""
    query = select(Cry).where(Cry.state == "open").order_by(Cry.onset, Cry.id)
    return {cry.box_id: cry for cry in session.scalars(query)}  # the newest stays


def _heard(session: Session, cry: Cry, voice: Voice | None) -> str | None:
    query = select(Review.species).where(Review.cry_id == cry.id, Review.species.is_not(None))
    told = session.scalars(query.order_by(Review.id.desc())).first()
    return told or (voice.species if voice else None)


def _compared(session: Session, cry: Cry, earlier: Sequence[Cry]) -> Compared | None:
    """Of a cry that goes on only its rate is known: the part before it speaks for its voice."""
    last = earlier[0] if earlier and cry.onset - earlier[0].offset < PAUSE else None
    measured = cry if last is None or cry.details.get("acoustics") else last
    return whose.compared(session, measured)


def _earlier(session: Session, cry: Cry) -> Sequence[Cry]:
    query = (
        select(Cry)
        .where(Cry.box_id == cry.box_id, Cry.id != cry.id, Cry.state != "retracted")
        .where(Cry.onset <= cry.onset)
        .order_by(Cry.onset.desc())
        .limit(EARLIER_CRIES)
    )
    return session.scalars(query).all()


def _changed(session: Session, now: datetime) -> dict[str, datetime]:
    """Box -> the newest coming or going that is not ahead of us, of the last day."""
    found: dict[str, datetime] = {}
    for column in (Stay.began_at, Stay.ended_at):
        query = select(Stay.box_id, column).where(column <= now, column > now - CHANGED_WITHIN)
        for box_id, moment in session.execute(query):
            if moment is not None:
                found[box_id] = max(moment, found.get(box_id, moment))
    return found


def _newest_feeds(session: Session, ids: Sequence[int], now: datetime) -> dict[int, Feed]:
    # By the index a seek for each animal, as below.
    newest = (
        select(Feed.id)
        .where(Feed.animal_id == Animal.id, Feed.at <= now, Feed.undone_at.is_(None))
        .order_by(Feed.at.desc(), Feed.id.desc())
        .limit(1)
        .correlate(Animal)
        .scalar_subquery()
    )
    query = select(Feed).where(Feed.id.in_(select(newest).where(Animal.id.in_(ids))))
    return {feed.animal_id: feed for feed in session.scalars(query)}


def _milks(session: Session) -> dict[int, float | None]:
    """Formula -> its energy, kcal/mL."""
    query = select(Formula.id, Formula.kcal_ml).where(Formula.undone_at.is_(None))
    return dict(iter(session.execute(query)))


def _weights(session: Session, ids: Sequence[int], now: datetime) -> dict[int, list[Weighing]]:
    query = select(Weight.animal_id, Weight.at, Weight.grams).where(
        Weight.undone_at.is_(None),
        Weight.animal_id.in_(ids),
        Weight.moment.is_distinct_from("after"),  # with a bottle of milk in it
        Weight.at <= now,
        Weight.at > now - WEIGHED_WITHIN,
    )
    found: dict[int, list[Weighing]] = {}
    for one, at, grams in session.execute(query.order_by(Weight.at.desc(), Weight.id.desc())):
        found.setdefault(one, []).append(Weighing(at, grams))
    return found


def _facts(session: Session, ids: Sequence[int], now: datetime) -> dict[int, dict[str, Seen]]:
    standing = (Observation.at <= now, Observation.undone_at.is_(None))
    newest_first = (Observation.at.desc(), Observation.id.desc())
    each = (Observation.animal_id, Observation.fact)
    place = func.row_number().over(partition_by=each, order_by=newest_first)
    lately = (
        select(Observation.id, place.label("place"))
        .where(Observation.animal_id.in_(ids), Observation.fact.in_(FACTS), *standing)
        .where(Observation.at > now - OBSERVED_WITHIN)
        .subquery()
    )
    health = (
        select(Observation.id)
        .where(Observation.animal_id == Animal.id, Observation.fact == "health", *standing)
        .order_by(*newest_first)
        .limit(1)
        .scalar_subquery()
    )
    newest = union_all(
        select(lately.c.id).where(lately.c.place == 1),
        select(health).select_from(Animal).where(Animal.id.in_(ids)),
    )
    query = select(*each, Observation.value, Observation.at).where(Observation.id.in_(newest))
    found: dict[int, dict[str, Seen]] = {}
    for animal_id, fact, value, at in session.execute(query):
        found.setdefault(animal_id, {})[fact] = Seen(value, at)
    return found


def _fine_together(session: Session) -> dict[int, set[int]]:
    """Animal -> those with whom its last trial passed."""
    trials = (
        select(Companionship.animal_id, Companionship.partner_id, Companionship.outcome)
        .where(Companionship.outcome.is_not(None))
        .order_by(Companionship.began_at, Companionship.id)
    )
    last: dict[frozenset[int], str | None] = {}
    for one, other, outcome in session.execute(trials):
        last[frozenset((one, other))] = outcome
    found: dict[int, set[int]] = {}
    for pair, outcome in last.items():
        if outcome == "passed":
            one, other = pair
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return found
