"""What holds for every scenario there can be (RULES.md, section 8), and scenarios at random.

Who is chilled, hot, an emergency or not known is judged here once more, from the table's numbers
as they are written there, not by the program's own facts. Each check takes a scenario, what was
said of it, and some chance; it raises AssertionError.
"""

from __future__ import annotations

import dataclasses
import json
import math
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from tests.web.care.care_cases import NO_FLAGS, a_case, an_animal, flagged
from web.care.advice import Advice, plain, suggest
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
# Between the edges, where the rules have something to decide: any number, whole or not.
ANY_NUMBER: dict[str, tuple[float, float, int]] = {
    "age_days": (0, 70, 0),
    "weight_g": (20, 900, 1),
    "body_temp_c": (34, 39.5, 1),
    "min_since_fed": (0, 500, 0),
    "plan_interval_min": (60, 720, 0),
    "min_since_toilet": (0, 500, 0),
    "weight_change_pct": (-10, 15, 1),
    "stool_score": (1, 7, 0),
    "days_in_care": (0, 40, 0),
    "episode_s": (1, 1200, 0),
    "temp_c": (20, 34, 1),
    "min_since_change": (0, 30, 0),
    "formula_kcal_ml": (0.5, 1.5, 2),
    "quarantine_days": (7, 30, 0),
}
NAMES = ("ann", "bob", "cyd", "dan", "eve", "fay")
UNKNOWN_ANIMAL: dict[str, Any] = {
    field: None for field, values in ANIMAL_VALUES.items() if None in values and field != "species"
}
PAIRS = {Code.PAIR_SAME_LITTER, Code.PAIR_SAME_SPECIES, Code.PAIR_CROSS_SPECIES}
ORDER = list(Code)


# --- scenarios at random --------------------------------------------------------------------------


def a_scenario(chance: random.Random) -> Scenario:
    """Up to three in the box and up to three elsewhere; most often one alone with one elsewhere.

    Ages, weights, the nest and the voice heard fit one another more often than not: else a rule of
    high rank would hide the others.
    """
    inside, outside = chance.choice((1, 1, 1, 2, 2, 3, 0)), chance.choice((1, 1, 2, 3, 0))
    days = chance.randint(0, 60)
    usual = {"age_days": days, "weight_g": 110 + 12 * days, "body_temp_c": 37.5}
    box = [_an_animal(name, chance, usual, in_box=True) for name in NAMES[:inside]]
    site = [_an_animal(name, chance, usual, in_box=False) for name in NAMES[3 : 3 + outside]]
    few = chance.random() < 0.7
    fields = chance.sample(sorted(AROUND_VALUES), chance.randint(0, 3)) if few else AROUND_VALUES
    around: dict[str, Any] = {"episode_s": chance.choice((30, 120, 300, 900))}
    if box:
        youngest = min(row_of(animal) for animal in box)
        around["temp_c"] = NEST_MIDDLE[youngest]
        around["source_id"] = chance.choice((None, None, *(animal.id for animal in box)))
    around |= {field: _value(field, AROUND_VALUES, chance) for field in fields}
    animals = box + site
    chance.shuffle(animals)
    return a_case(*animals, **around)


def _an_animal(
    name: str, chance: random.Random, usual: Mapping[str, Any], *, in_box: bool
) -> Animal:
    """Nearly well, nearly unknown, or anything at all."""
    how = chance.choice((*["well"] * 6, "unknown", "unknown", "anything"))
    most = {"well": 5, "unknown": 8, "anything": len(ANIMAL_VALUES)}[how]
    number = most if how == "anything" else chance.randint(0, most)
    changes: dict[str, Any] = UNKNOWN_ANIMAL.copy() if how == "unknown" else {}
    for field in chance.sample(sorted(ANIMAL_VALUES), number):
        changes[field] = _value(field, ANIMAL_VALUES, chance)
    if how != "well" or chance.randrange(6) == 0:
        changes["red_flags"] = _flags(chance)
    if chance.randrange(4) == 0:
        changes["ok_with"] = tuple(other for other in NAMES if other != name)
    found = an_animal(name, **({"litter_id": "spring", **usual} | changes | {"in_box": in_box}))
    # An emergency hides all that the other rules say: most are made up again.
    emergency = is_emergency(found) and chance.randrange(5)
    return _an_animal(name, chance, usual, in_box=in_box) if emergency else found


