"""One recorded voice made into many: what a handful of animals cannot teach of all the others.

A voice is disguised as a whole (the resonances of its throat) and call by call (the course of its
pitch, its length, its roughness), so that a bout is still one animal's. Speed, which moves pitch
and resonances together, is the mixer's. Other sounds are disguised as well: none of this may
become a clue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Audio = NDArray[np.float32]

RATE_HZ = 16_000
KNOTS_HZ = np.geomspace(300, 8000, 7)  # of the resonances' curve


@dataclass(frozen=True)
class Disguise:
    """What is done to every call of one voice."""

    resonances: NDArray[np.float64]  # at KNOTS_HZ, natural logarithm of amplitude
    bend: float  # of the pitch along a call: spread of its knots, natural logarithm
    shortest: float  # share of a call that is left at least
    rough: float  # probability that a call is

    def __call__(self, rng: np.random.Generator, call: Audio) -> Audio:
        """One call [n] in this voice, of at most its length."""
        if len(call) < RATE_HZ // 50:
            return call
        call = call[: int(len(call) * rng.uniform(self.shortest, 1.0))]
        call = bent(rng, call, self.bend)
        if rng.random() < self.rough:
            call = call * (1 + rng.uniform(0.2, 0.7) * slow_noise(rng, len(call)))
        spectrum = np.fft.rfft(call)
        hertz = np.linspace(1.0, RATE_HZ / 2, len(spectrum))
        curve = np.interp(np.log(hertz), np.log(KNOTS_HZ), self.resonances)
        out: Audio = np.fft.irfft(spectrum * np.exp(curve), len(call)).astype(np.float32)
        return out


def draw_disguise(rng: np.random.Generator) -> Disguise:
    """Another animal."""
    return Disguise(
        resonances=rng.normal(0.0, rng.uniform(0.2, 1.0), len(KNOTS_HZ)),
        bend=float(rng.uniform(0.0, 0.12)),
        shortest=float(rng.uniform(0.4, 1.0)),
        rough=float(rng.choice([0.0, 0.1, 0.5])),
    )


def bent(rng: np.random.Generator, call: Audio, spread: float) -> Audio:
    """The call played now faster, now slower, by a smooth curve; of the same length."""
    knots = rng.normal(0.0, spread, 5)
    rate = np.exp(np.interp(np.linspace(0, 4, len(call)), np.arange(5), knots))
    at = np.cumsum(rate)
    at *= (len(call) - 1) / at[-1]
    out: Audio = np.interp(at, np.arange(len(call)), call).astype(np.float32)
    return out


def slow_noise(rng: np.random.Generator, n: int) -> Audio:
    """Noise of 40 to 150 Hz, some 1 at most, [n]."""
    knots = max(4, int(2 * rng.uniform(40, 150) * n / RATE_HZ))
    wave = np.interp(np.linspace(0, knots - 1, n), np.arange(knots), rng.standard_normal(knots))
    out: Audio = np.clip(wave, -1, 1).astype(np.float32)
    return out
