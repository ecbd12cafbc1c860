"""The state machine of the microphone: every failure is told in time, and healed for ever."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.liveness import (
    FROZEN_RETRY_S,
    FROZEN_S,
    RETRY_MOST_S,
    SILENT_S,
    Action,
    Content,
    Facts,
    Liveness,
)
from monitor.messages import DeafReason

TURN_S = 0.1
TOLD_WITHIN_S = 3.0  # the promise


@dataclass
class Bench:
    """A microphone made of facts, turned by hand."""

    liveness: Liveness = field(default_factory=Liveness)
    now: float = 100.0
    plugged: bool = True
    delivers: bool = True
    wrong: DeafReason | None = None
    opened: float | None = None
    newest: float | None = None
    attempts: list[float] = field(default_factory=list)

    def run(self, seconds: float) -> DeafReason | None:
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.turn()
        return self.liveness.deaf

    def turn(self) -> None:
        self.now += TURN_S
        if self.opened is not None and not self.plugged:
            self.opened = self.newest = None
            self.liveness.lost(self.now)
        if self.opened is not None and self.delivers:
            self.newest = self.now
        facts = Facts(self.now, self.opened, self.newest, self.wrong if self.newest else None)
        if self.liveness.step(facts) is Action.OPEN:
            self.attempts.append(self.now)
            self.opened = self.now if self.plugged else None
            self.newest = None
            self.liveness.tried(self.now, opened=self.plugged)


def test_it_starts_deaf_and_hears_with_the_first_frame() -> None:
    bench = Bench()
    assert bench.liveness.deaf is DeafReason.STARTING
    assert bench.run(0.3) is None


def test_a_microphone_that_is_not_there_is_told_at_once_and_sought_for_ever() -> None:
    bench = Bench(plugged=False)
    assert bench.run(0.1) is DeafReason.UNPLUGGED
    bench.run(3600)
    waits = np.diff(bench.attempts)
    assert waits[0] == pytest.approx(0.5, abs=TURN_S)
    assert waits.max() <= RETRY_MOST_S + 2 * TURN_S
    bench.plugged = True
    assert bench.run(RETRY_MOST_S + 3 * TURN_S) is None


def test_after_a_time_of_hearing_the_attempts_begin_fast_again() -> None:
    bench = Bench(plugged=False)
    bench.run(60)
    bench.plugged = True
    bench.run(10)
    bench.plugged = False
    bench.run(TURN_S)
    bench.plugged = True
    assert bench.run(0.5 + 3 * TURN_S) is None


def test_a_pulled_plug_is_told_at_once_and_healed_when_it_is_back() -> None:
    bench = Bench()
    bench.run(10)
    bench.plugged = False
    assert bench.run(TURN_S) is DeafReason.UNPLUGGED
    bench.run(60)
    bench.plugged = True
    assert bench.run(TOLD_WITHIN_S) is None


def test_a_stream_that_gives_nothing_more_is_frozen_though_it_is_open() -> None:
    bench = Bench()
    bench.run(10)
    bench.delivers = False
    assert bench.run(FROZEN_S - 3 * TURN_S) is None
    assert bench.run(4 * TURN_S) is DeafReason.FROZEN
    attempts = len(bench.attempts)
    bench.run(60)
    assert len(bench.attempts) - attempts == pytest.approx(60 / FROZEN_RETRY_S, abs=2)
    bench.delivers = True
    assert bench.run(2 * TURN_S) is None


def test_a_stream_that_never_gave_anything_is_frozen_too() -> None:
    assert Bench(delivers=False).run(TOLD_WITHIN_S) is DeafReason.FROZEN


def test_a_frozen_stream_that_is_opened_anew_stays_frozen_until_sound_comes() -> None:
    bench = Bench()
    bench.run(10)
    bench.delivers = False
    bench.run(5)
    for _ in range(200):
        bench.turn()
        assert bench.liveness.deaf is DeafReason.FROZEN


@pytest.mark.parametrize("wrong", [DeafReason.SILENT, DeafReason.CLIPPED])
def test_what_is_wrong_with_the_sound_is_told_without_opening_anew(wrong: DeafReason) -> None:
    bench = Bench()
    bench.run(10)
    attempts = len(bench.attempts)
    bench.wrong = wrong
    assert bench.run(TURN_S) is wrong
    bench.run(600)
    assert len(bench.attempts) == attempts
    bench.wrong = None
    assert bench.run(TURN_S) is None


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.booleans(),
            st.sampled_from([None, DeafReason.SILENT, DeafReason.CLIPPED]),
            st.floats(0.1, 20.0),
        ),
        max_size=12,
    )
)
def test_whatever_happened_before_the_truth_is_told_within_the_promise(
    history: list[tuple[bool, bool, DeafReason | None, float]],
) -> None:
    bench = Bench()
    for plugged, delivers, wrong, seconds in [*history, (False, True, None, TOLD_WITHIN_S)]:
        bench.plugged, bench.delivers, bench.wrong = plugged, delivers, wrong
        bench.run(seconds)
        if seconds < TOLD_WITHIN_S:
            continue
        if not plugged:
            assert bench.liveness.deaf is DeafReason.UNPLUGGED
        elif not delivers:
            assert bench.liveness.deaf is not None
        else:
            assert bench.liveness.deaf is wrong


def content(frames: np.ndarray[tuple[int], np.dtype[np.float32]], seconds: float) -> Content:
    """Content after `seconds` of `frames` (20 ms at 48 kHz) over and over."""
    made = Content()
    feed(made, frames, 0.0, seconds)
    return made


def feed(
    made: Content, frames: np.ndarray[tuple[int], np.dtype[np.float32]], at: float, seconds: float
) -> float:
    for _ in range(round(seconds / 0.02)):
        made.push(frames[:, None], at, at + 0.02)
        at += 0.02
    return at


ZEROS = np.zeros(960, np.float32)
HISS = (0.001 * np.random.default_rng(0).standard_normal(960)).astype(np.float32)
LOUD = np.clip(np.random.default_rng(0).standard_normal(960), -1, 1).astype(np.float32)


def test_zeros_are_silence_after_two_seconds_and_hiss_never_is() -> None:
    assert content(ZEROS, 1.9).wrong(1.9) is None
    assert content(ZEROS, 2.1).wrong(2.1) is DeafReason.SILENT
    assert content(HISS, 10).wrong(10) is None


def test_a_constant_is_as_dead_as_zero() -> None:
    assert content(ZEROS + np.float32(0.03), 2.1).wrong(2.1) is DeafReason.SILENT


def test_silence_is_over_with_the_first_sound() -> None:
    made = content(ZEROS, 5)
    at = feed(made, HISS, 5.0, 0.02)
    assert made.wrong(at) is None


def test_silence_is_told_by_time_although_blocks_may_be_late() -> None:
    made = content(ZEROS, 1.0)
    assert made.wrong(SILENT_S) is DeafReason.SILENT


def test_clipped_sound_is_told_and_taken_back_when_it_is_over() -> None:
    made = content(LOUD, 3)
    assert made.wrong(3) is DeafReason.CLIPPED
    at = feed(made, HISS, 3.0, 2.5)
    assert made.wrong(at) is None


def test_a_loud_cry_that_touches_full_scale_is_not_clipped() -> None:
    cry = np.sin(2 * np.pi * 1200 * np.arange(960) / 48000).astype(np.float32) * 0.99
    cry[:900] *= 0.7
    assert content(cry, 10).wrong(10) is None