def _value(field: str, values: Mapping[str, list[Any]], chance: random.Random) -> Any:
    if field in ANY_NUMBER and chance.random() < 0.3:
        low, high, digits = ANY_NUMBER[field]
        number = round(chance.uniform(low, high), digits)
        return int(number) if digits == 0 else number
    return chance.choice(values[field])


def _flags(chance: random.Random) -> RedFlags:
    kind = chance.randrange(3)
    if kind == 0:
        return NO_FLAGS
    if kind == 1:
        return RedFlags()
    return RedFlags(**{flag: chance.choice((None, False, False, True)) for flag in RED_FLAGS})


# --- the table's own words, once more -------------------------------------------------------------

FIRST_DAYS = (0, 7, 14, 21, 28, 35)
NEST_MIDDLE = (31.0, 29.0, 27.0, 25.0, 23.0, 23.0)
CHILLED_BELOW = (35.0, 36.0, 36.0, 36.0, 37.0, 37.0)
HOT_ABOVE = (38.5, 38.5, 38.5, 38.5, 39.5, 39.5)
KITTEN_FROM_G = (0, 150, 250, 350, 450, 550)


def row_of(animal: Animal) -> int:
    """The row of its working age."""
    if animal.age_days is None and animal.species == "kitten" and animal.weight_g is not None:
        return max(n for n, first in enumerate(KITTEN_FROM_G) if animal.weight_g >= first)
    days = 7 if animal.age_days is None else animal.age_days
    return max(n for n, first in enumerate(FIRST_DAYS) if days >= first)


def is_chilled(animal: Animal) -> bool:
    """Cool or cold to the touch, or below the limit of its age."""
    body = animal.body_temp_c
    return animal.body_feel in {"cool", "cold"} or (
        body is not None and body < CHILLED_BELOW[row_of(animal)]
    )


def is_hot(animal: Animal) -> bool:
    """Hot to the touch, or above the limit of its age, and not chilled as well."""
    body = animal.body_temp_c
    above = body is not None and body > HOT_ABOVE[row_of(animal)]
    return (animal.body_feel == "hot" or above) and not is_chilled(animal)


def is_flagged(animal: Animal) -> bool:
    """A red flag was seen."""
    return any(getattr(animal.red_flags, flag) is True for flag in RED_FLAGS)


def is_emergency(animal: Animal) -> bool:
    """A red flag, or severely cold, hot or losing weight."""
    body, change = animal.body_temp_c, animal.weight_change_pct
    return (
        is_flagged(animal)
        or animal.body_feel == "cold"
        or (body is not None and (body < 32.5 or body >= 40.5))
        or (change is not None and change < -10)
    )


def is_bad(animal: Animal) -> bool:
    """Its health is a concern."""
    ill = animal.health in {"suspect", "ill"} or (animal.stool_score or 0) >= 6
    return ill or is_flagged(animal)


# --- the checks -----------------------------------------------------------------------------------

Check = Callable[[Scenario, Advice, random.Random], None]


def subjects(said: Advice, *codes: Code) -> set[str]:
    """All subjects of these codes."""
    return {name for card in said.suggestions if card.code in codes for name in card.subjects}


def codes_of(said: Advice) -> list[Code]:
    """The codes said, highest first."""
    return [card.code for card in said.suggestions]


def first_code(scenario: Scenario) -> Code | None:
    """What stands first."""
    return next(iter(codes_of(suggest(scenario))), None)


def who_is_in_danger_is_neither_fed_nor_moved(
    scenario: Scenario, said: Advice, _: random.Random
) -> None:
    """1."""
    barred = {
        one.id for one in scenario.animals if is_chilled(one) or is_hot(one) or is_emergency(one)
    }
    kept_from = {Code.FEED, Code.STIMULATE, Code.REUNITE, Code.COMFORT, *PAIRS}
    assert not barred & subjects(said, *kept_from)
    assert not barred & {card.partner for card in said.suggestions if card.code in PAIRS}
    places = {card.code: card.rank for card in said.suggestions}
    for before in (Code.URGENT_VET, Code.WARM_FIRST):
        if before in places and Code.FEED in places:
            assert places[before] < places[Code.FEED]


