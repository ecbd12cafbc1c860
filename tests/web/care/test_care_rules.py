"""Each rule: when it holds, for whom, why, and what it stops."""

from __future__ import annotations

from typing import Any

import pytest

from tests.web.care.care_cases import (
    NO_FLAGS,
    a_case,
    advice,
    card,
    codes,
    elsewhere,
    flagged,
    kitten,
    puppy,
    reasons,
)
from web.care.advice import plain
from web.care.company import search
from web.care.facts import Feed, Warmth, facts_of
from web.care.rules import PAIRING_RULES, RULES, company_rules, wait_and_watch
from web.care.scenario import RED_FLAGS, Animal, RedFlags, Scenario
from web.care.scene import scene_of

# --- 1: the vet -----------------------------------------------------------------------------------


@pytest.mark.parametrize("flag", RED_FLAGS)
def test_one_red_flag_is_enough(flag: str) -> None:
    scenario = a_case(kitten(red_flags=flagged(flag), min_since_fed=500, min_since_toilet=500))
    assert codes(scenario) == ["URGENT_VET"]
    assert reasons(scenario, "URGENT_VET") == {flag}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"body_temp_c": 32.4}, "cold_body"),
        ({"body_temp_c": 32.5}, None),
        ({"body_feel": "cold", "body_temp_c": None}, "cold_body"),
        ({"body_feel": "cool", "body_temp_c": None}, None),
        ({"body_temp_c": 40.5}, "overheated"),
        ({"body_temp_c": 40.4}, None),
        ({"body_feel": "hot", "body_temp_c": None}, None),
        ({"weight_change_pct": -10.1}, "weight_loss"),
        ({"weight_change_pct": -10}, None),
    ],
)
def test_what_else_is_an_emergency(changes: dict[str, Any], why: str | None) -> None:
    scenario = a_case(kitten(**changes))
    assert ("URGENT_VET" in codes(scenario)) is (why is not None)
    if why:
        assert reasons(scenario, "URGENT_VET") == {why}


def test_the_urgent_card_carries_the_rescues_number_and_words_and_no_other_does() -> None:
    scenario = a_case(
        kitten(red_flags=flagged("limp"), body_feel="cool"), urgent_text="Ask for the duty lead"
    )
    vet, warm = advice(scenario).suggestions
    assert (vet.phone, vet.note) == ("555-0100", "Ask for the duty lead")
    assert (warm.phone, warm.note) == (None, None)


def test_a_missing_number_is_said() -> None:
    scenario = a_case(kitten(red_flags=flagged("gasping")), vet_phone=None)
    assert reasons(scenario, "URGENT_VET") == {"gasping", "no_phone_recorded"}
    assert card(scenario, "URGENT_VET").phone is None


def test_an_emergency_elsewhere_on_the_site_comes_first_and_stops_nothing_here() -> None:
    scenario = a_case(kitten("mia"), elsewhere("tom", red_flags=flagged("limp")))
    assert codes(scenario) == ["URGENT_VET", "COMFORT"]
    assert card(scenario, "URGENT_VET").subjects == ("tom",)


def test_an_emergency_is_seen_in_a_quiet_and_in_an_empty_box() -> None:
    assert codes(a_case(kitten(red_flags=flagged("limp")), episode_s=0)) == ["URGENT_VET"]
    away = elsewhere("tom", red_flags=flagged("limp"))
    assert codes(a_case(away, episode_s=0)) == ["URGENT_VET"]
    assert codes(a_case(away)) == ["URGENT_VET", "CHECK_SPECIES"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"body_temp_c": 32.0}, ["URGENT_VET", "WARM_FIRST"]),
        ({"body_temp_c": 41.0}, ["URGENT_VET", "CHECK_BOX"]),
        ({"weight_change_pct": -11}, ["URGENT_VET"]),
    ],
)
def test_every_kind_of_emergency_leaves_the_rest_to_the_vet(
    changes: dict[str, Any], what: list[str]
) -> None:
    assert codes(a_case(kitten(min_since_fed=500, health="ill", **changes))) == what


