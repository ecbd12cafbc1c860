"""A scenario that is not quite right is refused, by the name of its field."""

from __future__ import annotations

import copy
import dataclasses
import json
from typing import Any

import pytest

from tests.web.care.care_cases import a_case, elsewhere, kitten
from web.care.scenario import (
    MAX_ANIMALS,
    TRUST_BODY_MIN,
    TRUST_BOX_MIN,
    TRUST_SIGNS_MIN,
    TRUST_WEIGHT_MIN,
    Protocol,
    Scenario,
    ScenarioError,
    plain_scenario,
    read_scenario,
)


def as_json(scenario: Scenario) -> dict[str, Any]:
    """A scenario as it would stand in a file."""
    written: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(scenario)))
    return written


def changed(path: str, value: object) -> dict[str, Any]:
    """A good scenario with one value replaced."""
    whole = as_json(a_case(kitten("mia"), elsewhere("tom")))
    place: Any = whole
    *parents, last = path.split(".")
    for step in parents:
        place = place[int(step) if step.isdigit() else step]
    place[last] = value
    return whole


def test_a_scenario_is_the_same_after_the_way_through_a_file() -> None:
    scenario = a_case(kitten("mia", ok_with=("tom",)), elsewhere("tom"))
    assert read_scenario(as_json(scenario)) == scenario


def test_everything_that_may_be_unknown_may_be_null() -> None:
    plain = as_json(a_case(kitten()))
    for field in plain["animals"][0]:
        if field not in {
            "id", "species", "in_box", "red_flags", "suckles_others", "keep_apart", "ok_with",
        }:  # fmt: skip
            plain["animals"][0][field] = None
    plain["animals"][0]["red_flags"] = dict.fromkeys(plain["animals"][0]["red_flags"])
    plain["cry"] |= {"species": None, "source_id": None, "unusual": None}
    plain["box"] = dict.fromkeys(plain["box"])
    plain["context"] |= {"carer_can_watch": None, "formula_kcal_ml": None}
    plain["protocol"] |= {"vet_phone": None, "urgent_text": None}
    assert read_scenario(plain).animals[0].age_days is None


LIMITS = {
    "cry.episode_s": (0, 86400),
    "box.temp_c": (0, 60),
    "box.min_since_change": (0, 1440),
    "context.formula_kcal_ml": (0.5, 1.5),
    "protocol.quarantine_days": (7, 30),
    "animals.0.age_days": (0, 70),
    "animals.0.weight_g": (20, 8000),
    "animals.0.body_temp_c": (15, 45),
    "animals.0.min_since_fed": (0, 2880),
    "animals.0.plan_interval_min": (60, 720),
    "animals.0.min_since_toilet": (0, 2880),
    "animals.0.weight_change_pct": (-50, 50),
    "animals.0.stool_score": (1, 7),
    "animals.0.days_in_care": (0, 365),
}
WHOLE = {
    "cry.episode_s", "box.min_since_change", "protocol.quarantine_days", "animals.0.age_days",
    "animals.0.min_since_fed", "animals.0.plan_interval_min", "animals.0.min_since_toilet",
    "animals.0.stool_score", "animals.0.days_in_care",
}  # fmt: skip


@pytest.mark.parametrize(("path", "limits"), LIMITS.items())
def test_a_number_may_be_at_its_limits_and_not_beyond(
    path: str, limits: tuple[float, float]
) -> None:
    step = 1 if path in WHOLE else 0.01
    for good in limits:
        read_scenario(changed(path, good))
    for bad in (limits[0] - step, limits[1] + step):
        with pytest.raises(ScenarioError, match=r"must be a (whole )?number from") as caught:
            read_scenario(changed(path, bad))
        assert caught.value.field == "input." + path.replace(".0.", "[0].")


@pytest.mark.parametrize("path", LIMITS)
@pytest.mark.parametrize("wrong", [True, "10", [], {}, float("nan"), float("inf")])
def test_only_a_number_is_a_number(path: str, wrong: object) -> None:
    with pytest.raises(ScenarioError):
        read_scenario(changed(path, wrong))


