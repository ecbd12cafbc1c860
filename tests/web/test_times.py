from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import times

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)


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
