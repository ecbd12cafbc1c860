"""What holds for every scenario there can be, tried on many that hypothesis makes up."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.care.care_cases import a_case, an_animal, flagged
from web.care.advice import Advice, plain, suggest
from web.care.facts import Feed, Flagged, Health, facts_of
from web.care.rules import Code
from web.care.scenario import RED_FLAGS, Animal, RedFlags, Scenario, read_scenario
from web.care.wording import CARDS, REASONS, question

ANIMAL_VALUES: dict[str, list[Any]] = {
    "species": ["kitten", "puppy"],
    "age_days": [None, 0, 6, 7, 10, 14, 20, 21, 27, 28, 35, 42, 43, 70],
    "weight_g": [None, 20, 110, 149, 150, 200, 260, 300, 400.5, 600, 8000],
    "litter_id": [None, "spring", "autumn"],
    "mother": [None, "present", "available", "none"],
    "body_temp_c": [None, 32.4, 34.9, 35.5, 36.5, 37.0, 38.0, 38.6, 39.6, 40.5],
    "body_feel": [None, "warm", "cool", "cold", "hot"],
    "min_since_fed": [None, 0, 15, 16, 60, 90, 100, 144, 200, 300, 2880],
    "last_feed": [None, "full", "short", "refused"],
    "plan_interval_min": [None, 60, 200, 720],
    "hungry_signs": [None, True, False],
    "min_since_toilet": [None, 0, 120, 180, 300, 1440],
    "weight_change_pct": [None, -10.5, -10, -1, 0, 5],
    "health": [None, "ok", "suspect", "ill"],
    "stool_score": [None, 3, 5, 6],
    "exposed": [None, True, False],
    "parasites": [None, "clear", "treated", "present"],
    "days_in_care": [None, 0, 13, 14, 60],
    "vaccinated": [None, True, False],
    "cross_ok": [None, True, False],
    "temperament": [None, "calm", "rough"],
    "suckles_others": [True, False],
    "keep_apart": [True, False],
}
AROUND_VALUES: dict[str, list[Any]] = {
    "episode_s": [0, 1, 29, 30, 120, 299, 300, 899, 900, 86400],
    "species": [None, "kitten", "puppy"],
    "unusual": [None, True, False],
    "temp_c": [None, 10, 21, 26, 27, 29, 30.5, 33, 45],
    "spread": [None, True, False],
    "comfort": [None, True, False],
    "min_since_change": [None, 0, 10, 11],
    "night": [True, False],
    "carer_can_watch": [None, True, False],
    "formula_kcal_ml": [None, 0.5, 0.74, 1.0, 1.5],
    "quarantine_days": [7, 14, 30],
    "vet_phone": [None, "555-0100"],
    "urgent_text": [None, "Ask for the duty lead"],
}
NAMES = ("ann", "bob", "cyd", "dan")


def some_of(values: dict[str, list[Any]], most: int) -> st.SearchStrategy[dict[str, Any]]:
    """A few fields, each with one of its values."""
    one = st.sampled_from(sorted(values)).flatmap(
        lambda field: st.tuples(st.just(field), st.sampled_from(values[field]))
    )
    return st.lists(one, max_size=most).map(dict)


def all_of(values: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Every field, each with one of its values."""
    return st.fixed_dictionaries({field: st.sampled_from(some) for field, some in values.items()})


