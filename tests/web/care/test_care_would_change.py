"""What would change the advice: each answer that is said to change it does, and no other."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.web.care.care_cases import a_case, elsewhere, kitten, puppy
from tests.web.care.test_care_invariants import scenarios
from web.care.advice import suggest
from web.care.facts import facts_of
from web.care.gates import Pair, Verdict
from web.care.pairs import CRITERIA, FLAGS, back_to_mother, flags
from web.care.rules import Code
from web.care.scenario import Animal, RedFlags, Scenario, plain_scenario, read_scenario
from web.care.wording import question
from web.care.would_change import MOST_FACTS, answers, later, turns, wait


def said(scenario: Scenario, key: str) -> dict[str, Code | None]:
    """Answer -> what comes first then, of the answers that change the first suggestion."""
    now = suggest(scenario).suggestions[0].code
    found = (turn for turn in turns(scenario, [key]) if turn.first is not now)
    return {words: turn.first for turn in found for words in turn.answers}


def test_a_belly_that_nobody_felt_may_be_cold_cool_hot_or_warm() -> None:
    cold = a_case(kitten(body_temp_c=None, min_since_fed=170), temp_c=None)
    assert suggest(cold).suggestions[0].code is Code.CHECK_WARMTH
    assert said(cold, "mia.warmth") == {
        "Warm": Code.FEED,
        "Cool": Code.WARM_FIRST,
        "Cold": Code.URGENT_VET,
        "Hot": Code.CHECK_BOX,
    }


def test_a_typed_fact_is_tried_at_what_stands_for_a_range() -> None:
    unknown = a_case(kitten(weight_change_pct=None), temp_c=None)
    assert said(unknown, "mia.growth")["It lost over a tenth"] is Code.URGENT_VET
    bands = said(unknown, "box.temp_c")
    assert bands == {"Under 26.5 °C": Code.CHECK_BOX, "Over 32 °C": Code.CHECK_BOX}


def test_who_cried_may_change_whom_it_is_about() -> None:
    two = a_case(kitten("mia", min_since_fed=200), kitten("tom"))
    (turn,) = [one for one in turns(two, ["cry.source_id"]) if one.answers == ("tom",)]
    assert turn.first is not Code.FEED


def test_an_answer_that_changes_nothing_is_not_told() -> None:
    assert turns(a_case(kitten(min_since_fed=200, hungry_signs=None)), ["mia.hungry"]) == ()


def test_company_is_asked_of_all_when_one_is_alone() -> None:
    alone = a_case(kitten(), elsewhere("tom", parasites=None))
    assert said(alone, "tom.parasites") == {
        "Clear": Code.PAIR_SAME_SPECIES,
        "Treated": Code.PAIR_SAME_SPECIES,
        "Has them": Code.COMFORT,
    }


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_every_turn_is_what_the_rules_say_with_that_answer(scenario: Scenario) -> None:
    advice = suggest(scenario)
    keys = [*dict.fromkeys([*advice.unknown, *(k for c in advice.suggestions for k in c.unknown)])]
    now = advice.suggestions[0].code if advice.suggestions else None
    told = {(one.key, words): one.first for one in turns(scenario, keys) for words in one.answers}
    for key in keys[:MOST_FACTS]:
        for words, answered in answers(scenario, key):
            then = suggest(answered).suggestions
            assert told.get((key, words), now) == (then[0].code if then else None)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_what_time_alone_would_bring_is_what_the_rules_say_then(scenario: Scenario) -> None:
    found = wait(scenario)
    if found is not None:
        assert suggest(later(scenario, found.minutes)).suggestions[0].code is found.first
        assert suggest(scenario).suggestions[0].code is not found.first


def test_a_feed_that_comes_due_is_foreseen_and_a_quiet_box_foresees_nothing() -> None:
    soon = a_case(kitten(min_since_fed=142, suckles_others=True), comfort=True)
    found = wait(soon)
    assert found is not None
    assert (found.minutes, found.first) == (2, Code.FEED)  # 144 of 180 minutes
    assert wait(dataclasses.replace(soon, cry=dataclasses.replace(soon.cry, episode_s=0))) is None


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_a_scenario_is_written_out_as_it_is_read(scenario: Scenario) -> None:
    assert read_scenario(plain_scenario(scenario)) == scenario


def test_every_question_that_the_rules_ask_can_be_tried() -> None:
    unknown = Animal(id="a", species="kitten", in_box=True, suckles_others=False, keep_apart=False)
    asked = a_case(unknown, temp_c=None, spread=None, comfort=None, carer_can_watch=None)
    for card in suggest(asked).suggestions:
        for key in card.unknown:
            assert question(key)
            assert list(answers(asked, key)), key


def pair_of(*both: Animal, **around: Any) -> Pair:
    scenario = a_case(*both, **around)
    one, other = (facts_of(each, scenario) for each in scenario.animals)
    return Pair(one, other, scenario.context, scenario.protocol)


LIMP = RedFlags(limp=True)


@pytest.mark.parametrize(
    ("changes", "code", "part"),
    [
        ({"weight_g": 401}, "too_heavy", True),
        ({"weight_g": 400}, "watch_weight", False),
        ({"weight_g": 301}, "watch_weight", False),
        ({"health": "suspect"}, "ill", True),
        ({"stool_score": 6}, "ill", True),
        ({"body_temp_c": 35.9}, "chilled", True),
        ({"body_feel": "hot"}, "hot", True),
        ({"suckles_others": True}, "suckling", True),
        ({"keep_apart": True}, "keep_apart", True),
        ({"exposed": True}, "exposed", True),
        ({"red_flags": LIMP}, "urgent", True),
    ],
)
def test_what_changes_for_the_worse_with_a_pair_is_flagged(
    changes: dict[str, Any], code: str, part: bool
) -> None:
    found = flags(pair_of(kitten("mia"), kitten("tom", **changes)))
    assert (code, part) in {(flag.code, flag.part) for flag in found}
    assert {flag.code for flag in found} <= set(FLAGS)
    if code not in {"too_heavy", "watch_weight", "exposed"}:
        assert all(flag.who == ("tom",) for flag in found)


@pytest.mark.parametrize("weight", [300, None, 134])
def test_a_pair_that_is_well_has_no_flag(weight: float | None) -> None:
    assert flags(pair_of(kitten("mia"), puppy("tom", weight_g=weight))) == ()


def test_littermates_exposed_together_are_not_parted_for_it() -> None:
    both = [kitten(name, litter_id="spring", exposed=True) for name in ("mia", "tom")]
    assert flags(pair_of(*both)) == ()
    strangers = [kitten(name, exposed=True) for name in ("mia", "tom")]
    assert [flag.code for flag in flags(pair_of(*strangers))] == ["exposed"]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenarios())
def test_the_way_back_to_a_mother_is_open_just_where_the_rules_suggest_it(
    scenario: Scenario,
) -> None:
    reunited = {
        id_
        for card in suggest(scenario).suggestions
        if card.code is Code.REUNITE
        for id_ in card.subjects
    }
    who = set(suggest(scenario).who) if scenario.cry.episode_s else set()
    for animal in scenario.animals:
        rulings = back_to_mother(facts_of(animal, scenario))
        assert [one.gate for one in rulings] == list(CRITERIA)
        mother_here = rulings[0].verdict is Verdict.PASSED
        barred = any(one.verdict is Verdict.FAILED for one in rulings)
        if animal.id in who:
            assert (mother_here and not barred) is (animal.id in reunited)
