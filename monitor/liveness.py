"""Does the microphone still hear? Pure: facts in, what is wrong and what to do out.

Freshness is judged by the age of the newest frame, not by whether a program runs or a stream says
that it is active: a suspended device says so for ever. Each failure is told within 3 s.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from monitor.blocks import Samples
from monitor.messages import DeafReason

FROZEN_S = 1.5  # without a frame; a busy board may well keep us waiting for half a second
SILENT_S = 2.0  # of samples that do not change at all; any real microphone hisses
CLIPPED_SPAN_S = 2.0
FULL_SCALE = 0.98  # resampling on the way moves the flat tops of clipped sound a little
CLIPPED_FROM, CLIPPED_TO = 0.05, 0.01  # share of samples at full scale: said from, taken back at
RETRY_FIRST_S, RETRY_MOST_S = 0.5, 2.0  # between attempts to open; the wait doubles
FROZEN_RETRY_S = 5.0  # a frozen stream may come back by itself; then it is opened anew


class Content:
    """What the newest sound is made of."""

    def __init__(self) -> None:
        self._constant_since: float | None = None
        self._pieces: deque[tuple[float, int, int]] = deque()  # end, samples, of them full scale
        self._samples = 0
        self._full = 0
        self._clipped = False

    def push(self, frames: Samples, began: float, ended: float) -> None:
        """Take frames [n, channels] captured between two monotonic times, n > 0."""
        if float(np.ptp(frames)) == 0.0:
            self._constant_since = began if self._constant_since is None else self._constant_since
        else:
            self._constant_since = None
        full = int(np.count_nonzero(np.abs(frames) >= FULL_SCALE))
        self._pieces.append((ended, frames.size, full))
        self._samples += frames.size
        self._full += full
        while self._pieces[0][0] < ended - CLIPPED_SPAN_S:
            _, samples, full = self._pieces.popleft()
            self._samples -= samples
            self._full -= full
        share = self._full / self._samples
        self._clipped = share >= (CLIPPED_TO if self._clipped else CLIPPED_FROM)

    def wrong(self, now: float) -> DeafReason | None:
        """What is wrong with it."""
        if self._constant_since is not None and now - self._constant_since >= SILENT_S:
            return DeafReason.SILENT
        return DeafReason.CLIPPED if self._clipped else None


@dataclass(frozen=True)
class Facts:
    """What is known of the stream at one moment."""

    now: float  # monotonic, s
    opened: float | None  # when the stream was opened; None: there is none, or it has ended
    newest: float | None  # when its newest frame came
    wrong: DeafReason | None = None  # with what it holds


class Action(Enum):
    """What is to be done."""

    NOTHING = auto()
    OPEN = auto()  # close what there is, look for the device anew, open it


class Liveness:
    """Judges the stream, and says when to try again; it never gives up."""

    def __init__(self) -> None:
        self.deaf: DeafReason | None = DeafReason.STARTING
        self._next_try: float | None = None  # None: at once
        self._wait_s = RETRY_FIRST_S

    def step(self, facts: Facts) -> Action:
        """Judge the facts; `deaf` is brought up to date. After OPEN comes `tried`."""
        if facts.opened is None:
            return self._try_when_due(facts.now)
        last_sign = facts.opened if facts.newest is None else facts.newest
        if facts.now - last_sign >= FROZEN_S:
            if self.deaf is not DeafReason.FROZEN:
                self.deaf = DeafReason.FROZEN
                self._next_try = facts.now + FROZEN_RETRY_S
            return self._try_when_due(facts.now)
        if facts.newest is not None:  # until sound comes, what was wrong is wrong
            self.deaf = facts.wrong
            self._wait_s = RETRY_FIRST_S
        return Action.NOTHING

    def lost(self, now: float) -> None:
        """The stream has ended by itself, or could not be opened."""
        self.deaf = DeafReason.UNPLUGGED
        self._next_try = now + self._wait_s
        self._wait_s = min(2 * self._wait_s, RETRY_MOST_S)

    def tried(self, now: float, *, opened: bool) -> None:
        """An attempt to open has been made."""
        if opened:
            self._next_try = now + FROZEN_RETRY_S
        else:
            self.lost(now)

    def _try_when_due(self, now: float) -> Action:
        due = self._next_try is None or now >= self._next_try
        return Action.OPEN if due else Action.NOTHING
