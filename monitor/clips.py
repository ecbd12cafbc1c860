"""The sound of a cry: remembered for a while, cut out, and packed as FLAC."""

from __future__ import annotations

import io

import numpy as np
import soundfile as sf

from monitor.blocks import RATE_HZ, Samples
from monitor.messages import MAX_CLIP_BYTES

BEFORE_S = 1.0  # of sound kept before the onset
AFTER_S = 0.5  # ... and after the end


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
