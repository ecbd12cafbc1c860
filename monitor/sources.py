"""What the listener can listen to: one small interface, whatever is behind it."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Protocol

from monitor.blocks import RATE_HZ, Block, Samples
from monitor.messages import DeafReason

PACE = RATE_HZ // 25  # samples of a block that is played at real speed: 40 ms


@dataclass(frozen=True)
class Condition:
    """How a source does right now."""

    deaf: DeafReason | None  # None: it hears
    detail: str | None = None  # in words, and what to do
    device: str | None = None  # as people know it
    rate_hz: int | None = None  # of the device
    overflows: int = 0  # blocks that the sound card lost
    dropped: int = 0  # blocks that nobody took in time


class Source(Protocol):
    """Gives blocks as they are captured."""

    @property
    def finished(self) -> bool:
        """Whether there will be no more sound, ever."""

    def read(self, timeout_s: float) -> Block | None:
        """The next block, or None when none came in time."""

    def condition(self) -> Condition:
        """How it does right now."""

    def close(self) -> None:
        """Let go of what it holds."""


class Played:
    """Sound from elsewhere than a microphone, given out at the speed at which it sounds."""

    def __init__(
        self,
        streams: Iterable[tuple[str, Iterable[Samples]]],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Play one stream after the other: the name of each, and its mono samples at 16 kHz."""
        self._clock = clock
        self._sleep = sleep
        self._name: str | None = None
        self._blocks = self._cut(streams)
        self.finished = False

    def read(self, timeout_s: float) -> Block | None:  # noqa: ARG002 - a block is short enough
        """The next block, once it has sounded to its end."""
        block = next(self._blocks, None)
        if block is None:
            self.finished = True
            return None
        self._sleep(max(0.0, block.captured - self._clock()))
        return block

    def condition(self) -> Condition:
        """It hears as long as it plays."""
        return Condition(deaf=None, device=self._name, rate_hz=RATE_HZ)

    def close(self) -> None:
        """Stop playing."""
        self._blocks.close()

    def _cut(self, streams: Iterable[tuple[str, Iterable[Samples]]]) -> Generator[Block]:
        for number, (name, pieces) in enumerate(streams, start=1):
            self._name = name
            began, given = self._clock(), 0
            for piece in pieces:
                for at in range(0, len(piece), PACE):
                    samples = piece[at : at + PACE]
                    given += len(samples)
                    due = began + given / RATE_HZ
                    yield Block(samples, given - len(samples), due, number)
