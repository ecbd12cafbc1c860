"""A microphone as a source of sound: opened by name, watched, opened again as long as needed.

PortAudio's callback only copies frames into a queue. One thread, the keeper, owns everything else
about the device; `read` and `condition` may be called from another.
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
from typing import Any, TypeVar

from monitor.blocks import RATE_HZ, Block, Mono16k, Samples
from monitor.devices import DeviceError, Input, MissingError, choose, inputs, look_again, portaudio
from monitor.liveness import Action, Content, Facts, Liveness
from monitor.messages import DeafReason
from monitor.sources import Condition

log = logging.getLogger(__name__)

T = TypeVar("T")

BLOCK_S = 0.02
LATENCY_S = 0.2  # of PortAudio's own buffer: so long may Python keep the callback waiting
QUEUE_BLOCKS = 500  # 10 s, each of callback to keeper and keeper to listener
LOST_S = 1.0  # sound that comes so much later than it should has a gap before it
TURN_S = 0.1
HANG_S = 20.0  # an open or close that takes longer will never return
HANG_EXIT = 70  # exit status: EX_SOFTWARE of sysexits.h
CARD_RATES_HZ = (16_000, 48_000, 44_100, 32_000, 96_000)  # a card does what it can do itself
OTHER_RATES_HZ = (48_000, 44_100, 16_000)  # ALSA and sound servers convert, and worse than we do

UNFIT = ("-9994", "-9997", "-9998")  # PortAudio: not this sample format, rate, channel count

ADVICE = {
    DeafReason.UNPLUGGED: "The microphone is gone: look at its plug and cable.",
    DeafReason.FROZEN: "The microphone gives no sound any more: pull it out and plug it in again.",
    DeafReason.SILENT: "The microphone gives perfect silence: is it muted or switched off?",
    DeafReason.CLIPPED: "The microphone is overdriven: turn its gain down or move it away.",
}


def must_be_clear(wanted: str | None) -> None:
    """Raises DeviceError where a setting can never be followed, whatever is plugged in later."""
    with _ended_if_it_hangs(wanted), contextlib.suppress(MissingError):
        choose(wanted, inputs())


def put_newest(items: queue.Queue[T], item: T) -> int:
    """Put without waiting; returns how many of the oldest were dropped to make room."""
    dropped = 0
    while True:
        try:
            items.put_nowait(item)
        except queue.Full:
            with contextlib.suppress(queue.Empty):
                items.get_nowait()
                dropped += 1
        else:
            return dropped


class Opened:
    """An open stream, and what it has given so far."""

    def __init__(self, device: Input, number: int) -> None:
        """Open it; raises DeviceError."""
        sounddevice = portaudio()
        self.device = device
        self.number = number
        self.began = time.monotonic()
        self.newest: float | None = None
        self.content = Content()
        self.ended = threading.Event()
        self.overflows = 0
        self.dropped = 0
        self.frames: queue.Queue[tuple[Samples, float]] = queue.Queue(QUEUE_BLOCKS)
        self.rate_hz, channels = _format(device)
        self._start_over()
        try:
            self._stream = sounddevice.InputStream(
                device=device.index,
                samplerate=self.rate_hz,
                channels=channels,
                blocksize=round(BLOCK_S * self.rate_hz),
                latency=LATENCY_S,
                dtype="float32",
                callback=self._take,
                finished_callback=self.ended.set,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise DeviceError(_not_opened(device, error)) from None

    def _start_over(self) -> None:
        self._mono = Mono16k(self.rate_hz)
        self._fed = 0  # frames of the device
        self._given = 0  # samples of the block stream
        self._least_late = float("inf")  # of (time - frames / rate)

    def _take(self, frames: Samples, _count: int, _times: Any, status: Any) -> None:
        """PortAudio calls this on a thread of its own: look, copy, go."""
        if status.input_overflow:
            self.overflows += 1
        self.dropped += put_newest(self.frames, (frames.copy(), time.monotonic()))

    def block(self, frames: Samples, now: float) -> Block:
        """Frames [n, channels] that came at the monotonic time `now`, as a block of the stream."""
        length_s = len(frames) / self.rate_hz
        self.newest = now
        self.content.push(frames, now - length_s, now)
        late = now - (self._fed + len(frames)) / self.rate_hz
        if late > self._least_late + LOST_S:
            self.number += 1
            self._start_over()
            late = now - length_s
        self._least_late = min(self._least_late, late)
        self._fed += len(frames)
        samples = self._mono.push(frames)
        self._given += len(samples)
        # The resampler holds a little back, which was captured before as well.
        captured = now - (self._fed / self.rate_hz - self._given / RATE_HZ)
        return Block(samples, self._given - len(samples), captured, self.number)

    def close(self) -> None:
        """Close it, whatever state it is in."""
        sounddevice = portaudio()
        try:
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)
        except sounddevice.PortAudioError as error:
            log.debug("closing: %s", error)


class Microphone:
    """The microphone that a setting names, and never another."""

    def __init__(self, wanted: str | None) -> None:
        """Begin to listen; `wanted` is as in `monitor.devices.choose`."""
        self._wanted = wanted
        self._liveness = Liveness()
        self._opened: Opened | None = None
        self._streams = 0
        self._lost = (0, 0)  # overflows and dropped blocks of streams that are closed
        self._trouble = ""
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
                device = choose(self._wanted, inputs())
                self._opened = Opened(device, self._streams + 1)
            except DeviceError as error:
                self._trouble = str(error)
            else:
                self._name = device.stable_name
                # Where none is named, the one that was found first is meant from now on.
                self._wanted = device.usb.setting if device.usb else device.stable_name
                log.info('listening with "%s" at %d Hz', self._name, self._opened.rate_hz)
        self._liveness.tried(time.monotonic(), opened=self._opened is not None)

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


def _format(device: Input) -> tuple[int, int]:
    """Rate in Hz and channels that the device can do; raises DeviceError."""
    sounddevice = portaudio()
    rates = (*CARD_RATES_HZ, device.rate_hz) if device.is_card else OTHER_RATES_HZ
    problem: Exception | None = None
    for channels in dict.fromkeys((1, min(2, device.channels), device.channels)):
        for rate_hz in rates:
            try:
                sounddevice.check_input_settings(
                    device=device.index, channels=channels, samplerate=rate_hz, dtype="float32"
                )
            except (sounddevice.PortAudioError, ValueError) as error:
                problem = error
                if not any(code in str(error) for code in UNFIT):
                    raise DeviceError(_not_opened(device, error)) from None
            else:
                return rate_hz, channels
    raise DeviceError(_not_opened(device, problem))


def _not_opened(device: Input, error: Exception | None) -> str:
    text = str(error)
    if "-9985" in text:
        why = "another program is using it"
    elif "-9999" in text:
        why = "the system reports an error; is it plugged in?"
    else:
        why = text.partition("[PaErrorCode")[0].strip()
    return f'"{device.stable_name}" cannot be opened: {why}'


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
