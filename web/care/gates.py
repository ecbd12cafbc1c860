"""The gates of company: what must be on record before two animals are put together.

One gate, one row of `GATES`; `Level` tells which gates a pair has to pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import NamedTuple

from web.care import tables
from web.care.facts import FEED_DUE, OUT_OF_TEMPERATURE, Facts, Feed, Health, Warmth
from web.care.scenario import Context, Protocol


class Verdict(StrEnum):
    """Of a gate, or of all gates of a pair."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Level(IntEnum):
    """How near two animals are; the lower, the better the company."""

    LITTER = 1
    SPECIES = 2
    CROSS = 3


@dataclass(frozen=True, slots=True)
class Pair:
    """A lonely baby, a possible companion, and what the house says."""

    alone: Facts
    other: Facts
    context: Context
    protocol: Protocol

    @property
    def both(self) -> tuple[Facts, Facts]:
        """The two."""
        return self.alone, self.other

    @property
    def level(self) -> Level:
        """Litter, species or cross-species."""
        mine, its = self.alone.animal, self.other.animal
        if mine.species != its.species:
            return Level.CROSS
        if mine.litter_id is not None and mine.litter_id == its.litter_id:
            return Level.LITTER
        return Level.SPECIES

    @property
    def age_gap_days(self) -> int | None:
        """Difference of the ages on record; an estimate by weight does not count here."""
        mine, its = self.alone.animal.age_days, self.other.animal.age_days
        return None if mine is None or its is None else abs(mine - its)

    @property
    def weight_ratio(self) -> float | None:
        """The heavier's weight over the lighter's."""
        mine, its = self.alone.animal.weight_g, self.other.animal.weight_g
        return None if mine is None or its is None else max(mine, its) / min(mine, its)

    @property
    def tried(self) -> bool:
        """A supervised trial of the two went well, by the records of both."""
        mine, its = self.alone.animal, self.other.animal
        return its.id in mine.ok_with and mine.id in its.ok_with


class Ruling(NamedTuple):
    """What one gate says of a pair."""

    gate: str
    verdict: Verdict
    unknown: tuple[str, ...]  # facts that it misses, as `id.fact`
    failing: tuple[str, ...] = ()  # ids of those that shut it


# What a gate finds for one animal: open (True), shut (False), or the name of the fact it misses.
Finding = bool | str
Check = Callable[[Pair], "Found"]


class Found(NamedTuple):
    """A ruling before it has its gate's name."""

    verdict: Verdict
    unknown: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()


def each(finding: Callable[[Facts, Pair], Finding]) -> Check:
    """A gate that both animals must pass."""
    return lambda pair: _verdict(pair, finding, pair.both)


def companion(finding: Callable[[Facts, Pair], Finding]) -> Check:
    """A gate for the companion alone."""
    return lambda pair: _verdict(pair, finding, (pair.other,))


def _verdict(
    pair: Pair, finding: Callable[[Facts, Pair], Finding], animals: tuple[Facts, ...]
) -> Found:
    shut: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    for facts in animals:
        found = finding(facts, pair)
        if found is False:
            shut += (facts.id,)
        elif found is not True:
            missing += (f"{facts.id}.{found}",)
    if shut:
        return Found(Verdict.FAILED, missing, shut)
    return Found(Verdict.UNKNOWN, missing) if missing else Found(Verdict.PASSED)


def _health(facts: Facts, _: Pair) -> Finding:
    return "health" if facts.health is Health.UNKNOWN else facts.health is Health.OK


def _not_with_its_mother(facts: Facts, _: Pair) -> Finding:
    return "mother" if facts.animal.mother is None else facts.motherless


def _warmth(facts: Facts, _: Pair) -> Finding:
    if facts.warmth in OUT_OF_TEMPERATURE:
        return False
    return True if facts.warmth is Warmth.WARM else "warmth"


def _fed(facts: Facts, _: Pair) -> Finding:
    return "fed" if facts.feed is Feed.UNKNOWN else facts.feed not in FEED_DUE


def _quarantine(facts: Facts, pair: Pair) -> Finding:
    days = facts.animal.days_in_care
    return "days_in_care" if days is None else days >= pair.protocol.quarantine_days


def _exposed(facts: Facts, _: Pair) -> Finding:
    return "exposed" if facts.animal.exposed is None else not facts.animal.exposed