def test_in_an_emergency_nothing_but_warmth_is_asked_of_the_baby() -> None:
    needy = kitten(
        red_flags=flagged("limp"), body_temp_c=34.0, mother="available", min_since_fed=900,
        min_since_toilet=1500, last_feed="refused", health="ill", weight_change_pct=-5,
    )  # fmt: skip
    assert codes(a_case(needy)) == ["URGENT_VET", "WARM_FIRST"]
    unfelt = kitten(red_flags=flagged("limp"), body_temp_c=None)
    assert codes(a_case(unfelt, temp_c=None)) == ["URGENT_VET"]


# --- 2 to 4: warmth -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"body_feel": "cool"}, ["WARM_FIRST"]),
        ({"body_feel": "cool", "body_temp_c": 39.0}, ["WARM_FIRST"]),
        ({"body_feel": "hot", "body_temp_c": 35.5}, ["WARM_FIRST"]),
        ({"body_feel": "hot"}, ["CHECK_BOX", "CHECK_ILL"]),
        ({"body_feel": "warm", "body_temp_c": 39.0}, ["CHECK_BOX", "CHECK_ILL"]),
        ({"body_feel": "warm", "body_temp_c": None}, ["COMFORT"]),
    ],
)
def test_touch_and_thermometer_both_count_and_cold_counts_first(
    body: dict[str, Any], what: list[str]
) -> None:
    assert codes(a_case(kitten(**body))) == what


@pytest.mark.parametrize("feel", ["cool", "hot"])
def test_neither_a_chilled_nor_a_hot_baby_is_fed_or_taken_to_its_mother(feel: str) -> None:
    hungry = kitten(body_feel=feel, min_since_fed=900, min_since_toilet=900, mother="available")
    assert not {"FEED", "STIMULATE", "REUNITE"} & set(codes(a_case(hungry)))
    unlogged = kitten(body_feel=feel, min_since_fed=None)
    assert "CHECK_FEED_LOG" not in codes(a_case(unlogged))


def test_a_chilled_baby_may_still_be_ill() -> None:
    assert codes(a_case(kitten(body_feel="cool", health="ill"))) == ["WARM_FIRST", "CHECK_ILL"]


def test_everyone_in_the_box_is_warmed_not_only_the_crier() -> None:
    scenario = a_case(kitten("mia"), kitten("tom", body_feel="cool"), source_id="mia")
    assert card(scenario, "WARM_FIRST").subjects == ("tom",)
    away = elsewhere("tom", body_feel="cool")
    assert "WARM_FIRST" not in codes(a_case(kitten("mia"), away))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"temp_c": 26.4}, {"box_cold"}),
        ({"temp_c": 32.1}, {"box_hot"}),
        ({"spread": True}, {"spread_out"}),
        ({"spread": True, "temp_c": 32.1}, {"box_hot", "spread_out"}),
        ({"spread": True, "temp_c": 26.4}, {"box_cold"}),
        ({"spread": True, "temp_c": 26.5}, {"spread_out"}),
        ({"spread": True, "temp_c": None}, {"spread_out"}),
    ],
)
def test_the_nest(changes: dict[str, Any], why: set[str]) -> None:
    scenario = a_case(kitten(), **changes)
    assert codes(scenario) == ["CHECK_BOX"]
    assert reasons(scenario, "CHECK_BOX") == why
    assert card(scenario, "CHECK_BOX").subjects == ()


def test_the_youngest_sets_the_band_and_the_age_for_lying_apart() -> None:
    old, young = kitten("tom", age_days=30, body_temp_c=38.0, weight_g=600), kitten("mia")
    assert reasons(a_case(old, young, temp_c=26.0), "CHECK_BOX") == {"box_cold"}
    assert "CHECK_BOX" not in codes(a_case(old, young, temp_c=28.0))
    assert "CHECK_BOX" in codes(a_case(old, young, spread=True))
    away = elsewhere("kim", age_days=0)
    assert "CHECK_BOX" not in codes(a_case(young, away, temp_c=27.0))


def test_from_four_weeks_on_babies_lie_apart_of_themselves() -> None:
    def lying_apart(age: int) -> Scenario:
        return a_case(kitten(age_days=age, body_temp_c=38.0, weight_g=600), spread=True, temp_c=24)

    assert "CHECK_BOX" in codes(lying_apart(27))
    assert "CHECK_BOX" not in codes(lying_apart(28))


def test_lying_apart_in_silence_is_no_matter() -> None:
    assert codes(a_case(kitten(), spread=True, episode_s=0)) == []


