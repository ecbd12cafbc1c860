"""Moments and durations in the words of a tired person; pure.

Everything is stored in UTC; only what is shown knows the house's zone. "Ago" comes first, because
at night it is the question, and it needs no arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400
JUST_NOW_S = 5  # younger than this is "just now"
SECONDS_SHOWN_S = 90  # up to here seconds are counted out


def lasting(seconds: float) -> str:
    """A duration: `7 s`, `1 min 12 s`, `2 h 10 min`, `3 days`; negative ones count as none."""
    whole = max(0, int(seconds))
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < 10 * MINUTE_S:
        minutes, rest = divmod(whole, MINUTE_S)
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min"
    if whole < 2 * DAY_S:
        hours, rest = divmod(whole // MINUTE_S, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{whole // DAY_S} days"


def ago(then: datetime, now: datetime) -> str:
    """How long ago: `just now`, `40 s ago`, `12 min ago`, `2 h 10 min ago`, `3 days ago`.

    A moment a little ahead (another computer's clock) counts as just now; further ahead it is
    said: `in 3 min`.
    """
    # In UTC: two moments of one zone are taken from each other by their clocks, not by time.
    seconds = (now.astimezone(UTC) - then.astimezone(UTC)).total_seconds()
    if seconds < -MINUTE_S:
        return f"in {_coarse(-seconds)}"
    if seconds < JUST_NOW_S:
        return "just now"
    return f"{_coarse(seconds)} ago"


def _coarse(seconds: float) -> str:
    """Like `lasting`, without seconds once they no longer matter."""
    if seconds < SECONDS_SHOWN_S:
        return f"{int(seconds)} s"
    return lasting(int(seconds) // MINUTE_S * MINUTE_S)


def clock_time(moment: datetime, zone: ZoneInfo) -> str:
    """Time of day in the house: `02:14`; in an hour that comes twice the offset is said too."""
    local = moment.astimezone(zone)
    text = local.strftime("%H:%M")
    return f"{text} {local.tzname()}" if _comes_twice(local) else text


def _comes_twice(local: datetime) -> bool:
    """Whether the clock shows this time twice on this day (clocks going back).

    `local` stems from UTC, so it is none that the clocks skip.
    """
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def day_name(day: date, today: date) -> str:
    """`today`, `yesterday`, `Friday 20 November`; with the year when it is another one."""
    if day == today:
        return "today"
    if day == today - timedelta(days=1):
        return "yesterday"
    name = f"{day:%A} {day.day} {day:%B}"
    return name if day.year == today.year else f"{name} {day.year}"


def day_and_time(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`02:14`, and before today also the day: `yesterday 23:50`."""
    day, today = moment.astimezone(zone).date(), now.astimezone(zone).date()
    text = clock_time(moment, zone)
    return text if day == today else f"{day_name(day, today)} {text}"


@dataclass(frozen=True)
class Watch:
    """A night or a day of the house, under which cries are listed."""

    night: bool
    day: date
    """The day it began."""

    def title(self, today: date) -> str:
        """`Today`, `Tonight`, `Last night`, `Night of Friday 20 November`, ..."""
        if self.night:
            if self.day == today:
                return "Tonight"
            if self.day == today - timedelta(days=1):
                return "Last night"
            return f"Night of {day_name(self.day, today)}"
        return day_name(self.day, today).capitalize()


def watch_of(moment: datetime, zone: ZoneInfo, night_from: time, night_to: time) -> Watch:
    """The night or day of the house that `moment` falls in.

    A night that runs over midnight belongs to the evening on which it began. Clocks that go back
    begin no night or day a second time.
    """
    if night_from == night_to:  # no night at all
        return Watch(night=False, day=moment.astimezone(zone).date())
    turns = _turns(moment, zone, night_from, night_to)
    began, clock = max(turn for turn in turns if turn[0] <= moment)
    return Watch(night=clock == night_from, day=began.astimezone(zone).date())


def watch_span(
    moment: datetime, zone: ZoneInfo, night_from: time, night_to: time
) -> tuple[datetime, datetime]:
    """Begin and end, in UTC, of the night or day of the house that `moment` falls in."""
    turns = [turn for turn, _ in _turns(moment, zone, night_from, night_to)]
    return max(turn for turn in turns if turn <= moment), min(t for t in turns if t > moment)


def _turns(
    moment: datetime, zone: ZoneInfo, night_from: time, night_to: time
) -> list[tuple[datetime, time]]:
    """When nights and days begin around a moment, in UTC, with the clock's time at each.

    A time that the clocks skip counts from when they are put on, one that comes twice once.
    """
    day = moment.astimezone(zone).date()
    return [
        (datetime.combine(day + timedelta(days=near), at, tzinfo=zone).astimezone(UTC), at)
        for near in (-2, -1, 0, 1, 2)
        for at in (night_from, night_to)
    ]


def age_in_days(born_on: date | None, now: datetime, zone: ZoneInfo) -> int | None:
    """Whole days since birth by the house's calendar; None when not known."""
    if born_on is None:
        return None
    return max(0, (now.astimezone(zone).date() - born_on).days)


def age_words(days: int | None) -> str:
    """`3 days`, `2 weeks`, `2 weeks 3 days`, `age not known`."""
    if days is None:
        return "age not known"
    if days < 14:
        return f"{days} day{'' if days == 1 else 's'}"
    weeks, rest = divmod(days, 7)
    return f"{weeks} weeks {rest} day{'' if rest == 1 else 's'}" if rest else f"{weeks} weeks"
