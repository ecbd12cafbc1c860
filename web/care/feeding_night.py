"""Time as the feeding tables see it: stretches with one column (day or night) and one age in days.

Both turn by the house's clock, which itself is put forward and back; the stretches are in UTC, so
that minutes between feeds are always true minutes. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `begin` until before `end`, in UTC."""

    begin: datetime
    end: datetime
    night: bool  # the night's interval between feeds applies
    day: date  # of the house: ages are counted by it


def night_at(clock: time, night_from: time, night_to: time) -> bool:
    """Whether it is feeding night at a time of day; the night may pass midnight."""
    if night_from <= night_to:
        return night_from <= clock < night_to
    return clock >= night_from or clock < night_to


def stretches(
    begin: datetime, end: datetime, zone: tzinfo, night_from: time, night_to: time
) -> list[Stretch]:
    """The whole time from `begin` to `end`, cut wherever column or day turn."""
    found: list[Stretch] = []
    points = sorted({begin, *_turns(begin, end, zone, {night_from, night_to, time(0)})})
    for at, until in zip(points, [*points[1:], end], strict=True):
        local = at.astimezone(zone)
        night, day = night_at(local.time(), night_from, night_to), local.date()
        if found and (found[-1].night, found[-1].day) == (night, day):
            found[-1] = Stretch(found[-1].begin, until, night, day)
        else:
            found.append(Stretch(at, until, night, day))
    return found


def _turns(begin: datetime, end: datetime, zone: tzinfo, clocks: set[time]) -> Iterator[datetime]:
    """Moments at which the clock may show one of `clocks`, or jumps."""
    day = begin.astimezone(zone).date()
    last = end.astimezone(zone).date()
    while day <= last:
        for clock in clocks:
            for fold in (0, 1):  # an hour that comes twice holds each time twice
                local = datetime.combine(day, clock, tzinfo=zone).replace(fold=fold)
                at = local.astimezone(UTC)
                if begin < at < end:
                    yield at
        day += timedelta(days=1)
    yield from (at for at in _clock_changes(begin, end, zone) if begin < at < end)


def _clock_changes(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[datetime]:
    at = begin
    while at < end:
        until = at + HOUR
        if _offset(at, zone) != _offset(until, zone):
            low, high = at, until
            while high - low > SECOND:
                middle = low + (high - low) / 2
                if _offset(middle, zone) == _offset(at, zone):
                    low = middle
                else:
                    high = middle
            yield high.replace(microsecond=0)
        at = until


def _offset(at: datetime, zone: tzinfo) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
