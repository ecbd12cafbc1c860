"""Where a planned feed's numbers come from."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.care.test_plan import HOUR, NOON, due, fed
from web.care.plan_numbers import Numbers, numbers


def behind(**facts: Any) -> Numbers:
    return numbers(due(fed(60, **facts)))


def test_the_sources_range_is_rounded_and_held_like_the_amount() -> None:
    found = behind()
    assert (found.reckoned_ml, found.low_ml, found.high_ml) == (5.0, 5.0, 6.5)
    assert (found.every.low, found.every.high) == (2, 4)
    assert found.a_day_ml == 40
    assert behind(kcal_ml=0.8).a_day_ml == 50
    assert (found.age_known, found.kcal_known, found.own_interval) == (True, False, False)
    assert behind(species="puppy").low_ml == 3.5
    assert behind(kcal_ml=0.6).high_ml == 8.0  # the stomach


def test_a_light_kitten_shows_the_range_of_a_younger_one() -> None:
    found = behind(age_days=22, weight_g=240)
    assert found.lighter
    assert (found.every.low, found.every.high) == (2, 4)
    assert not behind(species="puppy", age_days=22, weight_g=240).lighter


@pytest.mark.parametrize(("species", "presumed"), [("puppy", True), ("kitten", False)])
def test_with_no_age_a_puppy_is_fed_like_the_youngest(species: str, *, presumed: bool) -> None:
    found = behind(species=species, age_days=None, weight_g=300)
    assert found.presumed is presumed
    assert found.every.usual == (2 if presumed else 4)
    assert not found.lighter


def test_more_than_one_text_gives_in_week_one_is_said() -> None:
    assert behind(species="puppy", age_days=3, weight_g=900).above_week_one
    assert not behind(species="puppy", age_days=3, weight_g=300).above_week_one
    assert behind(species="puppy", age_days=6, weight_g=900).above_week_one
    assert not behind(species="puppy", age_days=7, weight_g=900).above_week_one
    assert behind(age_days=3, volume_ml=10.5, weight_g=400).above_week_one
    assert not behind(age_days=3, volume_ml=10, weight_g=400).above_week_one
    assert not behind(species="puppy", age_days=3, weight_g=None).above_week_one


def test_what_stands_on_record_is_told_from_what_is_presumed() -> None:
    found = behind(age_days=None, kcal_ml=0.8, plan_interval_min=150)
    assert (found.age_known, found.kcal_known, found.own_interval) == (False, True, True)
    assert not behind(species="puppy", age_days=12).presumed
    assert behind(age_days=None, weight_g=None).presumed


def test_the_range_is_that_of_the_column_in_which_it_is_due() -> None:
    late = NOON + 9 * HOUR
    found = numbers(due(fed(60, late, age_days=22, weight_g=400), late))
    assert found.every.sources == ("S12", "S13", "S26")
    assert behind(age_days=22, weight_g=400).every.sources == ("S3", "S12", "S13", "S44")


def test_without_a_weight_nothing_is_reckoned() -> None:
    found = behind(weight_g=None)
    assert (found.a_day_ml, found.reckoned_ml, found.low_ml) == (None, None, None)
