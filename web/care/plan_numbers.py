"""Where the numbers of a planned feed come from, and how far the sources differ. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from web.care import feeding, tables
from web.care.feeding import Range
from web.care.plan import Next
from web.care.portion import round_down

_MIN_PER_DAY = 1440
# Small Animal Clinical Nutrition (S1): 10 to 15 mL a feed at most in week 1.
WEEK_ONE_DAYS, WEEK_ONE_ML = 7, 10


@dataclass(frozen=True, slots=True)
class Numbers:
    """What one feed was reckoned from."""

    age: int  # working age, days
    age_known: bool
    lighter: bool  # so light that it is fed as often as a younger kitten
    own_interval: bool
    presumed: bool  # neither age nor weight tells how often: as for the youngest
    every: Range  # h
    energy_kcal: float  # per 100 g a day, chosen
    energy: Range
    kcal_ml: float
    kcal_known: bool
    a_day_ml: float | None  # reckoned; None without a weight
    reckoned_ml: float | None  # for this feed, before the stomach's limit and rounding
    # By the lowest and the highest energy of the sources, held and rounded like the amount.
    low_ml: float | None
    high_ml: float | None
    stomach: Range
    above_week_one: bool  # more than one source gives any baby in its first week


def numbers(found: Next) -> Numbers:
    """All that lies behind one planned feed."""
    animal, facts = found.fed.animal, found.facts
    weight = animal.weight_g
    row = tables.row_of_age(facts.age)
    presumed = animal.age_days is None and (animal.species == "puppy" or weight is None)
    by_weight = 0 if presumed else row
    if animal.species == "kitten" and weight is not None:
        by_weight = min(row, tables.row_of_kitten_weight(weight))
    energy = feeding.said(animal.species, "energy", facts.age)
    kcal_ml = found.fed.kcal_ml
    milk = tables.FORMULA_KCAL_ML if kcal_ml is None else kcal_ml
    chosen = facts.row.energy(animal.species)

    def of_a_feed(kcal: float) -> float | None:
        if weight is None:
            return None
        return kcal * weight / 100 / milk * found.interval_min / _MIN_PER_DAY

    def within(kcal: float) -> float | None:
        reckoned = of_a_feed(kcal)
        if reckoned is None or weight is None:
            return None
        return round_down(min(reckoned, tables.STOMACH_ML_PER_G * weight))

    return Numbers(
        age=facts.age,
        age_known=animal.age_days is not None,
        lighter=by_weight < row and not presumed,
        own_interval=animal.plan_interval_min is not None,
        presumed=presumed,
        every=feeding.said(
            animal.species,
            "interval_night" if found.night else "interval_day",
            tables.AGE_ROWS[by_weight].first_day,
        ),
        energy_kcal=chosen,
        energy=energy,
        kcal_ml=milk,
        kcal_known=kcal_ml is not None,
        a_day_ml=None if weight is None else chosen * weight / 100 / milk,
        reckoned_ml=of_a_feed(chosen),
        low_ml=within(energy.low or chosen),
        high_ml=within(energy.high),
        stomach=feeding.said(animal.species, "stomach", facts.age),
        above_week_one=(
            facts.age < WEEK_ONE_DAYS and found.amount is not None and found.amount.ml > WEEK_ONE_ML
        ),
    )
