"""What the sources say of feeding and growing, by age: lowest, usual and highest, and who says so.

For people: it shows where a number of the plan comes from and how far the sources differ. What the
plan itself reckons with is `tables`, whose intervals and energies are the usual values here.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from web.care.scenario import Species

Quantity = Literal["interval_day", "interval_night", "energy", "milk", "stomach", "gain", "weight"]

FIRST_DAYS = (0, 7, 14, 21, 28, 35)  # of the bands
OLDEST_DAYS = 70  # the last one holds until here


class Range(NamedTuple):
    """Three values and the sources that they were taken from."""

    low: float | None
    usual: float
    high: float
    unit: str
    sources: tuple[str, ...]

    @property
    def conflict(self) -> bool:
        """Whether the sources differ."""
        return self.low != self.high

    @property
    def words(self) -> str:
        """`2 to 3 h`; `3 h` where all agree; `up to 28 mL` where there is no lowest."""
        if self.low is None:
            return f"up to {self.high:g} {self.unit}"
        if not self.conflict:
            return f"{self.usual:g} {self.unit}"
        return f"{self.low:g} to {self.high:g} {self.unit}"


@dataclass(frozen=True, slots=True)
class _Row:
    unit: str
    sources: str
    bands: tuple[tuple[float | None, float, float], ...]  # low, usual, high from each first day


class Source(NamedTuple):
    """Where a number was read. Grades: A veterinary text or study, B organisation, C guide."""

    title: str
    grade: Literal["A", "B", "C"]


_STOMACH = ((4.0, 4.0, 5.0),) * 6

_KITTEN: dict[Quantity, _Row] = {
    "interval_day": _Row(
        "h",
        "S3 S12 S13 S44",
        ((2, 2, 3), (2, 3, 4), (3, 4, 6), (4, 5, 6), (5, 6, 6), (6, 6, 8)),
    ),
    "interval_night": _Row(
        "h",
        "S12 S13 S26",
        ((2, 2, 3), (3, 3, 4), (3, 4, 6), (4, 6, 6), (6, 8, 8), (6, 8, 8)),
    ),
    "energy": _Row(
        "kcal per 100 g a day",
        "S3 S1 S17",
        ((20, 20, 38), (20, 20, 26), (20, 20, 26), (20, 20, 26), (20, 20, 25), (20, 20, 25)),
    ),
    "milk": _Row(
        "mL per 100 g a day",
        "S1 S12 S3",
        ((15, 20, 28), (15, 20, 28), (18, 20, 28), (18, 20, 28), (18, 20, 28), (None, 20, 28)),
    ),
    "stomach": _Row("mL per 100 g", "S3 S16 S17 S18", _STOMACH),
    "gain": _Row(
        "g a day",
        "S1 S4 S37",
        ((7, 10, 15), (7, 12, 15), (10, 12, 15), (10, 14, 15), (10, 14, 20), (10, 14, 20)),
    ),
    "weight": _Row(
        "g",
        "S1 S3 S12",
        (
            *((50, 110, 150), (140, 200, 250), (210, 300, 350)),
            *((350, 400, 450), (450, 500, 550), (550, 700, 900)),
        ),
    ),
}
_PUPPY: dict[Quantity, _Row] = {
    "interval_day": _Row(
        "h",
        "S11 S14 S15 S16 S17",
        ((2, 2, 4), (3, 3, 4), (3, 4, 6), (4, 5, 8), (5, 6, 8), (6, 6, 8)),
    ),
    "interval_night": _Row(
        "h",
        "S11 S15",
        ((2, 3, 4), (3, 4, 6), (4, 5, 6), (5, 6, 8), (6, 8, 8), (6, 8, 8)),
    ),
    "energy": _Row(
        "kcal per 100 g a day",
        "S15 S16 S17",
        (
            *((13.2, 15, 26), (15.4, 18, 26), (17.6, 20, 26)),
            *((19.8, 20, 26), (19.8, 20, 26), (19.8, 20, 26)),
        ),
    ),
    "milk": _Row(
        "mL per 100 g a day",
        "S14 S15 S17",
        ((14, 15, 26), (15, 18, 28), (17, 20, 28), (18, 20, 28), (18, 20, 28), (None, 20, 28)),
    ),
    "stomach": _Row("mL per 100 g", "S16 S17 S18", _STOMACH),
    "gain": _Row(
        "% a day",
        "S2 S36 S5",
        ((5, 8, 10), (3.5, 5, 10), (3.5, 5, 6), (3.5, 5, 6), (2, 3.5, 6), (1, 2, 4)),
    ),
    "weight": _Row(
        "g",
        "S42 S2 S31",
        (
            *((126, 430, 950), (200, 660, 1600), (300, 950, 2400)),
            *((400, 1300, 3200), (500, 1700, 4200), (650, 2300, 7000)),
        ),
    ),
}

SOURCES = MappingProxyType(
    {
        "S1": Source("Small Animal Clinical Nutrition, 5th ed., chapter on kittens", "A"),
        "S2": Source("Small Animal Clinical Nutrition, 5th ed., chapter on puppies", "A"),
        "S3": Source("Orphaned kitten feeding table after Lawler 2008 (Theriogenology)", "A"),
        "S4": Source("Practical tips for orphaned kitten care, clinic handout", "C"),
        "S5": Source("Feeding orphan puppies and kittens, Root Kustritz, Minnesota", "A"),
        "S11": Source("Puppy guide, Animal Lives Matter", "C"),
        "S12": Source("Kitten feeding schedule, kitten-rescue.com", "C"),
        "S13": Source("Bottle baby care, Forgotten Felines", "C"),
        "S14": Source("Feeding and environment by age, PAWS Chicago", "C"),
        "S15": Source("Dog Owner's Home Veterinary Handbook, pediatrics", "A"),
        "S16": Source("Orphan puppies, clinic handout", "C"),
        "S17": Source("Care of orphaned puppies and kittens, Cessna Lifeline", "C"),
        "S18": Source("Orphan nutrition, Quist-Rybachuk 2017", "A"),
        "S26": Source("Kitten Lady, on sucking and night hunger", "B"),
        "S31": Source("Puppy growth, Alves 2020, after Mila 2015", "A"),
        "S36": Source("Neonatal care, Nelson Road Veterinary Clinic", "C"),
        "S37": Source("Weight charts of rescues (Colorado, SPOT Tehama)", "C"),
        "S42": Source("Puppy birth weights, Lezama-García 2022", "A"),
        "S44": Source("Bottle feeding, Dr. Frits", "C"),
    }
)

# Where the sources differ most, and what was chosen: matter, range, chosen, why.
CHOICES = (
    (
        "How often in week 1",
        "2 to 4 hours",
        "2 hours (puppies 3 at night)",
        "for the small and orphaned first",
    ),
    (
        "Energy for puppies",
        "13 to 26 kcal per 100 g a day",
        "15, 18, then 20",
        "a slow start; the weight decides",
    ),
    (
        "Milk a day",
        "14 to 28 mL per 100 g",
        "reckoned from its energy",
        "milks hold 0.74 to 1.3 kcal in a mL",
    ),
    (
        "What a stomach holds",
        "4 to 5 mL per 100 g",
        "4, never more",
        "a full stomach comes back up",
    ),
    (
        "Milk only above a body of",
        "32 to 36.1 °C",
        "35, 36, then 37 °C by age",
        "warming comes first",
    ),
)


def said(species: Species, quantity: Quantity, age_days: int) -> Range:
    """What the sources say of a quantity at an age in days."""
    row = (_KITTEN if species == "kitten" else _PUPPY)[quantity]
    low, usual, high = row.bands[bisect_right(FIRST_DAYS, age_days) - 1]
    return Range(low, usual, high, row.unit, tuple(row.sources.split()))