def _exposed_alike(pair: Pair) -> Found:
    """Littermates have shared their germs, unless one alone was exposed since.

    An exposure that nobody knows of is no bar here, but is said.
    """
    missing = tuple(f"{facts.id}.exposed" for facts in pair.both if facts.animal.exposed is None)
    exposed = {facts.animal.exposed for facts in pair.both}
    if exposed == {True, False}:
        shut = tuple(facts.id for facts in pair.both if facts.animal.exposed)
        return Found(Verdict.FAILED, missing, shut)
    return Found(Verdict.UNKNOWN if exposed == {True, None} else Verdict.PASSED, missing)


def _parasites(facts: Facts, _: Pair) -> Finding:
    parasites = facts.animal.parasites
    return "parasites" if parasites is None else parasites in {"clear", "treated"}


def _age_gap(limit_days: int) -> Check:
    def finding(facts: Facts, pair: Pair) -> Finding:
        gap = pair.age_gap_days
        if gap is not None:
            return gap <= limit_days
        return "age_days" if facts.animal.age_days is None else True

    return each(finding)


def _weight_ratio(facts: Facts, pair: Pair) -> Finding:
    ratio = pair.weight_ratio
    if ratio is not None:
        return ratio <= tables.MAX_WEIGHT_RATIO
    return "weight_g" if facts.animal.weight_g is None else True


def _age_limit(facts: Facts, _: Pair) -> Finding:
    age = facts.animal.age_days
    return "age_days" if age is None else age <= tables.MAX_CROSS_AGE_DAYS


def _cross_ok(facts: Facts, _: Pair) -> Finding:
    return "cross_ok" if facts.animal.cross_ok is None else facts.animal.cross_ok


def _temperament(facts: Facts, _: Pair) -> Finding:
    calm = None if facts.animal.temperament is None else facts.animal.temperament == "calm"
    return _once_older(facts, calm, tables.TEMPERAMENT_FROM_DAYS, "temperament")


def _vaccinated(facts: Facts, _: Pair) -> Finding:
    return _once_older(facts, facts.animal.vaccinated, tables.VACCINE_FROM_DAYS, "vaccinated")


def _once_older(facts: Facts, good: bool | None, from_days: int, fact: str) -> Finding:
    """A gate that opens by itself for those too young for the question."""
    age = facts.animal.age_days
    if good or (age is not None and age < from_days):
        return True
    if good is None:
        return fact
    return "age_days" if age is None else False


def _supervision(pair: Pair) -> Found:
    can_watch = pair.context.carer_can_watch
    if pair.tried or can_watch:
        return Found(Verdict.PASSED)
    if can_watch is None:
        return Found(Verdict.UNKNOWN, ("context.carer_can_watch",))
    return Found(Verdict.FAILED)


class Gate(NamedTuple):
    """One condition of company."""

    name: str
    levels: frozenset[Level]
    check: Check


ALL = frozenset(Level)
LITTER = frozenset({Level.LITTER})
SPECIES = frozenset({Level.SPECIES})
CROSS = frozenset({Level.CROSS})
STRANGERS = SPECIES | CROSS

GATES = (
    Gate("keep_apart", ALL, each(lambda facts, _: not facts.animal.keep_apart)),
    Gate("suckles_others", ALL, each(lambda facts, _: not facts.animal.suckles_others)),
    Gate("health", ALL, each(_health)),
    Gate("urgent", ALL, each(lambda facts, _: not facts.urgent)),
    Gate("mother", ALL, companion(_not_with_its_mother)),
    Gate("warmth", ALL, each(_warmth)),
    Gate("fed", STRANGERS, each(_fed)),
    Gate("quarantine", STRANGERS, each(_quarantine)),
    Gate("exposed", STRANGERS, each(_exposed)),
    Gate("exposed", LITTER, _exposed_alike),
    Gate("parasites", STRANGERS, each(_parasites)),
    Gate("age_difference", SPECIES, _age_gap(tables.MAX_AGE_GAP_DAYS)),
    Gate("age_difference", CROSS, _age_gap(tables.MAX_CROSS_AGE_GAP_DAYS)),
    Gate("weight_ratio", STRANGERS, each(_weight_ratio)),
    Gate("age_limit", CROSS, each(_age_limit)),
    Gate("cross_ok", CROSS, each(_cross_ok)),
    Gate("temperament", CROSS, each(_temperament)),
    Gate("vaccinated", CROSS, each(_vaccinated)),
    Gate("supervision", CROSS, _supervision),
)
GATES_OF = {level: tuple(gate for gate in GATES if level in gate.levels) for level in Level}