UNKNOWN_ANIMAL = {
    field: None for field, values in ANIMAL_VALUES.items() if None in values and field != "species"
}
FLAGS = st.one_of(
    st.just(RedFlags(**dict.fromkeys(RED_FLAGS, False))),
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


def subjects(said: Advice, *codes: Code) -> set[str]:
    """All subjects of these codes."""
    return {name for card in said.suggestions if card.code in codes for name in card.subjects}


def codes_of(said: Advice) -> list[Code]:
    return [card.code for card in said.suggestions]


def first_code(scenario: Scenario) -> Code | None:
    return next(iter(codes_of(suggest(scenario))), None)


PAIRS = {Code.PAIR_SAME_LITTER, Code.PAIR_SAME_SPECIES, Code.PAIR_CROSS_SPECIES}
ORDER = list(Code)


@many(250)
@given(scenarios())
def test_1_who_is_cold_hot_or_an_emergency_is_neither_fed_nor_moved(scenario: Scenario) -> None:
    said = suggest(scenario)
    facts = [facts_of(animal, scenario) for animal in scenario.animals]
    barred = {one.id for one in facts if one.out_of_temperature or one.urgent}
    kept_from = {Code.FEED, Code.STIMULATE, Code.REUNITE, Code.COMFORT, *PAIRS}
    assert not barred & subjects(said, *kept_from)
    assert not barred & {card.partner for card in said.suggestions if card.code in PAIRS}
    places = {card.code: card.rank for card in said.suggestions}
    for before in (Code.URGENT_VET, Code.WARM_FIRST):
        if before in places and Code.FEED in places:
            assert places[before] < places[Code.FEED]


@many(400)
@given(scenarios())
def test_2_and_3_no_pair_without_every_record_that_it_needs(scenario: Scenario) -> None:
    by_id = {animal.id: animal for animal in scenario.animals}
    pairs = [card for card in suggest(scenario).suggestions if card.code in PAIRS]
    assert len(pairs) <= 1
    for pair in pairs:
        assert pair.partner is not None
        mine, its = by_id[pair.subjects[0]], by_id[pair.partner]
        assert mine.in_box
        assert not its.in_box
        for one in (mine, its):
            flags = [getattr(one.red_flags, flag) for flag in RED_FLAGS]
            assert True not in flags
            assert one.health == "ok"
            assert (one.stool_score or 0) < 6
            assert one.body_feel in {None, "warm"}
            assert one.body_feel or one.body_temp_c
            assert not one.keep_apart
            assert not one.suckles_others
            assert (one.weight_change_pct or 0) >= -10
            if pair.code is Code.PAIR_SAME_LITTER:
                assert {mine.exposed, its.exposed} not in ({True, False}, {True, None})
            else:
                assert one.exposed is False
                assert one.days_in_care is not None
                assert one.days_in_care >= scenario.protocol.quarantine_days
            if pair.code is Code.PAIR_CROSS_SPECIES:
                assert one.cross_ok is True
        assert its.mother in {"none", "available"}
        assert (mine.species != its.species) is (pair.code is Code.PAIR_CROSS_SPECIES)


@many(200)
@given(scenarios())
def test_4_no_portion_is_below_half_a_millilitre_or_above_what_the_stomach_holds(
    scenario: Scenario,
) -> None:
    weights = {animal.id: animal.weight_g for animal in scenario.animals}
    for card in suggest(scenario).suggestions:
        if card.code is not Code.FEED:
            assert card.volume_ml is None
            assert card.cap_ml is None
            continue
        assert card.volume_ml is not None
        assert card.cap_ml is not None
        assert set(card.volume_ml) == set(card.cap_ml) == set(card.subjects)
        for name, volume in card.volume_ml.items():
            cap, weight = card.cap_ml[name], weights[name]
            if weight is None or volume is None or cap is None:
                assert volume is cap is weight
            else:
                assert 0.5 <= volume <= cap <= 0.04 * weight + 1e-9
                assert volume * 2 == int(volume * 2)


@many(200)
@given(scenarios(), st.data())
def test_5_a_red_flag_always_comes_first(scenario: Scenario, data: st.DataObject) -> None:
    if not scenario.animals:
        return
    place = data.draw(st.integers(0, len(scenario.animals) - 1))
    flag = data.draw(st.sampled_from(RED_FLAGS))
    animal = scenario.animals[place]
    flags = dataclasses.replace(animal.red_flags, **{flag: True})
    said = suggest(with_animal(scenario, place, red_flags=flags))
    assert codes_of(said)[0] is Code.URGENT_VET
    assert animal.id in subjects(said, Code.URGENT_VET)
    assert subjects(suggest(scenario), Code.URGENT_VET) <= subjects(said, Code.URGENT_VET)
    assert said.unknown == ()


@many(200)
@given(scenarios(), st.randoms(use_true_random=False))
def test_6_order_says_nothing(scenario: Scenario, shuffle: Any) -> None:
    turned = json.loads(json.dumps(dataclasses.asdict(scenario)), object_pairs_hook=reversed_keys)
    shuffle.shuffle(turned["animals"])
    for animal in turned["animals"]:
        shuffle.shuffle(animal["ok_with"])
    assert suggest(read_scenario(turned)) == suggest(scenario)


def reversed_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(pairs))


