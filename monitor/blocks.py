"""What every source of sound gives: blocks of mono samples at one rate, each with its times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import soxr
from numpy.typing import NDArray

RATE_HZ = 16_000  # of every block; the model's rate is checked against it when it is loaded

Samples: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Block:
    """A stretch of sound; blocks of the same stream follow one another without a gap."""

    samples: Samples  # mono [n] at RATE_HZ, full scale is 1.0
    first: int  # samples of the stream before this block
    captured: float  # monotonic time at which the last sample was there, s
    stream: int = 0  # changes wherever sound was lost

    @property
    def end(self) -> int:
        """Samples of the stream up to the end of this block."""
        return self.first + len(self.samples)


class Mono16k:
    """Turns frames of any rate and number of channels into mono at RATE_HZ, piece by piece.

    The result does not depend on how the frames are cut into pieces.
    """

    def __init__(self, rate_hz: int) -> None:
        self._stream = (
            None
            if rate_hz == RATE_HZ
            else soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32")
        )

    def push(self, frames: Samples, *, last: bool = False) -> Samples:
        """Take frames [n, channels]; return mono samples [m], m may be 0. `last` flushes."""
        mono = frames[:, 0] if frames.shape[1] == 1 else frames.mean(axis=1, dtype=np.float32)
        finite = mono
        if not np.isfinite(mono.sum()):  # quicker than to look at each
            finite = np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0)
        if self._stream is None:
            return finite
        resampled: Samples = self._stream.resample_chunk(np.ascontiguousarray(finite), last=last)
        return resampled
