"""How a baby's weight goes: day by day, against what is expected, and beside its litter. Pure.

Red is what the carer's checklist looks at today: no gain, a loss, a tenth under the most it ever
weighed. The expected band starts at the baby's own first weight and grows as the sources say
(`feeding`), because breeds and runts differ far more in what they weigh than in how they gain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean

from web.care import feeding, tables
from web.care.scenario import TRUST_WEIGHT_MIN, Species

DAY = timedelta(days=1)
# The weighing of a day before: near enough to a day to be compared with as it is.
DAY_BEFORE = (timedelta(hours=18), timedelta(hours=30))
UNDER_PEAK = 0.9  # of the most it ever weighed
# Newborns may lose a little in the first day (Root Kustritz); 4 % and more in the first two days
# raises the risk (Alves 2020 after Mila 2015).
FIRST_DAYS_LOSS_PCT = 4.0
RUNT_SHARE = 0.8  # of its litter's mean
BAND_STEP = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Weighing:
    """One weight."""

    at: datetime
    grams: float


class Finding(StrEnum):
    """What a weight may say, the gravest first."""

    LOST_MUCH = "lost_much"  # over 10 % in a day: the rules call that an emergency
    UNDER_PEAK = "under_peak"
    LOST = "lost"
    NO_GAIN = "no_gain"
    SLOW = "slow"  # gains less than the sources ask
    OLD = "old"  # nobody weighed it for a day
    NEVER = "never"  # weighed


RED = frozenset({Finding.LOST_MUCH, Finding.UNDER_PEAK, Finding.LOST, Finding.NO_GAIN})


@dataclass(frozen=True, slots=True)
class Growth:
    """How it stands by its newest weight."""

    newest: Weighing | None
    before: Weighing | None  # what it is compared with: of a day before, or the next older one
    peak: Weighing | None  # the most it weighed before
    findings: tuple[Finding, ...]

    @property
    def red(self) -> bool:
        """Somebody should look today."""
        return any(finding in RED for finding in self.findings)

    @property
    def gain_g(self) -> float | None:
        """Since the one before."""
        if self.newest is None or self.before is None:
            return None
        return self.newest.grams - self.before.grams

    @property
    def gain_pct(self) -> float | None:
        """The same, of the one before."""
        return None if self.newest is None else change_pct(self.newest, self.before)

    @property
    def a_day_apart(self) -> bool:
        """Whether the two are about a day apart: then the gain is that of a day."""
        return self.newest is not None and _a_day_apart(self.newest, self.before)


@dataclass(frozen=True, slots=True)
class Expected:
    """What it may weigh at a moment, g."""

    at: datetime
    low: float
    high: float


def change_pct(newest: Weighing, before: Weighing | None) -> float | None:
    """From one weight to another, %; None where there is nothing to compare with."""
    if before is None:
        return None
    return round(100 * (newest.grams - before.grams) / before.grams, 2)


def day_before(newest: Weighing, weighings: Iterable[Weighing]) -> Weighing | None:
    """The weighing nearest to a day before, where one is near enough."""
    near = [one for one in weighings if _a_day_apart(newest, one)]
    return min(near, key=lambda one: abs(newest.at - one.at - DAY), default=None)


def growth(
    species: Species, weighings: Sequence[Weighing], age_days: int | None, now: datetime
) -> Growth:
    """Judge the newest weight; `weighings` in any order, `age_days` as of now."""
    known = sorted((one for one in weighings if one.at <= now), key=lambda one: one.at)
    if not known:
        return Growth(None, None, None, () if _grown_up(age_days) else (Finding.NEVER,))
    newest, earlier = known[-1], known[:-1]
    peak = max(earlier, key=lambda one: one.grams, default=None)
    before = _compared_with(known, len(known) - 1)
    found = list(_findings(species, newest, before, peak, age_days))
    if now - newest.at > timedelta(minutes=TRUST_WEIGHT_MIN) and not _grown_up(age_days):
        found.append(Finding.OLD)
    return Growth(newest, before, peak, tuple(found))


def reds(species: Species, weighings: Sequence[Weighing], born: datetime | None) -> set[datetime]:
    """Moments of the weighings that were red when they were made; `weighings` oldest first."""
    found: set[datetime] = set()
    peak: Weighing | None = None
    for place, one in enumerate(weighings):
        age = None if born is None else max(0, (one.at - born) // DAY)
        findings = _findings(species, one, _compared_with(weighings, place), peak, age)
        if not RED.isdisjoint(findings):
            found.add(one.at)
        if peak is None or one.grams > peak.grams:
            peak = one
    return found


def band(
    species: Species, first: Weighing, born: datetime | None, until: datetime
) -> list[Expected]:
    """What is expected from its first weight on; empty where its age cannot even be guessed.

    A kitten's age is guessed from its weight; a puppy's weight says nothing of it.
    """
    if born is None and species == "kitten":
        row = tables.AGE_ROWS[tables.row_of_kitten_weight(first.grams)]
        born = first.at - timedelta(days=row.first_day)
    if born is None:
        return []
    end = min(until, born + feeding.OLDEST_DAYS * DAY)
    at, low, high = first.at, first.grams, first.grams
    found = [Expected(at, low, high)]
    while at < end:
        step = min(BAND_STEP, end - at)
        age = max(0, (at - born) // DAY)
        least, _, most = feeding.said(species, "gain", age)[:3]
        days = step / DAY
        low = _grown(species, low, (least or 0) if age > 0 else 0, days)  # day one: it may stand
        high = _grown(species, high, most, days)
        at += step
        found.append(Expected(at, low, high))
    return found if len(found) > 1 else []


def litter_mean(newest: Iterable[float]) -> float | None:
    """The mean weight of a litter, of two at least; g."""
    grams = list(newest)
    return fmean(grams) if len(grams) > 1 else None


def is_runt(grams: float, litter: Iterable[float]) -> bool:
    """Whether a weight is so far under its litter's mean (its own included) that it is a runt."""
    mean = litter_mean(litter)
    return mean is not None and grams < RUNT_SHARE * mean