@many(250)
@given(scenarios())
def test_8_and_9_the_list_is_in_order_and_a_quiet_box_gets_few_words(scenario: Scenario) -> None:
    said = suggest(scenario)
    codes = codes_of(said)
    assert codes == sorted(set(codes), key=ORDER.index)
    assert [card.rank for card in said.suggestions] == list(range(1, len(codes) + 1))
    if scenario.cry.episode_s:
        assert codes
    else:
        assert set(codes) <= {
            Code.URGENT_VET, Code.WARM_FIRST, Code.CHECK_BOX, Code.FEED, Code.STIMULATE,
        }  # fmt: skip
    assert (Code.WAIT_AND_WATCH in codes) <= (len(codes) == 1)
    assert suggest(scenario) == said


@many(200)
@given(scenarios())
def test_10_a_sound_alone_calls_no_vet_feeds_nobody_and_pairs_nobody(scenario: Scenario) -> None:
    heard = set(codes_of(suggest(scenario)))
    deaf = dataclasses.replace(
        scenario, cry=dataclasses.replace(scenario.cry, species=None, unusual=None)
    )
    unheard = set(codes_of(suggest(deaf)))
    for code in (Code.URGENT_VET, Code.FEED, *PAIRS):
        assert code not in heard or code in unheard


@many(200)
@given(scenarios())
def test_all_that_is_said_has_words_and_is_sorted(scenario: Scenario) -> None:
    said = suggest(scenario)
    inside = {animal.id for animal in scenario.animals if animal.in_box}
    assert set(said.who) <= inside
    assert bool(said.who) is bool(inside)
    for unknown in (said.unknown, *(card.unknown for card in said.suggestions)):
        assert list(unknown) == sorted(set(unknown))
        for name in unknown:
            question(name)
    for card in said.suggestions:
        assert card.code in CARDS
        assert card.reasons
        assert list(card.reasons) == sorted(set(card.reasons))
        assert all(reason in REASONS for reason in card.reasons)
        assert len(set(card.subjects)) == len(card.subjects)
        assert (card.partner is not None) is (card.code in {*PAIRS, Code.CHECK_COMPANION})
        assert bool(card.subjects) is not (
            card.code in {Code.CHECK_BOX, Code.CHECK_SPECIES, Code.WAIT_AND_WATCH}
        )
        sure = {Code.URGENT_VET, Code.WARM_FIRST}
        assert card.confidence == "high" or card.code not in sure
        assert card.confidence == "low" or not card.unknown or card.code in sure
        if card.code is not Code.URGENT_VET:
            assert card.phone is card.note is None
    assert json.loads(json.dumps(plain(said))) == plain(said)


# --- 7: every missing fact that could change the first suggestion is asked for --------------------


class Answer(NamedTuple):
    """A missing fact, and a scenario's change that would settle it."""

    fact: str
    place: int | str  # of the animal, or the part of the scenario
    change: dict[str, Any]


def possible_answers(scenario: Scenario) -> Iterator[Answer]:
    """Every missing fact with every value that it may have."""
    for place, animal in enumerate(scenario.animals):
        for fact, change in _answers_of_animal(animal, scenario):
            yield Answer(f"{animal.id}.{fact}", place, change)
    around = {
        "box": ("temp_c", "spread", "comfort"),
        "context": ("carer_can_watch",),
        "cry": ("species", "unusual") if scenario.cry.episode_s else (),
    }
    for part, fields in around.items():
        for field in fields:
            if getattr(getattr(scenario, part), field) is None:
                for value in AROUND_VALUES[field]:
                    if value is not None:
                        yield Answer(f"{part}.{field}", part, {field: value})
    if scenario.cry.episode_s and scenario.cry.source_id is None:
        for animal in scenario.animals:
            if animal.in_box:
                yield Answer("cry.source_id", "cry", {"source_id": animal.id})


