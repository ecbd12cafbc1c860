"""What would change the advice: which answer to an open question, and how long from now.

Each answer is tried alone, by asking the rules again. Facts that people type (a weight, an age) are
tried at values that stand for a range. Pure, like the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from web.care.advice import Advice, suggest
from web.care.facts import facts_of
from web.care.rules import Code
from web.care.scenario import RED_FLAGS, Animal, RedFlags, Scenario
from web.care.scene import scene_of
from web.care.wording import question

MOST_FACTS = 12  # tried at a time; the advice names those that matter most by its first cards
WAITS_MIN = (1, 2, 3, 5, 10, 15, 30)

# What stands for the answers that are typed: words, value of the field.
Choices = tuple[tuple[str, Any], ...]
TYPED: dict[str, Choices] = {
    "growth": (("It gained", 5.0), ("It did not gain", -1.0), ("It lost over a tenth", -11.0)),
    "age_days": (
        ("Under a week", 3),
        ("1 to 2 weeks", 10),
        ("2 to 3 weeks", 17),
        ("3 to 4 weeks", 24),
        ("4 to 6 weeks", 35),
        ("Older", 49),
    ),
    "weight_g": tuple((f"About {grams} g", float(grams)) for grams in (100, 200, 300, 400, 500)),
    "days_in_care": (("Still in quarantine", 0), ("Through quarantine", 365)),
}
_OLDEST_MIN = {"min_since_fed": 2880, "min_since_toilet": 2880}


@dataclass(frozen=True, slots=True)
class Turn:
    """Answers to one question that lead to the same first suggestion."""

    key: str  # the unknown fact, as the advice names it
    answers: tuple[str, ...]  # in words; an animal's id where the question is who cried
    first: Code | None  # what would come first; None: nothing to do
    subjects: tuple[str, ...]  # for whom
    codes: frozenset[Code]  # all that would be suggested


@dataclass(frozen=True, slots=True)
class Wait:
    """What time alone would change, if it goes on like this."""

    minutes: int
    first: Code


def turns(scenario: Scenario, unknown: Iterable[str]) -> tuple[Turn, ...]:
    """For each of these open questions the answers that would change the list, in order.

    At most `MOST_FACTS` questions are tried. Answers that leave first suggestion, its subjects and
    the set of codes as they are have no turn.
    """
    smaller = _who_matters(scenario)
    now = _outline(suggest(smaller))
    found: list[Turn] = []
    for key in list(unknown)[:MOST_FACTS]:
        by_outcome: dict[tuple[Any, ...], list[str]] = {}
        for words, answered in answers(smaller, key):
            outcome = _outline(suggest(answered))
            if outcome != now:
                by_outcome.setdefault(outcome, []).append(words)
        found += [Turn(key, tuple(words), *outcome) for outcome, words in by_outcome.items()]
    return tuple(found)


def wait(scenario: Scenario) -> Wait | None:
    """After how long, if nothing is done and it cries on, another suggestion comes first."""
    if scenario.cry.episode_s == 0:
        return None
    smaller = _who_matters(scenario)
    now = _outline(suggest(smaller))[0]
    for minutes in WAITS_MIN:
        first = _outline(suggest(later(smaller, minutes)))[0]
        if first is not None and first is not now:
            return Wait(minutes, first)
    return None


def answers(scenario: Scenario, key: str) -> Iterator[tuple[str, Scenario]]:
    """Each answer to an open question, in words, and the scenario with it.

    Raises KeyError for a fact that is none of the rules'.
    """
    animal_id, asked = question(key)
    if animal_id is not None:
        fact = key.removeprefix(f"{animal_id}.")
        for words, value in TYPED.get(fact, asked.answers):
            yield words, _with_animal(scenario, animal_id, _changed(fact, asked.field, value))
        return
    part, _, name = key.partition(".")
    for words, value in _around(scenario, key) or asked.answers:
        yield words, replace(scenario, **{part: replace(getattr(scenario, part), **{name: value})})


def later(scenario: Scenario, minutes: int) -> Scenario:
    """The same after some minutes in which nothing was done and it cried on."""
    cry, box = scenario.cry, scenario.box
    if cry.episode_s > 0:
        cry = replace(cry, episode_s=min(cry.episode_s + 60 * minutes, 86_400))
    if box.min_since_change is not None:
        box = replace(box, min_since_change=min(box.min_since_change + minutes, 1440))
    animals = tuple(
        replace(
            one,
            **{
                name: min(getattr(one, name) + minutes, oldest)
                for name, oldest in _OLDEST_MIN.items()
                if getattr(one, name) is not None
            },
        )
        for one in scenario.animals
    )
    return replace(scenario, cry=cry, box=box, animals=animals)


def _outline(advice: Advice) -> tuple[Code | None, tuple[str, ...], frozenset[Code]]:
    """What of the advice is compared."""
    codes = frozenset(card.code for card in advice.suggestions)
    if not advice.suggestions:
        return None, (), codes
    return advice.suggestions[0].code, advice.suggestions[0].subjects, codes


def _who_matters(scenario: Scenario) -> Scenario:
    """Without those elsewhere that can neither be company nor an emergency: it is asked often."""
    if sum(one.in_box for one in scenario.animals) == 1:
        return scenario
    kept = tuple(one for one in scenario.animals if one.in_box or facts_of(one, scenario).urgent)
    return replace(scenario, animals=kept)


def _around(scenario: Scenario, key: str) -> Choices:
    """Answers that depend on who is in the box."""
    if key == "cry.source_id":
        return tuple((one.id, one.id) for one in scenario.animals if one.in_box)
    youngest = scene_of(scenario).youngest
    if key == "box.temp_c" and youngest is not None:
        low, high = youngest.row.nest_low_c, youngest.row.nest_high_c
        bands = (f"Under {low:g} °C", f"{low:g} to {high:g} °C", f"Over {high:g} °C")
        return tuple(zip(bands, (low - 1, (low + high) / 2, high + 1), strict=True))
    return ()


def _changed(fact: str, field: str, value: Any) -> Callable[[Animal], Animal]:
    if fact == "red_flags":
        return lambda one: replace(
            one, red_flags=RedFlags(**{flag: flag == value for flag in RED_FLAGS})
        )
    return lambda one: replace(one, **{field: value})


def _with_animal(
    scenario: Scenario, animal_id: str, change: Callable[[Animal], Animal]
) -> Scenario:
    animals = tuple(change(one) if one.id == animal_id else one for one in scenario.animals)
    return replace(scenario, animals=animals)
