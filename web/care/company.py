"""Company for a baby that is alone: who could join it, and what stands in the way.

A pair fails if any gate fails, is unknown if any other is, and passes only with every gate on
record.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from web.care.facts import Facts
from web.care.gates import GATES_OF, Level, Pair, Ruling, Verdict
from web.care.scenario import Scenario
from web.care.scene import Scene, scene_of


@dataclass(frozen=True, slots=True)
class Pairing:
    """A pair, and what every gate says of it."""

    pair: Pair
    level: Level
    rulings: tuple[Ruling, ...]
    verdict: Verdict
    unknown: frozenset[str]  # facts that the gates miss, as `id.fact`

    @property
    def other(self) -> Facts:
        """The possible companion."""
        return self.pair.other


def weigh(pair: Pair) -> Pairing:
    """Ask every gate of the pair's level."""
    level = pair.level
    rulings = tuple(Ruling(gate.name, *gate.check(pair)) for gate in GATES_OF[level])
    verdicts = {ruling.verdict for ruling in rulings}
    return Pairing(
        pair=pair,
        level=level,
        rulings=rulings,
        verdict=next(
            (worst for worst in (Verdict.FAILED, Verdict.UNKNOWN) if worst in verdicts),
            Verdict.PASSED,
        ),
        unknown=frozenset(name for ruling in rulings for name in ruling.unknown),
    )


@dataclass(frozen=True, slots=True)
class Search:
    """All possible companions of a baby that is alone."""

    alone: Facts
    pairings: tuple[Pairing, ...]
    partner: Pairing | None  # the best that passes, at the best level where one does

    @property
    def better(self) -> tuple[Pairing, ...]:
        """Pairings at a level better than the partner's; all of them where there is none."""
        if self.partner is None:
            return self.pairings
        return tuple(pairing for pairing in self.pairings if pairing.level < self.partner.level)

    @property
    def ask_about(self) -> Pairing | None:
        """The better companion that might pass if a few more facts were known."""
        unknown = (pairing for pairing in self.better if pairing.verdict is Verdict.UNKNOWN)
        return min(
            unknown,
            key=lambda pairing: (pairing.level, len(pairing.unknown), pairing.other.id),
            default=None,
        )


def search(scene: Scene, alone: Facts) -> Search:
    """Weigh everybody outside the box as company for `alone`."""
    context, protocol = scene.scenario.context, scene.scenario.protocol
    pairings = tuple(
        weigh(Pair(alone, other, context, protocol))
        for other in scene.everyone
        if not other.animal.in_box
    )
    passed = (pairing for pairing in pairings if pairing.verdict is Verdict.PASSED)
    return Search(alone, pairings, min(passed, key=_nearness, default=None))


def companions_of(scenario: Scenario, animal_id: str) -> tuple[Pairing, ...]:
    """Everybody outside the box as company for one animal, nearest first, with every gate's word.

    Raises `KeyError` for an animal that is not in the scenario.
    """
    scene = scene_of(scenario)
    alone = {facts.id: facts for facts in scene.everyone}[animal_id]
    found = (pairing for pairing in search(scene, alone).pairings if pairing.other is not alone)
    return tuple(sorted(found, key=_nearness))


def _nearness(pairing: Pairing) -> tuple[Level, float, float, str]:
    """Order of companions: level, closest age, closest weight (unknown last), id."""
    gap, ratio = pairing.pair.age_gap_days, pairing.pair.weight_ratio
    return (
        pairing.level,
        math.inf if gap is None else gap,
        math.inf if ratio is None else ratio,
        pairing.other.id,
    )