@pytest.mark.parametrize("path", sorted(WHOLE))
def test_a_count_is_whole(path: str) -> None:
    with pytest.raises(ScenarioError, match="whole number"):
        read_scenario(changed(path, LIMITS[path][0] + 0.5))


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("cry.species", "cat"),
        ("cry.species", ["kitten"]),
        ("cry.source_id", 1),
        ("cry.unusual", 0),
        ("box.spread", "false"),
        ("box.comfort", 1),
        ("context.night", None),
        ("context.carer_can_watch", "yes"),
        ("protocol.quarantine_days", None),
        ("protocol.vet_phone", 5550100),
        ("protocol.urgent_text", False),
        ("animals.0.id", ""),
        ("animals.0.id", None),
        ("animals.0.id", 1),
        ("animals.0.species", None),
        ("animals.0.species", "Kitten"),
        ("animals.0.in_box", None),
        ("animals.0.in_box", 1),
        ("animals.0.litter_id", 3),
        ("animals.0.mother", "gone"),
        ("animals.0.body_feel", "fine"),
        ("animals.0.last_feed", "half"),
        ("animals.0.hungry_signs", "no"),
        ("animals.0.red_flags", None),
        ("animals.0.red_flags", []),
        ("animals.0.red_flags.limp", "no"),
        ("animals.0.red_flags.bleeding", 0),
        ("animals.0.health", "good"),
        ("animals.0.exposed", 0),
        ("animals.0.parasites", "none"),
        ("animals.0.vaccinated", "true"),
        ("animals.0.cross_ok", 1),
        ("animals.0.temperament", "wild"),
        ("animals.0.suckles_others", None),
        ("animals.0.keep_apart", None),
        ("animals.0.ok_with", None),
        ("animals.0.ok_with", "tom"),
        ("animals.0.ok_with", ["tom", "tom"]),
        ("animals.0.ok_with", [""]),
        ("animals.0.ok_with", [1]),
        ("animals.0.ok_with", [["tom"]]),
        ("animals", {}),
        ("animals", None),
        ("cry", None),
        ("box", []),
        ("context", 1),
        ("protocol", "none"),
    ],
)
def test_a_wrong_value_is_named(path: str, wrong: object) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(changed(path, wrong))
    assert caught.value.field == "input." + path.replace("animals.0", "animals[0]")
    assert "\n" not in str(caught.value)


def test_an_animal_must_be_an_object() -> None:
    plain = as_json(a_case(kitten()))
    with pytest.raises(ScenarioError, match=r"^input\.animals\[1\] must be an object"):
        read_scenario(plain | {"animals": [*plain["animals"], 5]})


@pytest.mark.parametrize("whole", [None, [], 3, "scenario"])
def test_a_scenario_must_be_an_object(whole: object) -> None:
    with pytest.raises(ScenarioError, match=r"^input must be an object"):
        read_scenario(whole)


def test_no_field_may_be_missing_and_none_invented() -> None:
    whole = as_json(a_case(kitten()))
    spots = ["", "cry", "box", "context", "protocol", "animals.0", "animals.0.red_flags"]
    for spot in spots:
        fields = _at(whole, spot)
        for field in fields:
            poorer = copy.deepcopy(whole)
            del _at(poorer, spot)[field]
            with pytest.raises(ScenarioError, match=rf"\.{field} is missing$"):
                read_scenario(poorer)
        richer = copy.deepcopy(whole)
        _at(richer, spot)["colour"] = "black"
        with pytest.raises(ScenarioError, match=r"\.colour is not a field that I know$"):
            read_scenario(richer)


def _at(whole: Any, spot: str) -> dict[str, Any]:
    place = whole
    for step in filter(None, spot.split(".")):
        place = place[int(step) if step.isdigit() else step]
    found: dict[str, Any] = place
    return found


def test_two_animals_must_not_share_an_id() -> None:
    with pytest.raises(ScenarioError, match=r'animals\[1\]\.id "mia" is there twice'):
        a_case(kitten("mia"), elsewhere("mia"))


def test_twenty_animals_are_the_most() -> None:
    many = [kitten(f"k{place}") for place in range(MAX_ANIMALS + 1)]
    a_case(*many[:20])
    with pytest.raises(ScenarioError, match=r"^animals must be at most 20, not 21$"):
        a_case(*many)


def test_whoever_was_seen_crying_must_be_in_the_box() -> None:
    a_case(kitten("mia"), elsewhere("tom"), source_id="mia")
    for stranger in ("tom", "nobody", ""):
        with pytest.raises(ScenarioError, match=r"cry\.source_id .* is not in the box"):
            a_case(kitten("mia"), elsewhere("tom"), source_id=stranger)


