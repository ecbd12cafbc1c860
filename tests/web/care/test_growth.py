"""Weights: red when a baby does not gain, against its own first weight and beside its litter."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.care import feeding, tables
from web.care.feeding import Quantity
from web.care.growth import (
    Finding,
    Growth,
    Weighing,
    band,
    growth,
    is_runt,
    litter_mean,
    reds,
)
from web.care.scenario import Species

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHARED = Path(__file__).parents[4] / "shared" / "care"


def weights(*pairs: tuple[float, float]) -> list[Weighing]:
    """(hours ago, grams)."""
    return [Weighing(NOW - hours * HOUR, grams) for hours, grams in pairs]


def judged(*pairs: tuple[float, float], species: Species = "kitten", age: Any = 10) -> Growth:
    return growth(species, weights(*pairs), age, NOW)


@pytest.mark.parametrize(
    ("pairs", "age", "found"),
    [
        ([(24, 200), (0, 212)], 10, []),
        ([(24, 200), (0, 206.5)], 10, [Finding.SLOW]),
        ([(24, 200), (0, 207)], 10, []),  # the lowest that the sources call usual
        ([(24, 200), (0, 200)], 10, [Finding.NO_GAIN]),
        ([(24, 200), (0, 199)], 10, [Finding.LOST]),
        ([(24, 200), (0, 180)], 10, [Finding.UNDER_PEAK, Finding.LOST]),
        ([(24, 200), (0, 179)], 10, [Finding.LOST_MUCH, Finding.UNDER_PEAK, Finding.LOST]),
        ([(72, 200), (48, 191), (24, 176), (0, 180)], 10, [Finding.UNDER_PEAK, Finding.SLOW]),
        ([(24, 200), (4, 215), (0, 212)], 10, []),  # a wet bed or a full bottle is no trend
        ([(24, 100), (0, 100)], 0, []),  # a newborn need not gain on its first day
        ([(24, 100), (0, 97)], 0, []),
        ([(24, 100), (0, 96)], 0, [Finding.LOST]),
        ([(60, 200), (0, 200)], 10, [Finding.NO_GAIN]),  # also over longer than a day
        ([(60, 200), (0, 175)], 10, [Finding.UNDER_PEAK, Finding.LOST]),
        ([(5, 200), (0, 190)], 10, []),
        ([(5, 200), (0, 180)], 10, [Finding.UNDER_PEAK]),
        ([(18, 200), (0, 200)], 10, [Finding.NO_GAIN]),
        ([(17.9, 200), (0, 200)], 10, []),
        ([(30, 200), (0, 175)], 10, [Finding.LOST_MUCH, Finding.UNDER_PEAK, Finding.LOST]),
        ([(30.1, 200), (0, 175)], 10, [Finding.UNDER_PEAK, Finding.LOST]),
        ([(24, 100), (0, 96.05)], 0, []),
        ([(24, 200), (0, 201)], None, []),  # how much is usual depends on its age
        ([(24, 200), (0, 212), (-5, 90)], 10, []),  # a phone's clock ran ahead
        ([(24, 200), (0, 201)], 70, [Finding.SLOW]),
        ([(24, 3000), (0, 2990)], 71, []),  # a mother need not gain ...
        ([(24, 3000), (0, 2690)], 71, [Finding.LOST_MUCH, Finding.UNDER_PEAK]),
        ([(48, 3000), (25, 3000)], 71, []),
        ([], 71, []),
        ([(49, 200), (24.1, 212)], 10, [Finding.OLD]),
        ([(24, 200)], 10, []),
        ([], 10, [Finding.NEVER]),
    ],
)
def test_what_a_weight_says(
    pairs: list[tuple[float, float]], age: int | None, found: list[Finding]
) -> None:
    assert list(judged(*pairs, age=age).findings) == found


@pytest.mark.parametrize(("grams", "slow"), [(690, True), (694, False)])
def test_a_puppy_gains_a_share_of_what_it_weighs(grams: float, slow: bool) -> None:
    found = judged((24, 670), (0, grams), species="puppy")
    assert (Finding.SLOW in found.findings) is slow


def test_it_is_compared_with_the_weighing_nearest_to_a_day_before() -> None:
    found = judged((30, 190), (25, 200), (19, 205), (0, 212))
    assert found.before == Weighing(NOW - 25 * HOUR, 200)
    assert (found.gain_g, found.a_day_apart) == (12, True)


@given(
    grams=st.lists(st.integers(60, 900), min_size=2, max_size=8),
    age=st.integers(1, 60),
    species=st.sampled_from(["kitten", "puppy"]),
)
def test_red_agrees_with_the_rules_of_a_day(grams: list[int], age: int, species: Species) -> None:
    """No gain in 24 h is the rules' no_gain; more than 10 % lost is their emergency."""
    some = [Weighing(NOW - n * DAY, float(g)) for n, g in enumerate(reversed(grams))]
    found = growth(species, some, age, NOW)
    change = 100 * (grams[-1] - grams[-2]) / grams[-2]
    assert (Finding.LOST_MUCH in found.findings) == (round(change, 2) < -10)
    assert found.red == (change <= 0 or grams[-1] <= 0.9 * max(grams[:-1]))