def whoever_is_in_danger_is_told_of(scenario: Scenario, said: Advice, _: random.Random) -> None:
    """Ranks 1 and 2, exactly."""
    urgent = {one.id for one in scenario.animals if is_emergency(one)}
    assert subjects(said, Code.URGENT_VET) == urgent
    cold = {one.id for one in scenario.animals if one.in_box and is_chilled(one)}
    assert subjects(said, Code.WARM_FIRST) == cold


def no_pair_without_every_record_that_it_needs(
    scenario: Scenario, said: Advice, _: random.Random
) -> None:
    """2 and 3."""
    by_id = {animal.id: animal for animal in scenario.animals}
    pairs = [card for card in said.suggestions if card.code in PAIRS]
    assert len(pairs) <= 1
    for pair in pairs:
        assert pair.partner is not None
        mine, its = by_id[pair.subjects[0]], by_id[pair.partner]
        assert mine.in_box
        assert not its.in_box
        assert its.mother in {"none", "available"}
        assert (mine.species != its.species) is (pair.code is Code.PAIR_CROSS_SPECIES)
        for one in (mine, its):
            _may_be_company(one, pair.code, scenario)
        if pair.code is Code.PAIR_SAME_LITTER:
            assert {mine.exposed, its.exposed} not in ({True, False}, {True, None})
            assert mine.litter_id == its.litter_id is not None
        else:
            assert mine.age_days is not None
            assert its.age_days is not None
            apart = 10 if pair.code is Code.PAIR_SAME_SPECIES else 7
            assert abs(mine.age_days - its.age_days) <= apart
            assert mine.weight_g is not None
            assert its.weight_g is not None
            heavy, light = max(mine.weight_g, its.weight_g), min(mine.weight_g, its.weight_g)
            assert heavy <= 2 * light
        if pair.code is Code.PAIR_CROSS_SPECIES:
            tried = its.id in mine.ok_with and mine.id in its.ok_with
            assert tried or scenario.context.carer_can_watch


def _may_be_company(one: Animal, code: Code, scenario: Scenario) -> None:
    assert one.health == "ok"
    assert not is_bad(one)
    assert not is_emergency(one)
    assert not is_chilled(one)
    assert not is_hot(one)
    assert one.body_feel or one.body_temp_c
    assert not one.keep_apart
    assert not one.suckles_others
    if code is Code.PAIR_SAME_LITTER:
        return
    assert one.exposed is False
    assert one.parasites in {"clear", "treated"}
    assert one.days_in_care is not None
    assert one.days_in_care >= scenario.protocol.quarantine_days
    if code is Code.PAIR_CROSS_SPECIES:
        assert one.cross_ok is True
        assert one.age_days is not None
        assert one.age_days <= 42
        assert one.age_days < 21 or one.temperament == "calm"
        assert one.age_days < 28 or one.vaccinated is True


def no_portion_is_below_half_a_millilitre_or_more_than_the_stomach_holds(
    scenario: Scenario, said: Advice, _: random.Random
) -> None:
    """4."""
    weights = {animal.id: animal.weight_g for animal in scenario.animals}
    for card in said.suggestions:
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
                assert cap == max(0.5, math.floor(0.04 * weight * 2 + 1e-9) / 2)
                assert volume * 2 == int(volume * 2)


def a_red_flag_comes_first(scenario: Scenario, said: Advice, chance: random.Random) -> None:
    """5."""
    if not scenario.animals:
        return
    place, flag = chance.randrange(len(scenario.animals)), chance.choice(RED_FLAGS)
    animal = scenario.animals[place]
    flags = dataclasses.replace(animal.red_flags, **{flag: True})
    now = suggest(with_animal(scenario, place, red_flags=flags))
    assert codes_of(now)[0] is Code.URGENT_VET
    assert animal.id in subjects(now, Code.URGENT_VET)
    assert subjects(said, Code.URGENT_VET) <= subjects(now, Code.URGENT_VET)
    assert now.unknown == ()


def order_says_nothing(scenario: Scenario, said: Advice, chance: random.Random) -> None:
    """6."""
    turned = json.loads(
        json.dumps(dataclasses.asdict(scenario)),
        object_pairs_hook=lambda pairs: dict(reversed(pairs)),
    )
    chance.shuffle(turned["animals"])
    for animal in turned["animals"]:
        chance.shuffle(animal["ok_with"])
    assert suggest(read_scenario(turned)) == said


def the_list_is_in_order_and_a_quiet_box_gets_few_words(
    scenario: Scenario, said: Advice, _: random.Random
) -> None:
    """8 and 9."""
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


