"""A cry beside those that the same animal cried before: is it unlike its usual cry? Pure.

Robust statistics (median and median absolute deviation) of the animal's own cries. "Unusual" is a
reason to look, never a finding: an ill baby may sound as ever, or cry less, or not at all, and a
healthy one may have a strange night. So a cry within what is usual is not called fine either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

HISTORY_DAYS = 7  # longer ago the voice was another: pitch falls with age, lengths change
LEAST_CRIES = 8  # with this measure, before anything can be called usual
LEAST_HOURS = 12  # from the oldest to the newest of them: one bad evening is no habit
MOST_CRIES = 100  # that are compared with, the newest
SPREADS = 3.5  # robust standard deviations from the median: the customary bound for an outlier
MAD_TO_SD = 1.4826  # of a normal distribution


@dataclass(frozen=True)
class Sound:
    """What was measured of one cry; None where it could not be."""

    at_h: float  # when, h; from any moment that is the same for all
    pitch_hz: float | None = None
    call_s: float | None = None
    rate: float | None = None  # calls a minute
    tonality: float | None = None  # 0..1
    rough: float | None = None  # share of the calls, 0..1


class Measure(NamedTuple):
    """One way in which cries differ."""

    field: str
    name: str
    unit: str
    digits: int
    ratio: bool  # compared as a ratio, else as a difference
    least: float  # nearer than this to the median is never unusual: ratio, or difference
    more: str
    less: str


# `least` covers what one healthy animal varies by with its mood, and the error of measuring:
# pitch within one synthesised animal moves by 3 semitones from calm to frantic, length by half.
MEASURES = (
    Measure("pitch_hz", "pitch", "Hz", 0, True, 1.22, "higher", "lower"),
    Measure("call_s", "each call", "s", 2, True, 1.8, "longer", "shorter"),
    Measure("rate", "calls a minute", "", 0, True, 2.2, "faster", "slower"),
    Measure("tonality", "clear voice", "%", 0, False, 0.25, "clearer", "hoarser"),
    Measure("rough", "rough calls", "%", 0, False, 0.4, "rougher", "smoother"),
)


@dataclass(frozen=True)
class Usual:
    """What one measure usually is for this animal."""

    measure: Measure
    middle: float
    low: float
    high: float
    cries: int

    @property
    def words(self) -> str:
        """`pitch 1.30 to 1.52 kHz`."""
        return f"{self.measure.name} {self._span}"

    @property
    def _span(self) -> str:
        return _span(self.measure, self.low, self.high)

    def difference(self, value: float) -> Difference | None:
        """How a value lies outside; None where it lies within."""
        if self.low <= value <= self.high:
            return None
        measure = self.measure
        how = measure.more if value > self.high else measure.less
        figure = f"{measure.name} {_figure(measure, value)}, usually {self._span}"
        words = f"{how.capitalize()}: {figure}"
        return Difference(measure.field, words, _change(measure, value, self.middle))


@dataclass(frozen=True)
class Difference:
    """One way in which a cry is unlike the usual."""

    field: str
    words: str  # with the figures
    change: str  # against the middle: `18 % above`


@dataclass(frozen=True)
class Compared:
    """A cry beside its animal's usual one."""

    cries: int  # that could be compared with
    usual: tuple[Usual, ...]  # what is known of the usual
    differences: tuple[Difference, ...]
    compared: int  # measures of this cry that have a usual

    @property
    def known(self) -> bool:
        """Whether there was enough to compare."""
        return self.compared > 0

    @property
    def unusual(self) -> bool | None:
        """True: look. False: nothing that was measured stands out. None: not known."""
        return bool(self.differences) if self.known else None


def compare(sound: Sound, history: Sequence[Sound]) -> Compared:
    """Compare a cry with earlier ones of the same animal, in any order."""
    recent = sorted(history, key=lambda one: one.at_h)[-MOST_CRIES:]
    recent = [one for one in recent if 0 <= sound.at_h - one.at_h <= 24 * HISTORY_DAYS]
    usual = tuple(found for m in MEASURES if (found := usual_of(m, recent)) is not None)
    pairs = [(one, getattr(sound, one.measure.field)) for one in usual]
    both = [(one, value) for one, value in pairs if value is not None]
    differences = tuple(off for one, value in both if (off := one.difference(value)))
    return Compared(len(recent), usual, differences, len(both))


def usual_of(measure: Measure, history: Sequence[Sound]) -> Usual | None:
    """What is usual by one measure; None where too few cries were measured, or all at once."""
    known = [(one.at_h, getattr(one, measure.field)) for one in history]
    values = [float(value) for _, value in known if value is not None]
    hours = [at for at, value in known if value is not None]
    if len(values) < LEAST_CRIES or max(hours) - min(hours) < LEAST_HOURS:
        return None
    if measure.ratio:
        logs = [math.log(max(value, 1e-6)) for value in values]
        middle, reach = _middle(logs, math.log(measure.least))
        low, high = math.exp(middle - reach), math.exp(middle + reach)
        return Usual(measure, math.exp(middle), low, high, len(values))
    middle, reach = _middle(values, measure.least)
    return Usual(measure, middle, max(0.0, middle - reach), min(1.0, middle + reach), len(values))


def _middle(values: list[float], least: float) -> tuple[float, float]:
    """The median, and how far from it is still usual."""
    middle = median(values)
    deviation = MAD_TO_SD * median(abs(value - middle) for value in values)
    # The spread of few cries is known badly: as much again at the fewest, less with more.
    unsure = 1 + LEAST_CRIES / len(values) / 2
    return middle, max(least, SPREADS * deviation * unsure)


def _figure(measure: Measure, value: float) -> str:
    if measure.unit == "%":
        return f"{100 * value:.0f} %"
    if measure.unit == "Hz":
        return f"{value / 1000:.2f} kHz"
    return f"{value:.{measure.digits}f} {measure.unit}".rstrip()


def _span(measure: Measure, low: float, high: float) -> str:
    first = _figure(measure, low).removesuffix(f" {measure.unit}").removesuffix(" kHz")
    return f"{first} to {_figure(measure, high)}"


def _change(measure: Measure, value: float, middle: float) -> str:
    if not measure.ratio or middle <= 0:
        return f"{measure.name} {'above' if value > middle else 'below'} its usual"
    percent = round(100 * abs(value / middle - 1))
    return f"{measure.name} {percent} % {'above' if value > middle else 'below'} its usual"
