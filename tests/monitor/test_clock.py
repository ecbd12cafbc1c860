"""Samples to the monotonic clock, and that to the time of day, whenever it becomes known."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.blocks import RATE_HZ
from monitor.clock import Reading, SampleClock, WallClock, read_clocks
from monitor.messages import ClockState

BLOCK = 320  # samples, 20 ms


def test_late_blocks_do_not_shift_the_time_of_samples() -> None:
    rng = np.random.default_rng(0)
    clock, began = SampleClock(), 1000.0
    for i in range(1, 3000):
        clock.observe(i * BLOCK, began + i * BLOCK / RATE_HZ + rng.exponential(0.03))
        if i > 100:
            assert clock.monotonic(30.0) == pytest.approx(began + 30.0, abs=0.005)


def test_a_sound_card_that_runs_slow_is_followed() -> None:
    clock, slow = SampleClock(), 1.0003
    for i in range(1, 200_000):
        clock.observe(i * BLOCK, i * BLOCK / RATE_HZ * slow)
    now = 199_999 * BLOCK / RATE_HZ
    assert clock.monotonic(now) == pytest.approx(now * slow, abs=0.02)


def test_lost_samples_are_made_good_after_a_while() -> None:
    clock = SampleClock()
    for i in range(1, 3000):
        lost_s = 0.5 if i > 1000 else 0.0
        clock.observe(i * BLOCK, i * BLOCK / RATE_HZ + lost_s)
    assert clock.monotonic(60.0) == pytest.approx(60.5, abs=0.005)


def at(wall: WallClock, monotonic: float) -> str:
    return wall.at(monotonic).strftime("%Y-%m-%d %H:%M:%S")


def test_the_time_of_day_is_put_right_when_the_network_has_set_it() -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC).timestamp()
    real = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC).timestamp()
    wall = WallClock(Reading(monotonic=10.0, wall=epoch + 10.0, synchronised=False))
    assert [wall.state] == [ClockState.UNSYNCHRONISED]
    assert at(wall, 12.0) == "1970-01-01 00:00:12"
    assert not wall.observe(Reading(20.0, epoch + 20.0, False))
    assert wall.observe(Reading(70.0, real, True))
    assert [wall.state] == [ClockState.SYNCHRONISED]
    assert at(wall, 12.0) == "2026-11-22 01:59:02"
    assert not wall.observe(Reading(71.0, real + 1.0, True))


def test_a_clock_that_was_right_all_along_is_told_to_be_known() -> None:
    wall = WallClock(Reading(10.0, 1e9, False))
    assert wall.observe(Reading(11.0, 1e9 + 1.001, True))


def test_jitter_of_reading_two_clocks_moves_nothing() -> None:
    wall = WallClock(Reading(10.0, 1e9, True))
    before = wall.at(15.0)
    assert not wall.observe(Reading(11.0, 1e9 + 1.01, True))
    assert wall.at(15.0) == before


def test_a_clock_set_by_hand_is_followed() -> None:
    wall = WallClock(Reading(10.0, 1e9, True))
    before = wall.at(15.0)
    assert not wall.observe(Reading(11.0, 1e9 + 1 + 3600, True))
    assert wall.at(15.0) - before == timedelta(hours=1)


@given(st.floats(0, 1e7), st.floats(0, 4e9), st.floats(-1e5, 1e5))
def test_durations_survive_the_way_to_the_time_of_day(
    monotonic: float, offset: float, length: float
) -> None:
    wall = WallClock(Reading(monotonic, offset, True))
    told = (wall.at(monotonic + length) - wall.at(monotonic)).total_seconds()
    assert told == pytest.approx(length, abs=1e-4)


def test_the_clocks_of_this_computer_can_be_read() -> None:
    reading = read_clocks()
    assert abs(reading.wall - time.time()) < 1
    assert abs(reading.monotonic - time.monotonic()) < 1
