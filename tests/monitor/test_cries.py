"""Calls by hysteresis, cries by gap: the rule, and what holds whatever is heard."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.card import CryRule
from models.cry_model import HopScores
from monitor.cries import CALL_MAX_S, Cries, CryEvent, at_sensitivity
from monitor.messages import MAX_CALLS_A_MESSAGE, UPDATE_INTERVAL_S, CryStep, Species

HOP_S = 0.16
RULE = CryRule(
    call_on=0.5,
    call_off=0.3,
    call_min_s=0.1,
    cry_gap_s=3.0,
    announce_calls=2,
    announce_within_s=4.0,
    announce_voiced_s=1.2,
)


def hops(scores: Sequence[float | tuple[float, float]]) -> list[HopScores]:
    """Hops of P(kitten), or of (P(kitten), P(puppy)); each is known half a hop after its centre."""
    out = []
    for i, score in enumerate(scores):
        kitten, puppy = score if isinstance(score, tuple) else (score, 0.0)
        out.append(HopScores((i + 0.5) * HOP_S, kitten, puppy, (i + 1) * HOP_S))
    return out


def hear(scores: Sequence[float | tuple[float, float]], rule: CryRule = RULE) -> list[CryEvent]:
    cries = Cries(rule, HOP_S)
    events = [event for hop in hops(scores) for event in cries.hear(hop)]
    return events + cries.finish()


def quiet(seconds: float) -> list[float]:
    return [0.0] * round(seconds / HOP_S)


def call(hops: int = 3, score: float = 0.9) -> list[float]:
    return [score] * hops


def steps(events: list[CryEvent]) -> list[str]:
    return [event.step.value.removeprefix("cry_") for event in events]


def test_silence_is_no_cry() -> None:
    assert hear(quiet(60)) == []


def test_one_short_call_is_no_cry() -> None:
    assert hear([*quiet(5), *call(), *quiet(30)]) == []


def test_the_shortest_promised_cry_fires_with_its_second_call() -> None:
    events = hear([*quiet(1.6), *call(1), *quiet(1.6), *call(1), *quiet(8)])
    assert steps(events) == ["started", "ended"]
    assert events[0].onset_s == pytest.approx(1.6)
    assert events[0].decided_s == pytest.approx(1.6 + 0.16 + 1.6 + 0.16)
    assert events[1].calls == 2


def test_one_long_call_fires_once_it_is_long_enough() -> None:
    events = hear([*quiet(1.6), *call(10), *quiet(8)])
    assert steps(events) == ["started", "ended"]
    assert events[0].decided_s == pytest.approx(1.6 + 8 * HOP_S)  # 1.2 s need eight hops


def test_calls_too_far_apart_are_no_cry() -> None:
    assert hear(([*call(1), *quiet(4.0)]) * 10) == []


def test_hysteresis_holds_a_call_together_between_the_thresholds() -> None:
    events = hear([0.9, 0.4, 0.35, 0.9, 0.4, *quiet(1.6), 0.9, *quiet(8)])
    told = [c for event in events for c in event.new_calls]
    assert [round(c.length_s / HOP_S) for c in told] == [5, 1]


def test_a_score_between_the_thresholds_begins_no_call() -> None:
    assert hear([0.45] * 200) == []


def test_a_cry_ends_after_the_gap_and_not_before() -> None:
    one = [*call(), *quiet(0.8), *call()]
    within = hear([*one, *quiet(2.8), *one, *quiet(8)])
    beyond = hear([*one, *quiet(3.2), *one, *quiet(8)])
    assert [s for s in steps(within) if s != "updated"] == ["started", "ended"]
    assert steps(beyond) == ["started", "ended", "started", "ended"]


def test_the_end_is_driven_by_time_and_not_by_the_next_sound() -> None:
    events = hear([*call(), *quiet(0.8), *call(), *quiet(60)])
    assert events[-1].decided_s - events[-1].offset_s == pytest.approx(RULE.cry_gap_s, abs=HOP_S)


def test_the_end_of_the_stream_ends_the_cry() -> None:
    events = hear([*call(), *quiet(0.8), *call()])
    assert steps(events) == ["started", "ended"]
    assert events[-1].calls == 2
    assert sum(len(event.new_calls) for event in events) == 2


def test_updates_come_at_most_every_five_seconds() -> None:
    events = hear([*call(2), *quiet(0.8)] * 60)
    updates = [event.decided_s for event in events if event.step is CryStep.UPDATED]
    assert len(updates) > 5
    told = [events[0].decided_s, *updates]
    assert min(b - a for a, b in pairwise(told)) >= UPDATE_INTERVAL_S - 1e-6


def test_a_sound_that_never_stops_counts_as_calls_and_stays_bounded() -> None:
    cries = Cries(RULE, HOP_S)
    events = [event for hop in hops(call(20_000)) for event in cries.hear(hop)]
    assert steps(events)[0] == "started"
    assert set(steps(events)[1:]) == {"updated"}
    assert max(c.length_s for event in events for c in event.new_calls) <= CALL_MAX_S + HOP_S
    assert max(len(event.new_calls) for event in events) <= 3


def test_a_long_call_that_wavers_between_the_thresholds_goes_on_as_calls() -> None:
    events = hear([*call(), *call(60, score=0.4), *quiet(8)])
    assert events[-1].calls == 4
    assert events[-1].offset_s == pytest.approx(63 * HOP_S)


def test_a_call_of_long_ago_is_not_the_onset_of_a_cry() -> None:
    events = hear([*call(), *quiet(20), *call(), *quiet(0.8), *call(), *quiet(8)])
    assert events[0].onset_s == pytest.approx((3 + round(20 / HOP_S)) * HOP_S)
    assert events[-1].calls == 2


def test_the_calls_of_a_cry_do_not_count_for_the_next() -> None:
    rule = CryRule(cry_gap_s=1.0, announce_within_s=4.0)
    one = [*call(1), *quiet(0.32), *call(1)]
    assert steps(hear([*one, *quiet(1.6), *call(1), *quiet(8)], rule)) == ["started", "ended"]


def test_what_is_told_lies_within_the_stream() -> None:
    cries = Cries(RULE, HOP_S)
    centres = [0.0125 + i * HOP_S for i in range(12)]
    end_s = centres[-1] + 0.01
    sound = [HopScores(t, 0.9, 0.0, min(t + 0.5, end_s)) for t in centres]
    events = [event for hop in sound for event in cries.hear(hop)] + cries.finish()
    assert events[0].onset_s == 0.0
    assert events[-1].offset_s == end_s


def test_the_species_is_told_from_all_calls_and_unknown_rather_than_guessed() -> None:
    def species(kitten: float, puppy: float) -> Species:
        pair = [(kitten, puppy)] * 3
        return hear([*pair, *quiet(0.8), *pair, *quiet(5)])[-1].species

    assert species(0.9, 0.05) is Species.KITTEN
    assert species(0.05, 0.9) is Species.PUPPY
    assert species(0.5, 0.45) is Species.UNKNOWN
    assert species(0.45, 0.45) is Species.UNKNOWN


def test_a_cry_is_taken_back_when_on_the_whole_it_was_not_like_one() -> None:
    rule = CryRule(keep_score=0.7)
    weak = hear([*call(score=0.6), *quiet(0.8), *call(score=0.6), *quiet(8)], rule)
    strong = hear([*call(score=0.8), *quiet(0.8), *call(score=0.8), *quiet(8)], rule)
    assert steps(weak) == ["started", "retracted"]
    assert weak[-1].reason
    assert steps(strong) == ["started", "ended"]


def test_high_sensitivity_hears_what_normal_does_not_and_low_less() -> None:
    def heard(sensitivity: str, score: float) -> bool:
        rule = at_sensitivity(RULE, sensitivity)  # type: ignore[arg-type]
        return bool(hear([*call(score=score), *quiet(0.8), *call(score=score), *quiet(8)], rule))

    assert [heard(s, 0.4) for s in ("low", "normal", "high")] == [False, False, True]
    assert [heard(s, 0.6) for s in ("low", "normal", "high")] == [False, True, True]
    assert [heard(s, 0.8) for s in ("low", "normal", "high")] == [True, True, True]


def test_a_new_rule_holds_from_the_next_hop_on() -> None:
    cries = Cries(RULE, HOP_S)
    sound = hops([*call(score=0.4), *quiet(0.8)] * 4)
    assert not any(cries.hear(hop) for hop in sound[:10])
    cries.rule = at_sensitivity(RULE, "high")
    assert any(cries.hear(hop) for hop in sound[10:])


scores = st.lists(
    st.one_of(
        st.just(0.0),
        st.floats(0, 1),
        st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
    ),
    max_size=300,
)
rules = st.builds(
    CryRule,
    call_on=st.floats(0.35, 0.9),
    call_off=st.floats(0.05, 0.35),
    call_min_s=st.floats(0.0, 0.6),
    cry_gap_s=st.floats(0.5, 8.0),
    announce_calls=st.integers(1, 4),
    announce_within_s=st.floats(0.5, 8.0),
    announce_voiced_s=st.floats(0.3, 4.0),
    keep_score=st.sampled_from([0.0, 0.6]),
)


@settings(max_examples=300, deadline=None)
@given(scores, rules)
def test_whatever_is_heard_the_events_are_well_formed(
    heard: list[float | tuple[float, float]], rule: CryRule
) -> None:
    events = hear(heard, rule)
    by_cry: dict[int, list[CryEvent]] = {}
    for event in events:
        by_cry.setdefault(event.number, []).append(event)
    assert list(by_cry) == list(range(1, len(by_cry) + 1))
    assert [event.decided_s for event in events] == sorted(event.decided_s for event in events)
    last_end = 0.0
    for cry in by_cry.values():
        assert [event.step for event in cry[:1]] == [CryStep.STARTED]
        assert all(event.step is CryStep.UPDATED for event in cry[1:-1])
        assert cry[-1].step in (CryStep.ENDED, CryStep.RETRACTED)
        assert len({event.onset_s for event in cry}) == 1
        assert cry[0].onset_s >= last_end - 1e-9  # cries do not overlap
        calls = [c for event in cry for c in event.new_calls]
        assert cry[-1].calls == len(calls)  # each call is told exactly once
        assert [event.calls for event in cry] == sorted(event.calls for event in cry)
        ends = [cry[0].onset_s]
        for c in calls:
            assert c.onset_s >= ends[-1] - 1e-9
            assert c.length_s >= rule.call_min_s - 1e-6
            ends.append(c.offset_s)
        assert ends[-1] == cry[-1].offset_s
        for event in cry:
            assert event.onset_s <= event.offset_s <= event.decided_s + 1e-9
            assert len(event.new_calls) <= MAX_CALLS_A_MESSAGE
            assert all(0 <= value <= 1 for value in (event.score, event.kitten, event.puppy))
        last_end = cry[-1].offset_s


@settings(max_examples=100, deadline=None)
@given(scores, rules)
def test_no_cry_stays_open_once_it_is_quiet(
    heard: list[float | tuple[float, float]], rule: CryRule
) -> None:
    cries = Cries(rule, HOP_S)
    for hop in hops([*heard, *quiet(rule.cry_gap_s + 2 * HOP_S)]):
        cries.hear(hop)
    assert not cries.crying
    assert cries.finish() == []
