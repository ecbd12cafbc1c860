"""How loud the box is: the last second, and the noise floor of the last minute. Pure."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from monitor.blocks import RATE_HZ, Samples

PIECE = RATE_HZ // 10  # samples; loudness is taken each 100 ms
SECOND, MINUTE = 10, 600  # pieces
SILENCE_DBFS = -120.0  # said of digital silence, which has no level in dB


class LevelMeter:
    """Follows the loudness of a stream."""

    def __init__(self) -> None:
        self._powers: deque[float] = deque(maxlen=MINUTE)  # mean square of each piece
        self._sum = 0.0  # of squares, in the piece under way
        self._have = 0  # samples in it

    def push(self, samples: Samples) -> None:
        """Take the next samples [n]."""
        while len(samples):
            part = samples[: PIECE - self._have]
            self._sum += float(np.dot(part, part))
            self._have += len(part)
            samples = samples[len(part) :]
            if self._have == PIECE:
                self._powers.append(self._sum / PIECE)
                self._sum, self._have = 0.0, 0

    def clear(self) -> None:
        """Forget what was heard: it is not now."""
        self._powers.clear()
        self._sum, self._have = 0.0, 0

    def level_dbfs(self) -> float | None:
        """RMS of the last second; None before there was any sound."""
        if not self._powers:
            return None
        last = list(self._powers)[-SECOND:]
        return decibels(sum(last) / len(last))

    def noise_dbfs(self) -> float | None:
        """10th percentile of the last minute; None before there was any sound."""
        if not self._powers:
            return None
        return decibels(float(np.quantile(np.asarray(self._powers), 0.1)))


def decibels(power: float) -> float:
    """Mean square to dBFS, to a tenth."""
    return round(max(SILENCE_DBFS, 10 * math.log10(power)), 1) if power > 0 else SILENCE_DBFS
