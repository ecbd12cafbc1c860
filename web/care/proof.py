"""Did company help? The same animals before and after, over equal hours of the day; pure.

How much an animal calls is its own trait, so animals are compared with themselves only, and what
growing older would have changed anyhow is not put down to company: see `web/care/trend.py`.
`python -m tests.bench.proof` shows bias and coverage on simulated houses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from web.care.trend import Cell, Ratio, by_days_left_out, by_what_is_ruled_out, t_quantile

WINDOW_DAYS = 7  # looked at before, and after: beyond it they have become other babies
FEWEST_DAYS = 3  # on either side; fewer say nothing of how much days differ
FEWEST_HOURS = 4.0  # of listening, for a day to count
FEWEST_HOURS_OF_PART = 1.0  # the same of a part of each day, as the time near due feeds
FEWEST_HOURS_OF_DAY = 6  # heard on both sides
FEWEST_CRIES = 10  # before: what was hardly there cannot fall
SPARSE_CRIES = 40  # fewer with company: its days look too much alike to be left out
FEWEST_PAIRS = 3  # to speak of a typical one
WIDEST = 25.0  # upper end of an interval over its lower end, that still says something

TooFew = Literal["days_before", "days_after", "hours_of_day", "cries_before", "too_wide"]


@dataclass(frozen=True, slots=True)
class Change:
    """Before and after, in amounts an hour over equal hours of the day."""

    before: float | None
    after: float | None
    ratio: float | None  # after over what would have been; None: too few data
    low: float | None  # of the ratio: 95 %
    high: float | None
    too_few: TooFew | None
    days_before: int
    days_after: int
    hours_before: float  # listened to
    hours_after: float
    cries_before: int
    cries_after: int
    hours_of_day: int  # heard on both sides

    @property
    def found(self) -> Ratio | None:
        """The change with its interval, where there are data enough."""
        if self.ratio is None or self.low is None or self.high is None:
            return None
        return Ratio(self.ratio, self.low, self.high)

    @property
    def expected(self) -> float | None:
        """What would have been after without company, by age and hour."""
        return self.after / self.ratio if self.after and self.ratio else None


def compare(cells: Iterable[Cell], fewest_hours: float = FEWEST_HOURS) -> Change:
    """The change that came with company; `fewest_hours` of listening make a day."""
    heard = [cell for cell in cells if cell.listened_h > 0]
    shared = {c.hour for c in heard if c.company} & {c.hour for c in heard if not c.company}
    before, after = (
        [c for c in heard if c.hour in shared and c.company is company] for company in (False, True)
    )
    days = _days(before, fewest_hours), _days(after, fewest_hours)
    cries = sum(c.cries for c in before), sum(c.cries for c in after)
    too_few = _too_few(days, cries[0], len(shared))
    found = None
    if too_few is None:
        sparse = cries[1] < SPARSE_CRIES
        found = by_what_is_ruled_out(heard) if sparse else by_days_left_out(heard)
        # Never by what was found: to tell only of clear changes would make all of them look clear.
        if found is None or (not sparse and found.high > WIDEST * found.low):
            too_few, found = "too_wide", None
    return Change(
        before=_by_hour(before),
        after=_by_hour(after),
        ratio=found.ratio if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        too_few=too_few,
        days_before=days[0],
        days_after=days[1],
        hours_before=round(sum(c.listened_h for c in before), 1),
        hours_after=round(sum(c.listened_h for c in after), 1),
        cries_before=cries[0],
        cries_after=cries[1],
        hours_of_day=len(shared),
    )


def pooled(found: Sequence[Ratio]) -> Ratio | None:
    """The typical change of several pairs, each compared with itself; None of fewer than three.

    Pairs differ in truth as well as by chance (DerSimonian and Laird 1986), and the interval counts
    pairs (Hartung and Knapp 2001).
    """
    if len(found) < FEWEST_PAIRS:
        return None
    logs = [math.log(one.ratio) for one in found]
    squares = [max((math.log(one.high / one.ratio) / 2) ** 2, 1e-6) for one in found]
    fixed = [1 / square for square in squares]
    mean = sum(w * x for w, x in zip(fixed, logs, strict=True)) / sum(fixed)
    spread = sum(w * (x - mean) ** 2 for w, x in zip(fixed, logs, strict=True))
    scale = sum(fixed) - sum(w * w for w in fixed) / sum(fixed)
    between = max(0.0, (spread - (len(found) - 1)) / scale)
    weights = [1 / (square + between) for square in squares]
    mean = sum(w * x for w, x in zip(weights, logs, strict=True)) / sum(weights)
    left = sum(w * (x - mean) ** 2 for w, x in zip(weights, logs, strict=True))
    error = math.sqrt(max(1.0, left / (len(found) - 1)) / sum(weights))
    wide = t_quantile(len(found) - 1) * error
    return Ratio(math.exp(mean), math.exp(mean - wide), math.exp(mean + wide))


def _too_few(days: tuple[int, int], cries_before: int, hours_of_day: int) -> TooFew | None:
    if days[0] < FEWEST_DAYS:
        return "days_before"
    if days[1] < FEWEST_DAYS:
        return "days_after"
    if hours_of_day < FEWEST_HOURS_OF_DAY:
        return "hours_of_day"
    return "cries_before" if cries_before < FEWEST_CRIES else None


def _days(cells: Iterable[Cell], fewest_hours: float) -> int:
    """How many days were listened to for long enough."""
    hours: dict[int, float] = {}
    for cell in cells:
        hours[cell.day] = hours.get(cell.day, 0.0) + cell.listened_h
    return sum(listened >= fewest_hours for listened in hours.values())


def _by_hour(cells: Iterable[Cell]) -> float | None:
    """Amount an hour, every hour of the day counted alike."""
    sums: dict[int, tuple[float, float]] = {}
    for cell in cells:
        amount, listened = sums.get(cell.hour, (0.0, 0.0))
        sums[cell.hour] = amount + cell.amount, listened + cell.listened_h
    rates = [amount / listened for amount, listened in sums.values()]
    return sum(rates) / len(rates) if rates else None
