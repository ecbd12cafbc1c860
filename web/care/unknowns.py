"""Which missing facts matter: what each rule reads, and which of it nobody knows.

`READS` is the table: the animals whose facts a rule reads, their facts, and facts of the cry and
the box. An `age` that is missing also asks for the weight of a kitten, which stands in for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from web.care.company import Pairing, Search
from web.care.facts import FEED_DUE, Facts
from web.care.gates import Level, Verdict
from web.care.scene import Scene, criers, in_box

COMPANY_FROM_RANK = 10  # from here on a search for company counts as one step
LAST_RANK = 15
QUIET_RANKS = (1, 2, 3, 7)
EMPTY_BOX_RANKS = (5,)

AGE = "age"  # `age_days`, and for a kitten also `weight_g`


def _box_temperature(scene: Scene) -> Iterator[str]:
    if scene.scenario.box.temp_c is None:
        yield "box.temp_c"


def _nest(scene: Scene) -> Iterator[str]:
    yield from _box_temperature(scene)
    if scene.crying and scene.scenario.box.spread is None:
        yield "box.spread"


def _warmth_of_whom(scene: Scene) -> Iterator[str]:
    yield from _box_temperature(scene)
    if len(scene.in_box) > 1 and scene.scenario.cry.source_id is None:
        yield "cry.source_id"
        yield from _heard(scene)


def _heard(scene: Scene) -> Iterator[str]:
    if scene.scenario.cry.source_id is None and scene.scenario.cry.species is None:
        yield "cry.species"


def _species(scene: Scene) -> Iterator[str]:
    yield from _heard(scene)
    if scene.wrong_species:
        yield "cry.source_id"


def _usual_cry(scene: Scene) -> Iterator[str]:
    if scene.scenario.cry.unusual is None:
        yield "cry.unusual"
    if len(scene.in_box) == 1:
        yield from _comfort(scene)


def _comfort(scene: Scene) -> Iterator[str]:
    if scene.scenario.box.comfort is None:
        yield "box.comfort"


def _nothing(_: Scene) -> Iterator[str]:
    yield from ()


class Reads(NamedTuple):
    """What the rule of one rank reads."""

    whose: Callable[[Scene], tuple[Facts, ...]]
    facts: tuple[str, ...]
    around: Callable[[Scene], Iterable[str]] = _nothing
    facts_crying: tuple[str, ...] = ()  # read as well while somebody cries


_FEEDING = Reads(
    criers,
    ("warmth", AGE, "weight_g", "fed", "mother"),
    facts_crying=("last_feed", "hungry"),
)
READS: dict[int, Reads] = {
    1: Reads(in_box, ("red_flags", "warmth", "growth")),
    2: Reads(in_box, ("warmth", AGE)),
    3: Reads(in_box, ("warmth", AGE), _nest),
    4: Reads(criers, ("warmth", AGE), _warmth_of_whom),
    5: Reads(criers, (), _species),
    6: Reads(criers, ("mother", "health")),
    7: _FEEDING,
    8: _FEEDING,
    9: Reads(criers, ("toilet", AGE, "mother")),
    10: Reads(criers, ("health", "growth", "last_feed", "toilet"), _usual_cry),
    15: Reads(criers, (), _comfort),
}


def of_rule(scene: Scene, rank: int, subjects: Iterable[Facts]) -> set[str]:
    """Missing facts that the rule of this rank read of these animals and around them."""
    reads = READS[rank]
    names = reads.facts + (reads.facts_crying if scene.crying else ())
    missing = set(reads.around(scene))
    for facts in subjects:
        if not facts.urgent:  # from an emergency nothing more is asked
            missing.update(_missing(facts, names))
    return missing


def of_scene(scene: Scene, first_rank: int, found: Search | None) -> set[str]:
    """Missing facts that all rules read, from rank 1 to that of the first suggestion.

    `found` is the search for company, if there was one.
    """
    last_rank = min(first_rank, COMPANY_FROM_RANK)
    missing: set[str] = set()
    if found is not None and first_rank >= COMPANY_FROM_RANK:
        last_rank = LAST_RANK
        missing |= of_search(found)
    for rank in _ranks_read(scene):
        if rank <= last_rank:
            missing |= of_rule(scene, rank, READS[rank].whose(scene))
    return missing


def _ranks_read(scene: Scene) -> Iterable[int]:
    if not scene.in_box:
        return EMPTY_BOX_RANKS if scene.crying else ()
    return READS if scene.crying else QUIET_RANKS


def of_search(found: Search) -> set[str]:
    """Missing facts that could change who, if anybody, may keep the lonely baby company."""
    missing: set[str] = set()
    if found.alone.animal.exposed is None:  # always said, whoever may come
        missing.add(f"{found.alone.id}.exposed")
    for pairing in found.better:
        if pairing.verdict is Verdict.UNKNOWN:
            missing |= pairing.unknown
        elif _may_be_older(pairing):
            missing.update(_missing(pairing.other, (AGE,)))
    for pairing in found.pairings:
        if pairing.level is Level.LITTER:
            missing.update(_of_littermate(pairing))
    return missing


def of_companion(pairing: Pairing) -> set[str]:
    """Missing facts of one pair."""
    missing = set(pairing.unknown)
    if pairing.level is Level.LITTER:
        missing.update(_of_littermate(pairing))
    return missing


def exposure_of_littermates(pairing: Pairing) -> set[str]:
    """The null exposures of two littermates: no bar, but said."""
    return {
        name for ruling in pairing.rulings if ruling.gate == "exposed" for name in ruling.unknown
    }


def _may_be_older(pairing: Pairing) -> bool:
    """Would it perhaps not fail if its age were known? Warmth and feeds are judged by age."""
    return pairing.other.out_of_temperature or pairing.other.feed in FEED_DUE


def _of_littermate(pairing: Pairing) -> Iterator[str]:
    yield from _missing(pairing.other, (AGE,))
    if pairing.verdict is not Verdict.FAILED:
        yield from exposure_of_littermates(pairing)


def _missing(facts: Facts, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name == AGE:
            yield from _missing_age(facts)
        elif name in facts.missing:
            yield f"{facts.id}.{name}"


def _missing_age(facts: Facts) -> Iterator[str]:
    if "age_days" in facts.missing:
        yield f"{facts.id}.age_days"
        if facts.animal.species == "kitten" and "weight_g" in facts.missing:
            yield f"{facts.id}.weight_g"
