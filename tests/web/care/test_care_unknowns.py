"""Which missing facts are asked for: those that could change the first suggestion, no others."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.care.care_cases import (
    a_case,
    advice,
    an_animal,
    card,
    codes,
    elsewhere,
    flagged,
    kitten,
    puppy,
)
from web.care.scenario import RedFlags, Scenario


def asked(scenario: Scenario) -> set[str]:
    """Facts that could change the first suggestion."""
    return set(advice(scenario).unknown)


BLANK: dict[str, Any] = {
    "age_days": None, "weight_g": None, "mother": None, "body_temp_c": None, "min_since_fed": None,
    "last_feed": None, "hungry_signs": None, "min_since_toilet": None, "red_flags": RedFlags(),
    "weight_change_pct": None, "health": None, "stool_score": None, "exposed": None,
    "parasites": None, "days_in_care": None, "vaccinated": None, "cross_ok": None,
    "temperament": None,
}  # fmt: skip
NO_BOX: dict[str, Any] = {
    "temp_c": None, "spread": None, "comfort": None, "species": None, "unusual": None,
    "carer_can_watch": None, "formula_kcal_ml": None,
}  # fmt: skip
FIRST_LOOK = {"mia.red_flags", "mia.warmth", "mia.growth"}
AGE = {"mia.age_days", "mia.weight_g"}
NEST = {"box.temp_c", "box.spread"}


def blank(name: str = "mia", **known: Any) -> Any:
    """A kitten of which nothing is known but this."""
    return kitten(name, **(BLANK | known))


@pytest.mark.parametrize(
    ("known", "around", "first", "wanted"),
    [
        ({"red_flags": flagged("limp")}, {}, "URGENT_VET", set()),
        ({"body_feel": "cool"}, {}, "WARM_FIRST", {"mia.red_flags", "mia.growth", *AGE}),
        ({}, {"temp_c": 10}, "CHECK_BOX", {*FIRST_LOOK, *AGE, "box.spread"}),
        ({}, {}, "CHECK_WARMTH", {*FIRST_LOOK, *AGE, *NEST}),
        ({}, {"temp_c": 29, "species": "puppy"}, "CHECK_SPECIES",
         {*FIRST_LOOK, *AGE, "box.spread", "cry.source_id"}),
        ({"body_feel": "warm", "mother": "available"}, {}, "REUNITE",
         {"mia.red_flags", "mia.growth", *AGE, *NEST, "cry.species", "mia.health"}),
        ({"body_feel": "warm"}, {}, "CHECK_FEED_LOG",
         {"mia.red_flags", "mia.growth", *AGE, *NEST, "cry.species", "mia.health", "mia.mother",
          "mia.fed", "mia.last_feed", "mia.hungry"}),
        ({"body_feel": "warm", "min_since_fed": 0}, {"species": "kitten"}, "STIMULATE",
         {"mia.red_flags", "mia.growth", *AGE, *NEST, "mia.health", "mia.mother", "mia.last_feed",
          "mia.hungry", "mia.toilet"}),
        ({"body_feel": "warm", "mother": "present"}, {"unusual": True}, "CHECK_ILL",
         {"mia.red_flags", "mia.growth", *AGE, *NEST, "cry.species", "mia.health", "mia.last_feed",
          "mia.hungry", "mia.toilet", "box.comfort"}),
        ({"body_feel": "warm", "mother": "present"}, {}, "WAIT_AND_WATCH",
         {"mia.red_flags", "mia.growth", *AGE, *NEST, "cry.species", "mia.health", "mia.last_feed",
          "mia.hungry", "mia.toilet", "box.comfort", "cry.unusual"}),
    ],
)  # fmt: skip
def test_of_a_newcomer_only_what_matters_first_is_asked(
    known: dict[str, Any], around: dict[str, Any], first: str, wanted: set[str]
) -> None:
    scenario = a_case(blank(**known), **(NO_BOX | around))
    assert codes(scenario)[0] == first
    assert asked(scenario) == wanted


def test_a_comfort_asks_for_all_before_it_but_not_for_companions_that_are_not_there() -> None:
    scenario = a_case(blank(body_feel="warm", min_since_fed=20, min_since_toilet=20), **NO_BOX)
    assert codes(scenario) == ["COMFORT"]
    assert asked(scenario) == {
        "mia.red_flags", "mia.growth", *AGE, *NEST, "cry.species", "cry.unusual", "box.comfort",
        "mia.health", "mia.mother", "mia.last_feed", "mia.hungry", "mia.exposed",
    }  # fmt: skip


def test_a_puppys_weight_does_not_stand_in_for_its_age() -> None:
    newcomer = puppy("mia", **BLANK)
    assert asked(a_case(newcomer, temp_c=10.0)) == {*FIRST_LOOK, "mia.age_days"}
    weighed = puppy("mia", **(BLANK | {"body_feel": "warm", "age_days": 10}))
    assert "mia.weight_g" in asked(a_case(weighed))


def test_the_weight_of_a_kitten_of_known_age_is_asked_for_with_its_feed() -> None:
    unweighed: dict[str, Any] = {"weight_g": None, "age_days": 10}
    assert asked(a_case(kitten(**unweighed), temp_c=10.0)) == set()
    assert asked(a_case(kitten(min_since_fed=900, **unweighed))) == {"mia.weight_g"}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"min_since_fed": None}, {"mia.fed"}),
        ({"min_since_fed": None, "hungry_signs": True}, {"mia.fed"}),
        ({"min_since_fed": None, "mother": "present"}, set()),
        ({"min_since_fed": 900, "last_feed": None, "hungry_signs": None},
         {"mia.last_feed", "mia.hungry"}),
    ],
)  # fmt: skip
def test_what_is_asked_about_a_feed(changes: dict[str, Any], wanted: set[str]) -> None:
    assert asked(a_case(kitten(**changes))) == wanted


def test_in_a_quiet_box_little_is_asked() -> None:
    scenario = a_case(blank(), episode_s=0, **NO_BOX)
    assert codes(scenario) == []
    assert asked(scenario) == {*FIRST_LOOK, *AGE, "box.temp_c", "mia.fed", "mia.mother"}
    hot = a_case(blank(body_feel="hot"), episode_s=0, **NO_BOX)
    assert codes(hot) == ["CHECK_BOX"]
    assert asked(hot) == {"mia.red_flags", "mia.growth", *AGE, "box.temp_c"}
    assert card(hot, "CHECK_BOX").unknown == ("box.temp_c", "mia.age_days", "mia.weight_g")


def test_a_chilled_baby_in_a_quiet_box_is_asked_for_its_age() -> None:
    assert asked(a_case(kitten(body_feel="cool", age_days=None), episode_s=0)) == {"mia.age_days"}


def test_a_quiet_feed_does_not_ask_for_signs_but_its_toilet_help_for_the_toilet() -> None:
    due = kitten(min_since_fed=900, last_feed=None, hungry_signs=None, min_since_toilet=None)
    scenario = a_case(due, episode_s=0)
    assert codes(scenario) == ["FEED", "STIMULATE"]
    assert asked(scenario) == set()
    assert card(scenario, "FEED").unknown == ()
    assert card(scenario, "STIMULATE").unknown == ("mia.toilet",)


def test_beside_a_quiet_feed_the_others_are_asked_when_they_were_fed() -> None:
    scenario = a_case(
        kitten("mia", min_since_fed=900), kitten("tom", min_since_fed=None), episode_s=0
    )
    assert codes(scenario) == ["FEED"]
    assert asked(scenario) == {"tom.fed"}


def test_of_an_empty_box_only_the_voice_is_asked() -> None:
    away = elsewhere("tom", **BLANK)
    assert asked(a_case(away, **NO_BOX)) == {"cry.species"}
    assert asked(a_case(away, **(NO_BOX | {"species": "kitten"}))) == set()
    assert asked(a_case(away, episode_s=0, **NO_BOX)) == set()


def test_with_several_in_the_box_the_first_question_is_who() -> None:
    pair = (kitten("mia"), kitten("tom"))
    assert asked(a_case(*pair)) == {"cry.source_id"}
    assert asked(a_case(*pair, species=None)) == {"cry.source_id", "cry.species"}
    assert asked(a_case(*pair, species=None, source_id="mia")) == set()
    assert asked(a_case(*pair, temp_c=10.0, species=None)) == set()
    unfelt = (kitten("mia", body_temp_c=None), kitten("tom", body_temp_c=None))
    scenario = a_case(*unfelt, temp_c=None, species=None)
    assert card(scenario, "CHECK_WARMTH").unknown == (
        "box.temp_c", "cry.source_id", "cry.species", "mia.warmth", "tom.warmth",
    )  # fmt: skip


def test_of_those_who_surely_do_not_cry_only_what_concerns_all_is_asked() -> None:
    scenario = a_case(kitten("mia"), blank("tom", body_feel="warm"), source_id="mia")
    assert codes(scenario) == ["WAIT_AND_WATCH"]
    assert asked(scenario) == {"tom.red_flags", "tom.growth", "tom.age_days", "tom.weight_g"}


@pytest.mark.parametrize(
    ("one", "code", "wanted"),
    [
        ({"mother": "available"}, "REUNITE", {"mother", "health"}),
        ({"min_since_fed": 900}, "FEED", {"mother", "health", "last_feed", "hungry"}),
        ({"min_since_toilet": 900}, "STIMULATE",
         {"mother", "health", "last_feed", "hungry", "toilet"}),
        ({"health": "ill"}, "CHECK_ILL", {"mother", "health", "last_feed", "hungry", "toilet"}),
    ],
)  # fmt: skip
def test_of_others_who_may_cry_the_same_is_asked(
    one: dict[str, Any], code: str, wanted: set[str]
) -> None:
    known = {"body_feel": "warm", "min_since_fed": 30, "plan_interval_min": 240, "age_days": 40}
    scenario = a_case(kitten("mia", **one), blank("tom", **known))
    assert codes(scenario)[0] == code
    names = wanted | {"red_flags", "growth"}
    names |= set() if code == "REUNITE" else {"weight_g"}
    assert asked(scenario) == {"cry.source_id", *(f"tom.{name}" for name in names)}


def test_comfort_is_asked_about_only_where_a_baby_is_alone() -> None:
    assert "box.comfort" in asked(a_case(kitten("mia", mother="present"), comfort=None))
    assert asked(a_case(kitten("mia"), kitten("tom"), comfort=None)) == {"cry.source_id"}


def test_a_card_asks_about_its_own_subjects_only() -> None:
    scenario = a_case(
        kitten("mia", min_since_fed=900, weight_g=None),
        kitten("tom", weight_g=None, health=None, last_feed=None),
        kitten("kim", health="ill", weight_change_pct=None, stool_score=None),
        unusual=None,
        comfort=None,
    )
    assert card(scenario, "FEED").unknown == ("mia.weight_g",)
    assert card(scenario, "CHECK_ILL").unknown == ("cry.unusual", "kim.growth")


@pytest.mark.parametrize(
    ("changes", "around", "code", "wanted"),
    [
        ({"min_since_fed": 900, "age_days": None}, {}, "FEED", {"mia.age_days"}),
        ({"min_since_fed": 900, "mother": None}, {}, "FEED", {"mia.mother"}),
        ({"min_since_fed": 900, "body_temp_c": None}, {}, "FEED", {"mia.warmth"}),
        ({"min_since_fed": None}, {}, "CHECK_FEED_LOG", {"mia.fed"}),
        ({"min_since_toilet": 900, "mother": None}, {}, "STIMULATE", {"mia.mother"}),
        ({"min_since_toilet": 900, "age_days": None}, {}, "STIMULATE", {"mia.age_days"}),
        ({"mother": "available", "health": None}, {}, "REUNITE", {"mia.health"}),
        ({"body_temp_c": None, "age_days": None}, {"temp_c": 10}, "CHECK_WARMTH",
         {"mia.warmth", "mia.age_days"}),
        ({"weight_change_pct": None}, {"comfort": True, "episode_s": 900}, "CHECK_ILL",
         {"mia.growth"}),
        ({"weight_change_pct": 0, "health": None, "last_feed": None}, {"comfort": True},
         "CHECK_ILL", {"mia.health", "mia.last_feed"}),
        ({"health": "ill", "min_since_toilet": None}, {"comfort": None}, "CHECK_ILL",
         {"mia.toilet", "box.comfort"}),
        ({"health": "ill"}, {"species": "puppy"}, "CHECK_SPECIES", {"cry.source_id"}),
    ],
)  # fmt: skip
def test_what_a_card_asks(
    changes: dict[str, Any], around: dict[str, Any], code: str, wanted: set[str]
) -> None:
    asks = card(a_case(kitten(**changes), **around), code)
    assert set(asks.unknown) == wanted
    assert asks.confidence == "low"


def test_a_card_about_the_box_asks_about_everyone_in_it_but_not_in_an_emergency() -> None:
    scenario = a_case(
        kitten("mia", body_temp_c=None),
        blank("tom", red_flags=flagged("limp")),
        temp_c=10.0,
        spread=None,
    )
    assert card(scenario, "CHECK_BOX").unknown == ("box.spread", "mia.warmth")
    freezing = a_case(blank("mia", body_feel="cold"))
    assert card(freezing, "WARM_FIRST").unknown == ()
    assert card(freezing, "URGENT_VET").unknown == ()
    assert card(a_case(blank("mia", body_feel="cool")), "WARM_FIRST").unknown == tuple(sorted(AGE))


def test_waiting_asks_nothing_on_its_own_card() -> None:
    scenario = a_case(blank(body_feel="warm", mother="present"), **NO_BOX)
    assert card(scenario, "WAIT_AND_WATCH").unknown == ()


# --- company --------------------------------------------------------------------------------------

LITTERMATE: dict[str, Any] = {"in_box": False, "litter_id": "spring"}


def mia(**changes: Any) -> Any:
    """The lonely one."""
    return kitten("mia", **({"litter_id": "spring"} | changes))


@pytest.mark.parametrize(
    ("companions", "mine", "wanted"),
    [
        # unknown ones at any level, if none passed
        ([("leo", LITTERMATE | {"health": None}), ("kim", {"in_box": False, "exposed": None})], {},
         {"leo.health", "kim.exposed"}),
        # ... and of the lonely one what stands between the two
        ([("kim", {"in_box": False, "exposed": None})], {"parasites": None, "cross_ok": None},
         {"kim.exposed", "mia.parasites"}),
        # those at the level that passed, and below, do not matter
        ([("leo", LITTERMATE), ("lia", LITTERMATE | {"health": None}),
          ("kim", {"in_box": False, "exposed": None})], {}, set()),
        ([("kim", {"in_box": False}), ("leo", LITTERMATE | {"body_temp_c": None}),
          ("pip", {"in_box": False, "species": "puppy", "cross_ok": None})], {}, {"leo.warmth"}),
        # those that fail do not matter ...
        ([("kim", {"in_box": False, "health": "ill", "exposed": None})], {}, set()),
        # ... but if only their age makes them fail
        ([("kim", {"in_box": False, "age_days": None, "body_temp_c": 35.5})], {}, {"kim.age_days"}),
        ([("kim", {"in_box": False, "age_days": None, "body_feel": "hot", "weight_g": None})], {},
         {"kim.age_days", "kim.weight_g"}),
        ([("kim", {"in_box": False, "age_days": None, "min_since_fed": 170})], {},
         {"kim.age_days"}),
        ([("kim", {"in_box": False, "age_days": None, "health": "ill"})], {}, set()),
        # (not beside a better one that passes)
        ([("kim", {"in_box": False, "age_days": None, "min_since_fed": 170}), ("leo", LITTERMATE)],
         {}, set()),
        # the age of a littermate always matters: it decides whether it is warm
        ([("leo", LITTERMATE | {"age_days": None})], {}, {"leo.age_days"}),
        ([("leo", LITTERMATE | {"age_days": None, "weight_g": None, "health": "ill"})], {},
         {"leo.age_days", "leo.weight_g"}),
        ([("leo", LITTERMATE | {"age_days": None}), ("lia", LITTERMATE)], {}, {"leo.age_days"}),
        # null exposures of littermates are said, unless they fail
        ([("leo", LITTERMATE | {"exposed": None})], {}, {"leo.exposed"}),
        ([("leo", LITTERMATE)], {"exposed": None}, {"mia.exposed"}),
        ([("leo", LITTERMATE | {"exposed": None, "health": "ill"})], {}, set()),
        # ... and the lonely one's own always is
        ([("leo", LITTERMATE | {"exposed": None, "health": "ill"})], {"exposed": None},
         {"mia.exposed"}),
        ([], {"exposed": None}, {"mia.exposed"}),
        ([("leo", LITTERMATE | {"exposed": None, "health": None})], {},
         {"leo.exposed", "leo.health"}),
        ([("leo", LITTERMATE | {"exposed": None}), ("lia", LITTERMATE)], {}, {"leo.exposed"}),
        # across species
        ([("pip", {"in_box": False, "species": "puppy", "cross_ok": None, "age_days": None,
                   "weight_g": None, "temperament": None, "vaccinated": None, "parasites": None,
                   "days_in_care": None, "min_since_fed": None, "mother": None})], {},
         {"pip.cross_ok", "pip.age_days", "pip.weight_g", "pip.temperament", "pip.vaccinated",
          "pip.parasites", "pip.days_in_care", "pip.fed", "pip.mother"}),
        # of animals elsewhere only what is recorded counts of these
        ([("kim", {"in_box": False, "red_flags": RedFlags(), "weight_change_pct": None,
                   "last_feed": None, "hungry_signs": None, "min_since_toilet": None})], {}, set()),
    ],
)  # fmt: skip
def test_what_is_asked_about_company(
    companions: list[tuple[str, dict[str, Any]]], mine: dict[str, Any], wanted: set[str]
) -> None:
    others = [an_animal(name, **changes) for name, changes in companions]
    assert asked(a_case(mia(**mine), *others)) == wanted


def test_whether_somebody_can_watch_is_asked_for_a_first_trial() -> None:
    pip = an_animal("pip", species="puppy", in_box=False)
    assert asked(a_case(mia(), pip, carer_can_watch=None)) == {"context.carer_can_watch"}


def test_when_comfort_did_not_help_company_is_asked_about_as_well() -> None:
    scenario = a_case(mia(), elsewhere("kim", health=None), comfort=True, episode_s=900)
    assert codes(scenario) == ["CHECK_ILL", "CHECK_COMPANION"]
    assert asked(scenario) == {"kim.health"}


def test_company_is_not_asked_about_while_something_else_comes_first() -> None:
    kim = elsewhere("kim", health=None)
    assert asked(a_case(mia(min_since_toilet=900), kim, unusual=None, comfort=None)) == set()
    assert asked(a_case(mia(health="ill"), kim)) == set()
    assert asked(a_case(mia(), kim, episode_s=10)) == set()


def test_where_a_partner_is_found_comfort_is_still_asked_about() -> None:
    scenario = a_case(mia(), elsewhere("kim"), comfort=None, unusual=None)
    assert codes(scenario) == ["PAIR_SAME_SPECIES"]
    assert asked(scenario) == {"box.comfort", "cry.unusual"}
    assert card(scenario, "PAIR_SAME_SPECIES").unknown == ()


def test_the_littermate_card_asks_for_its_age_too() -> None:
    leo = an_animal("leo", **LITTERMATE, age_days=None, weight_g=None, health=None, exposed=None)
    scenario = a_case(mia(), leo)
    assert card(scenario, "CHECK_COMPANION").unknown == (
        "leo.age_days", "leo.exposed", "leo.health", "leo.weight_g",
    )  # fmt: skip
