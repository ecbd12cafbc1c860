"""Who lives in the made-up month. Days count from its first; negative ones lie before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NEST = "nest"  # stands for the demo's own box, where its microphone is
LISTENING = (NEST, "demo-corner", "demo-loft")  # boxes whose cries are heard
BOXES: Mapping[str, str] = {
    NEST: "",
    "demo-corner": "Warm corner",
    "demo-loft": "Loft",
    "demo-pen": "Pen by the stove",
    "demo-tub": "Tub",
}
MILKS: Mapping[str, tuple[str, float]] = {  # of each species: name, kcal/mL as mixed
    "kitten": ("Kitten milk", 0.95),
    "puppy": ("Puppy milk", 1.1),
}


@dataclass(frozen=True)
class Baby:
    """One of twelve."""

    name: str
    species: Literal["kitten", "puppy"]
    sex: Literal["female", "male"]
    born: int
    came: int
    box: str | None
    birth_g: float
    gain_g: float  # a day
    litter: str | None = None
    left: int | None = None
    status: str = "in_care"  # once it has left
    company_from: int | None = None
    partner: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    def grams(self, days: float) -> float:
        """What it weighs so many days after the first."""
        grams = self.birth_g + self.gain_g * max(0.0, days - self.born)
        if self.name != FADING:
            return grams
        # It stands still, then loses more each day.
        fades = max(0.0, days - FADES_FROM)
        return grams - self.gain_g * fades - 1.2 * fades**2


ALONE: Mapping[str, Any] = {
    "mother": "none",
    "exposed": "no",
    "parasites": "treated",
    "vaccinated": "no",
    "temperament": "calm",
}
# The kitten that fades: gains no more, drinks little, grows cold in the night, dies before dawn.
FADING, FADES_FROM, COLD_FROM, DIES = "Fern", 4.0, 8.9, 9.25

_MAPLE: Mapping[str, Any] = {**ALONE, "litter": "Maple", "in_quarantine": "no"}
_RIVER: Mapping[str, Any] = {**ALONE, "litter": "River"}

BABIES = (
    Baby("Ash", "kitten", "male", -4, 0, "demo-pen", 102, 11.5, "Maple", values=_MAPLE),
    Baby("Birch", "kitten", "female", -4, 0, "demo-pen", 98, 11, "Maple", values=_MAPLE),
    Baby(  # a nursing queen takes it to her own
        *("Clover", "kitten", "female", -4, 0, "demo-pen", 105, 12, "Maple"),
        left=6,
        status="with_mother",
        values=_MAPLE,
    ),
    Baby(
        *(FADING, "kitten", "female", -4, 0, "demo-pen", 70, 8, "Maple"),
        left=9,
        status="died",
        values={**_MAPLE, "runt": "yes"},
    ),
    Baby("Otter", "puppy", "male", -6, 0, "demo-tub", 260, 24, "River", values=_RIVER),
    Baby(
        *("Delta", "puppy", "female", -6, 0, "demo-tub", 240, 22, "River"),
        values={**_RIVER, "plan_interval_min": 150},
    ),
    Baby(
        *("Pip", "kitten", "male", -12, 0, "demo-corner", 100, 11.5, None),
        company_from=16,
        partner="Poppy",
        values=ALONE,
    ),
    Baby(
        *("Poppy", "puppy", "female", -12, 0, NEST, 150, 16, None),
        company_from=16,
        partner="Pip",
        values=ALONE,
    ),
    Baby(
        *("Juno", "kitten", "female", -32, 2, "demo-loft", 105, 12.5, None),
        left=27,
        status="adopted",
        company_from=17,
        partner="Kiwi",
        values={**ALONE, "vaccinated": "yes"},
    ),
    Baby(
        *("Kiwi", "kitten", "male", -30, 2, None, 95, 12, None),
        company_from=17,
        partner="Juno",
        values={**ALONE, "vaccinated": "yes"},
    ),
    # The two of the demo's own night: they come late, and lie apart still.
    Baby("Miso", "kitten", "female", 12, 16, NEST, 104, 11.5, None, values=ALONE),
    Baby("Biscuit", "puppy", "male", 12, 16, None, 200, 15, None, values=ALONE),
)

DEWORMED_EVERY = 14  # days, from the day it came
NOTES = (  # day, hour, who
    (6, 14, "Clover", "A nursing queen has room. She licked it at once; it goes to her today."),
    (6, 20, FADING, "Drinks little and tires fast. To be looked at at every feed."),
    (8, 20, FADING, "Gains nothing for days. The vet is told; she calls back in the evening."),
    (18, 9, "Pip", "Sleeps in Poppy's fur all night. Both fed apart."),
)