SHOWN_AS = {"weight_change_pct": "growth", "hungry_signs": "hungry", "min_since_toilet": "toilet"}
ASKED_OF_ALL = (
    "age_days", "weight_g", "mother", "exposed", "parasites", "days_in_care", "vaccinated",
    "cross_ok", "temperament",
)  # fmt: skip
ASKED_IN_THE_BOX = ("last_feed", *SHOWN_AS)  # of the others these count only when recorded


def _answers_of_animal(animal: Animal, scenario: Scenario) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in (*ASKED_OF_ALL, *(ASKED_IN_THE_BOX if animal.in_box else ())):
        if getattr(animal, field) is None:
            for value in known_values(field):
                yield SHOWN_AS.get(field, field), {field: value}
    facts = facts_of(animal, scenario)
    if animal.in_box and facts.flagged is Flagged.UNKNOWN:
        for flag in (None, *RED_FLAGS):
            if flag is None or getattr(animal.red_flags, flag) is None:
                yield "red_flags", {"red_flags": flagged(*filter(None, [flag]))}
    if animal.body_temp_c is None and animal.body_feel is None:
        yield from _answers_about_warmth(animal)
    if facts.health is Health.UNKNOWN:
        for health in ("ok", "suspect", "ill"):
            yield "health", {"health": health}
        yield "health", {"stool_score": 6}
    hungry_since_when = facts.feed is Feed.HUNGRY and animal.min_since_fed is None
    if facts.feed is Feed.UNKNOWN or (animal.in_box and hungry_since_when):
        for value in known_values("min_since_fed"):
            yield "fed", {"min_since_fed": value}


def known_values(field: str) -> list[Any]:
    return [value for value in ANIMAL_VALUES[field] if value is not None]


def _answers_about_warmth(animal: Animal) -> Iterator[tuple[str, dict[str, Any]]]:
    """Elsewhere on the site an emergency counts, but is not asked for: so nothing severe there."""
    for field in ("body_temp_c", "body_feel"):
        for value in known_values(field):
            if animal.in_box or value not in {"cold", 32.4, 40.5}:
                yield "warmth", {field: value}


def with_animal(scenario: Scenario, place: int, **change: Any) -> Scenario:
    """The scenario with one animal changed."""
    animals = list(scenario.animals)
    animals[place] = dataclasses.replace(animals[place], **change)
    return dataclasses.replace(scenario, animals=tuple(animals))


def answered(scenario: Scenario, answer: Answer) -> Scenario:
    """The scenario with a missing fact known."""
    if isinstance(answer.place, int):
        return with_animal(scenario, answer.place, **answer.change)
    part = dataclasses.replace(getattr(scenario, answer.place), **answer.change)
    return dataclasses.replace(scenario, **{answer.place: part})


@many(400)
@given(scenarios())
def test_7_no_answer_that_is_not_asked_for_changes_the_first_suggestion(scenario: Scenario) -> None:
    said = suggest(scenario)
    first = next(iter(codes_of(said)), None)
    for answer in possible_answers(scenario):
        if answer.fact not in said.unknown:
            assert first_code(answered(scenario, answer)) is first, answer


@many(400)
@given(scenarios(), st.data())
def test_7_nor_do_several_such_answers_together(scenario: Scenario, data: st.DataObject) -> None:
    said = suggest(scenario)
    first = next(iter(codes_of(said)), None)
    silent = [answer for answer in possible_answers(scenario) if answer.fact not in said.unknown]
    if len(silent) < 2:
        return
    for _ in range(8):
        changed = scenario
        several = data.draw(st.lists(st.sampled_from(silent), min_size=2, max_size=3))
        for answer in several:
            changed = answered(changed, answer)
        assert first_code(changed) is first, several


@pytest.mark.parametrize("length", [0, 120, 900])
def test_7_holds_for_the_plainest_scenarios_too(length: int) -> None:
    """One kitten, each missing fact and each two of them, all answers to them."""
    for one in UNKNOWN_ANIMAL:
        for other in UNKNOWN_ANIMAL:
            scenario = a_case(
                an_animal("ann", **{one: None, other: None}),
                an_animal("cyd", in_box=False),
                episode_s=length,
            )
            said = suggest(scenario)
            first = next(iter(codes_of(said)), None)
            for answer in possible_answers(scenario):
                if answer.fact not in said.unknown:
                    assert first_code(answered(scenario, answer)) is first, answer
