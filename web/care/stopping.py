"""What stopped cries, how long that took, and how often it was what had been suggested; pure.

Only what a person tapped is known. Cries that nobody told of are counted, and judged by nobody.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median, quantiles

from web.care.rules import Code
from web.care.trend import t_quantile

STAYS_QUIET = timedelta(minutes=15)  # a silence that held
NOBODY_KNOWS = "unknown"
FEWEST = 10  # cries, to speak of a share
# What each suggestion would have stopped the cry by; the others only ask for a look.
MEANT: dict[str, str] = {
    Code.FEED: "fed",
    Code.CHECK_FEED_LOG: "fed",
    Code.PAIR_SAME_LITTER: "company",
    Code.PAIR_SAME_SPECIES: "company",
    Code.PAIR_CROSS_SPECIES: "company",
    Code.CHECK_COMPANION: "company",
    Code.REUNITE: "company",
    Code.WARM_FIRST: "warmth",
    Code.CHECK_WARMTH: "warmth",
    Code.CHECK_BOX: "warmth",
    Code.COMFORT: "comfort",
    Code.WAIT_AND_WATCH: "by_itself",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A cry of which a person said what stopped it."""

    by: str
    minutes: float  # from its begin to silence; pauses under a minute do not end it
    stayed_quiet: bool | None  # for a quarter of an hour; None: that is not over
    first: str | None  # the suggestion that stood first; None: none is on record


@dataclass(frozen=True, slots=True)
class Cause:
    """Cries that one thing stopped."""

    by: str
    cries: int
    minutes: float  # to silence, the middle one
    quarter: float  # a quarter were quicker
    three_quarters: float  # a quarter took longer
    stayed_quiet: int
    of: int  # whose quarter of an hour is over


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, and the 95 % interval of the share."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """0..1; 0 of none."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson (1927); None: too few to tell."""
        if self.of < FEWEST:
            return None
        z = t_quantile(10**6)
        middle = (self.share + z * z / (2 * self.of)) / (1 + z * z / self.of)
        spread = self.share * (1 - self.share) / self.of + z * z / (4 * self.of**2)
        wide = z * math.sqrt(spread) / (1 + z * z / self.of)
        return max(0.0, middle - wide), min(1.0, middle + wide)


def causes(told: Iterable[Told]) -> list[Cause]:
    """What stopped them, the commonest first; what nobody knows comes last."""
    by: dict[str, list[Told]] = {}
    for one in told:
        by.setdefault(one.by, []).append(one)
    found = [_cause(name, cries) for name, cries in by.items()]
    return sorted(found, key=lambda one: (one.by == NOBODY_KNOWS, -one.cries, one.by))


def _cause(by: str, told: Sequence[Told]) -> Cause:
    minutes = [one.minutes for one in told]
    known = [one.stayed_quiet for one in told if one.stayed_quiet is not None]
    quarters = quantiles(minutes, n=4, method="inclusive") if len(minutes) > 1 else minutes * 3
    return Cause(
        by=by,
        cries=len(told),
        minutes=median(minutes),
        quarter=quarters[0],
        three_quarters=quarters[2],
        stayed_quiet=sum(known),
        of=len(known),
    )


def first_suggestion(told: Iterable[Told]) -> Share:
    """How often the first suggestion was what stopped the cry."""
    judged = [one for one in told if one.by != NOBODY_KNOWS and one.first in MEANT]
    return Share(sum(MEANT[one.first or ""] == one.by for one in judged), len(judged))


def always_the_commonest(told: Iterable[Told]) -> Share:
    """How often that would hold of whoever always said what helps most often: the bar to beat."""
    judged = [one for one in told if one.by != NOBODY_KNOWS and one.first in MEANT]
    most = max((sum(o.by == by for o in judged) for by in {o.by for o in judged}), default=0)
    return Share(most, len(judged))