def test_a_hot_baby_makes_the_box_a_matter_even_if_another_one_cries() -> None:
    scenario = a_case(kitten("mia"), kitten("tom", body_feel="hot"), source_id="mia")
    assert reasons(scenario, "CHECK_BOX") == {"baby_hot"}


def test_somebody_should_feel_a_baby_of_unknown_warmth() -> None:
    scenario = a_case(kitten(body_temp_c=None), temp_c=None)
    assert codes(scenario) == ["CHECK_WARMTH"]
    assert reasons(scenario, "CHECK_WARMTH") == {"warmth_unknown"}


@pytest.mark.parametrize(
    ("age", "nest", "presumed"),
    [
        (10, 26.5, True),
        (10, 32.0, True),
        (10, 26.4, False),
        (10, 32.1, False),
        (10, None, False),
        (27, None, False),
        (28, None, True),
        (None, None, False),
        (None, 29.0, True),
    ],
)
def test_a_fitting_nest_or_four_weeks_of_age_make_warmth_likely(
    age: int | None, nest: float | None, presumed: bool
) -> None:
    unfelt = kitten(body_temp_c=None, age_days=age, weight_g=None, plan_interval_min=180)
    assert ("CHECK_WARMTH" not in codes(a_case(unfelt, temp_c=nest))) is presumed


def test_a_nest_says_nothing_of_a_companion_elsewhere() -> None:
    far = elsewhere("tom", body_temp_c=None)
    scenario = a_case(kitten(), far)
    assert codes(scenario) == ["CHECK_COMPANION", "COMFORT"]
    assert facts_of(far, scenario).warmth is Warmth.UNKNOWN


# --- 5: who cries ---------------------------------------------------------------------------------


def test_a_cry_from_an_empty_box() -> None:
    for species in ("kitten", None):
        scenario = a_case(species=species)
        assert codes(scenario) == ["CHECK_SPECIES"]
        assert reasons(scenario, "CHECK_SPECIES") == {"box_empty"}
    assert codes(a_case(episode_s=0)) == []


def test_a_voice_that_fits_nobody() -> None:
    scenario = a_case(kitten("mia", min_since_fed=200), species="puppy")
    assert codes(scenario) == ["CHECK_SPECIES", "FEED"]
    assert reasons(scenario, "CHECK_SPECIES") == {"species_mismatch"}
    assert {given.confidence for given in advice(scenario).suggestions} == {"low"}
    assert advice(scenario).who == ("mia",)


def test_a_person_who_saw_it_is_believed_over_the_voice() -> None:
    assert codes(a_case(kitten("mia"), species="puppy", source_id="mia")) == ["COMFORT"]


def test_a_voice_that_fits_nobody_stops_the_search_for_company() -> None:
    assert codes(a_case(kitten(), elsewhere("tom"), species="puppy")) == ["CHECK_SPECIES"]


def test_the_voice_narrows_down_who_may_cry() -> None:
    box = (kitten("mia", min_since_fed=200), puppy("pip", min_since_fed=200), kitten("tom"))
    assert set(advice(a_case(*box, species="kitten")).who) == {"mia", "tom"}
    assert set(advice(a_case(*box, species=None)).who) == {"mia", "tom", "pip"}
    assert advice(a_case(*box, species="kitten", source_id="pip")).who == ("pip",)
    assert card(a_case(*box, species="kitten"), "FEED").subjects == ("mia",)


# --- 6: mother ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reunited"),
    [
        ({}, True),
        ({"health": None, "stool_score": None}, True),
        ({"health": "ill"}, False),
        ({"stool_score": 6}, False),
        ({"keep_apart": True}, False),
        ({"mother": "present"}, False),
        ({"mother": "none"}, False),
        ({"mother": None}, False),
    ],
)
def test_back_to_its_mother(changes: dict[str, Any], reunited: bool) -> None:
    scenario = a_case(kitten(**({"mother": "available"} | changes)))
    assert ("REUNITE" in codes(scenario)) is reunited
    if reunited:
        assert codes(scenario) == ["REUNITE"]
        assert reasons(scenario, "REUNITE") == {"mother_available"}


