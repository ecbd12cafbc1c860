"""From a cry to ordered suggestions: the way through the decision table.

A pure function of the scenario: no clock, no chance, nothing kept. What it says is advice to a
carer who then looks at the baby; sound alone never diagnoses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from web.care import unknowns
from web.care.company import Pairing, Search, search
from web.care.facts import Crying, Facts
from web.care.portion import portion_of
from web.care.rules import RULES, Code, Held, company_rules, wait_and_watch
from web.care.scenario import Scenario
from web.care.scene import Scene, scene_of

Confidence = Literal["high", "low"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One card."""

    code: Code
    rank: int  # place in the list, from 1
    subjects: tuple[str, ...]  # ids of the animals that it is about
    partner: str | None  # id of the companion
    reasons: tuple[str, ...]
    volume_ml: Mapping[str, float | None] | None  # a feed for each subject; None: weigh first
    cap_ml: Mapping[str, float | None] | None  # never above
    confidence: Confidence
    unknown: tuple[str, ...]  # facts that it would like to know, as `id.fact`
    phone: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Advice:
    """What may help, highest first; empty when all is quiet and well."""

    who: tuple[str, ...]  # ids of those who may be crying, the neediest first
    suggestions: tuple[Suggestion, ...]
    unknown: tuple[str, ...]  # every missing fact that could change the first suggestion


SortKey = Callable[[Facts], tuple[bool, float, float, str]]


def suggest(scenario: Scenario) -> Advice:
    """What may help now, highest first, and which missing facts could change the first of it."""
    scene = scene_of(scenario)
    held = [
        holding
        for rule in RULES
        if (scene.crying or rule.when_quiet) and (holding := rule.apply(scene)) is not None
    ]
    found = _look_for_company(scene, held)
    if found is not None:
        held += company_rules(scene, found)
    if scene.crying and not held:
        held.append(wait_and_watch(scene))
    return _advice(scene, held, found)


def _look_for_company(scene: Scene, held: list[Held]) -> Search | None:
    """Search, if one baby alone cries on with nothing else to be put right first."""
    if len(scene.in_box) != 1 or scene.settling:
        return None
    alone = scene.in_box[0]
    cries_long = scene.cry in {Crying.LONG, Crying.PERSISTENT}
    if not cries_long or not alone.motherless:
        return None
    if any(_stands_first(rule, alone) for rule in held):
        return None
    return search(scene, alone)


def _stands_first(rule: Held, alone: Facts) -> bool:
    """Does this rule, for the baby or the box, come before company?"""
    return rule.code is not Code.STIMULATE and (not rule.subjects or alone in rule.subjects)


def _advice(scene: Scene, held: list[Held], found: Search | None) -> Advice:
    order = _order(scene, held)
    unsure = scene.who_is_unsure or any(rule.code is Code.CHECK_SPECIES for rule in held)
    suggestions = tuple(
        _card(scene, rule, place, order, unsure=unsure) for place, rule in enumerate(held, start=1)
    )
    if held and held[0].code is Code.URGENT_VET:
        missing: set[str] = set()
    else:
        first_rank = held[0].rank if held else unknowns.LAST_RANK
        missing = unknowns.of_scene(scene, first_rank, found)
    return Advice(
        who=tuple(facts.id for facts in sorted(scene.criers, key=order)),
        suggestions=suggestions,
        unknown=tuple(sorted(missing)),
    )


def _order(scene: Scene, held: list[Held]) -> SortKey:
    """Who may be crying first, then the most pressing rule, the longest unfed, the id."""
    criers = {facts.id for facts in scene.criers}
    first_rank: dict[str, int] = {}
    for rule in held:
        for facts in rule.subjects:
            first_rank.setdefault(facts.id, rule.rank)

    def key(facts: Facts) -> tuple[bool, float, float, str]:
        since = facts.animal.min_since_fed
        return (
            facts.id not in criers,
            first_rank.get(facts.id, math.inf),
            math.inf if since is None else -since / facts.interval_min,
            facts.id,
        )

    return key


def _card(scene: Scene, rule: Held, place: int, order: SortKey, *, unsure: bool) -> Suggestion:
    subjects = sorted(rule.subjects, key=order)
    missing = _missing(scene, rule)
    sure = rule.code in {Code.URGENT_VET, Code.WARM_FIRST} or not (missing or unsure)
    volume_ml = cap_ml = None
    if rule.code is Code.FEED:
        formula = scene.scenario.context.formula_kcal_ml
        portions = {facts.id: portion_of(facts, formula) for facts in subjects}
        volume_ml = {id_: part.volume_ml if part else None for id_, part in portions.items()}
        cap_ml = {id_: part.cap_ml if part else None for id_, part in portions.items()}
    urgent = rule.code is Code.URGENT_VET
    return Suggestion(
        code=rule.code,
        rank=place,
        subjects=tuple(facts.id for facts in subjects),
        partner=None if rule.partner is None else rule.partner.other.id,
        reasons=tuple(sorted(rule.reasons)),
        volume_ml=volume_ml,
        cap_ml=cap_ml,
        confidence="high" if sure else "low",
        unknown=tuple(sorted(missing)),
        phone=scene.scenario.protocol.vet_phone if urgent else None,
        note=scene.scenario.protocol.urgent_text if urgent else None,
    )


def _missing(scene: Scene, rule: Held) -> set[str]:
    """Missing facts of one card."""
    if rule.code in {Code.URGENT_VET, Code.WAIT_AND_WATCH}:
        return set()
    if rule.partner is not None:
        return _missing_of_pair(rule.code, rule.partner)
    subjects = scene.in_box if rule.code is Code.CHECK_BOX else rule.subjects
    return unknowns.of_rule(scene, rule.rank, subjects)


def _missing_of_pair(code: Code, pairing: Pairing) -> set[str]:
    if code is Code.CHECK_COMPANION:
        return unknowns.of_companion(pairing)
    if code is Code.PAIR_SAME_LITTER:
        return unknowns.exposure_of_littermates(pairing)
    return set()


def plain(advice: Advice) -> dict[str, Any]:
    """The advice as JSON-ready dictionaries: `who`, `suggestions`, `unknown`."""
    return {
        "who": list(advice.who),
        "suggestions": [_plain_card(card) for card in advice.suggestions],
        "unknown": list(advice.unknown),
    }


def _plain_card(card: Suggestion) -> dict[str, Any]:
    return {
        "code": str(card.code),
        "rank": card.rank,
        "subjects": list(card.subjects),
        "partner": card.partner,
        "reasons": list(card.reasons),
        "volume_ml": None if card.volume_ml is None else dict(card.volume_ml),
        "cap_ml": None if card.cap_ml is None else dict(card.cap_ml),
        "confidence": card.confidence,
        "unknown": list(card.unknown),
        "phone": card.phone,
        "note": card.note,
    }
