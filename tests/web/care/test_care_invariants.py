"""What holds for every scenario there can be, tried on many that hypothesis makes up."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.care import invariants
from tests.web.care.care_cases import NO_FLAGS, a_case, an_animal
from tests.web.care.invariants import (
    ANIMAL_VALUES,
    AROUND_VALUES,
    CHECKS,
    UNKNOWN_ANIMAL,
    Check,
    a_scenario,
)
from web.care.advice import suggest
from web.care.scenario import RED_FLAGS, Animal, RedFlags, Scenario

NAMES = invariants.NAMES[:4]


def some_of(values: dict[str, list[Any]], most: int) -> st.SearchStrategy[dict[str, Any]]:
    """A few fields, each with one of its values."""
    one = st.sampled_from(sorted(values)).flatmap(
        lambda field: st.tuples(st.just(field), st.sampled_from(values[field]))
    )
    return st.lists(one, max_size=most).map(dict)


def all_of(values: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Every field, each with one of its values."""
    return st.fixed_dictionaries({field: st.sampled_from(some) for field, some in values.items()})


FLAGS = st.one_of(
    st.just(NO_FLAGS),
    st.builds(
        RedFlags, **{flag: st.sampled_from([None, False, False, True]) for flag in RED_FLAGS}
    ),
    st.just(RedFlags()),
)


@st.composite
def animals(draw: st.DrawFn, name: str, *, in_box: bool) -> Animal:
    """Nearly well, nearly unknown, or anything at all."""
    how = draw(st.sampled_from(["well", "well", "well", "unknown", "anything"]))
    fields = {
        "well": some_of(ANIMAL_VALUES, 5),
        "unknown": some_of(ANIMAL_VALUES, 8).map(lambda some: UNKNOWN_ANIMAL | some),
        "anything": all_of(ANIMAL_VALUES),
    }[how]
    changes = draw(fields)
    if how != "well" or draw(st.integers(0, 5)) == 0:
        changes["red_flags"] = draw(FLAGS)
    if draw(st.integers(0, 3)) == 0:
        changes["ok_with"] = tuple(other for other in NAMES if other != name)
    return an_animal(name, **({"litter_id": "spring"} | changes | {"in_box": in_box}))


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    """Up to two in the box and up to two elsewhere, most often one alone with one elsewhere."""
    inside = draw(st.sampled_from([1, 1, 1, 2, 2, 0]))
    outside = draw(st.sampled_from([1, 1, 2, 0]))
    box = [draw(animals(name, in_box=True)) for name in NAMES[:inside]]
    site = [draw(animals(name, in_box=False)) for name in NAMES[2 : 2 + outside]]
    around = draw(st.one_of(some_of(AROUND_VALUES, 4), all_of(AROUND_VALUES)))
    if box:
        around["source_id"] = draw(st.sampled_from([None, None, *(animal.id for animal in box)]))
    return a_case(*draw(st.permutations(box + site)), **around)


def many(examples: int) -> settings:
    """Run a property on so many scenarios, the same ones each time."""
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


CHANCE = st.randoms(use_true_random=False)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@many(60)
@given(scenario=scenarios(), chance=CHANCE)
def test_it_holds_for_every_scenario(
    check: Check, scenario: Scenario, chance: random.Random
) -> None:
    check(scenario, suggest(scenario), chance)


@many(60)
@given(chance=CHANCE)
def test_all_of_it_holds_for_scenarios_that_fit_together(chance: random.Random) -> None:
    scenario = a_scenario(chance)
    said = suggest(scenario)
    for check in CHECKS:
        check(scenario, said, chance)


@pytest.mark.parametrize("length", [0, 120, 900])
def test_no_other_answer_matters_in_the_plainest_scenarios_either(length: int) -> None:
    """One kitten, each missing fact and each two of them, all answers to them."""
    for one in UNKNOWN_ANIMAL:
        for other in UNKNOWN_ANIMAL:
            scenario = a_case(
                an_animal("ann", **{one: None, other: None}),
                an_animal("cyd", in_box=False),
                episode_s=length,
            )
            invariants.no_answer_that_is_not_asked_for_changes_the_first_suggestion(
                scenario, suggest(scenario), random.Random(0)
            )
