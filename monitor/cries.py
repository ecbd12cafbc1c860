"""From scores to cries: calls by hysteresis, cries by gap. Pure: hops in, events out.

The rule and its numbers are `models.card.CryRule`. All times are seconds of sound since the
stream's first sample, so that the same sound gives the same cries however fast it is played.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Literal

from models.card import CryRule
from models.cry_model import HopScores
from monitor.messages import MAX_CALLS_A_MESSAGE, UPDATE_INTERVAL_S, CryStep, Species

Sensitivity = Literal["low", "normal", "high"]

# How far the thresholds move, in logits: "high" takes 0.5 down to 0.3, "low" takes it up to 0.7.
SENSITIVITY_LOGITS: dict[Sensitivity, float] = {"low": 0.85, "normal": 0.0, "high": -0.85}
# A sound that goes on for longer counts as several calls: nobody cries without drawing breath, and
# a litter that cries over one another must not look like one call.
CALL_MAX_S = 3.0


def at_sensitivity(rule: CryRule, sensitivity: Sensitivity) -> CryRule:
    """The rule with its thresholds moved as a carer asked."""
    return moved(rule, SENSITIVITY_LOGITS[sensitivity])


def moved(rule: CryRule, logits: float) -> CryRule:
    """The rule with its thresholds moved up by so much."""

    def up(p: float) -> float:
        p = min(max(p, 1e-6), 1 - 1e-6)
        return 1 / (1 + math.exp(-math.log(p / (1 - p)) - logits))

    return replace(rule, call_on=up(rule.call_on), call_off=up(rule.call_off))


@dataclass(frozen=True)
class Call:
    """One vocalisation."""

    onset_s: float
    offset_s: float
    peak: float  # highest P(cry), 0..1
    kitten: float  # sum of P(kitten) over its hops
    puppy: float
    hops: int

    @property
    def length_s(self) -> float:
        """How long it lasted, in s."""
        return self.offset_s - self.onset_s


@dataclass(frozen=True)
class CryEvent:
    """One step in the life of a cry."""

    step: CryStep
    number: int  # of the cry in this stream, from 1
    decided_s: float  # time of the newest sound that led to this step
    onset_s: float  # start of the first call
    offset_s: float  # end of the last call so far
    calls: int  # so far, one that still sounds included
    new_calls: tuple[Call, ...]  # that ended since the previous event
    score: float  # mean of the calls' highest P(cry), 0..1
    kitten: float  # mean P(kitten) while calls sounded, 0..1
    puppy: float
    species: Species
    reason: str | None = None  # of a retraction

    @property
    def calls_per_minute(self) -> float:
        """Rate of calls; over 3 s at least, so that a single call makes no rate of hundreds."""
        return self.calls * 60.0 / max(self.offset_s - self.onset_s, 3.0)


class Calls:
    """Finds calls in hops, by hysteresis."""

    def __init__(self, rule: CryRule, hop_s: float) -> None:
        self.rule = rule
        self._hop_s = hop_s
        self._open: Call | None = None  # what sounds now, long enough for a call or not

    def hear(self, hop: HopScores) -> Call | None:
        """Take one hop; return the call that ended before it, if any."""
        # The first and the last hop of a stream reach beyond it.
        start = max(0.0, hop.time_s - self._hop_s / 2)
        end = max(start, min(hop.time_s + self._hop_s / 2, hop.known_s))
        call = self._open
        goes_on = call is not None and hop.cry >= self.rule.call_off
        if call is not None and goes_on and end - call.onset_s <= CALL_MAX_S:
            self._open = Call(
                onset_s=call.onset_s,
                offset_s=end,
                peak=max(call.peak, hop.cry),
                kitten=call.kitten + hop.kitten,
                puppy=call.puppy + hop.puppy,
                hops=call.hops + 1,
            )
            return None
        ended = self.close()
        if goes_on or hop.cry >= self.rule.call_on:
            self._open = Call(start, end, hop.cry, hop.kitten, hop.puppy, 1)
        return ended

    def close(self) -> Call | None:
        """End the call that sounds; None where there is none."""
        ended, self._open = self.sounding, None
        return ended

    @property
    def sounding(self) -> Call | None:
        """The call that sounds now, once it is long enough to be one."""
        call = self._open
        long_enough = call is not None and call.length_s >= self.rule.call_min_s - 1e-9
        return call if long_enough else None


@dataclass
class _Tally:
    """What is remembered of a cry's calls that have ended: sums, and those not yet told."""

    onset_s: float
    offset_s: float
    calls: int = 0
    peaks: float = 0.0
    kitten: float = 0.0
    puppy: float = 0.0
    hops: int = 0
    untold: tuple[Call, ...] = ()

    def add(self, call: Call) -> None:
        """Count a call that has ended."""
        self.offset_s = call.offset_s
        self.calls += 1
        self.peaks += call.peak
        self.kitten += call.kitten
        self.puppy += call.puppy
        self.hops += call.hops
        self.untold += (call,)