def test_the_red_points_are_those_that_were_red_when_they_were_weighed() -> None:
    some = weights((96, 200), (72, 212), (48, 212), (24, 225), (0, 220))
    born = NOW - 10 * DAY
    assert reds("kitten", some, born) == {some[2].at, some[4].at}


def test_a_tenth_under_the_peak_is_red_also_while_it_gains_again() -> None:
    some = weights((120, 200), (96, 230), (72, 204), (48, 206), (24, 210), (0, 225))
    assert reds("kitten", some, None) == {some[2].at, some[3].at}


def test_a_newborn_is_not_red_on_its_first_day() -> None:
    some = weights((44, 100), (24, 100), (0, 100))
    assert reds("kitten", some, some[0].at) == {some[2].at}


def test_what_is_not_known_of_a_gain_stays_unknown() -> None:
    for found in (judged(), judged((0, 200)), judged((5, 190), (0, 200))):
        assert (found.gain_g, found.gain_pct, found.a_day_apart) == (None, None, False)
    found = judged((24, 200), (0, 212.251))
    assert (found.gain_pct, found.a_day_apart) == (6.13, True)
    assert not judged((40, 200), (0, 212)).a_day_apart


def test_what_is_expected_begins_at_the_babys_own_first_weight() -> None:
    first = Weighing(NOW - 4 * DAY, 84)
    found = band("kitten", first, NOW - 12 * DAY, NOW)
    assert (found[0].low, found[0].high) == (84, 84)
    assert (found[-1].at, found[-1].low, found[-1].high) == (NOW, 84 + 4 * 7, 84 + 4 * 15)


def test_on_its_first_day_a_newborn_may_stand_still() -> None:
    first = Weighing(NOW - 2 * DAY, 300)
    found = band("puppy", first, NOW - 2 * DAY, NOW)
    assert found[-1].low == pytest.approx(300 * 1.05)
    assert found[-1].high == pytest.approx(300 * 1.10**2)


def test_a_kittens_age_is_guessed_from_its_weight_and_a_puppys_is_not() -> None:
    first = Weighing(NOW - DAY, 260)
    assert band("kitten", first, None, NOW)[-1].low == pytest.approx(270)  # as from day 14
    assert band("puppy", first, None, NOW) == []


def test_what_is_expected_ends_where_the_tables_do_and_needs_some_time() -> None:
    first = Weighing(NOW - DAY, 700)
    assert band("kitten", first, NOW - 69 * DAY, NOW + 9 * DAY)[-1].at == NOW + DAY
    assert len(band("kitten", first, NOW - 40 * DAY, NOW - DAY / 2)) == 2
    assert band("kitten", first, NOW - 40 * DAY, NOW - DAY) == []


@pytest.mark.parametrize(
    ("grams", "litter", "runt"),
    [
        (79, [79, 110, 111], True),
        (80, [80, 110, 110], False),
        (60, [60, 100], True),
        (60, [60], False),
    ],
)
def test_a_runt_is_under_four_fifths_of_its_litters_mean(
    grams: float, litter: list[float], runt: bool
) -> None:
    assert is_runt(grams, litter) is runt


def test_one_alone_is_no_litter() -> None:
    assert litter_mean([200]) is None
    assert litter_mean([200, 100]) == 150


@pytest.mark.parametrize("species", ["kitten", "puppy"])
def test_the_plan_reckons_with_the_usual_of_what_the_sources_say(species: Species) -> None:
    for row in tables.AGE_ROWS:
        for night, quantity in ((False, "interval_day"), (True, "interval_night")):
            found = feeding.said(species, quantity, row.first_day)  # type: ignore[arg-type]
            assert row.interval_min(species, night=night) == 60 * found.usual
        energy = feeding.said(species, "energy", row.first_day)
        assert row.energy(species) == energy.usual
        assert feeding.said(species, "stomach", row.first_day).usual == 4


def test_every_source_that_is_named_has_a_title() -> None:
    for species in get_args(Species):
        for quantity in get_args(Quantity):
            assert set(feeding.said(species, quantity, 0).sources) <= set(feeding.SOURCES)


@pytest.mark.parametrize("species", ["kitten", "puppy"])
def test_the_ranges_are_those_of_the_feeding_tables(species: Species) -> None:
    if not SHARED.is_dir():
        pytest.skip("the feeding tables (../shared/care) are not here")
    ours: dict[str, Quantity] = {
        "interval_day": "interval_day",
        "interval_night": "interval_night",
        "energy": "energy",
        "milk_volume": "milk",
        "stomach_capacity": "stomach",
        "daily_gain": "gain",
        "weight": "weight",
    }
    with (SHARED / f"feeding_{species}.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["quantity"] in ours]
    assert len(rows) == 6 * len(ours)
    for row in rows:
        found = feeding.said(species, ours[row["quantity"]], int(row["age_from_d"]))
        low = float(row["low"]) if row["low"] else None
        assert found[:3] == (low, float(row["usual"]), float(row["high"])), row
        assert " ".join(found.sources) == row["source"]
