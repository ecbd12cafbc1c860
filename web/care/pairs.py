"""What speaks for and against company: flags on pairs that are together, the way back to a mother.

Pure. The gates of a new pair are in `web/care/gates.py`; here is what may change while two live
together, and who may go back to its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from web.care import tables
from web.care.facts import Facts, Health, Warmth
from web.care.gates import Level, Pair, Ruling, Verdict


class Flag(NamedTuple):
    """Something about two that live together which a person should look at."""

    code: str  # of `FLAGS`
    who: tuple[str, ...]  # ids of those it is about
    part: bool  # speaks for parting them; else: keep an eye on it


FLAGS: dict[str, str] = {
    "urgent": "an emergency: call the vet",
    "ill": "ill, or not looking well",
    "chilled": "too cool",
    "hot": "too warm",
    "suckling": "sucks on others",
    "keep_apart": "to be kept apart",
    "exposed": "one of them alone was near a sick animal",
    "too_heavy": "one weighs more than twice as much as the other",
    "watch_weight": "one is much heavier: keep an eye on it",
}

OF_BOTH = frozenset({"exposed", "too_heavy", "watch_weight"})  # said of the pair

# About one of the two at a time.
_OF_ONE: tuple[tuple[str, Callable[[Facts], bool]], ...] = (
    ("urgent", lambda one: one.urgent),
    ("ill", lambda one: one.health is Health.BAD),
    ("chilled", lambda one: one.warmth is Warmth.CHILLED),
    ("hot", lambda one: one.warmth is Warmth.HOT),
    ("suckling", lambda one: one.animal.suckles_others),
    ("keep_apart", lambda one: one.animal.keep_apart),
)


def flags(pair: Pair) -> tuple[Flag, ...]:
    """What has changed for the worse with two that live together, gravest first."""
    found = []
    for code, holds in _OF_ONE:
        who = tuple(one.id for one in pair.both if holds(one))
        if who:
            found.append(Flag(code, who, part=True))
    both = tuple(one.id for one in pair.both)
    exposed = {one.animal.exposed for one in pair.both}
    if True in exposed and (exposed != {True} or pair.level is not Level.LITTER):
        found.append(Flag("exposed", both, part=True))
    ratio = pair.weight_ratio
    if ratio is not None and ratio > tables.MAX_WEIGHT_RATIO:
        found.append(Flag("too_heavy", both, part=True))
    elif ratio is not None and ratio > tables.WATCH_WEIGHT_ABOVE_RATIO:
        found.append(Flag("watch_weight", both, part=False))
    return tuple(found)


CRITERIA: dict[str, str] = {
    "mother": "Its mother is here and takes it",
    "keep_apart": "It is not to be kept apart",
    "urgent": "It is no emergency",
    "health": "It is well",
    "warmth": "It is warm",
}


def back_to_mother(one: Facts) -> tuple[Ruling, ...]:
    """The criteria for going back to its mother, in order; an open one is for a look, no bar.

    They are those of the rule REUNITE: what fails here keeps the rule from suggesting it.
    """
    animal, id_ = one.animal, one.id
    warmth = {
        Warmth.CHILLED: Verdict.FAILED,
        Warmth.HOT: Verdict.FAILED,
        Warmth.WARM: Verdict.PASSED,
    }.get(one.warmth, Verdict.UNKNOWN)
    health = {Health.BAD: Verdict.FAILED, Health.OK: Verdict.PASSED}.get(
        one.health, Verdict.UNKNOWN
    )
    mother = {"available": Verdict.PASSED, "none": Verdict.FAILED, "present": Verdict.FAILED}.get(
        animal.mother or "", Verdict.UNKNOWN
    )
    return (
        Ruling("mother", mother, (f"{id_}.mother",) if mother is Verdict.UNKNOWN else ()),
        Ruling("keep_apart", Verdict.FAILED if animal.keep_apart else Verdict.PASSED, ()),
        Ruling("urgent", Verdict.FAILED if one.urgent else Verdict.PASSED, ()),
        Ruling("health", health, (f"{id_}.health",) if health is Verdict.UNKNOWN else ()),
        Ruling("warmth", warmth, (f"{id_}.warmth",) if warmth is Verdict.UNKNOWN else ()),
    )
