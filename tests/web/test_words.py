"""What the pages say, and what they ask."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.dashboard import ACOUSTICS, NIGHT
from web.care.wording import QUESTIONS
from web.journal.tending import RED_FLAGS
from web.pages import cry_lists, words
from web.pages.questions import UNITS, question
from web.presence import STALE, presence
from web.records import BoxStatus

NAMES = {"3": "Miso", "7": "Biscuit"}
PLACES = ("box.", "cry.", "context.")


def heard(state: str | None, *, available: bool | None = True, at: datetime = NIGHT) -> str:
    status = BoxStatus(box_id="nest", state=state, available=available, heard_at=at)
    return words.hearing(presence(status, NIGHT)).ear


@pytest.mark.parametrize("state", ["listening", "crying", "muted", "deaf", None])
def test_only_fresh_word_of_a_listener_that_is_there_counts_as_heard(state: str | None) -> None:
    fresh = words.hearing(presence(BoxStatus(box_id="x", state=state, heard_at=NIGHT), NIGHT))
    assert fresh.heard == (state in ("listening", "crying"))
    assert heard(state, at=NIGHT - STALE - timedelta(seconds=1)) == "no_word"
    assert heard(state, available=False) == "no_word"


def test_a_box_without_any_word_was_never_heard() -> None:
    assert words.hearing(presence(None, NIGHT)).ear == "never"


@pytest.mark.parametrize(
    ("score", "said"),
    [(0.97, "very sure"), (0.8, "quite sure"), (0.5, "fairly sure"), (0.3, "not sure")],
)
def test_a_score_is_said_in_words(score: float, said: str) -> None:
    assert words.how_sure(score) == said


def test_only_what_was_measured_is_said_of_a_sound() -> None:
    assert words.sound(None) == []
    assert words.sound(dict.fromkeys(ACOUSTICS)) == []
    assert [name for name, _ in words.sound(ACOUSTICS)] == [
        "Pitch",
        "Each call",
        "Voice",
        "At the microphone",
        "Against the room",
    ]


@given(st.one_of(st.none(), st.floats(-200, 100)))
def test_a_level_fills_its_bar_between_empty_and_full(level: float | None) -> None:
    assert 0 <= words.level_share(level) <= 100


@given(
    st.lists(st.tuples(st.floats(0, 600), st.floats(0, 10)), max_size=30),
    st.floats(0, 700),
    st.booleans(),
)
def test_the_picture_of_a_cry_stays_in_its_frame(
    calls: list[tuple[float, float]], lasting_s: float, going_on: bool
) -> None:
    inside = tuple((onset, length) for onset, length in calls if onset <= lasting_s)
    for bar in cry_lists.picture(inside, lasting_s, going_on=going_on):
        assert 0 <= bar.x <= cry_lists.WIDTH
        assert 0 <= bar.y < bar.y + bar.height <= cry_lists.HEIGHT
        assert bar.width > 0


@pytest.mark.parametrize("fact", sorted(QUESTIONS))
def test_every_fact_that_the_rules_may_lack_can_be_answered(fact: str) -> None:
    key = fact if fact.startswith(PLACES) else f"3.{fact}"
    asked = question(key, NAMES, ["3", "7"])
    assert asked is not None
    assert asked.key == key
    assert bool(asked.unit) == (fact in UNITS)
    assert asked.unit or asked.answers
    assert key.startswith(PLACES) or asked.text.startswith("Miso: ")
    for answer in (*asked.answers, *asked.alarming):
        json.loads(answer.value)


def test_no_red_flag_is_one_tap_and_each_flag_is_one_tap() -> None:
    asked = question("3.red_flags", NAMES, [])
    assert asked is not None
    assert [json.loads(answer.value) for answer in asked.answers] == [[]]
    flags = [json.loads(answer.value) for answer in asked.alarming]
    assert sorted(flags) == sorted([flag] for flag in RED_FLAGS)


def test_who_cries_is_asked_only_of_those_in_the_box() -> None:
    asked = question("cry.source_id", NAMES, ["7"])
    assert asked is not None
    assert [answer.label for answer in asked.answers] == ["Biscuit"]
    assert question("cry.source_id", NAMES, []) is None


@pytest.mark.parametrize("key", ["9.warmth", "3.nonsense", "nonsense", "box.nonsense", ""])
def test_what_cannot_be_answered_is_not_asked(key: str) -> None:
    assert question(key, NAMES, ["3"]) is None
