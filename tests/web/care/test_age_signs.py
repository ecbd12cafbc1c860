"""How old a foundling is, by its signs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.care.age_signs import OLDEST_DAYS, estimate, signs_of
from web.care.scenario import Species

SPECIES = st.sampled_from(("kitten", "puppy"))


@given(SPECIES, st.integers(0, OLDEST_DAYS), st.data())
def test_whatever_a_baby_may_show_at_its_age_leaves_a_range_that_holds_the_age(
    species: Species, age: int, data: st.DataObject
) -> None:
    signs = signs_of(species)
    seen = {
        sign: data.draw(st.sampled_from([a for a, at in of.items() if at.low <= age <= at.high]))
        for sign, of in signs.items()
        if data.draw(st.booleans())
    }
    found = estimate(species, seen, data.draw(st.none() | st.floats(50, 900)))
    if not seen:
        assert found is None
        return
    assert found is not None
    assert found.fits
    assert found.low <= age <= found.high
    assert found.low <= found.days <= found.high


@pytest.mark.parametrize("species", ["kitten", "puppy"])
def test_every_age_has_an_answer_to_every_question_and_answers_come_in_their_order(
    species: Species,
) -> None:
    for sign, answers in signs_of(species).items():
        ages = list(answers.values())
        for at in ages:
            assert at.low <= at.usually_from <= at.usually_to <= at.high, sign
        assert (ages[0].low, ages[-1].high) == (0, OLDEST_DAYS)
        for one, after in pairwise(ages):
            assert one.low <= after.low <= one.high + 1, sign
            assert one.usually_from <= after.usually_from
            assert one.high <= after.high


@pytest.mark.parametrize(
    ("species", "seen", "low", "days", "high"),
    [
        ("kitten", {"cord": "attached"}, 0, 1, 4),
        ("kitten", {"eyes": "opening"}, 5, 8, 14),  # 8 d (5-14)
        ("puppy", {"eyes": "opening"}, 10, 13, 17),  # 13 d (10-16), some a day later
        ("kitten", {"cord": "gone", "eyes": "closed"}, 2, 5, 13),
        ("kitten", {"teeth": "incisors"}, 14, 18, 28),  # 2-3 weeks, until the canines
        ("puppy", {"teeth": "incisors"}, 14, 24, 42),  # 3-4 weeks (2-6)
    ],
)
def test_the_signs_tell_what_the_tables_say(
    species: Species, seen: dict[str, str], low: int, days: int, high: int
) -> None:
    found = estimate(species, seen)
    assert found is not None
    assert (found.low, found.days, found.high) == (low, days, high)


def test_a_kittens_weight_narrows_the_guess_and_a_puppys_does_not() -> None:
    seen = {"eyes": "open", "teeth": "none"}
    guesses = [
        (estimate("kitten", seen, grams), estimate("puppy", seen, grams)) for grams in (160, 260)
    ]
    (light, pup), (heavy, pup_too) = guesses
    assert light is not None
    assert heavy is not None
    assert light.days < heavy.days
    assert (light.low, light.high) == (heavy.low, heavy.high)
    assert pup == pup_too


def test_signs_that_disagree_are_told_as_such() -> None:
    found = estimate("kitten", {"cord": "attached", "teeth": "canines"})
    assert found is not None
    assert not found.fits
    assert (found.low, found.high) == (4, 21)
    assert found.words == "cord attached, teeth canines: 4 to 21 days, signs disagree"


def test_a_sign_of_no_baby_is_refused() -> None:
    with pytest.raises(ValueError, match="wings"):
        estimate("kitten", {"wings": "open"})
    with pytest.raises(ValueError, match="eyes"):
        estimate("kitten", {"eyes": "blue"})
