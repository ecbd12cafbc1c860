"""The decision table: one row a rule, in order of rank.

A rule holds for an animal, or for the box, if the condition of any of its reasons does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from web.care import tables
from web.care.company import Pairing, Search
from web.care.facts import (
    WARM_ENOUGH,
    Crying,
    Facts,
    Feed,
    Health,
    Warmth,
    losing_weight_fast,
    severely_cold,
    severely_hot,
)
from web.care.gates import Level
from web.care.portion import portion_of
from web.care.scenario import RED_FLAGS
from web.care.scene import Scene, criers, everyone, in_box


class Code(StrEnum):
    """What can be suggested."""

    URGENT_VET = "URGENT_VET"
    WARM_FIRST = "WARM_FIRST"
    CHECK_BOX = "CHECK_BOX"
    CHECK_WARMTH = "CHECK_WARMTH"
    CHECK_SPECIES = "CHECK_SPECIES"
    REUNITE = "REUNITE"
    FEED = "FEED"
    CHECK_FEED_LOG = "CHECK_FEED_LOG"
    STIMULATE = "STIMULATE"
    CHECK_ILL = "CHECK_ILL"
    PAIR_SAME_LITTER = "PAIR_SAME_LITTER"
    PAIR_SAME_SPECIES = "PAIR_SAME_SPECIES"
    PAIR_CROSS_SPECIES = "PAIR_CROSS_SPECIES"
    CHECK_COMPANION = "CHECK_COMPANION"
    COMFORT = "COMFORT"
    WAIT_AND_WATCH = "WAIT_AND_WATCH"


class Held(NamedTuple):
    """A rule that holds."""

    rank: int
    code: Code
    subjects: tuple[Facts, ...]
    reasons: frozenset[str]
    partner: Pairing | None = None


AnimalReasons = Mapping[str, Callable[[Scene, Facts], bool]]
BoxReasons = Mapping[str, Callable[[Scene], bool]]
NO_REASONS: AnimalReasons = MappingProxyType({})


class Rule(NamedTuple):
    """A rule about single animals."""

    rank: int
    code: Code
    whose: Callable[[Scene], Iterable[Facts]]
    because: AnimalReasons
    also: AnimalReasons = NO_REASONS  # said as well where it holds, but no reason of its own
    when_quiet: bool = False

    def apply(self, scene: Scene) -> Held | None:
        """The animals for which it holds, and why."""
        subjects = []
        reasons: set[str] = set()
        for facts in self.whose(scene):
            if not _is_barred(self.rank, facts):
                why = [name for name, holds in self.because.items() if holds(scene, facts)]
                if why:
                    subjects.append(facts)
                    reasons.update(why)
                    reasons.update(name for name, holds in self.also.items() if holds(scene, facts))
        return Held(self.rank, self.code, tuple(subjects), frozenset(reasons)) if subjects else None


class BoxRule(NamedTuple):
    """A rule about the box as a whole."""

    rank: int
    code: Code
    because: BoxReasons
    when_quiet: bool = False

    def apply(self, scene: Scene) -> Held | None:
        """Whether it holds, and why."""
        reasons = frozenset(name for name, holds in self.because.items() if holds(scene))
        return Held(self.rank, self.code, (), reasons) if reasons else None


def _is_barred(rank: int, facts: Facts) -> bool:
    """An emergency bars all but the vet and warmth; cold and heat bar what goes with feeding."""
    return (facts.urgent and rank >= 4) or (facts.out_of_temperature and rank in {4, 6, 7, 8, 9})


def _shows(flag: str) -> Callable[[Scene, Facts], bool]:
    return lambda _, facts: getattr(facts.animal.red_flags, flag) is True


def _feed_is(feed: Feed) -> Callable[[Scene, Facts], bool]:
    return lambda _, facts: facts.feed is feed


def _feed_is_while_crying(feed: Feed) -> Callable[[Scene, Facts], bool]:
    return lambda scene, facts: scene.crying and facts.feed is feed


def _capped(scene: Scene, facts: Facts) -> bool:
    portion = portion_of(facts, scene.scenario.context.formula_kcal_ml)
    return portion is not None and portion.capped


def _may_return_to_mother(_: Scene, facts: Facts) -> bool:
    animal = facts.animal
    return animal.mother == "available" and not animal.keep_apart and facts.health is not Health.BAD


def _needs_toilet_help(scene: Scene, facts: Facts) -> bool:
    being_cared_for = scene.crying or facts.feed is Feed.OVERDUE
    return being_cared_for and facts.age < tables.TOILET_HELP_BELOW_DAYS and facts.motherless


def _toilet_due(scene: Scene, facts: Facts) -> bool:
    since = facts.animal.min_since_toilet
    return since is not None and since >= facts.interval_min and _needs_toilet_help(scene, facts)


def _toilet_unknown(scene: Scene, facts: Facts) -> bool:
    return facts.animal.min_since_toilet is None and _needs_toilet_help(scene, facts)


def _no_gain(_: Scene, facts: Facts) -> bool:
    change = facts.animal.weight_change_pct
    return change is not None and change <= 0 and facts.animal.age_days != 0


def _no_toilet(_: Scene, facts: Facts) -> bool:
    since = facts.animal.min_since_toilet
    return since is not None and since >= tables.NO_TOILET_FROM_MIN


def _still_crying(scene: Scene, facts: Facts) -> bool:
    """Fed, warm and in company, and yet it cries on."""
    return (
        scene.persistent
        and scene.company(facts)
        and facts.warmth in WARM_ENOUGH
        and facts.feed in {Feed.NOT_DUE, Feed.MOTHER}
    )


RULES: tuple[Rule | BoxRule, ...] = (
    Rule(
        1,
        Code.URGENT_VET,
        everyone,
        {
            **{flag: _shows(flag) for flag in RED_FLAGS},
            "cold_body": lambda _, facts: severely_cold(facts.animal),
            "overheated": lambda _, facts: severely_hot(facts.animal),
            "weight_loss": lambda _, facts: losing_weight_fast(facts.animal),
        },
        also={"no_phone_recorded": lambda scene, _: scene.scenario.protocol.vet_phone is None},
        when_quiet=True,
    ),
    Rule(
        2,
        Code.WARM_FIRST,
        in_box,
        {"chilled": lambda _, facts: facts.warmth is Warmth.CHILLED},
        when_quiet=True,
    ),
    BoxRule(
        3,
        Code.CHECK_BOX,
        {
            "box_cold": lambda scene: scene.box_cold,
            "box_hot": lambda scene: scene.box_hot,
            "baby_hot": lambda scene: scene.baby_hot,
            "spread_out": lambda scene: scene.spread_out,
        },
        when_quiet=True,
    ),
    Rule(
        4,
        Code.CHECK_WARMTH,
        criers,
        {"warmth_unknown": lambda _, facts: facts.warmth is Warmth.UNKNOWN},
    ),
    BoxRule(
        5,
        Code.CHECK_SPECIES,
        {
            "box_empty": lambda scene: not scene.in_box,
            "species_mismatch": lambda scene: scene.wrong_species,
        },
    ),
    Rule(6, Code.REUNITE, criers, {"mother_available": _may_return_to_mother}),
    Rule(
        7,
        Code.FEED,
        criers,
        {
            "overdue": _feed_is(Feed.OVERDUE),
            "due_soon": _feed_is_while_crying(Feed.SOON),
            "last_feed_short": _feed_is_while_crying(Feed.SHORT),
            "hungry_signs": _feed_is_while_crying(Feed.HUNGRY),
        },
        also={
            "feel_first": lambda _, facts: facts.warmth is Warmth.PRESUMED,
            "only_if_warm": lambda _, facts: facts.warmth is Warmth.UNKNOWN,
            "weigh_first": lambda _, facts: facts.animal.weight_g is None,
            "capped": _capped,
        },
        when_quiet=True,
    ),
    Rule(8, Code.CHECK_FEED_LOG, criers, {"feed_time_unknown": _feed_is(Feed.UNKNOWN)}),
    Rule(
        9,
        Code.STIMULATE,
        criers,
        {"toilet_due": _toilet_due, "toilet_unknown": _toilet_unknown},
        when_quiet=True,
    ),
    Rule(
        10,
        Code.CHECK_ILL,
        criers,
        {
            "health_concern": lambda _, facts: facts.health is Health.BAD,
            "hot_body": lambda _, facts: facts.warmth is Warmth.HOT,
            "no_gain": _no_gain,
            "refused_feed": lambda _, facts: facts.animal.last_feed == "refused",
            "no_toilet": _no_toilet,
            "unusual_cry": lambda scene, _: scene.scenario.cry.unusual is True,
            "still_crying": _still_crying,
        },
    ),
)

PAIRING_RULES = {
    Level.LITTER: (11, Code.PAIR_SAME_LITTER, "same_litter"),
    Level.SPECIES: (12, Code.PAIR_SAME_SPECIES, "same_species"),
    Level.CROSS: (13, Code.PAIR_CROSS_SPECIES, "cross_species"),
}


def company_rules(scene: Scene, found: Search) -> list[Held]:
    """Ranks 10b to 15: what to do for a baby that is alone and lacks nothing else."""
    alone, partner, comfort = (found.alone,), found.partner, scene.scenario.box.comfort
    held = []
    if partner is None and scene.persistent and comfort:
        held.append(Held(10, Code.CHECK_ILL, alone, frozenset({"comfort_did_not_help"})))
    if partner is not None:
        rank, code, _ = PAIRING_RULES[partner.level]
        held.append(Held(rank, code, alone, _pairing_reasons(partner), partner))
    if found.ask_about is not None:
        reasons = frozenset({"facts_missing"})
        held.append(Held(14, Code.CHECK_COMPANION, alone, reasons, found.ask_about))
    if partner is None and comfort is not True:
        held.append(Held(15, Code.COMFORT, alone, frozenset({"alone"})))
    return held


def _pairing_reasons(partner: Pairing) -> frozenset[str]:
    reasons = {PAIRING_RULES[partner.level][2]}
    if not partner.pair.tried:
        reasons.add("first_trial")
    ratio = partner.pair.weight_ratio
    if ratio is not None and ratio > tables.WATCH_WEIGHT_ABOVE_RATIO:
        reasons.add("watch_weight")
    return frozenset(reasons)


def wait_and_watch(scene: Scene) -> Held:
    """Rank 16: they cry, and nothing else holds."""
    reasons = set()
    if scene.cry is Crying.SHORT:
        reasons.add("short_cry")
    if scene.settling:
        reasons.add("settling")
    return Held(16, Code.WAIT_AND_WATCH, (), frozenset(reasons or {"needs_met"}))
