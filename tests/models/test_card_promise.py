"""What the card promises of its event rule: the shortest cry fires, a single call does not."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.card import read_card
from models.cry_model import HopScores
from monitor.cries import Cries, CryEvent
from monitor.messages import CryStep
from tests.bench.parts import MODELS

CARD = read_card(MODELS / "card.json")
RULE, WINDOW = CARD.rule, CARD.window
HOP_S = WINDOW.hop_frames * CARD.front_end.step_s
WITHIN = int(RULE.announce_within_s / HOP_S + 1e-9)  # hops
LOUD, FAINT = RULE.call_on, 0.99 * RULE.call_off

faint = st.floats(0.0, FAINT)
loud = st.floats(LOUD, 1.0)


def hear(scores: list[float]) -> list[CryEvent]:
    """What the shipped rule makes of P(cry), hop by hop at the card's hop."""
    cries = Cries(RULE, HOP_S)
    centre_s = CARD.front_end.centre_s
    events = []
    for number, score in enumerate(scores):
        at = number * HOP_S + centre_s
        events += cries.hear(HopScores(at, score, 0.0, at + HOP_S))
    return events + cries.finish()


@given(st.lists(faint, min_size=1, max_size=40), loud, st.integers(1, WITHIN - 2), loud, faint)
def test_the_shortest_promised_cry_is_announced_with_its_second_call(
    before: list[float], first: float, apart: int, second: float, between: float
) -> None:
    events = hear([*before, first, *[between] * apart, second, *[0.0] * 60])
    assert [event.step for event in events] == [CryStep.STARTED, CryStep.ENDED]
    started, ended = events
    assert ended.calls == RULE.announce_calls == 2
    # announced by the very hop of the second call: the two are as long as one hop each
    heard = len(before) + apart + 1
    assert started.decided_s <= (heard + 1) * HOP_S + CARD.front_end.centre_s + 1e-6


@given(st.lists(faint, min_size=1, max_size=40), st.data())
def test_a_single_call_is_not_shouted_however_loud(
    before: list[float], data: st.DataObject
) -> None:
    longest = int(np.ceil(RULE.announce_voiced_s / HOP_S - 1e-9)) - 1
    hops = data.draw(st.lists(loud, min_size=1, max_size=longest))
    assert hear([*before, *hops, *[0.0] * 60]) == []


def test_single_calls_that_keep_apart_are_not_shouted() -> None:
    alone = [1.0, *[0.0] * (WITHIN + 1)]
    assert hear(alone * 20) == []


def test_no_moment_falls_between_two_scores() -> None:
    """Every frame lies in a hop that is given out, or a call there could never be scored."""
    assert WINDOW.hops * WINDOW.hop_frames == WINDOW.step_frames
    given_out = range(WINDOW.first_hop, WINDOW.first_hop + WINDOW.hops)
    assert given_out.stop * WINDOW.hop_frames <= WINDOW.frames
    assert all(b - a == 1 for a, b in pairwise(given_out))


def test_one_hop_is_long_enough_for_a_call() -> None:
    assert RULE.call_min_s <= HOP_S
    assert RULE.announce_calls * 2 * HOP_S < RULE.announce_within_s
