"""Every number of the rules that is not a plain count: one place, with unit and source.

Sources, briefly: nest, body temperature, energy and intervals by age follow Small Animal Clinical
Nutrition (5th ed., ch. 16 and 23), Root Kustritz (University of Minnesota), Quist-Rybachuk 2017
and the shelter guides that agree with them; the stomach's comfort, 4 mL per 100 g, is Lawler 2008.
Where sources differ the more careful value stands. The exact seconds, shares and limits below the
emergencies are the project's judgement, to be reviewed by a veterinarian; the rescue's own protocol
always wins.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from web.care.scenario import Species


@dataclass(frozen=True, slots=True)
class AgeRow:
    """What holds from one day of age until the next row begins."""

    first_day: int
    chilled_below_c: float
    hot_above_c: float
    nest_low_c: float  # the band of the nest, warm side, both ends included
    nest_high_c: float
    kitten_interval_min: tuple[int, int]  # between feeds: by day, by night
    puppy_interval_min: tuple[int, int]
    kitten_energy: float  # kcal per 100 g of body weight per day
    puppy_energy: float
    kitten_from_g: float  # weight at which a kitten counts as of this row

    def interval_min(self, species: Species, *, night: bool) -> int:
        """Minutes between two feeds."""
        by_day, by_night = (
            self.kitten_interval_min if species == "kitten" else self.puppy_interval_min
        )
        return by_night if night else by_day

    def energy(self, species: Species) -> float:
        """Energy needed, kcal per 100 g of body weight per day."""
        return self.kitten_energy if species == "kitten" else self.puppy_energy


AGE_ROWS = (
    #      day  chill  hot   nest         kitten      puppy       energy  kitten from
    AgeRow(0, 35.0, 38.5, 29.0, 34.0, (120, 120), (120, 180), 20, 15, 0),
    AgeRow(7, 36.0, 38.5, 26.5, 32.0, (180, 180), (180, 240), 20, 18, 150),
    AgeRow(14, 36.0, 38.5, 24.0, 30.0, (240, 240), (240, 300), 20, 20, 250),
    AgeRow(21, 36.0, 38.5, 21.0, 28.0, (300, 360), (300, 360), 20, 20, 350),
    AgeRow(28, 37.0, 39.5, 20.0, 27.0, (360, 480), (360, 480), 20, 20, 450),
    AgeRow(35, 37.0, 39.5, 20.0, 27.0, (360, 480), (360, 480), 20, 20, 550),
)
_FIRST_DAYS = tuple(row.first_day for row in AGE_ROWS)
_FROM_G = tuple(row.kitten_from_g for row in AGE_ROWS)

# Working age where neither age nor weight tells (days); interval where even that is no help (min).
PRESUMED_AGE_DAYS = 7
PRESUMED_INTERVAL_MIN = 120

# Emergencies.
SEVERE_COLD_BELOW_C = 32.5
SEVERE_HEAT_FROM_C = 40.5
SEVERE_LOSS_BELOW_PCT = -10  # of weight, over 24 h

# The cry (s); its pauses are the listener's matter.
LONG_CRY_FROM_S = 30
PERSISTENT_CRY_FROM_S = 900
SETTLING_BELOW_S = 300
SETTLES_AFTER_FEED_MIN = 15
SETTLES_AFTER_CHANGE_MIN = 10

# Feeding.
SOON_TENTHS = 8  # of the interval, in tenths
SHORT_FEED_SHARE = 2  # a short feed is made up after 1/2 of the interval ...
SMALL_FEED_SHARE = 2  # ... and, like a feed for hunger signs, with 1/2 of the usual volume
HUNGER_SIGNS_FROM_MIN = 60
FORMULA_KCAL_ML = 1.0  # energy of milk that nobody has looked up
STOMACH_ML_PER_G = 0.04  # never more in one feed
STEP_ML = 0.5  # volumes are rounded down to this, and are never less

# Looking after.
TOILET_HELP_BELOW_DAYS = 21
NO_TOILET_FROM_MIN = 1440
DIARRHOEA_FROM_SCORE = 6  # Purina scale
SPREAD_BELOW_DAYS = 28  # older babies lie apart of themselves ...
PRESUMED_WARM_FROM_DAYS = 28  # ... and keep warm without a measured nest

# Company.
MAX_AGE_GAP_DAYS = 10  # same species
MAX_CROSS_AGE_GAP_DAYS = 7
MAX_CROSS_AGE_DAYS = 42
MAX_WEIGHT_RATIO = 2.0
WATCH_WEIGHT_ABOVE_RATIO = 1.5
TEMPERAMENT_FROM_DAYS = 21  # younger ones have none to speak of
VACCINE_FROM_DAYS = 28


def row_of_age(days: int) -> int:
    """Index in `AGE_ROWS` for an age."""
    return bisect_right(_FIRST_DAYS, days) - 1


def row_of_kitten_weight(grams: float) -> int:
    """Index in `AGE_ROWS` for a kitten's weight; a puppy's says nothing, breed decides."""
    return bisect_right(_FROM_G, grams) - 1
