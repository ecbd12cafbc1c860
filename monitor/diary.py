"""Keeps a diary of the listening: a message a minute, by way of the outbox, so that none is lost.

A page that was closed, a dashboard or a broker that was away: the night can still be looked at.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable

from monitor.clock import WallClock
from monitor.ear import Ear
from monitor.messages import ClockState, DeafReason, MinuteMessage, Topics
from monitor.minutes import Minute
from monitor.outbox import Outbox, Outgoing

UNSETTLED_MINUTES = 720  # told before the clock was set, whose times can still be put right


class Diary:
    """Turned about once a second, by the listener's own thread."""

    def __init__(  # noqa: PLR0913 - each is one of its partners
        self,
        topics: Topics,
        ear: Ear,
        outbox: Outbox,
        wall: WallClock,
        told: Callable[[], None],
        *,
        demo: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`told` is called whenever the outbox holds something new."""
        self._topics = topics
        self._ear = ear
        self._outbox = outbox
        self._wall = wall
        self._told = told
        self._demo = demo
        self._clock = clock
        self._run = secrets.token_hex(8)
        self._number = 0
        self._unsettled: deque[tuple[float, MinuteMessage]] = deque(maxlen=UNSETTLED_MINUTES)

    def turn(self, deaf: DeafReason | None) -> None:
        """Note how the listening does; write down a minute that is over."""
        if self._unsettled and self._wall.synchronised:
            self._put_right()
        minute = self._ear.minutes.tick(self._clock(), deaf, muted=self._ear.muted)
        if minute is not None:
            self._write(minute)

    def finish(self, deaf: DeafReason | None) -> None:
        """Write down the last piece of a minute."""
        self.turn(deaf)
        minute = self._ear.minutes.close(self._clock())
        if minute is not None:
            self._write(minute)

    def _write(self, minute: Minute) -> None:
        self._number += 1
        ear, loudness = self._ear, minute.loudness
        message = MinuteMessage(
            box=self._topics.box,
            run=self._run,
            number=self._number,
            at=self._wall.at(minute.began),
            clock=self._wall.state,
            length_s=round(minute.length_s, 1) or 0.1,
            listened_s=round(minute.listened_s, 1),
            muted_s=round(minute.muted_s, 1),
            deaf_s=round(minute.deaf_s, 1),
            reason=minute.reason,
            level_dbfs=loudness.level,
            loud_dbfs=loudness.loud,
            peak_dbfs=loudness.peak,
            noise_dbfs=loudness.noise,
            score=round(minute.score, 3),
            threshold=round(ear.threshold, 3),
            sensitivity=ear.sensitivity,
            near_calls=minute.near.near,
            lone_calls=minute.near.lone,
            demo=self._demo,
        )
        if not self._wall.synchronised:
            self._unsettled.append((minute.began, message))
        self._say([message])

    def _put_right(self) -> None:
        """The clock is set now: tell the real times of the minutes that were before."""
        settled = {"clock": ClockState.SYNCHRONISED}
        self._say(
            [
                message.model_copy(update=settled | {"at": self._wall.at(began)})
                for began, message in self._unsettled
            ]
        )
        self._unsettled.clear()

    def _say(self, messages: list[MinuteMessage]) -> None:
        outgoing = [Outgoing(self._topics.minute, message.payload()) for message in messages]
        self._outbox.close_step(outgoing, self._outbox.open_cry())
        self._told()
