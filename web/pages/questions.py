"""What is not known, as questions that one tap answers; pure.

The words are those of `web/care/wording.py`; here they get the animal's name, and the JSON that
each button sends to the journal.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from web.care.wording import question as wording_of

# Facts that have to be typed, and in what.
UNITS = {
    "growth": "g",
    "weight_g": "g",
    "age_days": "days",
    "days_in_care": "days",
    "box.temp_c": "°C",
}
# A carer reads a pair of scales; what changed since yesterday is our business.
_ASKED_OTHERWISE = {"growth": "What does it weigh now?"}


@dataclass(frozen=True)
class Answer:
    """One button: what it says, and the JSON that it sends."""

    label: str
    value: str


@dataclass(frozen=True)
class Turn:
    """What follows from some of the answers."""

    answers: str
    then: str


@dataclass(frozen=True)
class Question:
    """Something that the rules would like to know."""

    key: str
    text: str
    answers: tuple[Answer, ...] = ()
    alarming: tuple[Answer, ...] = ()
    """Answers that call for a vet."""
    unit: str = ""
    """Where a number has to be typed."""
    turns: tuple[Turn, ...] = ()
    """Answers that would change what is suggested."""


def question(key: str, names: Mapping[str, str], in_box: Iterable[str]) -> Question | None:
    """The question behind one unknown fact; None where there is nothing that a tap could answer.

    `names` gives each animal's name by id; `in_box` the ids that may be the crying one.
    """
    try:
        animal, words = wording_of(key)
    except KeyError:
        return None
    if animal is not None and animal not in names:
        return None
    fact = key if animal is None else key.removeprefix(f"{animal}.")
    inside = list(in_box)
    text = _ASKED_OTHERWISE.get(fact, words.text)
    if fact == "box.spread" and len(inside) == 1:
        text = "Is it panting or flushed?"  # one alone lies apart from nobody
    if animal is not None:
        text = f"{names[animal]}: {text[0].lower()}{text[1:]}"
    if fact == "red_flags":
        return Question(
            key,
            text,
            tuple(_answer(label, []) for label, flag in words.answers if flag is None),
            tuple(_answer(label, [flag]) for label, flag in words.answers if flag is not None),
        )
    if fact == "cry.source_id":
        answers = tuple(_answer(names[one], one) for one in inside if one in names)
        return Question(key, "Who is crying?", answers) if answers else None
    if fact in UNITS:
        return Question(key, text, unit=UNITS[fact])
    answers = tuple(_answer(label, value) for label, value in words.answers)
    return Question(key, text, answers) if answers else None


def _answer(label: str, value: Any) -> Answer:
    return Answer(label, json.dumps(value))