# --- 7 and 8: feeding -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"min_since_fed": 89, "last_feed": "short"}, None),
        ({"min_since_fed": 90, "last_feed": "short"}, "last_feed_short"),
        ({"min_since_fed": 90, "last_feed": "refused"}, "last_feed_short"),
        ({"min_since_fed": 90, "last_feed": "full"}, None),
        ({"min_since_fed": 90, "last_feed": None}, None),
        ({"min_since_fed": 59, "hungry_signs": True}, None),
        ({"min_since_fed": 60, "hungry_signs": True}, "hungry_signs"),
        ({"min_since_fed": 60, "hungry_signs": None}, None),
        ({"min_since_fed": 90, "hungry_signs": True, "last_feed": "short"}, "last_feed_short"),
        ({"min_since_fed": 144, "hungry_signs": True, "last_feed": "short"}, "due_soon"),
        ({"min_since_fed": None, "hungry_signs": True}, "hungry_signs"),
        ({"min_since_fed": 900, "mother": "present"}, None),
        ({"min_since_fed": 900, "mother": "present", "plan_interval_min": 240}, "overdue"),
    ],
)
def test_a_feed_is_due(changes: dict[str, Any], why: str | None) -> None:
    scenario = a_case(kitten(**changes))
    assert ("FEED" in codes(scenario)) is (why is not None)
    if why:
        assert reasons(scenario, "FEED") == {why}


@pytest.mark.parametrize(
    ("changes", "fed"),
    [
        ({"min_since_fed": 180}, True),
        ({"min_since_fed": 179}, False),
        ({"min_since_fed": 90, "last_feed": "short"}, False),
        ({"min_since_fed": 60, "hungry_signs": True}, False),
        ({"min_since_fed": None, "hungry_signs": True}, False),
        ({"min_since_fed": None}, False),
    ],
)
def test_a_quiet_baby_is_woken_only_for_an_overdue_feed(changes: dict[str, Any], fed: bool) -> None:
    assert codes(a_case(kitten(**changes), episode_s=0)) == (["FEED"] if fed else [])


@pytest.mark.parametrize(("nest", "why"), [(29.0, "feel_first"), (20.0, "only_if_warm")])
def test_a_feed_for_a_baby_that_nobody_has_felt(nest: float, why: str) -> None:
    scenario = a_case(kitten(min_since_fed=180, body_temp_c=None), temp_c=nest)
    assert reasons(scenario, "FEED") == {"overdue", why}


def test_a_feed_names_the_reasons_of_all_its_subjects() -> None:
    scenario = a_case(
        kitten("mia", min_since_fed=180),
        kitten("tom", min_since_fed=90, last_feed="short", weight_g=None),
        kitten("kim", min_since_fed=60, hungry_signs=True, body_temp_c=None),
        kitten("ben"),
    )
    feed = card(scenario, "FEED")
    assert feed.subjects == ("mia", "tom", "kim")
    assert feed.volume_ml == {"mia": 5.0, "tom": None, "kim": 2.5}
    assert set(feed.reasons) == {
        "overdue", "last_feed_short", "hungry_signs", "weigh_first", "feel_first",
    }  # fmt: skip


def test_when_nobody_knows_of_a_feed_the_log_is_asked_for() -> None:
    scenario = a_case(kitten(min_since_fed=None))
    assert codes(scenario) == ["CHECK_FEED_LOG"]
    assert reasons(scenario, "CHECK_FEED_LOG") == {"feed_time_unknown"}
    assert codes(a_case(kitten(min_since_fed=None, mother="present"))) == ["WAIT_AND_WATCH"]


# --- 9: toilet ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"min_since_toilet": 179}, None),
        ({"min_since_toilet": 180}, "toilet_due"),
        ({"min_since_toilet": None}, "toilet_unknown"),
        ({"min_since_toilet": 180, "mother": "present"}, None),
        ({"min_since_toilet": None, "mother": "present"}, None),
        ({"min_since_toilet": 180, "mother": None}, "toilet_due"),
        ({"min_since_toilet": 240, "age_days": 20, "weight_g": 300}, "toilet_due"),
        ({"min_since_toilet": 239, "age_days": 20, "weight_g": 300}, None),
        ({"min_since_toilet": 400, "age_days": 21, "weight_g": 400}, None),
        ({"min_since_toilet": None, "age_days": 21, "weight_g": 400}, None),
        ({"min_since_toilet": 400, "age_days": None, "weight_g": 400}, None),
        ({"min_since_toilet": 400, "age_days": None, "weight_g": 300}, "toilet_due"),
    ],
)
def test_help_with_its_toilet(changes: dict[str, Any], why: str | None) -> None:
    scenario = a_case(kitten(**changes), temp_c=27.0)
    assert ("STIMULATE" in codes(scenario)) is (why is not None)
    if why:
        assert reasons(scenario, "STIMULATE") == {why}


