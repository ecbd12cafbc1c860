"""What each minute was like: how loud it was, what was nearly a call, how long was listened.

Pure: sound, scores and the listener's own state in, minutes out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.card import CryRule
from models.cry_model import HopScores
from monitor.blocks import RATE_HZ, Samples
from monitor.levels import BandPieces, decibels
from monitor.messages import DeafReason
from monitor.near import NearCalls, NearCount

MINUTE_S = 60.0
LONGEST_S = 3600.0  # of a program that stood still, only the end is told; before it was a gap


@dataclass(frozen=True)
class Loudness:
    """Of the pieces of a minute in which sound was heard, dBFS; None where there was none."""

    level: float | None = None  # median
    loud: float | None = None  # 95th percentile
    peak: float | None = None
    noise: float | None = None  # 10th percentile

    @classmethod
    def of(cls, powers: Sequence[float]) -> Loudness:
        """Of mean squares."""
        if not powers:
            return cls()
        level, loud, peak, noise = np.quantile(np.asarray(powers), (0.5, 0.95, 1.0, 0.1))
        return cls(*(decibels(float(power)) for power in (level, loud, peak, noise)))


@dataclass(frozen=True)
class Minute:
    """A minute, or less at the end of a run."""

    began: float  # monotonic, s
    length_s: float
    listened_s: float  # a cry would have been heard
    muted_s: float
    deaf_s: float
    reason: DeafReason | None  # why deaf, the longest
    loudness: Loudness
    score: float  # highest P(cry)
    near: NearCount


@dataclass
class _Spent:
    """How the minute was spent so far, s."""

    began: float
    listening: float = 0.0
    sound: float = 0.0  # that came in while listening
    muted: float = 0.0
    deaf: dict[DeafReason, float] = field(default_factory=dict)


class Minutes:
    """Gathers minutes; `tick` closes them."""

    def __init__(self, hop_s: float, now: float) -> None:
        self._hop_s = hop_s
        self._pieces = BandPieces()
        self._powers: list[float] = []
        self._sound = 0  # samples since the last tick
        self._near: NearCalls | None = None
        self._count = NearCount()
        self._score = 0.0
        self._spent = _Spent(now)
        self._last_tick = now

    def hear(self, samples: Samples) -> None:
        """Take the next samples [n] of the stream."""
        self._pieces.push(samples)
        self._sound += len(samples)

    def judge(self, hops: Sequence[HopScores], rule: CryRule, *, crying: bool) -> None:
        """Take the newest scores of the stream, and the rule that calls are found by."""
        if not hops:
            return
        if self._near is None:
            self._near = NearCalls(rule, self._hop_s, self._count)
        self._near.set_rule(rule)
        self._near.hear(hops, crying=crying)
        self._score = max([self._score, *(hop.cry for hop in hops)])

    def end(self, *, crying: bool) -> None:
        """The stream has ended; `crying`: in a cry."""
        self._pieces.clear()
        if self._near is not None:
            self._near.finish(crying=crying)
            self._near = None

    def tick(self, now: float, deaf: DeafReason | None, *, muted: bool) -> Minute | None:
        """How it was since the last tick, about a second ago; the minute that is over, if one is.

        Sound that comes from a deaf microphone (zeros, or nothing but clipping) tells no level.
        """
        passed_s, self._last_tick = max(0.0, now - self._last_tick), now
        powers, sound_s, self._sound = self._pieces.take(), self._sound / RATE_HZ, 0
        if deaf is not None:
            self._spent.deaf[deaf] = self._spent.deaf.get(deaf, 0.0) + passed_s
        else:
            self._powers += powers
            if muted:
                self._spent.muted += passed_s
            else:
                self._spent.listening += passed_s
                self._spent.sound += sound_s
        return self.close(now) if now - self._spent.began >= MINUTE_S else None

    def close(self, now: float) -> Minute | None:
        """The minute so far, and begin the next; None where no time has passed."""
        spent = self._spent
        if now <= spent.began:
            return None
        score, self._score = self._score, 0.0
        powers, self._powers = self._powers, []
        self._spent = _Spent(now)
        length_s = min(now - spent.began, LONGEST_S)
        return Minute(
            began=now - length_s,
            length_s=length_s,
            # What was lost was not listened to.
            listened_s=min(spent.listening, spent.sound, length_s),
            muted_s=min(spent.muted, length_s),
            deaf_s=min(sum(spent.deaf.values()), length_s),
            reason=max(spent.deaf, key=lambda why: spent.deaf[why], default=None),
            loudness=Loudness.of(powers),
            score=min(1.0, score),
            near=self._count.take(),
        )
