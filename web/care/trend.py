"""The arithmetic behind the proof: one step on a slope, in counts that come in bouts; pure.

    amount = listened * exp(level of this hour of the day + slope * day + change * company)

is fitted by Poisson quasi-likelihood given each hour of the day's total, so that no level has to
be known (Wedderburn 1974: only the mean has to be right, not the distribution). Bouts and bad days
make neighbouring hours alike; so an interval counts days, not hours. There are two:

- leave out one day after the other, and see how far the change moves (jackknife; for few blocks
  the most careful of the usual ones: Bell and McCaffrey 2002), neighbouring days taken together
  where they pull alike (Newey and West 1987);
- where next to nothing was left with company, such days all look the same and say nothing of how
  sure one is: then every change is held for possible that the quasi-likelihood does not rule out,
  widened by how much the days before differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import NormalDist

LEVEL = 0.95
_Z = NormalDist().inv_cdf(0.5 + LEVEL / 2)
STEPS = 60  # of Newton's method at most; it takes about six
STEEPEST = 1.0  # slope a day: the crying grows or falls to a third within a day at most
FARTHEST = 8.0  # log of a change that is as good as one without end
LONGEST_STEP = 1.0
NEAR_ENOUGH = 1e-5  # a step, in logs
EDGE = 0.002  # of an interval, in logs
FEWEST_EXPECTED = 10  # cries without company, for their absence to say something


@dataclass(frozen=True, slots=True)
class Cell:
    """An hour of the clock."""

    days: float  # since company began; negative before
    hour: int  # of the house's day, 0..23
    company: bool
    listened_h: float
    cries: int
    amount: float  # calls, or minutes of crying

    @property
    def day(self) -> int:
        """The day, counted from the moment when company began."""
        return math.floor(self.days)


@dataclass(frozen=True, slots=True)
class Ratio:
    """The crying with company over what would have been without it, and its interval."""

    ratio: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class _Share:
    """A day's share in the fit: what it pulls with, and how much it knows, of (slope, change)."""

    slope: float = 0.0
    change: float = 0.0
    ss: float = 0.0
    sc: float = 0.0
    cc: float = 0.0

    def minus(self, other: _Share) -> _Share:
        """All but the other's share."""
        return _Share(
            self.slope - other.slope,
            self.change - other.change,
            self.ss - other.ss,
            self.sc - other.sc,
            self.cc - other.cc,
        )

    def step(self) -> tuple[float, float] | None:
        """Newton's step of (slope, change); None where the two cannot be told apart."""
        determinant = self.ss * self.cc - self.sc * self.sc
        if determinant <= 1e-9 * max(self.ss * self.cc, 1e-12):
            return None
        return (
            (self.cc * self.slope - self.sc * self.change) / determinant,
            (self.ss * self.change - self.sc * self.slope) / determinant,
        )


def by_days_left_out(cells: Sequence[Cell]) -> Ratio | None:
    """The change and its interval by the jackknife; None where the days cannot tell."""
    slope, change = _estimate(cells)
    days, _ = _shares(cells, slope, change)
    everything = _sum(days.values())
    moved: list[float] = []
    for _, share in sorted(days.items()):
        # At the fit all pulls add up to nothing: without this day's, the rest pull back.
        step = everything.minus(share).step()
        if step is None:
            return None
        moved.append(step[1])
    # Bad days come in a row: what neighbours share tells less than two days would.
    alike = sum(one * other for one, other in pairwise(moved))
    square = sum(one * one for one in moved) + max(0.0, alike)
    wide = min(2 * FARTHEST, t_quantile(_degrees(days)) * math.sqrt(square))
    return Ratio(math.exp(change), math.exp(change - wide), math.exp(change + wide))


def by_what_is_ruled_out(cells: Sequence[Cell]) -> Ratio | None:
    """The change and its interval by the quasi-likelihood of the cries' number.

    None where too few were to be expected for their absence to say something.
    """
    counted = [replace(cell, amount=float(cell.cries)) for cell in cells]
    # By the days before alone: by a slope, chance would choose which changes are told of.
    if _expected(counted, 0.0) < FEWEST_EXPECTED:
        return None
    left = sum(cell.cries for cell in counted if cell.company)
    best_change = _estimate(counted)[1] if left else -FARTHEST
    best, slope = _profile(counted, best_change)
    change = best_change if left else math.log(0.5 / (_expected(counted, slope) + 0.5))
    degrees = _degrees({cell.day for cell in counted})
    allowed = _dispersion(counted, slope) * t_quantile(degrees) ** 2 / 2

    def ruled_out(at: float) -> bool:
        return best - _profile(counted, at, slope)[0] > allowed

    low = _edge(ruled_out, best_change, -FARTHEST)
    high = _edge(ruled_out, change, FARTHEST)
    return Ratio(math.exp(change), 0.0 if low <= -FARTHEST else math.exp(low), math.exp(high))


def t_quantile(degrees: int) -> float:
    """Student's t at 97.5 %: Cornish and Fisher's expansion, exact to 0.5 % from 3 degrees on."""
    if degrees in _FEW_DEGREES:
        return _FEW_DEGREES[degrees]
    z = _Z
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    )


_FEW_DEGREES: Mapping[int, float] = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}


