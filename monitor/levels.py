"""How loud the box is: the last second, and the noise floor of the last minute. Pure."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from monitor.blocks import RATE_HZ, Samples

PIECE = RATE_HZ // 10  # samples; loudness is taken each 100 ms
SECOND, MINUTE = 10, 600  # pieces
SILENCE_DBFS = -120.0  # said of digital silence, which has no level in dB
BAND_HZ = (300.0, 8000.0)  # as for the noise around a cry (`monitor.messages.Acoustics.snr_db`)

_WINDOW = np.hanning(PIECE).astype(np.float32)  # keeps hum out of the band
_WINDOW_POWER = float(np.dot(_WINDOW, _WINDOW))
_IN_BAND = slice(round(BAND_HZ[0] * PIECE / RATE_HZ), round(BAND_HZ[1] * PIECE / RATE_HZ))


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


class BandPieces:
    """Gathers how loud each 100 ms were where kittens and puppies call, from 300 to 8000 Hz.

    Below lie hum, rumble and what a card adds by itself, which tell nothing of the box.
    """

    def __init__(self) -> None:
        self._piece = np.zeros(PIECE, np.float32)  # under way
        self._have = 0  # samples of it
        self._powers: list[float] = []

    def push(self, samples: Samples) -> None:
        """Take the next samples [n]."""
        while len(samples):
            part = samples[: PIECE - self._have]
            self._piece[self._have : self._have + len(part)] = part
            self._have += len(part)
            samples = samples[len(part) :]
            if self._have == PIECE:
                self._powers.append(band_power(self._piece))
                self._have = 0

    def clear(self) -> None:
        """The stream has ended: what comes next does not follow on the piece under way."""
        self._have = 0

    def take(self) -> list[float]:
        """The mean squares of the pieces since they were last taken."""
        taken, self._powers = self._powers, []
        return taken


def band_power(piece: Samples) -> float:
    """Mean square of the part of a piece [PIECE] that lies within BAND_HZ."""
    spectrum = np.abs(np.fft.rfft(piece * _WINDOW)[_IN_BAND]) ** 2
    return float(2 * spectrum.sum()) / (PIECE * _WINDOW_POWER)
