"""Every threshold of the tables, seen from just inside and just outside."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.web.care.care_cases import a_case, card, codes, kitten, puppy, reasons
from web.care import tables
from web.care.scenario import Animal, Scenario

ROW_DAYS = [(0, 6), (7, 13), (14, 20), (21, 27), (28, 34), (35, 70)]
CHILLED_BELOW = [35.0, 36.0, 36.0, 36.0, 37.0, 37.0]
HOT_ABOVE = [38.5, 38.5, 38.5, 38.5, 39.5, 39.5]
NEST = [(29.0, 34.0), (26.5, 32.0), (24.0, 30.0), (21.0, 28.0), (20.0, 27.0), (20.0, 27.0)]
DAY = [120, 180, 240, 300, 360, 360]
KITTEN_NIGHT = [120, 180, 240, 360, 480, 480]
PUPPY_NIGHT = [180, 240, 300, 360, 480, 480]
PUPPY_ENERGY = [15, 18, 20, 20, 20, 20]
FIRST_G = [20, 150, 250, 350, 450, 550]
LAST_G = [149.9, 249.9, 349.9, 449.9, 549.9, 8000]
ROWS = range(6)


def days(row: int) -> tuple[int, int]:
    """First and last day of a row."""
    return ROW_DAYS[row]


def at_age(age: int | None, **changes: Any) -> Scenario:
    """A lonely puppy of an age (its weight says nothing of it), in a nest that suits the age."""
    row = 1 if age is None else next(row for row in ROWS if days(row)[0] <= age <= days(row)[1])
    fitting = {"temp_c": sum(NEST[row]) / 2}
    about_it = {key: changes.pop(key) for key in list(changes) if key in Animal.__slots__}
    body = {"body_temp_c": 38.0}
    return a_case(puppy(age_days=age, **(body | about_it)), **(fitting | changes))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("end", [0, 1])
def test_a_body_is_chilled_below_its_limit_and_hot_above_it(row: int, end: int) -> None:
    age = days(row)[end]
    cold, hot = CHILLED_BELOW[row], HOT_ABOVE[row]
    assert "WARM_FIRST" in codes(at_age(age, body_temp_c=cold - 0.1))
    assert "CHECK_BOX" in codes(at_age(age, body_temp_c=hot + 0.1))
    for fine in (cold, hot):
        assert not {"WARM_FIRST", "CHECK_BOX"} & set(codes(at_age(age, body_temp_c=fine)))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("end", [0, 1])
def test_the_nest_has_a_band_for_each_age(row: int, end: int) -> None:
    age = days(row)[end]
    low, high = NEST[row]
    assert reasons(at_age(age, temp_c=low - 0.1), "CHECK_BOX") == {"box_cold"}
    assert reasons(at_age(age, temp_c=high + 0.1), "CHECK_BOX") == {"box_hot"}
    for fine in (low, high):
        assert "CHECK_BOX" not in codes(at_age(age, temp_c=fine))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("end", [0, 1])
@pytest.mark.parametrize("kind", ["kitten", "puppy"])
@pytest.mark.parametrize("night", [False, True])
def test_a_feed_is_soon_at_four_fifths_of_the_interval_and_overdue_at_its_end(
    row: int, end: int, kind: str, night: bool
) -> None:
    age = days(row)[end]
    by_night = KITTEN_NIGHT if kind == "kitten" else PUPPY_NIGHT
    interval = (by_night if night else DAY)[row]

    def fed(minutes: int) -> Scenario:
        return at_age(age, species=kind, weight_g=600, min_since_fed=minutes, night=night)

    soon = interval * 8 // 10
    assert "FEED" not in codes(fed(soon - 1))
    for minutes, why in ((soon, "due_soon"), (interval - 1, "due_soon"), (interval, "overdue")):
        assert reasons(fed(minutes), "FEED") - {"capped"} == {why}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("end", [0, 1])
def test_a_light_kitten_is_fed_like_a_younger_one(row: int, end: int) -> None:
    weight = (FIRST_G if end == 0 else LAST_G)[row]

    def fed(minutes: int) -> Scenario:
        return at_age(70, species="kitten", weight_g=weight, min_since_fed=minutes)

    assert reasons(fed(DAY[row] - 1), "FEED") >= {"due_soon"}
    assert reasons(fed(DAY[row]), "FEED") >= {"overdue"}


def test_a_heavy_kitten_is_fed_by_its_age() -> None:
    assert "FEED" in codes(at_age(3, species="kitten", weight_g=900, min_since_fed=96))


def test_a_puppys_weight_says_nothing_of_its_age() -> None:
    assert "FEED" not in codes(at_age(40, weight_g=140, min_since_fed=200))


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("end", [0, 1])
def test_a_kitten_of_unknown_age_counts_as_old_as_its_weight_says(row: int, end: int) -> None:
    weight = (FIRST_G if end == 0 else LAST_G)[row]

    def nest(temperature: float) -> Scenario:
        return a_case(kitten(age_days=None, weight_g=weight, body_temp_c=38.0), temp_c=temperature)

    low, high = NEST[row]
    assert "CHECK_BOX" not in codes(nest(low))
    assert "CHECK_BOX" in codes(nest(low - 0.1))
    assert "CHECK_BOX" not in codes(nest(high))
    assert "CHECK_BOX" in codes(nest(high + 0.1))


@pytest.mark.parametrize(
    ("animal", "interval"),
    [
        (puppy(age_days=None, weight_g=300), 120),
        (kitten(age_days=None, weight_g=None), 120),
        (kitten(age_days=None, weight_g=260), 240),
        (kitten(age_days=20, weight_g=None), 240),
        (kitten(age_days=20, weight_g=None, plan_interval_min=90), 90),
        (puppy(age_days=None, plan_interval_min=720), 720),
    ],
)
def test_the_interval_where_little_is_known(animal: Animal, interval: int) -> None:
    def fed(minutes: int) -> Scenario:
        changes = {"min_since_fed": minutes, "min_since_toilet": 0}
        known = {name: getattr(animal, name) for name in Animal.__slots__}
        return a_case(Animal(**(known | changes)), temp_c=29.0)

    assert reasons(fed(interval), "FEED") >= {"overdue"}
    assert reasons(fed(interval - 1), "FEED") >= {"due_soon"}


def test_without_age_and_weight_a_baby_counts_as_a_week_old() -> None:
    for nest, wrong in [(26.4, True), (26.5, False), (32.0, False), (32.1, True)]:
        for animal in (puppy(age_days=None), kitten(age_days=None, weight_g=None)):
            assert ("CHECK_BOX" in codes(a_case(animal, temp_c=nest))) is wrong


# --- volumes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS)
def test_the_volume_is_energy_by_weight_over_the_milk_and_the_feeds_of_a_day(row: int) -> None:
    age = days(row)[1]
    for kind, energy in (("kitten", 20), ("puppy", PUPPY_ENERGY[row])):
        weight = 3000  # heavy for any row, so that a kitten is fed by its age, and each kcal shows
        feed = card(
            at_age(age, species=kind, weight_g=weight, min_since_fed=DAY[row], formula_kcal_ml=1.5),
            "FEED",
        )
        usual = energy * weight / 100 / 1.5 * DAY[row] / 1440
        cap = 0.04 * weight
        assert feed.volume_ml == {"pip": int(min(usual, cap) * 2 + 1e-9) / 2}
        assert feed.cap_ml == {"pip": 120.0}
        assert ("capped" in feed.reasons) is (usual > cap)


@pytest.mark.parametrize(
    ("changes", "volume", "cap", "why"),
    [
        ({"min_since_fed": 180}, 5.0, 8.0, {"overdue"}),
        ({"min_since_fed": 144}, 5.0, 8.0, {"due_soon"}),
        ({"min_since_fed": 90, "last_feed": "short"}, 2.5, 8.0, {"last_feed_short"}),
        ({"min_since_fed": 60, "hungry_signs": True}, 2.5, 8.0, {"hungry_signs"}),
        ({"min_since_fed": 180, "hungry_signs": True}, 5.0, 8.0, {"overdue"}),
        ({"min_since_fed": 180, "weight_g": 210}, 5.0, 8.0, {"overdue"}),
        ({"min_since_fed": 180, "weight_g": 220}, 5.5, 8.5, {"overdue"}),
        ({"min_since_fed": 180, "weight_g": 199}, 4.5, 7.5, {"overdue"}),
        ({"min_since_fed": 289, "plan_interval_min": 289}, 8.0, 8.0, {"overdue", "capped"}),
        ({"min_since_fed": 720, "plan_interval_min": 720}, 8.0, 8.0, {"overdue", "capped"}),
        # Usual and stomach are equal on paper: nothing is held back.
        ({"min_since_fed": 288, "plan_interval_min": 288, "weight_g": 210}, 8.0, 8.0, {"overdue"}),
        (
            {"min_since_fed": 288, "plan_interval_min": 288, "weight_g": 335},
            13.0,
            13.0,
            {"overdue"},
        ),
        ({"min_since_fed": 60, "weight_g": 20, "plan_interval_min": 60}, 0.5, 0.5, {"overdue"}),
        ({"min_since_fed": 180, "weight_g": None}, None, None, {"overdue", "weigh_first"}),
    ],
)
def test_portions(
    changes: dict[str, Any], volume: float | None, cap: float | None, why: set[str]
) -> None:
    feed = card(a_case(kitten(**changes)), "FEED")
    assert (feed.volume_ml, feed.cap_ml) == ({"mia": volume}, {"mia": cap})
    assert set(feed.reasons) == why


def test_thin_milk_makes_a_larger_portion_and_unknown_milk_counts_as_one_kcal() -> None:
    def feed(kcal: float | None) -> object:
        return card(a_case(kitten(min_since_fed=180), formula_kcal_ml=kcal), "FEED").volume_ml

    assert feed(None) == feed(1.0) == {"mia": 5.0}
    assert feed(0.8) == {"mia": 6.0}
    assert feed(0.5) == {"mia": 8.0}


def test_a_volume_that_is_whole_on_paper_does_not_lose_a_step() -> None:
    # 20 x 207 / 100 x 150 / 1440 / 0.575 = 7.5 exactly
    feed = card(
        a_case(
            kitten(weight_g=207, plan_interval_min=150, min_since_fed=150), formula_kcal_ml=0.575
        ),
        "FEED",
    )
    assert feed.volume_ml == {"mia": 7.5}


def test_no_portion_of_any_weight_is_above_four_per_cent_or_below_half_a_millilitre() -> None:
    for weight, plan, kcal in itertools.product((20, 33.3, 500, 8000), (60, 299, 720), (0.5, 1.5)):
        feed = card(
            a_case(
                puppy(weight_g=weight, plan_interval_min=plan, min_since_fed=plan),
                formula_kcal_ml=kcal,
            ),
            "FEED",
        )
        assert feed.volume_ml is not None
        assert feed.cap_ml is not None
        volume, cap = feed.volume_ml["pip"], feed.cap_ml["pip"]
        assert volume is not None
        assert cap is not None
        assert 0.5 <= volume <= cap <= 0.04 * weight + 1e-9


def test_the_rows_follow_one_another() -> None:
    assert [row.first_day for row in tables.AGE_ROWS] == [first for first, _ in ROW_DAYS]