def _degrees(days: Iterable[int]) -> int:
    """Of freedom: a change is known no better than the side with fewer days.

    Days less what is fitted would be more; but bad days come in a row, and in simulated houses
    intervals of that many degrees hold the truth too seldom.
    """
    known = list(days)
    before = sum(day < 0 for day in known)
    return max(1, min(before, len(known) - before) - 1)


def _estimate(cells: Sequence[Cell]) -> tuple[float, float]:
    """Slope and change (logs)."""
    slope, change = 0.0, 0.0
    for _ in range(STEPS):
        days, _likelihood = _shares(cells, slope, change)
        step = _sum(days.values()).step()
        if step is None:
            break
        shrink = min(1.0, LONGEST_STEP / max(abs(step[0]) * 7, abs(step[1]), LONGEST_STEP))
        slope = _within(slope + shrink * step[0], STEEPEST)
        change = _within(change + shrink * step[1], FARTHEST)
        if max(abs(step[0]), abs(step[1])) < NEAR_ENOUGH:
            break
    return slope, change


def _profile(cells: Sequence[Cell], change: float, slope: float = 0.0) -> tuple[float, float]:
    """The best log-likelihood that a change leaves, and the slope that reaches it."""
    likelihood = -math.inf
    for _ in range(STEPS):
        days, likelihood = _shares(cells, slope, change)
        share = _sum(days.values())
        if share.ss <= 0:
            break
        step = _within(share.slope / share.ss, LONGEST_STEP / 7)
        slope = _within(slope + step, STEEPEST)
        if abs(step) < NEAR_ENOUGH:
            break
    return likelihood, slope


def _shares(cells: Sequence[Cell], slope: float, change: float) -> tuple[dict[int, _Share], float]:
    """Each day's share, and the log-likelihood, given each hour of the day's total."""
    means = [
        cell.listened_h * math.exp(slope * cell.days + change * cell.company) for cell in cells
    ]
    totals: dict[int, list[float]] = {}
    for cell, mean in zip(cells, means, strict=True):
        total = totals.setdefault(cell.hour, [0.0, 0.0, 0.0, 0.0])
        total[0] += cell.amount
        total[1] += mean
        total[2] += mean * cell.days
        total[3] += mean * cell.company
    sums: dict[int, list[float]] = {}
    likelihood = 0.0
    for cell, mean in zip(cells, means, strict=True):
        amount, of_hour, days_of_hour, company_of_hour = totals[cell.hour]
        if amount <= 0:
            continue
        share = mean / of_hour
        if cell.amount > 0:
            likelihood += cell.amount * math.log(share)
        left = cell.amount - amount * share
        days = cell.days - days_of_hour / of_hour
        company = cell.company - company_of_hour / of_hour
        day = sums.setdefault(cell.day, [0.0] * 5)
        day[0] += left * days
        day[1] += left * company
        day[2] += amount * share * days * days
        day[3] += amount * share * days * company
        day[4] += amount * share * company * company
    return {day: _Share(*found) for day, found in sums.items()}, likelihood


def _sum(shares: Iterable[_Share]) -> _Share:
    everything = list(shares)
    return _Share(
        sum(one.slope for one in everything),
        sum(one.change for one in everything),
        sum(one.ss for one in everything),
        sum(one.sc for one in everything),
        sum(one.cc for one in everything),
    )


def _levels(cells: Iterable[Cell], slope: float) -> dict[int, float]:
    """Amount an hour at each hour of the day without company, on the day when it began."""
    sums: dict[int, tuple[float, float]] = {}
    for cell in cells:
        if not cell.company:
            amount, mean = sums.get(cell.hour, (0.0, 0.0))
            grown = cell.listened_h * math.exp(slope * cell.days)
            sums[cell.hour] = amount + cell.amount, mean + grown
    return {hour: amount / mean for hour, (amount, mean) in sums.items() if mean > 0}


def _expected(cells: Sequence[Cell], slope: float) -> float:
    """What would have been with company if it changed nothing."""
    levels = _levels(cells, slope)
    return sum(
        levels.get(cell.hour, 0.0) * cell.listened_h * math.exp(slope * cell.days)
        for cell in cells
        if cell.company
    )


def _dispersion(cells: Sequence[Cell], slope: float) -> float:
    """How much more days differ before company than so many lone cries would; 1 at least."""
    levels = _levels(cells, slope)
    days: dict[int, list[float]] = {}
    for cell in cells:
        if not cell.company:
            day = days.setdefault(cell.day, [0.0, 0.0])
            day[0] += cell.amount
            day[1] += levels.get(cell.hour, 0.0) * cell.listened_h * math.exp(slope * cell.days)
    found = [(amount - mean) ** 2 / mean for amount, mean in days.values() if mean > 0]
    return max(1.0, sum(found) / max(1, len(found) - 1))


def _edge(ruled_out: Callable[[float], bool], inside: float, far: float) -> float:
    """Where changes begin to be ruled out, between one inside and one as far as can be."""
    if not ruled_out(far):
        return far
    while abs(far - inside) > EDGE:
        middle = (inside + far) / 2
        if ruled_out(middle):
            far = middle
        else:
            inside = middle
    return far


def _within(value: float, most: float) -> float:
    return max(-most, min(most, value))