class Cries:
    """Joins calls into cries; remembers little, however long a cry goes on."""

    def __init__(self, rule: CryRule, hop_s: float) -> None:
        self._calls = Calls(rule, hop_s)
        self._hop_s = hop_s
        self._recent: deque[Call] = deque()  # calls that ended, while no cry is open
        self._cry: _Tally | None = None  # the open, announced cry
        self._number = 0
        self._known_s = 0.0  # the newest sound that a score was made of
        self._told_s = 0.0  # known_s of the last event

    @property
    def rule(self) -> CryRule:
        """The rule in force; a new one holds from the next hop on."""
        return self._calls.rule

    @rule.setter
    def rule(self, rule: CryRule) -> None:
        self._calls.rule = rule

    @property
    def crying(self) -> bool:
        """Whether a cry is open that has been announced."""
        return self._cry is not None

    def hear(self, hop: HopScores) -> list[CryEvent]:
        """Take the next hop; return the steps that it led to, in order."""
        self._known_s = hop.known_s
        ended = self._calls.hear(hop)
        heard_s = hop.time_s + self._hop_s / 2
        if self._cry is None:
            if ended is not None:
                self._recent.append(ended)
            return [self._begin()] if self._convinced(heard_s) else []
        if ended is not None:
            self._cry.add(ended)
        return self._go_on(self._cry, heard_s)

    def finish(self) -> list[CryEvent]:
        """The stream has ended: so have the call and the cry that are open."""
        ended = self._calls.close()
        self._recent.clear()
        if self._cry is None:
            return []
        if ended is not None:
            self._cry.add(ended)
        return [self._end(self._cry)]

    def _convinced(self, heard_s: float) -> bool:
        """Whether what was heard of late suffices to announce a cry."""
        rule = self.rule
        since = heard_s - rule.announce_within_s - 1e-9
        while self._recent and self._recent[0].offset_s <= since:
            self._recent.popleft()
        sounding = self._calls.sounding
        calls = [*self._recent, *([sounding] if sounding else [])]
        began = sum(call.onset_s >= since for call in calls)
        voiced_s = sum(call.offset_s - max(call.onset_s, since) for call in calls)
        return began >= rule.announce_calls or voiced_s >= rule.announce_voiced_s - 1e-9

    def _begin(self) -> CryEvent:
        first = self._recent[0] if self._recent else self._calls.sounding
        assert first is not None  # noqa: S101 - nothing is announced without a call
        self._number += 1
        self._cry = _Tally(onset_s=first.onset_s, offset_s=first.offset_s)
        for call in self._recent:
            self._cry.add(call)
        self._recent.clear()
        return self._tell(self._cry, CryStep.STARTED)

    def _go_on(self, cry: _Tally, heard_s: float) -> list[CryEvent]:
        if self._calls.sounding is None and heard_s - cry.offset_s >= self.rule.cry_gap_s - 1e-9:
            return [self._end(cry)]
        due = self._known_s - self._told_s >= UPDATE_INTERVAL_S - 1e-9
        if cry.untold and (due or len(cry.untold) >= MAX_CALLS_A_MESSAGE):
            return [self._tell(cry, CryStep.UPDATED)]
        return []

    def _end(self, cry: _Tally) -> CryEvent:
        self._cry = None
        if cry.peaks < self.rule.keep_score * cry.calls:
            return self._tell(cry, CryStep.RETRACTED, reason="on the whole it was not like a cry")
        return self._tell(cry, CryStep.ENDED)

    def _tell(self, cry: _Tally, step: CryStep, reason: str | None = None) -> CryEvent:
        total = replace(cry)
        if (sounding := self._calls.sounding) is not None:
            total.add(sounding)
        kitten, puppy = total.kitten / max(total.hops, 1), total.puppy / max(total.hops, 1)
        event = CryEvent(
            step=step,
            number=self._number,
            decided_s=self._known_s,
            onset_s=total.onset_s,
            offset_s=total.offset_s,
            calls=total.calls,
            new_calls=cry.untold,
            score=min(1.0, total.peaks / max(total.calls, 1)),
            kitten=min(1.0, kitten),
            puppy=min(1.0, puppy),
            species=self._species(kitten, puppy),
            reason=reason,
        )
        cry.untold = ()
        self._told_s = self._known_s
        return event

    def _species(self, kitten: float, puppy: float) -> Species:
        enough = self.rule.species_share * (kitten + puppy)
        if kitten >= enough and kitten > puppy:
            return Species.KITTEN
        if puppy >= enough and puppy > kitten:
            return Species.PUPPY
        return Species.UNKNOWN
