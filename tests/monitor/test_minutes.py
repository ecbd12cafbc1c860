"""The diary of the listening: a silent night can be told from a deaf one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.card import CryRule
from models.cry_model import HopScores
from monitor.blocks import RATE_HZ, Samples
from monitor.cries import Calls
from monitor.levels import BandPieces, decibels
from monitor.messages import ClockState, Command, DeafReason, MinuteMessage
from monitor.minutes import Minutes
from monitor.near import NearCalls, NearCount, within_reach
from tests.monitor.loud_model import bout, silence, tone
from tests.monitor.test_listener import NIGHT, House

HOP_S = 0.16
RULE = CryRule()
FLOOR = within_reach(RULE).call_on


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, clips=False)
    yield made
    made.close()


def minutes(house: House) -> list[MinuteMessage]:
    waiting = [w.message for w in house.outbox.batch(1000)]
    return [MinuteMessage.model_validate_json(m.payload) for m in waiting if m.spare]


def hops(scores: list[float]) -> list[HopScores]:
    return [
        HopScores((n + 0.5) * HOP_S, score, 0.0, (n + 1) * HOP_S) for n, score in enumerate(scores)
    ]


def counted(scores: list[float], cuts: int = 1) -> tuple[int, int]:
    count = NearCount()
    near = NearCalls(RULE, HOP_S, count)
    every = hops(scores)
    for at in range(0, len(every), cuts):
        near.hear(every[at : at + cuts], crying=False)
    near.finish(crying=False)
    return count.near, count.lone


def test_what_stays_just_under_the_threshold_is_counted_and_a_single_call_is_told_apart() -> None:
    under, over, hush = (FLOOR + RULE.call_on) / 2, 0.9, 0.01
    assert counted([hush] * 5 + [under] * 3 + [hush] * 40 + [over] * 3 + [hush] * 40) == (1, 1)
    assert counted([under] * 200) == (1, 0)  # a sound that goes on is one sound
    assert counted([hush] * 200) == (0, 0)


@given(st.lists(st.floats(0, 1), max_size=120), st.integers(1, 9))
def test_every_call_that_made_no_cry_is_counted_however_the_hops_are_cut(
    scores: list[float], cuts: int
) -> None:
    near, lone = counted(scores, cuts)
    assert (near, lone) == counted(scores)
    calls = Calls(RULE, HOP_S)
    found = [call for hop in hops(scores) if (call := calls.hear(hop))]
    found += [call] if (call := calls.close()) else []
    assert lone <= len(found)
    assert (lone > 0) == bool(found)
    assert near + lone <= sum(score >= within_reach(RULE).call_on for score in scores)


def test_what_belongs_to_a_cry_is_no_near_call(house: House) -> None:
    house.hear(silence(5), bout(4), silence(60))
    assert house.steps()[-1] == "ended"
    assert [(m.near_calls, m.lone_calls) for m in minutes(house)] == [(0, 0)]
    assert minutes(house)[0].score > 0.9


def test_a_single_call_is_logged_not_shouted(house: House) -> None:
    house.hear(silence(20), tone(3000, 0.3), silence(60))
    assert house.steps() == []
    assert [(m.near_calls, m.lone_calls) for m in minutes(house)] == [(0, 1)]


def test_every_second_of_the_night_is_accounted_for(house: House) -> None:
    began = house.time()
    house.hear(silence(70))
    house.source.deaf = DeafReason.UNPLUGGED
    for _ in range(400):  # no sound comes, and the clock goes on
        house.listener.turn()
    house.source.deaf = None
    house.hear(silence(10))
    house.inbox.put("mute", Command(id="1", value=True))
    house.hear(silence(15))
    house.listener.stop()
    told = minutes(house)
    assert sum(m.length_s for m in told) == pytest.approx(house.time() - began, abs=0.2)
    assert sum(m.deaf_s for m in told) == pytest.approx(40, abs=2)
    assert sum(m.muted_s for m in told) == pytest.approx(15, abs=2)
    assert sum(m.listened_s for m in told) == pytest.approx(80, abs=3)
    assert [m.number for m in told] == [1, 2, 3]
    assert len({m.run for m in told}) == 1
    assert told[1].reason is DeafReason.UNPLUGGED
    assert all(m.sensitivity == "normal" and m.threshold == RULE.call_on for m in told)


def test_minutes_from_before_the_clock_was_set_are_told_again_at_their_real_time(
    house: House,
) -> None:
    house.synchronised = house.wall.synchronised = False
    house.hear(silence(65))
    house.synchronised = True
    house.wall._offset_s -= 86_400  # the clock was a day behind
    house.hear(silence(5))
    before, after = minutes(house)
    assert (before.run, before.number) == (after.run, after.number)
    assert before.clock is ClockState.UNSYNCHRONISED
    assert after.clock is ClockState.SYNCHRONISED
    assert abs(after.at - NIGHT) < timedelta(seconds=2)


def test_sound_that_was_lost_on_the_way_was_not_listened_to() -> None:
    meter = Minutes(HOP_S, 0.0)
    minute = None
    for second in range(1, 61):
        meter.hear(np.zeros(RATE_HZ // 2, np.float32))
        minute = meter.tick(float(second), None, muted=False)
    assert minute is not None
    assert (minute.length_s, minute.listened_s) == (60.0, 30.0)


def test_a_deaf_microphones_zeros_tell_no_level() -> None:
    meter = Minutes(HOP_S, 0.0)
    meter.hear(np.zeros(RATE_HZ, np.float32))
    meter.tick(1.0, DeafReason.SILENT, muted=False)
    minute = meter.close(2.0)
    assert minute is not None
    assert minute.loudness.level is None
    assert meter.close(2.0) is None  # no time has passed


def test_a_program_that_stood_still_for_hours_tells_of_its_end_only() -> None:
    meter = Minutes(HOP_S, 0.0)
    minute = meter.tick(20_000.0, DeafReason.FROZEN, muted=False)
    assert minute is not None
    assert (minute.began, minute.length_s, minute.deaf_s) == (16_400.0, 3600.0, 3600.0)


def band_level(sound: Samples) -> float:
    pieces = BandPieces()
    pieces.push(sound)
    return decibels(float(np.mean(pieces.take())))


def test_levels_of_a_minute_are_those_where_newborns_call_not_of_hum_and_offset() -> None:
    call = tone(1200, 5, 0.01)
    assert band_level(call) == pytest.approx(-43.0, abs=0.2)
    hum = tone(53, 5, 0.3) + np.float32(0.2)
    assert band_level(call + hum) == pytest.approx(-43.0, abs=0.3)
    assert band_level(hum) < -80


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=20))
def test_levels_do_not_depend_on_how_the_sound_is_cut(cuts: list[int]) -> None:
    sound = np.random.default_rng(1).standard_normal(sum(cuts)).astype(np.float32) * 0.1
    whole, cut = BandPieces(), BandPieces()
    whole.push(sound)
    for piece in np.split(sound, np.cumsum(cuts)[:-1]):
        cut.push(piece)
    assert cut.take() == whole.take()
