"""A stand-in for the cry model that takes loud for a cry, so that a test can say what is heard.

It scores as the real one does: in runs of four hops, some time after the sound, whatever
the blocks.
Above 2 kHz on average it hears a kitten, else a puppy.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from models.card import Card, CryRule
from models.cry_model import HopScores
from monitor.blocks import RATE_HZ, Samples

HOP = 2560  # samples, 0.16 s
RUN = 4  # hops
LOUD = 0.02  # RMS


@dataclass
class LoudModel:
    """As much of `models.cry_model.CryModel` as listening uses."""

    rule: CryRule = field(default_factory=CryRule)
    rate_hz: int = RATE_HZ
    hop_s: float = HOP / RATE_HZ
    label: str = "loud-1 sha256:000000000000"
    card: Card = field(init=False)

    def __post_init__(self) -> None:
        self.card = Card(name="loud-1", sha256="0" * 64, rule=self.rule)

    def stream(self) -> LoudStream:
        return LoudStream()


class LoudStream:
    def __init__(self) -> None:
        self._pending = np.zeros(0, np.float32)
        self._done = 0  # samples

    def push(self, samples: Samples) -> list[HopScores]:
        self._pending = np.concatenate([self._pending, samples])
        hops: list[HopScores] = []
        while len(self._pending) >= RUN * HOP:
            known_s = (self._done + RUN * HOP) / RATE_HZ
            hops += [self._score(self._pending[i * HOP :][:HOP], i, known_s) for i in range(RUN)]
            self._pending = self._pending[RUN * HOP :]
            self._done += RUN * HOP
        return hops

    def flush(self) -> list[HopScores]:
        known_s = (self._done + len(self._pending)) / RATE_HZ
        pieces = [self._pending[i : i + HOP] for i in range(0, len(self._pending), HOP)]
        return [self._score(piece, i, known_s) for i, piece in enumerate(pieces)]

    def _score(self, piece: Samples, place: int, known_s: float) -> HopScores:
        time_s = (self._done + (place + 0.5) * HOP) / RATE_HZ
        if float(np.sqrt(np.mean(piece**2))) < LOUD:
            return HopScores(time_s, 0.02, 0.02, known_s)
        crossings = float(np.mean(np.abs(np.diff(np.signbit(piece).astype(np.float32)))))
        kitten = crossings * RATE_HZ / 2 > 2000
        return HopScores(time_s, 0.9 if kitten else 0.05, 0.05 if kitten else 0.9, known_s)


def tone(hertz: float, seconds: float, level: float = 0.2) -> Samples:
    """A sine [n] at 16 kHz."""
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (level * np.sin(2 * np.pi * hertz * t)).astype(np.float32)


def silence(seconds: float) -> Samples:
    """Zeros [n] at 16 kHz."""
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def bout(calls: int, *, hertz: float = 3000.0, call_s: float = 0.48, gap_s: float = 0.8) -> Samples:
    """A run of calls."""
    return np.concatenate([np.concatenate([tone(hertz, call_s), silence(gap_s)])] * calls)
