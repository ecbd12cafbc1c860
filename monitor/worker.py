"""One thread for work that may take its time, so that listening never waits for it."""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

JOBS = 4  # that may wait; what is more is refused
NICENESS = 10  # listening goes first


class Job(Generic[T]):
    """Work that was handed over; `result` is there once `done`, None when the work failed."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done = threading.Event()
        self.result: T | None = None

    @property
    def done(self) -> bool:
        """Whether it has been tried."""
        return self._done.is_set()

    def wait(self, timeout_s: float) -> None:
        """Wait until it is done, but no longer than that."""
        self._done.wait(timeout_s)

    def run(self) -> None:
        """Do the work."""
        try:
            self.result = self._work()
        except Exception:  # whatever it is, the listening goes on without the result
            log.exception("some work beside the listening failed")
        finally:
            self._done.set()


class Worker:
    """Does jobs one after the other on a thread of low priority, which ends with the process."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[Job[object]] = queue.Queue(JOBS)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[], T]) -> Job[T] | None:
        """Hand work over; None when there is too much of it already."""
        job = Job(work)
        try:
            self._jobs.put_nowait(job)  # type: ignore[arg-type]
        except queue.Full:
            return None
        return job

    def stop(self) -> None:
        """Take no more jobs; the one under way is left alone and ends with the process."""
        self._ended.set()

    def _run(self) -> None:
        if sys.platform == "linux":  # there, a thread has a priority of its own
            with contextlib.suppress(OSError):  # a sandbox may forbid it
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
        while not self._ended.is_set():
            with contextlib.suppress(queue.Empty):
                self._jobs.get(timeout=1.0).run()
