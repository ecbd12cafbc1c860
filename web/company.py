"""Company, read from the records: who could join a baby, who is together and how that goes.

What the gates and flags say is judged in `web/care/`; here they get what is on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from monitor.settings import HouseSettings
from web.care.company import Pairing, companions_of
from web.care.facts import facts_of
from web.care.gates import Pair, Ruling, Verdict
from web.care.pairs import FLAGS, OF_BOTH, Flag, back_to_mother, flags
from web.known import House, Known, KnownAnimal, house
from web.records import Animal, Box, Companionship, Cry, Stay
from web.scenario_of import Question, scenario_of

LONGEST_CRY = timedelta(hours=2)  # one that began longer before is not looked for
SHOWN_LAST = 12  # times together that are over, newest first
# In which order candidates are listed: those that may come, those of whom something is not known.
_ORDER = {Verdict.PASSED: 0, Verdict.UNKNOWN: 1, Verdict.FAILED: 2}


@dataclass(frozen=True)
class Candidates:
    """Who could be company for a baby, and what every gate says."""

    animal: Animal
    box_id: str | None
    inside: tuple[str, ...]  # names of those that live with it already
    question: Question  # with the names behind the scenario's ids
    pairings: tuple[Pairing, ...]
    mother: tuple[Ruling, ...]  # criteria for going back to its mother


@dataclass(frozen=True)
class Crying:
    """The crying of a stretch of time."""

    cries: int
    lasting_s: float
    last: datetime | None


@dataclass(frozen=True)
class Together:
    """Two that were put together, and how it goes."""

    row: Companionship
    names: tuple[str, str]
    box_id: str | None
    flags: tuple[Flag, ...] = ()
    crying: Crying = Crying(0, 0.0, None)
    """Told by `one_of` only: of all pairs at once it would be weeks of cries."""

    @property
    def warnings(self) -> tuple[tuple[str, bool], ...]:
        """The flags in words, and whether each speaks for parting them."""
        names = dict(zip((self.row.animal_id, self.row.partner_id), self.names, strict=True))
        return tuple((_said(flag, names), flag.part) for flag in self.flags)

    @property
    def on_trial(self) -> bool:
        """Whether it is a first trial that nobody has judged yet."""
        return (
            self.row.watch_until is not None
            and self.row.outcome is None
            and self.row.ended_at is None
        )


def _said(flag: Flag, names: Mapping[int, str]) -> str:
    words = FLAGS[flag.code]
    if flag.code in OF_BOTH:
        return words[0].upper() + words[1:]
    return f"{' and '.join(names[int(one)] for one in flag.who)}: {words}"


def candidates(house_settings: HouseSettings, animal_id: int, everyone: House) -> Candidates | None:
    """Everybody in care as company for one animal; None where it is not in care."""
    lone = everyone.of(animal_id)
    if lone is None:
        return None
    mates = [
        one
        for one in everyone.animals
        if one is not lone and lone.box_id is not None and one.box_id == lone.box_id
    ]
    elsewhere = [one for one in everyone.animals if one is not lone and one not in mates]
    asked = scenario_of(
        _quiet(everyone, lone.box_id, [replace(lone, in_box=True), *elsewhere]),
        house_settings,
        everyone.at,
    )
    id_ = str(animal_id)
    found = next((one for one in asked.scenario.animals if one.id == id_), None)
    pairings = companions_of(asked.scenario, id_) if found else ()
    return Candidates(
        animal=lone.animal,
        box_id=lone.box_id,
        inside=tuple(one.animal.name for one in mates),
        question=asked,
        pairings=tuple(sorted(pairings, key=lambda one: _ORDER[one.verdict])),
        mother=back_to_mother(facts_of(found, asked.scenario)) if found else (),
    )


def together(
    session: Session, house_settings: HouseSettings, everyone: House, of: int | None = None
) -> list[Together]:
    """All that are together now, those on trial first, then the newest; of one animal, if named."""
    query = select(Companionship).where(Companionship.ended_at.is_(None))
    if of is not None:
        query = query.where(or_(Companionship.animal_id == of, Companionship.partner_id == of))
    rows = session.scalars(query.order_by(Companionship.began_at.desc(), Companionship.id))
    found = [_together(row, house_settings, everyone) for row in rows]
    return sorted((pair for pair in found if pair), key=lambda pair: not pair.on_trial)


def _together(
    row: Companionship, house_settings: HouseSettings, everyone: House
) -> Together | None:
    """The two as they are now; None where one of them is not in care."""
    one, other = everyone.of(row.animal_id), everyone.of(row.partner_id)
    if one is None or other is None:
        return None
    return Together(
        row=row,
        names=(one.animal.name, other.animal.name),
        box_id=one.box_id,
        flags=_flags(house_settings, everyone, one, other),
    )


def lately(session: Session) -> list[Together]:
    """Times together that are over, newest first."""
    rows = session.scalars(
        select(Companionship)
        .where(Companionship.ended_at.is_not(None))
        .order_by(Companionship.ended_at.desc(), Companionship.id.desc())
        .limit(SHOWN_LAST)
    ).all()
    names = names_of(session, {one for row in rows for one in (row.animal_id, row.partner_id)})
    return [
        Together(
            row=row,
            names=(names[row.animal_id], names[row.partner_id]),
            box_id=None,
        )
        for row in rows
    ]


def one_of(
    session: Session, house_settings: HouseSettings, companionship_id: int, now: datetime
) -> Together | None:
    """One time together, open or over."""
    row = session.get(Companionship, companionship_id)
    if row is None:
        return None
    if row.ended_at is None:
        found = _together(row, house_settings, house(session, now))
        return found and replace(found, crying=crying(session, row, found.box_id, now))
    names = names_of(session, {row.animal_id, row.partner_id})
    return Together(
        row=row,
        names=(names[row.animal_id], names[row.partner_id]),
        box_id=None,
        crying=crying(session, row, None, now),
    )


def crying(session: Session, row: Companionship, box_id: str | None, now: datetime) -> Crying:
    """The cries where the two are, or were, while they were together."""
    until = row.ended_at or now
    boxes = {box_id} if box_id else _boxes(session, row, until)
    cries = session.execute(
        select(Cry.onset, Cry.offset, Cry.state)
        .where(Cry.box_id.in_(boxes), Cry.state != "retracted")
        .where(Cry.onset > row.began_at - LONGEST_CRY, Cry.onset <= until)
        .where(or_(Cry.offset > row.began_at, Cry.state == "open"))
        .order_by(Cry.onset)
    ).all()
    lasting = 0.0
    for cry in cries:  # one that goes on does so until now
        ends = until if cry.state == "open" else min(cry.offset, until)
        lasting += max(0.0, (ends - max(cry.onset, row.began_at)).total_seconds())
    return Crying(len(cries), lasting, cries[-1].onset if cries else None)


def names_of(session: Session, ids: Iterable[int]) -> Mapping[int, str]:
    """Animal -> name."""
    rows = session.execute(select(Animal.id, Animal.name).where(Animal.id.in_(list(ids))))
    return dict(iter(rows))


def alone(everyone: House) -> list[KnownAnimal]:
    """Babies that live in a box by themselves, without their mother."""
    homes = [one.box_id for one in everyone.animals if one.box_id]
    return [
        one
        for one in everyone.animals
        if one.box_id and homes.count(one.box_id) == 1 and one.animal.mother != "present"
    ]


def _boxes(session: Session, row: Companionship, until: datetime) -> set[str]:
    """Where the first of the two lived in that time."""
    query = select(Stay.box_id).where(
        Stay.animal_id == row.animal_id,
        Stay.began_at < until,
        or_(Stay.ended_at.is_(None), Stay.ended_at > row.began_at),
    )
    return set(session.scalars(query))


def _flags(
    house_settings: HouseSettings, everyone: House, one: KnownAnimal, other: KnownAnimal
) -> tuple[Flag, ...]:
    inside = [replace(each, in_box=True) for each in (one, other)]
    asked = scenario_of(_quiet(everyone, one.box_id, inside), house_settings, everyone.at)
    # For a feed a weight of today counts; who is twice as heavy is so the day after too.
    weights = {str(each.animal.id): each.weights[0].grams for each in (one, other) if each.weights}
    facts = {
        each.id: facts_of(
            each if each.weight_g else replace(each, weight_g=weights.get(each.id)), asked.scenario
        )
        for each in asked.scenario.animals
    }
    pair = [facts.get(str(each.animal.id)) for each in (one, other)]
    if pair[0] is None or pair[1] is None:  # too old for the rules
        return ()
    return flags(Pair(pair[0], pair[1], asked.scenario.context, asked.scenario.protocol))


def _quiet(everyone: House, box_id: str | None, animals: Sequence[KnownAnimal]) -> Known:
    """What is known around a box, or around nobody's, its cry apart."""
    return Known(
        box=everyone.boxes[box_id] if box_id else Box(id="-", created_at=everyone.at),
        cry=None,
        heard=None,
        voice=None,
        compared=None,
        earlier=(),
        changed_at=None,
        animals=animals,
    )
