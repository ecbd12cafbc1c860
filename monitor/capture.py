"""One open stream of a sound card: frames in by PortAudio's callback, blocks out."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from typing import Any, TypeVar

from monitor.blocks import RATE_HZ, Block, Mono16k, Samples
from monitor.devices import DeviceError, Input, portaudio
from monitor.liveness import Content

log = logging.getLogger(__name__)

T = TypeVar("T")

BLOCK_S = 0.02
LATENCY_S = 0.2  # of PortAudio's own buffer: so long may Python keep the callback waiting
QUEUE_BLOCKS = 500  # 10 s, each of callback to keeper and keeper to listener
LOST_S = 1.0  # sound that comes so much later than it should has a gap before it
# Cheap cards run slow by 0.1 ms a second: in three hours a second, in which nothing is lost.
DRIFT = 0.001
CARD_RATES_HZ = (16_000, 48_000, 44_100, 32_000, 96_000)  # a card does what it can do itself
OTHER_RATES_HZ = (48_000, 44_100, 16_000)  # ALSA and sound servers convert, and worse than we do

UNFIT = ("-9994", "-9997", "-9998")  # PortAudio: not this sample format, rate, channel count


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

    def __init__(self, device: Input, number: int, channel: int | None = None) -> None:
        """Open it, to listen to one channel (from 1) or to the mean of all; raises DeviceError."""
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
        self._channel = channel
        self.rate_hz, channels = _format(device, channel)
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
        if not len(frames):
            return
        if self._channel is not None:
            frames = frames[:, self._channel - 1 : self._channel]
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
        self._least_late = min(self._least_late + DRIFT * length_s, late)
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


def _format(device: Input, channel: int | None = None) -> tuple[int, int]:
    """Rate in Hz and channels that the device can do; raises DeviceError.

    Where one channel is wanted a single one is not asked for: a sound server would mix it of all.
    """
    counts = [1, min(2, device.channels), device.channels]
    if channel is not None:
        counts = [min(max(2, channel), device.channels), device.channels]
    sounddevice = portaudio()
    rates = (*CARD_RATES_HZ, device.rate_hz) if device.is_card else OTHER_RATES_HZ
    problem: Exception | None = None
    for channels in dict.fromkeys(counts):
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
