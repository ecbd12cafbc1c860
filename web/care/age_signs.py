"""How old a foundling is: from the cord, the eyes, the ears, the teeth and how it moves.

Each answer leaves a range of days; together they leave their overlap. Ranges overlap, and single
babies differ: two signs are better than one, and the answer is a range with a best guess in it.

Sources: Small Animal Clinical Nutrition, 5th ed., ch. 23 for kittens (eyes, ears, gait, teeth) and
ch. 16 for puppies (eyes); the orphaned kitten handout behind the feeding tables (cord, premolars,
weight by week); tables of tooth eruption and the fading-litter guide for puppies (cord, ears,
gait, teeth). Where they differ the wider range stands. A puppy's weight tells nothing of its age.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from web.care.scenario import Species

OLDEST_DAYS = 70  # the end of what these signs tell


@dataclass(frozen=True, slots=True)
class Ages:
    """Days of age at which a sign looks like this: usually, and at the very most."""

    low: int
    usually_from: int
    usually_to: int
    high: int


# Sign -> what is seen, in the order in which it comes -> ages.
Signs = Mapping[str, Mapping[str, Ages]]

_END = OLDEST_DAYS
KITTEN: Signs = {
    "cord": {"attached": Ages(0, 0, 3, 4), "gone": Ages(2, 4, _END, _END)},
    "eyes": {
        "closed": Ages(0, 0, 7, 13),
        "opening": Ages(5, 7, 10, 14),
        "open": Ages(5, 10, _END, _END),
    },
    "ears": {
        "closed": Ages(0, 0, 8, 13),
        "opening": Ages(6, 8, 14, 17),
        "open": Ages(8, 14, _END, _END),
    },
    "teeth": {
        "none": Ages(0, 0, 15, 20),
        "incisors": Ages(14, 14, 22, 28),
        "canines": Ages(21, 21, 28, 42),
        "premolars": Ages(21, 28, _END, _END),
    },
    "gait": {
        "crawls": Ages(0, 0, 16, 20),
        "unsteady": Ages(14, 17, 23, 28),
        "steady": Ages(20, 24, _END, _END),
    },
}
PUPPY: Signs = {
    "cord": {"attached": Ages(0, 0, 2, 3), "gone": Ages(2, 3, _END, _END)},
    "eyes": {
        "closed": Ages(0, 0, 12, 15),
        "opening": Ages(10, 12, 15, 17),
        "open": Ages(10, 15, _END, _END),
    },
    "ears": {
        "closed": Ages(0, 0, 13, 16),
        "opening": Ages(6, 14, 17, 18),
        "open": Ages(8, 17, _END, _END),
    },
    "teeth": {
        "none": Ages(0, 0, 22, 42),
        "incisors": Ages(14, 21, 28, 42),
        "canines": Ages(21, 24, 35, 49),
        "premolars": Ages(28, 35, _END, _END),
    },
    "gait": {
        "crawls": Ages(0, 0, 15, 18),
        "unsteady": Ages(14, 16, 20, 23),
        "steady": Ages(18, 21, _END, _END),
    },
}
# A well-fed kitten's weight by week, g; a thin or a small one is older than its weight says.
KITTEN_WEEKS_G = (150.0, 250.0, 350.0, 450.0, 550.0)


@dataclass(frozen=True, slots=True)
class AgeEstimate:
    """An age in days: the best guess, and the range that it lies in."""

    days: int
    low: int
    high: int
    signs: tuple[str, ...]  # what it rests on: `eyes opening`
    fits: bool  # False: no age shows all these signs; look again, or take the one that is surest

    @property
    def words(self) -> str:
        """One line to be kept with the birth date."""
        told = f"{', '.join(self.signs)}: {self.low} to {self.high} days"
        return told if self.fits else f"{told}, signs disagree"


def signs_of(species: Species) -> Signs:
    """The questions for this species, each with its answers in the order in which they come."""
    return KITTEN if species == "kitten" else PUPPY


def estimate(
    species: Species, seen: Mapping[str, str], weight_g: float | None = None
) -> AgeEstimate | None:
    """The age that fits what was seen (`{"eyes": "opening"}`); None when nothing was.

    A kitten's weight narrows only the guess, never the range. Raises ValueError at a sign or an
    answer that is not among `signs_of`.
    """
    known = signs_of(species)
    for sign, answer in seen.items():
        if answer not in known.get(sign, {}):
            raise ValueError(f"{sign}: {answer}")
    ages = [known[sign][answer] for sign, answer in seen.items()]
    if not ages:
        return None
    low, high = max(a.low for a in ages), min(a.high for a in ages)
    fits = low <= high
    if not fits:  # between the one that says older and the one that says younger
        low, high = high, low
    return AgeEstimate(
        days=_guess(ages, low, high, weight_g if species == "kitten" else None),
        low=low,
        high=high,
        signs=tuple(f"{sign} {answer}" for sign, answer in seen.items()),
        fits=fits,
    )


def _guess(ages: Sequence[Ages], low: int, high: int, weight_g: float | None) -> int:
    """The middle of what is usual, as far as that lies within the range."""
    usual_low = max(low, *(a.usually_from for a in ages))
    usual_high = min(high, *(a.usually_to for a in ages))
    if usual_low > usual_high:
        usual_low, usual_high = low, high
    if weight_g is not None:
        week = bisect_right(KITTEN_WEEKS_G, weight_g)
        weighs_low, weighs_high = 7 * week, 7 * week + 6
        if max(usual_low, weighs_low) <= min(usual_high, weighs_high):
            usual_low, usual_high = max(usual_low, weighs_low), min(usual_high, weighs_high)
    return (usual_low + usual_high) // 2
