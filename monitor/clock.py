"""Two clocks: counted samples to the monotonic clock, and that to the time of day.

A Raspberry Pi has no clock that runs without power: until the network has set it, the time of day
may be years off. So everything is timed by the monotonic clock, and told in UTC by an offset that
may become known only later. `SampleClock` and `WallClock` are pure; `read_clocks` asks the system.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitor.blocks import RATE_HZ
from monitor.messages import ClockState
from monitor.settings import is_synchronised

SPAN_S = 10.0  # over which the earliest arrival of a block tells the sound card's clock
STEP_S = 0.05  # less is jitter of reading two clocks, not the clock being set

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SampleClock:
    """When a sample was captured.

    Blocks reach us late by an uneven delay, and the sound card's clock runs a little fast or slow;
    the block that was least late, of those of the last `SPAN_S` to twice that, is believed.
    """

    def __init__(self) -> None:
        self._span_began: float | None = None
        self._now = float("inf")  # least of (capture - samples / rate), this span
        self._before = float("inf")  # the span before

    def observe(self, end: int, captured: float) -> None:
        """Note that `end` samples of the stream were there at the monotonic time `captured`."""
        if self._span_began is None or captured - self._span_began >= SPAN_S:
            self._before, self._now, self._span_began = self._now, float("inf"), captured
        self._now = min(self._now, captured - end / RATE_HZ)

    def monotonic(self, stream_s: float) -> float:
        """Monotonic time of a moment of the stream; needs one observation."""
        return min(self._now, self._before) + stream_s


@dataclass(frozen=True)
class Reading:
    """The clocks of the system, read at once."""

    monotonic: float  # s
    wall: float  # s since 1970, UTC
    synchronised: bool  # whether the network has set the time of day


class WallClock:
    """Turns monotonic times into UTC by an offset that may change when the clock is set."""

    def __init__(self, reading: Reading) -> None:
        self._offset_s = reading.wall - reading.monotonic
        self.synchronised = reading.synchronised

    def observe(self, reading: Reading) -> bool:
        """Take a new reading; return whether times told earlier have to be put right."""
        offset_s = reading.wall - reading.monotonic
        became_known = reading.synchronised and not self.synchronised
        if abs(offset_s - self._offset_s) > STEP_S:
            self._offset_s = offset_s
        self.synchronised = reading.synchronised
        return became_known

    def at(self, monotonic: float) -> datetime:
        """The UTC of a monotonic time."""
        return EPOCH + timedelta(seconds=monotonic + self._offset_s)

    @property
    def state(self) -> ClockState:
        """As messages tell it."""
        return ClockState.SYNCHRONISED if self.synchronised else ClockState.UNSYNCHRONISED


def read_clocks() -> Reading:
    """Ask the system; whether it is synchronised is known on Linux only, and else assumed."""
    return Reading(time.monotonic(), time.time(), is_synchronised())
