"""Listens at one box: the loop that takes sound, tells what is heard, and how it does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from monitor.clock import Reading, WallClock, read_clocks
from monitor.cry_desk import CryDesk
from monitor.diary import Diary
from monitor.ear import Ear, Peaks
from monitor.messages import BoxState, DeafReason, LevelMessage, StateMessage, Topics
from monitor.notify import READY, WATCHDOG, notify
from monitor.sources import Condition, Source

log = logging.getLogger(__name__)

TURN_S = 0.1  # the longest wait for a block
TICK_S = 1.0  # between levels, looks at the clock, and signs of life
HEALTH_S = 60.0
FRESH_S = 10.0  # sound no older than this is a sign of life for the watchdog
OLDEST_S = 7 * 86_400.0  # that a level message may tell of its newest sound


class Post(Protocol):
    """What the listener needs of `monitor.publisher.Publisher`."""

    def retain(self, topic: str, payload: bytes) -> None:
        """Send a state now and after each connect."""

    def live(self, topic: str, payload: bytes, *, qos: int = 0) -> None:
        """Send a value that is worth nothing later."""


@dataclass(frozen=True)
class Box:
    """Which box is listened to, and what every message of it says."""

    topics: Topics
    zone: ZoneInfo
    demo: bool = False


class Listener:
    """One turn takes what sound there is and says what has become due; nobody else calls in."""

    def __init__(  # noqa: PLR0913, PLR0917 - each is one of its partners
        self,
        box: Box,
        source: Source,
        ear: Ear,
        desk: CryDesk,
        post: Post,
        wall: WallClock,
        *,
        health: Callable[[Condition], bytes | None] = lambda _: None,
        remote: Callable[[], None] = lambda: None,
        last: Callable[[], None] = lambda: None,
        diary: Diary | None = None,
        clocks: Callable[[], Reading] = read_clocks,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._box = box
        self._source = source
        self._ear = ear
        self._desk = desk
        self._post = post
        self._wall = wall
        self._health = health
        self._remote = remote
        self._last = last
        self._diary = diary
        self._clocks = clocks
        self._clock = clock
        self._state: StateMessage | None = None  # told last
        self._since = clock()  # when that state began
        self._known: tuple[object, ...] = ()  # what it was made of
        self._next_tick = 0.0
        self._ready = False

    def start(self) -> None:
        """Say where we are; and end what an earlier run left open."""
        self._desk.end_what_was_left_open()
        self._tell_state(Condition(DeafReason.STARTING))

    def turn(self) -> None:
        """Take the next block, if one comes in time."""
        block = self._source.read(TURN_S)
        if block is not None:
            self._ear.hear(block)
        self._ear.turn()
        self._remote()
        condition = self._source.condition()
        known = (condition, self._ear.muted, self._desk.open_cry, self._desk.tally)
        now = self._clock()
        if now >= self._next_tick:
            self._next_tick = now + TICK_S
            self._tick(condition, now)
        elif known != self._known:
            self._tell_state(condition)
        self._known = known

    def stop(self, patience_s: float = 0.0) -> None:
        """End what is open; wait so long for what the last cry sounded like."""
        self._ear.end()
        self._desk.finish(patience_s)
        self._last()
        condition = self._source.condition()
        if self._diary is not None:
            self._diary.finish(condition.deaf)
        self._tell_state(condition)

    def _tick(self, condition: Condition, now: float) -> None:
        if self._wall.observe(self._clocks()):
            self._desk.put_right()
        self._tell_state(condition)  # at midnight it changes by itself
        self._tell_level(condition, now)
        if self._diary is not None:
            self._diary.turn(condition.deaf)
        if payload := self._health(condition):
            self._post.retain(self._box.topics.health, payload)
        fresh = self._ear.newest is not None and now - self._ear.newest < FRESH_S
        known_deaf = condition.deaf not in (None, DeafReason.STARTING)
        if fresh or known_deaf:
            if not self._ready:
                notify(READY)
                self._desk.warm_up()
                self._ready = True
            notify(WATCHDOG)

    def _tell_level(self, condition: Condition, now: float) -> None:
        ear = self._ear
        deaf = condition.deaf is not None
        age_s = 0.0 if ear.newest is None else max(0.0, now - ear.newest)
        message = LevelMessage(
            box=self._box.topics.box,
            at=self._wall.at(now),
            level_dbfs=None if deaf else ear.levels.level_dbfs(),
            noise_dbfs=None if deaf else ear.levels.noise_dbfs(),
            kitten=round(ear.peaks.kitten, 3),
            puppy=round(ear.peaks.puppy, 3),
            frame_age_s=round(min(age_s, OLDEST_S), 2),
        )
        ear.peaks = Peaks()
        self._post.live(self._box.topics.level, message.payload())

    def _tell_state(self, condition: Condition) -> None:
        """Retain the state, if it has changed."""
        now = self._clock()
        new, old = self._state_now(condition, self._wall.at(now)), self._state
        if old is not None and (old.state, old.reason) == (new.state, new.reason):
            # Another time of day than was told, if the clock has been set meanwhile.
            new = new.model_copy(update={"since": self._wall.at(self._since)})
            if new == old:
                return
        else:
            self._since = now
            _log_state(new)
        self._state = new
        self._post.retain(self._box.topics.state, new.payload())

    def _state_now(self, condition: Condition, now: datetime) -> StateMessage:
        cry = self._desk.open_cry
        if condition.deaf is not None:
            state = BoxState.DEAF
        elif self._ear.muted:
            state = BoxState.MUTED
        else:
            state = BoxState.CRYING if cry else BoxState.LISTENING
        return StateMessage(
            box=self._box.topics.box,
            state=state,
            reason=condition.deaf,
            detail=condition.detail,
            since=now,
            cry=cry,
            last_cry=self._desk.tally.last,
            cries_today=self._desk.tally.on(now.astimezone(self._box.zone).date()),
            device=condition.device,
            demo=self._box.demo,
        )


def _log_state(state: StateMessage) -> None:
    words = f"{state.box}: {state.state.value}"
    if state.reason:
        words += f" ({state.reason.value})"
    if state.detail:
        words += f": {state.detail}"
    starting = state.reason is DeafReason.STARTING
    deaf = state.state is BoxState.DEAF and not starting
    log.log(logging.WARNING if deaf else logging.INFO, "%s", words)
