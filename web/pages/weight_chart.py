"""The picture of a baby's weight: its own curve, what is expected, its litter. Pure geometry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from web.care.growth import Expected, Weighing, reds
from web.growing import Growing

WIDTH, HEIGHT = 360.0, 170.0
LEFT, RIGHT, TOP, BOTTOM = 38.0, 10.0, 10.0, 20.0  # room for the labels
DOTS_UP_TO = 24  # more points than that are drawn as a line alone, but for the red ones
JUDGED = 120  # of the newest points are looked at for red
LEAST_SPAN = timedelta(days=3)
STEPS_G = (5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000)
LINES = 4  # across, at most
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Point:
    """One weighing; y grows downwards."""

    x: float
    y: float
    red: bool
    newest: bool


@dataclass(frozen=True)
class Line:
    """A littermate."""

    name: str
    points: str


@dataclass(frozen=True)
class Chart:
    """What is drawn; empty of points where nothing was weighed."""

    points: tuple[Point, ...]
    curve: str
    band: str
    """The polygon of what is expected; empty where that is not known."""
    litter: tuple[Line, ...]
    grams: tuple[tuple[float, int], ...]
    """Lines across: y and weight."""
    days: tuple[tuple[float, str], ...]
    """Marks below: x and the age in days, or the date."""
    width: float = WIDTH
    height: float = HEIGHT


def chart(growing: Growing, now: datetime, zone: tzinfo) -> Chart | None:
    """Draw it; None where there are not two weights to be joined."""
    own = growing.weighings
    if len(own) < 2:
        return None
    begin, end = own[0].at, max(now, own[0].at + LEAST_SPAN)
    mates = [(mate.name, [w for w in mate.weighings if w.at >= begin]) for mate in growing.mates]
    low, high = _bounds(own, growing.band, [w for _, some in mates for w in some])
    step = next((one for one in STEPS_G if (high - low) / one <= LINES), STEPS_G[-1])

    def x(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - begin) / (end - begin)), 1)

    def y(grams: float) -> float:
        share = (min(high, max(low, grams)) - low) / (high - low)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)

    def line(weighings: Iterable[Weighing]) -> str:
        return _points((x(one.at), y(one.grams)) for one in weighings)

    return Chart(
        points=tuple(_dots(growing, x, y)),
        curve=line(own),
        band=_points(
            [(x(one.at), y(one.high)) for one in growing.band]
            + [(x(one.at), y(one.low)) for one in reversed(growing.band)]
        ),
        litter=tuple(Line(name, line(some)) for name, some in mates if len(some) > 1),
        grams=tuple((y(g), g) for g in range(_up(low, step), int(high) + 1, step)),
        days=tuple(_days(growing.born, begin, end, zone, x)),
    )


def _bounds(
    own: Sequence[Weighing], band: Sequence[Expected], mates: Sequence[Weighing]
) -> tuple[float, float]:
    """Lowest and highest weight shown; a band that runs far ahead is cut off at the top."""
    grams = [one.grams for one in (*own, *mates)]
    low, high = min(grams), max(grams)
    if band:
        high = max(high, min(band[-1].high, 1.3 * high))
        low = min(low, max(band[-1].low, 0.7 * low))
    room = max(5.0, 0.08 * (high - low))
    return max(0.0, low - room), high + room


def _dots(
    growing: Growing, x: Callable[[datetime], float], y: Callable[[float], float]
) -> Iterable[Point]:
    own = growing.weighings[-JUDGED:]
    red = reds(growing.species, own, growing.born)
    if growing.red:
        red.add(own[-1].at)
    for one in own:
        newest = one is own[-1]
        if len(growing.weighings) <= DOTS_UP_TO or newest or one.at in red:
            yield Point(x(one.at), y(one.grams), one.at in red, newest)


def _days(
    born: datetime | None,
    begin: datetime,
    end: datetime,
    zone: tzinfo,
    x: Callable[[datetime], float],
) -> Iterable[tuple[float, str]]:
    """The begin of days: by age where it is known, else by date; few enough to be read."""
    days = max(1, (end - begin) // DAY)
    step = next(step for step in (1, 2, 3, 7, 14, 28) if days / step <= 6 or step == 28)
    first = begin.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    for ahead in range(days + 2):
        at = first + timedelta(days=ahead)  # by the wall clock: midnight stays midnight
        if not begin <= at <= end:
            continue
        if born is None:
            if ahead % step == 0:
                yield x(at), f"{at.day} {at:%b}"
        else:
            age = (at.date() - born.astimezone(zone).date()).days
            if age % step == 0:
                yield x(at), f"day {age}"


def _up(grams: float, step: int) -> int:
    return -int(-grams // step) * step


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in places)