def a_sound_alone_calls_no_vet_feeds_nobody_and_pairs_nobody(
    scenario: Scenario, said: Advice, _: random.Random
) -> None:
    """10."""
    heard = set(codes_of(said))
    deaf = dataclasses.replace(
        scenario, cry=dataclasses.replace(scenario.cry, species=None, unusual=None)
    )
    unheard = set(codes_of(suggest(deaf)))
    for code in (Code.URGENT_VET, Code.FEED, *PAIRS):
        assert code not in heard or code in unheard


def all_that_is_said_has_words_and_is_sorted(
    scenario: Scenario, said: Advice, _: random.Random
) -> None:
    """Section 6."""
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


MOST_ANSWERS = 24  # of one scenario tried; over many scenarios all of them come


def no_answer_that_is_not_asked_for_changes_the_first_suggestion(
    scenario: Scenario, said: Advice, chance: random.Random
) -> None:
    """7, one by one."""
    first = next(iter(codes_of(said)), None)
    silent = _not_asked_for(scenario, said)
    for answer in chance.sample(silent, min(len(silent), MOST_ANSWERS)):
        assert first_code(answered(scenario, answer)) is first, answer


def nor_do_several_such_answers_together(
    scenario: Scenario, said: Advice, chance: random.Random
) -> None:
    """7, together."""
    first = next(iter(codes_of(said)), None)
    silent = _not_asked_for(scenario, said)
    for _ in range(4 if len(silent) > 1 else 0):
        several = chance.choices(silent, k=chance.choice((2, 3)))
        changed = scenario
        for answer in several:
            changed = answered(changed, answer)
        assert first_code(changed) is first, several


def _not_asked_for(scenario: Scenario, said: Advice) -> list[Answer]:
    return [answer for answer in possible_answers(scenario) if answer.fact not in said.unknown]


def possible_answers(scenario: Scenario) -> Iterator[Answer]:
    """Every missing fact with every value that it may have."""
    for place, animal in enumerate(scenario.animals):
        for fact, change in _answers_of_animal(animal):
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


def _answers_of_animal(animal: Animal) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in (*ASKED_OF_ALL, *(ASKED_IN_THE_BOX if animal.in_box else ())):
        if getattr(animal, field) is None:
            for value in known_values(field):
                yield SHOWN_AS.get(field, field), {field: value}
    if animal.in_box:
        yield from _answers_about_flags(animal)
    if animal.body_temp_c is None and animal.body_feel is None:
        yield from _answers_about_warmth(animal)
    if animal.health is None and not is_bad(animal):
        for health in ("ok", "suspect", "ill"):
            yield "health", {"health": health}
        yield "health", {"stool_score": 6}
    fed_by_mother = animal.mother == "present" and animal.plan_interval_min is None
    # Of one elsewhere that shows hunger a feed is known to be due, whenever the last one was.
    matters = animal.in_box or not animal.hungry_signs
    if animal.min_since_fed is None and not fed_by_mother and matters:
        for value in known_values("min_since_fed"):
            yield "fed", {"min_since_fed": value}


def _answers_about_flags(animal: Animal) -> Iterator[tuple[str, dict[str, Any]]]:
    known = [getattr(animal.red_flags, flag) for flag in RED_FLAGS]
    if True not in known and None in known:
        yield "red_flags", {"red_flags": NO_FLAGS}
        for flag, value in zip(RED_FLAGS, known, strict=True):
            if value is None:
                yield "red_flags", {"red_flags": flagged(flag)}


def known_values(field: str) -> list[Any]:
    """What a field of an animal may hold."""
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


CHECKS: tuple[Check, ...] = (
    who_is_in_danger_is_neither_fed_nor_moved,
    whoever_is_in_danger_is_told_of,
    no_pair_without_every_record_that_it_needs,
    no_portion_is_below_half_a_millilitre_or_more_than_the_stomach_holds,
    a_red_flag_comes_first,
    order_says_nothing,
    the_list_is_in_order_and_a_quiet_box_gets_few_words,
    a_sound_alone_calls_no_vet_feeds_nobody_and_pairs_nobody,
    all_that_is_said_has_words_and_is_sorted,
    no_answer_that_is_not_asked_for_changes_the_first_suggestion,
    nor_do_several_such_answers_together,
)