def test_a_quiet_baby_is_helped_only_if_it_is_fed_anyway() -> None:
    due, not_due = (
        kitten("mia", min_since_fed=180, min_since_toilet=180),
        kitten("tom", min_since_fed=150, min_since_toilet=180),
    )
    assert codes(a_case(due, episode_s=0)) == ["FEED", "STIMULATE"]
    assert codes(a_case(not_due, episode_s=0)) == []
    both = a_case(due, not_due, episode_s=0)
    assert card(both, "STIMULATE").subjects == ("mia",)


# --- 10: ill or in pain ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"health": "suspect"}, "health_concern"),
        ({"health": "ill"}, "health_concern"),
        ({"stool_score": 6}, "health_concern"),
        ({"stool_score": 7, "health": None}, "health_concern"),
        ({"stool_score": 5}, None),
        ({"health": None}, None),
        ({"weight_change_pct": 0}, "no_gain"),
        ({"weight_change_pct": -0.1}, "no_gain"),
        ({"weight_change_pct": 0.1}, None),
        ({"weight_change_pct": None}, None),
        ({"weight_change_pct": -3, "age_days": 0, "min_since_toilet": 0}, None),
        ({"weight_change_pct": -3, "age_days": 1, "min_since_toilet": 0}, "no_gain"),
        ({"weight_change_pct": -3, "age_days": None}, "no_gain"),
        ({"last_feed": "refused"}, "refused_feed"),
        ({"last_feed": "short"}, None),
        ({"min_since_toilet": 1440, "mother": "present"}, "no_toilet"),
        ({"min_since_toilet": 1439, "mother": "present"}, None),
    ],
)
def test_it_may_be_ill(changes: dict[str, Any], why: str | None) -> None:
    scenario = a_case(kitten(**changes))
    assert ("CHECK_ILL" in codes(scenario)) is (why is not None)
    if why:
        assert reasons(scenario, "CHECK_ILL") == {why}


def test_a_hot_baby_may_be_ill() -> None:
    assert reasons(a_case(kitten(body_feel="hot")), "CHECK_ILL") == {"hot_body"}


def test_an_unusual_cry_may_be_an_ill_ones_however_short() -> None:
    for length in (5, 120):
        scenario = a_case(kitten(), unusual=True, episode_s=length)
        assert codes(scenario) == ["CHECK_ILL"]
        assert reasons(scenario, "CHECK_ILL") == {"unusual_cry"}
    assert codes(a_case(kitten(), unusual=True, episode_s=0)) == []
    assert codes(a_case(kitten(), unusual=None)) == ["COMFORT"]


@pytest.mark.parametrize(
    ("length", "changes", "concern"),
    [
        (900, {}, True),
        (899, {}, False),
        (900, {"body_temp_c": None}, True),
        (900, {"mother": "present", "min_since_fed": None}, True),
        (900, {"min_since_fed": 144}, False),
        (900, {"min_since_fed": None}, False),
    ],
)
def test_fed_warm_and_in_company_it_should_not_cry_for_a_quarter_of_an_hour(
    length: int, changes: dict[str, Any], concern: bool
) -> None:
    scenario = a_case(kitten("mia", **changes), kitten("tom"), source_id="mia", episode_s=length)
    assert ("CHECK_ILL" in codes(scenario)) is concern
    if concern:
        assert reasons(scenario, "CHECK_ILL") == {"still_crying"}


def test_crying_on_with_a_baby_that_may_be_cold_is_no_sign_of_illness() -> None:
    unfelt = kitten("mia", body_temp_c=None)
    assert codes(a_case(unfelt, kitten("tom"), source_id="mia", episode_s=900, temp_c=None)) == [
        "CHECK_WARMTH"
    ]


def test_its_mother_alone_is_company() -> None:
    scenario = a_case(kitten(mother="present"), episode_s=900)
    assert reasons(scenario, "CHECK_ILL") == {"still_crying"}


