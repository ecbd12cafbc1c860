from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from web import times

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (72, "1 min 12 s"),
        (600, "10 min"),
        (3600, "1 h"),
        (7800, "2 h 10 min"),
        (47 * 3600, "47 h"),
        (3 * 86400, "3 days"),
    ],
)
def test_a_duration_is_said_in_words(seconds: float, words: str) -> None:
    assert times.lasting(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (2, "just now"),
        (-20, "just now"),
        (-190, "in 3 min"),
        (40, "40 s ago"),
        (100, "1 min ago"),
        (7830, "2 h 10 min ago"),
        (86400 * 5, "5 days ago"),
    ],
)
def test_how_long_ago_comes_without_needless_seconds(seconds: float, words: str) -> None:
    assert times.ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_clock_times_are_those_of_the_house() -> None:
    assert times.clock_time(NOW, LONDON) == "02:14"
    assert times.clock_time(NOW, NEW_YORK) == "21:14"


def test_when_clocks_go_back_the_two_hours_are_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 01:30 BST
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 01:30 GMT
    assert times.clock_time(first, LONDON) == "01:30 BST"
    assert times.clock_time(second, LONDON) == "01:30 GMT"
    assert times.clock_time(second + timedelta(hours=1), LONDON) == "02:30"


def test_when_clocks_go_forward_durations_stay_true_and_times_jump() -> None:
    before = datetime(2026, 3, 29, 0, 50, tzinfo=UTC)
    after = datetime(2026, 3, 29, 1, 10, tzinfo=UTC)
    assert times.clock_time(before, LONDON) == "00:50"
    assert times.clock_time(after, LONDON) == "02:10"
    assert times.ago(before, after) == "20 min ago"


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
)
def test_two_moments_of_one_hour_never_look_alike(moment: datetime, zone_name: str) -> None:
    zone = ZoneInfo(zone_name)
    first = moment.replace(tzinfo=UTC, second=0, microsecond=0)
    shown = {times.clock_time(first + timedelta(minutes=10 * n), zone) for n in range(12)}
    assert len(shown) == 12


def test_a_night_over_midnight_belongs_to_its_evening() -> None:
    night = (time(22), time(7))
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    early = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
    assert times.watch_of(late, LONDON, *night) == times.watch_of(early, LONDON, *night)
    assert times.watch_of(early, LONDON, *night).title(date(2026, 11, 22)) == "Last night"
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    assert times.watch_of(noon, LONDON, *night).title(date(2026, 11, 22)) == "Today"


def test_a_night_within_one_day_is_known_too() -> None:
    watch = times.watch_of(NOW, LONDON, time(1), time(6))
    assert watch.night
    assert watch.title(date(2026, 11, 22)) == "Tonight"


def test_days_are_named_the_way_people_do() -> None:
    today = date(2026, 11, 22)
    assert times.day_name(today, today) == "today"
    assert times.day_name(date(2026, 11, 21), today) == "yesterday"
    assert times.day_name(date(2026, 11, 20), today) == "Friday 20 November"
    assert times.day_name(date(2025, 12, 31), today) == "Wednesday 31 December 2025"


def test_age_is_counted_by_the_calendar_of_the_house() -> None:
    born = date(2026, 11, 20)
    assert times.age_in_days(born, NOW, LONDON) == 2
    assert times.age_in_days(born, NOW, NEW_YORK) == 1
    assert times.age_in_days(None, NOW, LONDON) is None
    assert times.age_words(1) == "1 day"
    assert times.age_words(17) == "2 weeks 3 days"
    assert times.age_words(None) == "age not known"


# Clocks go on and back: by an hour at night, by half of one, at midnight itself.
CHANGES = [
    (zone, datetime.fromisoformat(f"{day}T12:00+00:00"))
    for zone, days in {
        "Europe/London": ("2026-10-25", "2026-03-29"),
        "America/New_York": ("2026-11-01", "2026-03-08"),
        "Australia/Lord_Howe": ("2026-04-04", "2026-10-03"),
        "America/Santiago": ("2026-04-05", "2026-09-06"),
    }.items()
    for day in days
]
clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


@pytest.mark.parametrize(("zone_name", "around"), CHANGES)
@settings(max_examples=60, deadline=None)
@given(
    minutes=st.integers(-2160, 2160), lasts=st.integers(0, 2160), night=st.tuples(clocks, clocks)
)
def test_across_a_clock_change_durations_are_true_and_nights_follow_each_other(
    zone_name: str, around: datetime, minutes: int, lasts: int, night: tuple[time, time]
) -> None:
    zone = ZoneInfo(zone_name)
    then = around + timedelta(minutes=minutes)
    now = then + timedelta(minutes=lasts)
    said = times.ago(then.astimezone(zone), now.astimezone(zone))
    assert said == times.ago(NOW - timedelta(minutes=lasts), NOW)
    assert (then.astimezone(zone).utcoffset(), then.astimezone(zone).strftime("%H:%M")) == (
        _told(times.clock_time(then, zone), then, zone)
    )
    begin, end = times.watch_span(then, zone, *night)
    assert begin <= then < end
    assert end - begin <= timedelta(hours=25)
    assert times.watch_span(end, zone, *night)[0] == end
    if night[0] != night[1]:
        watches = {times.watch_of(m, zone, *night) for m in (begin, then, end - SECOND)}
        assert len(watches) == 1
        assert times.watch_of(end, zone, *night) not in watches


def _told(text: str, moment: datetime, zone: ZoneInfo) -> tuple[timedelta | None, str]:
    """Offset and clock time that a person reads out of the text on that day."""
    clock, _, name = text.partition(" ")
    local = moment.astimezone(zone)
    read = datetime.combine(local.date(), time.fromisoformat(clock), tzinfo=zone)
    options = [read.replace(fold=fold) for fold in (0, 1)]
    meant = [one for one in options if not name or one.tzname() == name]
    assert name or options[0].utcoffset() == options[1].utcoffset()
    return meant[0].utcoffset(), clock


def test_where_the_house_sleeps_midnight_may_be_skipped_and_ages_still_turn() -> None:
    santiago = ZoneInfo("America/Santiago")  # 2026-09-06 begins at 01:00
    before, after = (
        datetime(2026, 9, 6, 3, 59, tzinfo=UTC),
        datetime(2026, 9, 6, 4, 0, tzinfo=UTC),
    )
    assert times.clock_time(after, santiago) == "01:00"
    born = date(2026, 9, 1)
    ages = [times.age_in_days(born, moment, santiago) for moment in (before, after)]
    assert ages == [4, 5]