def test_in_a_quiet_box_an_old_source_is_ignored() -> None:
    a_case(kitten("mia"), episode_s=0, source_id="tom")


def test_a_long_value_is_shown_short() -> None:
    with pytest.raises(ScenarioError) as caught:
        kitten(mother="x" * 5000)
    assert len(str(caught.value)) < 120


def test_a_rescue_that_says_nothing_keeps_newcomers_apart_for_two_weeks() -> None:
    assert Protocol().quarantine_days == 14


def test_how_long_a_measurement_may_be_trusted_is_the_tables_own() -> None:
    assert (TRUST_BODY_MIN, TRUST_SIGNS_MIN, TRUST_BOX_MIN, TRUST_WEIGHT_MIN) == (60, 60, 10, 1440)


@pytest.mark.parametrize(
    ("path", "wrong", "words"),
    [
        ("animals.0.species", "cat", "kitten or puppy, not "),
        ("animals.0.body_feel", "icy", "warm or cool or cold or hot, or null, not "),
        ("animals.0.in_box", "yes", "true or false, not "),
        ("animals.0.exposed", "yes", "true or false, or null, not "),
        ("animals.0.litter_id", 3, "text, or null, not "),
        ("animals.0.id", "", "text that is not empty, not "),
        ("animals.0.ok_with", ["tom", "tom"], "a list of different names, not "),
        ("animals.0.age_days", 71, "a whole number from 0 to 70, or null, not "),
        ("protocol.quarantine_days", 6, "a whole number from 7 to 30, not "),
        ("box.temp_c", 61, "a number from 0 to 60, or null, not "),
    ],
)
def test_a_wrong_value_is_told_what_it_must_be(path: str, wrong: object, words: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(changed(path, wrong))
    assert f" must be {words}" in str(caught.value)


def test_a_source_is_held_to_the_box_from_the_first_second_on() -> None:
    plain = as_json(a_case(kitten("mia"), episode_s=1))
    plain["cry"]["source_id"] = "tom"
    with pytest.raises(ScenarioError, match="not in the box"):
        read_scenario(plain)


def test_of_several_invented_fields_the_first_by_name_is_told() -> None:
    plain = as_json(a_case(kitten()))
    plain["box"] |= {"zeal": 1, "attic": 2}
    with pytest.raises(ScenarioError, match=r"^input\.box\.attic is not a field that I know$"):
        read_scenario(plain)


@pytest.mark.parametrize(
    ("invented", "told"),
    [
        ("", '""'),
        ("a b", '"a b"'),
        ("a\n\x1b[2J", '"a\\n\\u001b[2J"'),
        ("ä", '"\\u00e4"'),
        ("x" * 40, "x" * 40),
        ("x" * 41, '"' + "x" * 36 + "..."),
    ],
)
def test_an_invented_field_stays_in_its_line(invented: str, told: str) -> None:
    plain = as_json(a_case(kitten()))
    plain["box"][invented] = 1
    with pytest.raises(ScenarioError) as caught:
        read_scenario(plain)
    assert str(caught.value) == f"input.box.{told} is not a field that I know"


def test_a_value_without_a_bottom_is_named_too() -> None:
    deep: list[Any] = []
    for _ in range(100_000):  # beyond any version's limit
        deep = [deep]
    with pytest.raises(
        ScenarioError, match=r"species must be kitten or puppy, not lists without a bottom$"
    ):
        read_scenario(changed("animals.0.species", deep))


@pytest.mark.parametrize(("length", "shown"), [(38, 40), (39, 40), (60, 40)])
def test_a_value_of_forty_characters_is_shown_whole(length: int, shown: int) -> None:
    with pytest.raises(ScenarioError) as caught:
        read_scenario(changed("animals.0.species", "x" * length))
    said = str(caught.value).partition(", not ")[2]
    assert len(said) == shown
    assert said.endswith("..." if length > 38 else '"')


def test_a_scenario_in_plain_words_is_read_back_the_same() -> None:
    scenario = a_case(kitten("mia", ok_with=("tom",)), elsewhere("tom"))
    plain = plain_scenario(scenario)
    assert plain == as_json(scenario)
    assert plain["animals"][0]["ok_with"] == ["tom"]
    assert read_scenario(plain) == scenario
