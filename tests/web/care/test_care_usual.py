"""A cry beside the same animal's own, and whose voice it was: what is said, and what is not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.care.usual import HISTORY_DAYS, LEAST_CRIES, LEAST_HOURS, Sound, compare
from web.care.voice import PRIOR_ODDS, whose

NOW_H = 1000.0
CRY = Sound(NOW_H, pitch_hz=1400, call_s=0.5, rate=30, tonality=0.9, rough=0.1)
shares = st.floats(0, 1)


def week(cries: int = 30, seed: int = 1) -> list[Sound]:
    """What one baby cried in a week, moody as one is."""
    rng = random.Random(seed)
    return [
        Sound(
            NOW_H - 1 - 150 * rng.random(),
            pitch_hz=1400 * 2 ** (rng.gauss(0, 0.8) / 12),
            call_s=0.5 * 2 ** rng.gauss(0, 0.25),
            rate=30 * 2 ** rng.gauss(0, 0.35),
            tonality=min(1, rng.gauss(0.85, 0.06)),
            rough=max(0, rng.gauss(0.1, 0.08)),
        )
        for _ in range(cries)
    ]


def test_a_cry_like_the_others_stands_out_in_nothing() -> None:
    assert compare(CRY, week()).unusual is False


def test_a_healthy_babys_cries_are_seldom_called_unusual() -> None:
    cries = [cry for seed in range(200) for cry in week(1, 1000 + seed)]
    later = [replace(cry, at_h=NOW_H) for cry in cries]
    odd = [compare(cry, week(12, seed)).unusual for seed, cry in enumerate(later)]
    assert odd.count(True) <= 6  # of 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pitch_hz": 2100}, "Higher: pitch 2.10 kHz, usually "),
        ({"call_s": 1.4}, "Longer: each call 1.40 s, usually "),
        ({"rate": 110}, "Faster: calls a minute 110, usually "),
        ({"tonality": 0.3}, "Hoarser: clear voice 30 %, usually "),
        ({"rough": 0.9}, "Rougher: rough calls 90 %, usually "),
    ],
)
def test_each_way_to_be_unusual_is_told_with_its_figures(
    change: dict[str, float], words: str
) -> None:
    found = compare(replace(CRY, **change), week())
    assert found.unusual is True
    (difference,) = found.differences
    assert difference.words.startswith(words)


def test_too_little_history_is_unknown_and_never_usual() -> None:
    odd = replace(CRY, pitch_hz=3000.0)
    assert compare(odd, []).unusual is None
    assert compare(odd, week(LEAST_CRIES - 1)).unusual is None
    one_evening = [
        replace(cry, at_h=NOW_H - LEAST_HOURS / 2 * i / 30) for i, cry in enumerate(week())
    ]
    assert compare(odd, one_evening).unusual is None
    long_ago = [replace(cry, at_h=cry.at_h - 24 * HISTORY_DAYS) for cry in week()]
    assert compare(odd, long_ago).unusual is None


def test_what_was_not_measured_is_not_compared() -> None:
    assert compare(Sound(NOW_H), week()).unusual is None
    blank = [Sound(cry.at_h) for cry in week()]
    assert compare(CRY, blank).unusual is None


@given(factor=st.floats(0.2, 5), order=st.randoms())
def test_the_further_off_the_more_unusual_whatever_the_order(
    factor: float, order: random.Random
) -> None:
    cries = week()
    order.shuffle(cries)
    found = compare(replace(CRY, pitch_hz=1400 * factor), cries)
    assert found.unusual is not None
    if found.unusual:
        further = factor**1.5
        assert compare(replace(CRY, pitch_hz=1400 * further), cries).unusual
    assert found == compare(replace(CRY, pitch_hz=1400 * factor), sorted(cries, key=hash))


@given(shares, shares, st.sets(st.sampled_from(["kitten", "puppy"])))
def test_the_box_never_vetoes_a_plain_sound(kitten: float, puppy: float, here: set[str]) -> None:
    heard = "kitten" if kitten > puppy else "puppy" if puppy > kitten else "unknown"
    found = whose(heard, kitten, puppy, here)
    odds = max(kitten, puppy, 1e-6) / max(min(kitten, puppy), 1e-6)
    if odds > 2 * PRIOR_ODDS and heard != "unknown":
        assert found.species == heard
        assert found.stranger is (bool(here) and heard not in here)
        assert ("does not sound like anyone" in found.words) is found.stranger
    if len(here) != 1:
        assert found.species == found.heard
    assert 0 <= found.kitten_share <= 1


def test_the_box_settles_what_the_sound_leaves_open() -> None:
    assert whose("unknown", 0.5, 0.4, {"puppy"}).species == "puppy"
    assert whose("unknown", 0.5, 0.4, {"kitten"}).species == "kitten"
    assert whose("unknown", 0.5, 0.4, {"kitten", "puppy"}).species is None
    assert whose("unknown", 0.5, 0.4, ()).species is None
    words = whose("kitten", 0.9, 0.1, {"kitten", "puppy"}).words
    assert words == "Sounds like a kitten; both kinds are in this box"
    assert whose("kitten", 0.7, 0.3, {"puppy"}).species is None  # it could be either then


def test_a_word_that_its_scores_speak_against_stands() -> None:
    assert whose("puppy", 0.9, 0.1, {"kitten"}).stranger