def _a_day_apart(newest: Weighing, before: Weighing | None) -> bool:
    return before is not None and DAY_BEFORE[0] <= newest.at - before.at <= DAY_BEFORE[1]


def _compared_with(weighings: Sequence[Weighing], place: int) -> Weighing | None:
    """The one of a day before, else the last that lies longer ago; `weighings` oldest first."""
    newest = weighings[place]
    first = place
    while first > 0 and newest.at - weighings[first - 1].at <= DAY_BEFORE[1]:
        first -= 1
    longer = weighings[first - 1] if first > 0 else None
    return day_before(newest, weighings[first:place]) or longer


def _findings(
    species: Species,
    newest: Weighing,
    before: Weighing | None,
    peak: Weighing | None,
    age_days: int | None,
) -> Iterable[Finding]:
    change = change_pct(newest, before)
    in_a_day = change if _a_day_apart(newest, before) else None
    if in_a_day is not None and in_a_day < tables.SEVERE_LOSS_BELOW_PCT:
        yield Finding.LOST_MUCH
    if peak is not None and newest.grams <= UNDER_PEAK * peak.grams:
        yield Finding.UNDER_PEAK
    if before is None or change is None or _grown_up(age_days):
        return
    if age_days == 0:  # a newborn may lose a little, and need not gain yet
        if change <= -FIRST_DAYS_LOSS_PCT:
            yield Finding.LOST
    elif change < 0:
        yield Finding.LOST
    elif change == 0:
        yield Finding.NO_GAIN
    elif age_days is not None and _slow(species, newest, before, age_days):
        yield Finding.SLOW


def _grown_up(age_days: int | None) -> bool:
    """Whether nobody expects it to gain every day any more: a mother, say."""
    return age_days is not None and age_days > feeding.OLDEST_DAYS


def _slow(species: Species, newest: Weighing, before: Weighing, age_days: int) -> bool:
    least = feeding.said(species, "gain", age_days).low or 0
    return newest.grams < _grown(species, before.grams, least, (newest.at - before.at) / DAY)


def _grown(species: Species, grams: float, gain: float, days: float) -> float:
    """Kittens gain grams a day, puppies a share of what they weigh."""
    if species == "kitten":
        return grams + gain * days
    return float(grams * (1 + gain / 100) ** days)
