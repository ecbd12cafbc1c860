"""Signals that ask for the end, as something to wait for instead of being interrupted by."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """Whether one has come; hand it to `select` to wait for it."""

    def __init__(self, reader: socket.socket) -> None:
        self._reader = reader

    def fileno(self) -> int:
        """Readable once a signal has come."""
        return self._reader.fileno()

    def pending(self) -> bool:
        """Whether one has come."""
        try:
            return bool(self._reader.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False


@contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Collect the signals that end us, instead of being interrupted by them."""

    def note(number: int, frame: FrameType | None) -> None:
        """Nothing: the signal's number is written to the socket by Python."""

    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        if handlers[number] is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, note)
    try:
        yield StopSignals(reader)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        reader.close()
        writer.close()