# --- company (stage B), 10b, 15 -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "comfort", "what"),
    [
        (900, True, ["CHECK_ILL"]),
        (899, True, ["WAIT_AND_WATCH"]),
        (900, False, ["COMFORT"]),
        (900, None, ["COMFORT"]),
        (120, None, ["COMFORT"]),
        (30, False, ["COMFORT"]),
        (29, False, ["WAIT_AND_WATCH"]),
    ],
)
def test_alone_with_nobody_to_join(length: int, comfort: bool | None, what: list[str]) -> None:
    scenario = a_case(kitten(), episode_s=length, comfort=comfort)
    assert codes(scenario) == what
    for code, why in (("CHECK_ILL", "comfort_did_not_help"), ("COMFORT", "alone")):
        if code in what:
            assert reasons(scenario, code) == {why}
            assert card(scenario, code).subjects == ("mia",)


@pytest.mark.parametrize("comfort", [True, False, None])
@pytest.mark.parametrize("length", [30, 900])
def test_company_comes_before_comfort(comfort: bool | None, length: int) -> None:
    scenario = a_case(kitten("mia"), elsewhere("tom"), comfort=comfort, episode_s=length)
    assert codes(scenario) == ["PAIR_SAME_SPECIES"]


@pytest.mark.parametrize(
    ("mia", "changes"),
    [
        (kitten("mia"), {"episode_s": 29}),
        (kitten("mia", min_since_fed=15), {"episode_s": 299}),
        (kitten("mia"), {"episode_s": 299, "min_since_change": 10}),
        (kitten("mia", mother="present"), {}),
        (kitten("mia", mother="available"), {}),
        (kitten("mia", health="ill"), {}),
        (kitten("mia", min_since_fed=150), {}),
        (kitten("mia", min_since_fed=None), {}),
        (kitten("mia", body_feel="cool"), {}),
        (kitten("mia", red_flags=flagged("limp")), {}),
        (kitten("mia"), {"spread": True}),
        (kitten("mia"), {"unusual": True}),
        (kitten("mia"), {"temp_c": 25.0}),
    ],
)
def test_company_is_not_looked_for_before_the_rest_is_right(
    mia: Animal, changes: dict[str, Any]
) -> None:
    found = codes(a_case(mia, elsewhere("tom"), **changes))
    assert not {"PAIR_SAME_SPECIES", "COMFORT", "CHECK_COMPANION"} & set(found)


@pytest.mark.parametrize(
    ("mia", "changes"),
    [
        (kitten("mia"), {"episode_s": 30}),
        (kitten("mia", min_since_fed=15), {"episode_s": 300}),
        (kitten("mia", min_since_fed=16), {"episode_s": 299}),
        (kitten("mia"), {"episode_s": 299, "min_since_change": 11}),
        (kitten("mia"), {"episode_s": 300, "min_since_change": 10}),
        (kitten("mia", mother=None), {}),
    ],
)
def test_company_is_looked_for_when_the_rest_is_right(mia: Animal, changes: dict[str, Any]) -> None:
    assert codes(a_case(mia, elsewhere("tom"), **changes)) == ["PAIR_SAME_SPECIES"]


def test_toilet_help_does_not_stand_in_the_way_of_company() -> None:
    scenario = a_case(kitten("mia", min_since_toilet=180), elsewhere("tom"))
    assert codes(scenario) == ["STIMULATE", "PAIR_SAME_SPECIES"]


def test_two_in_a_box_are_company_already() -> None:
    scenario = a_case(kitten("mia"), kitten("kim"), elsewhere("tom"))
    assert codes(scenario) == ["WAIT_AND_WATCH"]


# --- 16: wait -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "fed", "changed", "why"),
    [
        (1, 45, None, {"short_cry"}),
        (29, 45, None, {"short_cry"}),
        (29, 15, None, {"short_cry", "settling"}),
        (30, 15, None, {"settling"}),
        (30, 16, None, {"needs_met"}),
        (299, 45, 10, {"settling"}),
        (299, 45, 11, {"needs_met"}),
        (300, 15, 10, {"needs_met"}),
    ],
)
def test_waiting_says_what_for(length: int, fed: int, changed: int | None, why: set[str]) -> None:
    scenario = a_case(
        kitten("mia", min_since_fed=fed), kitten("tom"),
        episode_s=length, min_since_change=changed,
    )  # fmt: skip
    assert codes(scenario) == ["WAIT_AND_WATCH"]
    assert reasons(scenario, "WAIT_AND_WATCH") == why
    assert card(scenario, "WAIT_AND_WATCH").subjects == ()


