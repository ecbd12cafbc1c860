"""Counts what led to no cry: single calls, and sounds that were nearly calls. Pure.

A quiet night looks the same as one whose threshold is too high or whose microphone hangs too far
away. The sounds just under the threshold tell them apart.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.card import CryRule
from models.cry_model import HopScores
from monitor.cries import Call, Calls

# How far under the threshold a sound may stay to be counted, in logits: two steps of sensitivity
# would make a call of it. Of cries in noise that are not told, most leave a mark within it down to
# -10 dB, and a quiet room leaves none (`python -m tests.bench.near`).
NEAR_LOGITS = 1.7
JOINED_S = 1e-6  # a sound that goes on for longer than a call may is cut, without a gap


@dataclass
class NearCount:
    """Sounds that led to no cry."""

    near: int = 0  # stayed under the threshold
    lone: int = 0  # calls, but too few for a cry

    def take(self) -> NearCount:
        """The counts so far; they begin anew."""
        taken = replace(self)
        self.near = self.lone = 0
        return taken


class NearCalls:
    """Follows the hops of one stream."""

    def __init__(self, rule: CryRule, hop_s: float, count: NearCount) -> None:
        """`rule` is the one that calls are found by; counted is into `count`."""
        self._calls = Calls(rule, hop_s)
        self._hop_s = hop_s
        self._count = count
        self._waiting: deque[Call] = deque()  # may turn out to be the first calls of a cry
        self.set_rule(rule)

    def set_rule(self, rule: CryRule) -> None:
        """Judge what is heard from now on by another rule."""
        self._rule = rule
        self._calls.rule = within_reach(rule)

    def hear(self, hops: Iterable[HopScores], *, crying: bool) -> None:
        """Take the next hops; `crying`: a cry is open after them, and all sound belongs to it."""
        for hop in hops:
            if (ended := self._calls.hear(hop)) is not None:
                self._add(ended)
            if not crying:
                self._settle(hop.time_s + self._hop_s / 2 - self._rule.announce_within_s)
        if crying:
            self._waiting.clear()

    def finish(self, *, crying: bool) -> None:
        """The stream has ended; `crying`: in a cry."""
        ended = self._calls.close()
        if ended is not None and not crying:
            self._add(ended)
        self._settle(math.inf)

    def _add(self, call: Call) -> None:
        last = self._waiting[-1] if self._waiting else None
        if last is not None and call.onset_s - last.offset_s < JOINED_S:
            self._waiting[-1] = replace(
                last, offset_s=call.offset_s, peak=max(last.peak, call.peak)
            )
        else:
            self._waiting.append(call)

    def _settle(self, until_s: float) -> None:
        """Count what can no longer become part of a cry: it ended at `until_s` or before."""
        while self._waiting and self._waiting[0].offset_s <= until_s:
            if self._waiting.popleft().peak >= self._rule.call_on:
                self._count.lone += 1
            else:
                self._count.near += 1


def within_reach(rule: CryRule) -> CryRule:
    """The rule by which near calls are found, too."""

    def moved(p: float) -> float:
        p = min(max(p, 1e-6), 1 - 1e-6)
        return 1 / (1 + math.exp(NEAR_LOGITS - math.log(p / (1 - p))))

    return replace(rule, call_on=moved(rule.call_on), call_off=moved(rule.call_off))
