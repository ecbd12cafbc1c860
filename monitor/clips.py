"""The sound of a cry: remembered for a while, cut out, and packed as FLAC."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np
import soundfile as sf

from monitor.blocks import RATE_HZ, Samples
from monitor.messages import MAX_CLIP_BYTES

BEFORE_S = 1.0  # of sound kept before the onset
AFTER_S = 0.5  # ... and after the end
LATE_S = 15.0  # so long after its onset a cry may be announced or ended


class SoundMemory:
    """The last seconds of a stream, as 16-bit samples."""

    def __init__(self, seconds: float) -> None:
        self._ring = np.zeros(round(seconds * RATE_HZ), np.int16)
        self._end = 0  # samples of the stream so far

    @property
    def seconds(self) -> float:
        """Length of the stream so far, in s."""
        return self._end / RATE_HZ

    def push(self, samples: Samples) -> None:
        """Take the next samples [n]."""
        size = len(self._ring)
        self._end += len(samples)
        kept = samples[-size:]
        places = np.arange(self._end - len(kept), self._end) % size
        self._ring[places] = (np.clip(kept, -1.0, 1.0) * 32767).astype(np.int16)

    def cut(self, from_s: float, to_s: float) -> tuple[float, Samples]:
        """What is still remembered between two moments: where it begins in s, and samples [n]."""
        oldest = max(0, self._end - len(self._ring))
        first = min(max(round(from_s * RATE_HZ), oldest), self._end)
        last = min(max(round(to_s * RATE_HZ), first), self._end)
        places = np.arange(first, last) % len(self._ring)
        return first / RATE_HZ, (self._ring[places] / 32767).astype(np.float32)


class CrySound:
    """The sound of a cry while it goes on: where its calls lie, and the sound once it is whole."""

    def __init__(self, onset_s: float, wanted_s: float) -> None:
        """Of the cry that began at `onset_s`, `wanted_s` are wanted from BEFORE_S before it."""
        self._from_s = max(0.0, onset_s - BEFORE_S)
        self._to_s = onset_s - BEFORE_S + wanted_s
        self._calls: list[tuple[float, float]] = []
        self._sound: tuple[float, Samples] | None = None

    def add(self, calls: Iterable[tuple[float, float]]) -> None:
        """Note calls, by onset and offset in s of the stream."""
        self._calls += [(on, off) for on, off in calls if on < self._to_s]

    def keep(self, memory: SoundMemory) -> None:
        """Take the sound, if there is as much of it as is wanted."""
        if self._sound is None and memory.seconds >= self._to_s:
            self._sound = memory.cut(self._from_s, self._to_s)

    def end(
        self, memory: SoundMemory, offset_s: float
    ) -> tuple[Samples, list[tuple[float, float]]]:
        """The cry ended at `offset_s`: its sound, and its calls in s from the first sample."""
        end_s = min(offset_s + AFTER_S, self._to_s)
        begin_s, sound = self._sound or memory.cut(self._from_s, end_s)
        end_s = begin_s + len(sound) / RATE_HZ
        inside = [(on, min(off, end_s)) for on, off in self._calls if begin_s <= on < end_s]
        return sound, [(on - begin_s, off - begin_s) for on, off in inside]


def to_flac(samples: Samples) -> bytes:
    """Mono samples [n] at 16 kHz as FLAC of at most MAX_CLIP_BYTES: the end is cut off if need be.

    Noise packs badly, at worst to a little over 2 bytes a sample: 16 s always fit.
    """
    while True:
        packed = io.BytesIO()
        sf.write(packed, samples, RATE_HZ, format="FLAC", subtype="PCM_16")
        size = packed.getbuffer().nbytes
        if size <= MAX_CLIP_BYTES:
            return packed.getvalue()
        samples = samples[: int(len(samples) * 0.98 * MAX_CLIP_BYTES / size)]
