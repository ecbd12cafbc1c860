"""A microphone as a source of sound: opened by name, watched, opened again as long as needed.

One thread, the keeper, owns the device; `read` and `condition` may be called from another.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from monitor.blocks import Block
from monitor.capture import QUEUE_BLOCKS, Opened, put_newest
from monitor.devices import DeviceError, MissingError, choose, inputs, look_again
from monitor.liveness import Action, Facts, Liveness
from monitor.messages import DeafReason
from monitor.sources import Condition

log = logging.getLogger(__name__)

TURN_S = 0.1
HANG_S = 20.0  # an open or close that takes longer will never return
HANG_EXIT = 70  # exit status: EX_SOFTWARE of sysexits.h

ADVICE = {
    DeafReason.UNPLUGGED: "The microphone is gone: look at its plug and cable.",
    DeafReason.FROZEN: "The microphone gives no sound any more: pull it out and plug it in again.",
    DeafReason.SILENT: "The microphone gives perfect silence: is it muted or switched off?",
    DeafReason.CLIPPED: "The microphone is overdriven: turn its gain down or move it away.",
}


def must_be_clear(wanted: str | None, channel: int | None = None) -> None:
    """Raises DeviceError where a setting can never be followed, whatever is plugged in later."""
    with _ended_if_it_hangs(wanted), contextlib.suppress(MissingError):
        choose(wanted, inputs(), channel)


class Microphone:
    """The microphone that a setting names, and never another."""

    def __init__(self, wanted: str | None, channel: int | None = None) -> None:
        """Begin to listen; both are as in `monitor.devices.choose`."""
        self._wanted = wanted
        self._channel = channel
        self._liveness = Liveness()
        self._opened: Opened | None = None
        self._streams = 0
        self._lost = (0, 0)  # overflows and dropped blocks of streams that are closed
        self._trouble = ""
        self._logged = ""
        self._name: str | None = wanted
        self._blocks: queue.Queue[Block] = queue.Queue(QUEUE_BLOCKS)
        self._condition = Condition(DeafReason.STARTING, device=wanted)
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="microphone", daemon=True)
        self._keeper.start()

    @property
    def finished(self) -> bool:
        """A microphone never is."""
        return False

    @property
    def hangs(self) -> bool:
        """Whether it could not be closed: PortAudio must not be asked for anything more."""
        return self._stopping.is_set() and self._keeper.is_alive()

    def read(self, timeout_s: float) -> Block | None:
        """The next block, or None when none came in time."""
        try:
            return self._blocks.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def condition(self) -> Condition:
        """How it does right now."""
        return self._condition

    def close(self, timeout_s: float = 1.0) -> None:
        """End the keeper and close the device."""
        self._stopping.set()
        self._keeper.join(timeout_s)

    # From here on everything runs on the keeper's thread.

    def _keep(self) -> None:
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:  # a mistake of ours must not make the listener deaf for good
                log.exception("the microphone failed; it is tried again")
                self._trouble = "an error in this program, see its log"
                self._close()
                self._liveness.lost(time.monotonic())
                self._stopping.wait(TURN_S)
        self._close()

    def _turn(self) -> None:
        opened = self._opened
        if opened is None:
            self._stopping.wait(TURN_S)
        else:
            self._pass_on(opened)
            if opened.ended.is_set():
                self._trouble = f'"{opened.device.stable_name}" stopped'
                self._close()
                self._liveness.lost(time.monotonic())
        action = self._liveness.step(self._facts())
        self._tell()
        if action is Action.OPEN:
            self._open()
            self._tell()

    def _pass_on(self, opened: Opened) -> None:
        """Bring what has come on its way, waiting for a moment if nothing has."""
        try:
            frames, at = opened.frames.get(timeout=TURN_S)
        except queue.Empty:
            return
        opened.dropped += put_newest(self._blocks, opened.block(frames, at))

    def _facts(self) -> Facts:
        now, opened = time.monotonic(), self._opened
        if opened is None:
            return Facts(now, None, None)
        return Facts(now, opened.began, opened.newest, opened.content.wrong(now))

    def _open(self) -> None:
        with _ended_if_it_hangs(self._wanted):
            self._close()
            try:
                look_again()
                device = choose(self._wanted, inputs(), self._channel)
                self._opened = Opened(device, self._streams + 1, self._channel)
            except DeviceError as error:
                self._trouble = str(error)
            else:
                self._name = device.stable_name
                if self._wanted is None:  # from now on, the one that was found first is meant
                    self._wanted = device.usb.setting if device.usb else device.stable_name
                self._log_once(f'listening with "{self._name}" at {self._opened.rate_hz} Hz')
        self._liveness.tried(time.monotonic(), opened=self._opened is not None)

    def _log_once(self, words: str) -> None:
        """Not again at each attempt to wake a frozen microphone."""
        if words != self._logged or self._liveness.deaf is not DeafReason.FROZEN:
            log.info("%s", words)
        self._logged = words

    def _close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is None:
            return
        with _ended_if_it_hangs(self._wanted):
            opened.close()
        overflows, dropped = self._lost
        self._lost = overflows + opened.overflows, dropped + opened.dropped
        self._streams = opened.number

    def _tell(self) -> None:
        opened, deaf = self._opened, self._liveness.deaf
        overflows, dropped = self._lost
        detail = ADVICE.get(deaf) if deaf else None
        if deaf is DeafReason.UNPLUGGED and self._trouble:
            detail = self._trouble[:290]
        self._condition = Condition(
            deaf=deaf,
            detail=detail,
            device=self._name,
            rate_hz=opened.rate_hz if opened else None,
            overflows=overflows + (opened.overflows if opened else 0),
            dropped=dropped + (opened.dropped if opened else 0),
        )


@contextmanager
def _ended_if_it_hangs(device: str | None) -> Iterator[None]:
    """End the process, to be started anew, if PortAudio does not come back."""

    def end() -> None:
        log.critical(
            "PortAudio hangs on microphone %r for %.0f s: this process ends, to be started anew",
            device or "default",
            HANG_S,
        )
        sys.stderr.flush()
        os._exit(HANG_EXIT)

    timer = threading.Timer(HANG_S, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
