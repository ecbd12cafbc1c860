"""The picture of a night: loudness as a band, cries as bars, gaps as gaps. Pure geometry.

A time in which nobody listened is hatched and holds no band: it never looks like a calm one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from web.silence import Heard, Silence

WIDTH = 360.0
COLUMNS = 120  # of the picture at most: 3 of its units each
COLUMN_S = 120.0  # at least, so that each holds a whole minute
LOWEST_DBFS, HIGHEST_DBFS = -85.0, -20.0  # from a good card's own hiss to a cry beside it
CRY_WIDTH = 3.0  # at least, to be seen
DOT_PLACE = 7.0  # from the top
DOTS = (2.0, 3.5)  # radius of one sound, and of many
MANY = 8


@dataclass(frozen=True)
class Bar:
    """From x, so wide."""

    x: float
    width: float


@dataclass(frozen=True)
class Dot:
    """Sounds that were no cry."""

    x: float
    radius: float
    lone: bool  # over the threshold


@dataclass(frozen=True)
class Chart:
    """What is drawn; x from 0 to WIDTH, y from 0 (top) to `height`."""

    height: float
    bands: tuple[str, ...]
    """Points of each polygon between noise and loud."""
    lines: tuple[str, ...]
    """Points of each median."""
    gaps: tuple[Bar, ...]
    cries: tuple[Bar, ...]
    dots: tuple[Dot, ...]
    hours: tuple[tuple[float, datetime], ...]


@dataclass(frozen=True)
class _Column:
    number: int
    low: float
    middle: float
    high: float


def chart(night: Silence, height: float, until: datetime | None = None) -> Chart:
    """Draw a night; `until` is the right edge, where it goes on into the future."""
    edge = until or night.end
    span_s = (edge - night.begin).total_seconds()

    def x(moment: datetime) -> float:
        share = (moment - night.begin).total_seconds() / span_s
        return round(WIDTH * min(1.0, max(0.0, share)), 1)

    def y(dbfs: float) -> float:
        share = (dbfs - LOWEST_DBFS) / (HIGHEST_DBFS - LOWEST_DBFS)
        top = 2 * DOT_PLACE
        return round(height - 2 - min(1.0, max(0.0, share)) * (height - top - 2), 1)

    column_s = max(COLUMN_S, span_s / COLUMNS)
    wide = WIDTH * column_s / span_s
    bands, lines = [], []
    for run in _runs(_columns(night, column_s)):
        ends = [round(min(WIDTH, at * wide), 1) for at in (run[0].number, run[-1].number + 1)]
        middles = [round(min(WIDTH, (one.number + 0.5) * wide), 1) for one in run]
        xs = [ends[0], *middles, ends[1]]
        padded = [run[0], *run, run[-1]]
        highs = list(zip(xs, (y(one.high) for one in padded), strict=True))
        lows = list(zip(xs, (y(one.low) for one in padded), strict=True))
        bands.append(_points(highs + lows[::-1]))
        lines.append(_points(zip(xs, (y(one.middle) for one in padded), strict=True)))
    return Chart(
        height=height,
        bands=tuple(bands),
        lines=tuple(lines),
        gaps=tuple(Bar(x(gap.begin), round(x(gap.end) - x(gap.begin), 1)) for gap in night.gaps),
        cries=tuple(_wide_enough(x(cry.onset), x(cry.offset)) for cry in night.cries),
        dots=tuple(_dots(night, column_s, wide)),
        hours=tuple((x(hour), hour) for hour in _hours(night.begin, edge)),
    )


def _columns(night: Silence, column_s: float) -> list[_Column]:
    def place(minute: Heard) -> int:
        middle_s = (minute.at - night.begin).total_seconds() + minute.length_s / 2
        return int(max(0.0, middle_s) / column_s)

    found = []
    for number, group in groupby(night.minutes, key=place):
        heard = [one for one in group if one.level_dbfs is not None]
        if heard:
            found.append(
                _Column(
                    number,
                    low=min(one.noise_dbfs or LOWEST_DBFS for one in heard),
                    middle=sum(one.level_dbfs or LOWEST_DBFS for one in heard) / len(heard),
                    high=max(one.loud_dbfs or LOWEST_DBFS for one in heard),
                )
            )
    return found


def _runs(columns: list[_Column]) -> Iterable[list[_Column]]:
    """Columns that follow on one another."""
    numbered = enumerate(columns)
    for _, group in groupby(numbered, key=lambda pair: pair[1].number - pair[0]):
        yield [column for _, column in group]


def _dots(night: Silence, column_s: float, wide: float) -> Iterable[Dot]:
    counts: dict[int, list[int]] = {}
    for minute in night.minutes:
        if minute.near_calls or minute.lone_calls:
            number = int(max(0.0, (minute.at - night.begin).total_seconds()) / column_s)
            near_lone = counts.setdefault(number, [0, 0])
            near_lone[0] += minute.near_calls
            near_lone[1] += minute.lone_calls
    for number, (near, lone) in counts.items():
        share = min(1.0, (near + lone - 1) / (MANY - 1))
        radius = DOTS[0] + share * (DOTS[1] - DOTS[0])
        place = min(WIDTH - radius, max(radius, (number + 0.5) * wide))
        yield Dot(round(place, 1), round(radius, 1), lone > 0)


def _wide_enough(begin: float, end: float) -> Bar:
    width = max(CRY_WIDTH, end - begin)
    return Bar(round(min(begin, WIDTH - width), 1), round(width, 1))


def _hours(begin: datetime, end: datetime) -> Iterable[datetime]:
    """Full hours in between, few enough to be read."""
    hours = (end - begin).total_seconds() / 3600
    step = next(step for step in (1, 2, 3, 4, 6, 12, 24) if hours / step <= 6 or step == 24)
    hour = begin.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    while hour < end:
        if hour.hour % step == 0 and hour - begin > timedelta(minutes=12):
            yield hour
        hour += timedelta(hours=1)


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