def test_a_feed_of_somebody_who_surely_does_not_cry_is_no_reason_to_wait() -> None:
    scenario = a_case(kitten("mia"), kitten("tom", min_since_fed=5), source_id="mia")
    assert reasons(scenario, "WAIT_AND_WATCH") == {"needs_met"}


# --- rank -----------------------------------------------------------------------------------------


def test_every_rule_stands_at_its_rank_of_the_table() -> None:
    ranks = [(rule.rank, str(rule.code)) for rule in RULES]
    assert ranks == list(
        enumerate(
            (
                "URGENT_VET", "WARM_FIRST", "CHECK_BOX", "CHECK_WARMTH", "CHECK_SPECIES", "REUNITE",
                "FEED", "CHECK_FEED_LOG", "STIMULATE", "CHECK_ILL",
            ),
            start=1,
        )
    )  # fmt: skip
    pairs = [(rank, str(code)) for rank, code, _ in PAIRING_RULES.values()]
    assert pairs == [
        (11, "PAIR_SAME_LITTER"), (12, "PAIR_SAME_SPECIES"), (13, "PAIR_CROSS_SPECIES"),
    ]  # fmt: skip
    scene = scene_of(a_case(kitten(), elsewhere("tom", health=None), comfort=True, episode_s=900))
    held = company_rules(scene, search(scene, scene.in_box[0]))
    assert [(one.rank, str(one.code)) for one in held] == [
        (10, "CHECK_ILL"), (14, "CHECK_COMPANION"),
    ]  # fmt: skip
    alone = scene_of(a_case(kitten()))
    (comfort,) = company_rules(alone, search(alone, alone.in_box[0]))
    assert (comfort.rank, wait_and_watch(alone).rank) == (15, 16)


# --- order, confidence ----------------------------------------------------------------------------


def test_a_cry_has_a_source_however_short_it_is_and_silence_has_none() -> None:
    pair = (kitten("mia", min_since_fed=500), kitten("tom", min_since_fed=500))
    for length in (1, 30):
        assert advice(a_case(*pair, source_id="tom", episode_s=length)).who == ("tom",)
    mixed = (kitten("mia", min_since_fed=500), puppy("pip", min_since_fed=500))
    assert advice(a_case(*mixed, species="puppy", episode_s=1)).who == ("pip",)
    left_over = a_case(*pair, source_id="tom", species="puppy", episode_s=0)
    assert set(advice(left_over).who) == {"mia", "tom"}
    assert card(left_over, "FEED").subjects == ("mia", "tom")
    assert set(advice(a_case(*mixed, species="puppy", episode_s=0)).who) == {"mia", "pip"}


def test_a_feed_that_is_not_due_is_not_its_mothers() -> None:
    fed, nursed = kitten("mia"), kitten("tom", mother="present")
    scenario = a_case(fed, nursed)
    assert [facts_of(one, scenario).feed for one in (fed, nursed)] == [Feed.NOT_DUE, Feed.MOTHER]


def test_everything_at_once_comes_in_order() -> None:
    scenario = a_case(
        kitten("mia", red_flags=flagged("limp")),
        kitten("tom", body_feel="cool"),
        kitten("kim", min_since_fed=200, min_since_toilet=200, mother="available"),
        kitten("ben", min_since_fed=None, health="ill", body_temp_c=None),
        temp_c=35.0,
    )
    assert codes(scenario) == [
        "URGENT_VET", "WARM_FIRST", "CHECK_BOX", "CHECK_WARMTH", "REUNITE", "FEED",
        "CHECK_FEED_LOG", "STIMULATE", "CHECK_ILL",
    ]  # fmt: skip
    assert [given.rank for given in advice(scenario).suggestions] == list(range(1, 10))
    assert advice(scenario).who == ("mia", "tom", "ben", "kim")


def test_the_neediest_come_first_then_the_longest_unfed_then_by_name() -> None:
    box = [
        kitten("ann"),
        kitten("bob", min_since_fed=160),
        kitten("cyd", min_since_fed=200),
        kitten("dan", min_since_fed=None),
        kitten("eve", body_feel="cool", min_since_fed=10),
        kitten("fay", min_since_fed=200),
        kitten("gus", plan_interval_min=120, min_since_fed=150),
    ]
    for order in (box, box[::-1]):
        said = advice(a_case(*order))
        assert said.who == ("eve", "gus", "cyd", "fay", "bob", "dan", "ann")
        assert card(a_case(*order), "FEED").subjects == ("gus", "cyd", "fay", "bob")


