"""Gathers what is known of a running listener, and says when it is time to tell of it."""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from monitor.health import Facts, checks, health_message
from monitor.messages import Check, CheckStatus, ClockState, DeafReason
from monitor.outbox import Outbox
from monitor.publisher import BrokerStatus, Connection

TELL_S = 60.0  # at least this often
LATELY_S = 300.0  # losses are remembered so long
STATM = Path("/proc/self/statm")  # Linux: sizes of this process in pages, resident second


@dataclass(frozen=True)
class Hearing:
    """How the hearing does: from the source and from the ear."""

    deaf: DeafReason | None
    deaf_detail: str | None
    device: str | None
    rate_hz: int | None
    overflows: int
    dropped_blocks: int
    load: float
    latency_s: float | None
    learned: int | None = None
    speech: str | None = None


@dataclass
class Vitals:
    """Health messages of one box; asked about once a second, by the listener's own thread."""

    box: str
    version: str
    model: str
    state_dir: Path
    outbox: Outbox
    broker: Callable[[], BrokerStatus]
    demo: bool = False
    clock: Callable[[], float] = time.monotonic

    _began: float = field(init=False)
    _told_at: float = float("-inf")
    _told: tuple[tuple[str, CheckStatus], ...] = ()
    _losses: deque[tuple[float, int]] = field(default_factory=deque)
    """When the count of lost blocks was found to have grown, and by how many."""
    _lost: int = 0

    def __post_init__(self) -> None:
        self._began = self.clock()

    def payload(self, hearing: Hearing, wall: datetime, clock_state: ClockState) -> bytes | None:
        """The health message when it is due: each minute, and when a check has changed."""
        now = self.clock()
        facts = self._facts(hearing, clock_state, now)
        found = _outcome(checks(facts))
        if found == self._told and now - self._told_at < TELL_S:
            return None
        self._told, self._told_at = found, now
        return health_message(self.box, wall, self.version, facts, demo=self.demo).payload()

    def _facts(self, hearing: Hearing, clock_state: ClockState, now: float) -> Facts:
        return Facts(
            model=self.model,
            deaf=hearing.deaf,
            deaf_detail=hearing.deaf_detail,
            device=hearing.device,
            rate_hz=hearing.rate_hz,
            overflows=hearing.overflows,
            dropped_blocks=hearing.dropped_blocks,
            lost_lately=self._lost_lately(hearing.overflows + hearing.dropped_blocks, now),
            load=None if hearing.latency_s is None else hearing.load,
            latency_s=hearing.latency_s,
            broker=_broker_trouble(self.broker()),
            outbox_depth=self.outbox.depth(),
            outbox_age_s=self.outbox.oldest_age_s(),
            outbox_trouble=self.outbox.trouble,
            lost_messages=self.outbox.lost_messages,
            clock=clock_state,
            disk_free_mb=disk_free_mb(self.state_dir),
            memory_mb=memory_mb(),
            uptime_s=now - self._began,
            learned=hearing.learned,
            speech=hearing.speech,
        )

    def _lost_lately(self, lost: int, now: float) -> int:
        if lost > self._lost:
            self._losses.append((now, lost - self._lost))
        self._lost = lost
        while self._losses and now - self._losses[0][0] > LATELY_S:
            self._losses.popleft()
        return sum(count for _, count in self._losses)


def _outcome(found: tuple[Check, ...]) -> tuple[tuple[str, CheckStatus], ...]:
    return tuple((check.name, check.status) for check in found)


def _broker_trouble(status: BrokerStatus) -> str | None:
    if status.connection is Connection.CONNECTING:
        return None
    if status.connection is Connection.STOPPED:
        return "stopped"
    return status.detail


def disk_free_mb(path: Path) -> float | None:
    """Free space where `path` lies, in MB; None when that cannot be told."""
    try:
        return shutil.disk_usage(path).free / 1e6
    except OSError:
        return None


def memory_mb() -> float | None:
    """Resident memory of this process, in MB; None when that cannot be told."""
    try:
        pages = int(STATM.read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
