"""The evidence of a hop is the threshold up to which the rule would announce a cry there."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from models.card import CryRule
from models.cry_model import HopScores
from monitor.cries import Cries
from monitor.evidence import Evidence

HOP_S = 0.16
RULE = CryRule(call_on=0.6, call_off=0.36, announce_voiced_s=0.8)


def hops(scores: list[float]) -> list[HopScores]:
    times = [round(HOP_S * (i + 0.5), 3) for i in range(len(scores))]
    return [
        HopScores(time, score, 0.0, time + HOP_S / 2)
        for time, score in zip(times, scores, strict=True)
    ]


def highest(scores: list[float]) -> float:
    evidence = Evidence(RULE, HOP_S)
    return max(evidence.hear(hop)[0] for hop in hops(scores))


def announced(scores: list[float], call_on: float) -> bool:
    cries = Cries(replace(RULE, call_on=call_on, call_off=0.6 * call_on), HOP_S)
    return any(cries.hear(hop) for hop in hops(scores))


LEVELS = st.lists(st.sampled_from([0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 1.0]), max_size=60)


@given(LEVELS.filter(len))
def test_what_the_rule_announces_at_a_threshold_has_evidence_of_as_much(
    scores: list[float],
) -> None:
    for call_on in (0.3, 0.5, 0.7, 0.9):
        if highest(scores) < call_on * 0.6:  # hysteresis takes in hops down to `call_off`
            assert not announced(scores, call_on)


@given(LEVELS.filter(len))
def test_the_rule_announces_what_has_more_evidence_than_its_threshold(scores: list[float]) -> None:
    # At just the evidence itself, calls that are one at lower thresholds have come apart.
    found = highest(scores)
    if found > 0.05:
        assert any(announced(scores, call_on) for call_on in (found, found - 1e-6))


def test_a_single_short_call_is_evidence_of_nothing() -> None:
    assert highest([0.0] * 20 + [1.0] * 3 + [0.0] * 30) == 0.0


def test_two_calls_are_worth_the_weaker_one() -> None:
    assert highest([0.0] * 5 + [0.9, 0.9, 0.0, 0.0, 0.7, 0.0]) == 0.7


def test_calls_far_apart_are_not_two_of_a_cry() -> None:
    assert highest([0.9, 0.9, *[0.0] * 30, 0.9, 0.9]) == 0.0


def test_enough_calling_is_worth_its_weakest_hop() -> None:
    assert highest([0.0, 0.9, 0.8, 0.95, 0.7, 0.9, 0.0]) == 0.7