def test_whoever_surely_does_not_cry_comes_last() -> None:
    scenario = a_case(
        kitten("mia", body_feel="cool", min_since_fed=5),
        kitten("tom", body_feel="cool", min_since_fed=170),
        elsewhere("kim", red_flags=flagged("limp"), min_since_fed=600),
        puppy("pip", red_flags=flagged("limp")),
        species="kitten",
        source_id="mia",
    )
    assert card(scenario, "WARM_FIRST").subjects == ("mia", "tom")
    assert card(scenario, "URGENT_VET").subjects == ("kim", "pip")
    assert advice(scenario).who == ("mia",)


def test_confidence_is_low_where_it_is_not_sure_who_cries() -> None:
    pair = (kitten("mia", min_since_fed=180), kitten("tom", body_feel="cool"))
    sure = {
        given.code: given.confidence for given in advice(a_case(*pair, source_id="mia")).suggestions
    }
    assert sure == {"WARM_FIRST": "high", "FEED": "high"}
    unsure = {given.code: given.confidence for given in advice(a_case(*pair)).suggestions}
    assert unsure == {"WARM_FIRST": "high", "FEED": "low"}
    quiet = {
        given.code: given.confidence for given in advice(a_case(*pair, episode_s=0)).suggestions
    }
    assert quiet == {"WARM_FIRST": "high", "FEED": "high"}


def test_confidence_is_low_where_a_fact_of_the_card_is_missing() -> None:
    assert card(a_case(kitten(min_since_fed=180, weight_g=None)), "FEED").confidence == "low"
    assert card(a_case(kitten(), comfort=None), "COMFORT").confidence == "low"
    assert card(a_case(kitten(health=None)), "COMFORT").confidence == "high"


def test_vet_and_warmth_are_said_with_confidence_whatever_is_missing() -> None:
    blank = kitten("mia", age_days=None, weight_g=None, body_feel="cold", body_temp_c=None)
    scenario = a_case(blank, kitten("tom"), species="puppy", temp_c=None)
    by_code = {str(given.code): given.confidence for given in advice(scenario).suggestions}
    assert by_code["URGENT_VET"] == by_code["WARM_FIRST"] == "high"
    assert by_code["CHECK_SPECIES"] == "low"


def test_in_plain_words_nothing_is_lost() -> None:
    scenario = a_case(
        kitten("mia", red_flags=flagged("limp")),
        kitten("tom", min_since_fed=180),
        elsewhere("kim"),
        urgent_text="Ask for the duty lead",
        comfort=None,
    )
    rest = {"volume_ml": None, "cap_ml": None, "phone": None, "note": None, "partner": None}
    urgent = {"phone": "555-0100", "note": "Ask for the duty lead"}
    milk = {"volume_ml": {"tom": 5.0}, "cap_ml": {"tom": 8.0}}
    sure, unsure = {"confidence": "high", "unknown": []}, {"confidence": "low", "unknown": []}
    assert plain(advice(scenario)) == {
        "who": ["mia", "tom"],
        "suggestions": [
            {"code": "URGENT_VET", "rank": 1, "subjects": ["mia"], "reasons": ["limp"]}
            | rest | sure | urgent,
            {"code": "FEED", "rank": 2, "subjects": ["tom"], "reasons": ["overdue"]}
            | rest | unsure | milk,
        ],
        "unknown": [],
    }  # fmt: skip
    pair = plain(advice(a_case(kitten("mia", exposed=None), elsewhere("kim"), comfort=None)))
    assert pair["unknown"] == ["box.comfort", "mia.exposed"]
    (asking, comfort) = pair["suggestions"]
    assert (asking["partner"], asking["unknown"]) == ("kim", ["mia.exposed"])
    assert comfort["unknown"] == ["box.comfort"]


def test_unlooked_at_flags_are_no_flags() -> None:
    assert codes(a_case(kitten(red_flags=RedFlags()))) == ["COMFORT"]
    assert codes(a_case(kitten(red_flags=NO_FLAGS))) == ["COMFORT"]
