"""How much speaks for a cry at each hop, by the very rule that announces one. Pure.

The rule asks for two calls within a while, or for enough calling in it; so a hop's own score says
little. Its evidence is the highest `call_on` at which the rule would be content just then: the
score of the weaker of two calls, or of the weakest of the hops that make up enough calling. To
sweep a threshold over it is to sweep `call_on` of the rule.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from models.card import CryRule
from models.cry_model import HopScores

IGNORED = 0.02  # scores below are evidence of nothing and not worth the time


@dataclass
class _Hop:
    cry: float
    kitten: float
    puppy: float
    pair: float = 0.0  # evidence of two calls, the first of them here


class Evidence:
    """Follows the scores of one stream."""

    def __init__(self, rule: CryRule, hop_s: float) -> None:
        self._dip = rule.call_off / rule.call_on  # what a score falls to between two calls
        self._voiced = round(rule.announce_voiced_s / hop_s)  # hops
        self._recent: deque[_Hop] = deque(maxlen=round(rule.announce_within_s / hop_s))

    def hear(self, scores: HopScores) -> tuple[float, float]:
        """Take the next hop; return the evidence for a kitten and for a puppy, 0..1.

        The larger of the two is the evidence for a cry, since a cry need not be one or the other
        to be one; the smaller tells how likely the other animal is beside it.
        """
        hop = _Hop(scores.cry, scores.kitten, scores.puppy)
        if hop.cry >= IGNORED:
            self._pair(hop.cry)
        self._recent.append(hop)
        strongest = sorted((each.cry for each in self._recent), reverse=True)[: self._voiced]
        voiced = strongest[-1] if len(strongest) == self._voiced else 0.0
        evidence = max(voiced, *(each.pair for each in self._recent))
        kitten = sum(each.kitten for each in self._recent)
        puppy = sum(each.puppy for each in self._recent)
        scale = evidence / max(kitten, puppy, 1e-9)
        return kitten * scale, puppy * scale

    def _pair(self, cry: float) -> None:
        """Note how well a hop and each earlier one make two calls."""
        lowest = cry
        for other in reversed(self._recent):
            weaker = min(cry, other.cry)
            if lowest < self._dip * weaker:
                other.pair = max(other.pair, weaker)
            lowest = min(lowest, other.cry)
