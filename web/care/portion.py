"""How much milk: from weight, age and interval, and never more than the stomach holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

from web.care import tables
from web.care.facts import Facts, Feed

_ROUNDING = 1e-9  # what is whole on paper must not fall a step by binary arithmetic


@dataclass(frozen=True, slots=True)
class Portion:
    """A volume for one feed."""

    volume_ml: float  # suggested
    cap_ml: float  # never above
    capped: bool  # the usual volume would be above


def portion_of(facts: Facts, formula_kcal_ml: float | None) -> Portion | None:
    """The portion for a baby whose feed is due; None where nobody knows its weight.

    usual = energy (kcal/100 g/day) x weight (g) / 100 / milk (kcal/mL) x interval (min) / 1440,
    half of it after a short feed or for hunger signs.
    """
    weight = facts.animal.weight_g
    if weight is None:
        return None
    milk = tables.FORMULA_KCAL_ML if formula_kcal_ml is None else formula_kcal_ml
    a_day = facts.row.energy(facts.animal.species) * weight / 100 / milk
    usual = a_day * facts.interval_min / 1440
    if facts.feed in {Feed.SHORT, Feed.HUNGRY}:
        usual /= tables.SMALL_FEED_SHARE
    cap = tables.STOMACH_ML_PER_G * weight
    return Portion(
        volume_ml=round_down(min(usual, cap)),
        cap_ml=round_down(cap),
        capped=usual > cap + _ROUNDING,
    )


def round_down(millilitres: float) -> float:
    """To what a syringe shows, and never to nothing."""
    steps = math.floor(millilitres / tables.STEP_ML + _ROUNDING)
    return max(tables.STEP_ML, steps * tables.STEP_ML)
