"""A kitten that lacks nothing but company, and ways to take things from it.

Every test starts from here and changes one thing, so that what it shows is due to that.
"""

from __future__ import annotations

from typing import Any

from web.care.advice import Advice, Suggestion, suggest
from web.care.scenario import (
    RED_FLAGS,
    Animal,
    Box,
    Context,
    Cry,
    Protocol,
    RedFlags,
    Scenario,
)

NO_FLAGS = RedFlags(**dict.fromkeys(RED_FLAGS, False))


def flagged(*names: str) -> RedFlags:
    """Red flags of which these are seen."""
    return RedFlags(**{name: name in names for name in RED_FLAGS})


def an_animal(name: str, **changes: Any) -> Animal:
    """A healthy baby of ten days, fed 45 minutes ago, of which everything is known."""
    known: dict[str, Any] = {
        "id": name,
        "species": "kitten",
        "in_box": True,
        "age_days": 10,
        "weight_g": 200,
        "mother": "none",
        "body_temp_c": 37.0,
        "min_since_fed": 45,
        "last_feed": "full",
        "hungry_signs": False,
        "min_since_toilet": 45,
        "red_flags": NO_FLAGS,
        "weight_change_pct": 5,
        "health": "ok",
        "stool_score": 3,
        "exposed": False,
        "parasites": "clear",
        "days_in_care": 20,
        "vaccinated": True,
        "cross_ok": True,
        "temperament": "calm",
        "suckles_others": False,
        "keep_apart": False,
    }
    return Animal(**(known | changes))


def kitten(name: str = "mia", **changes: Any) -> Animal:
    """A kitten in the box."""
    return an_animal(name, **changes)


def puppy(name: str = "pip", **changes: Any) -> Animal:
    """A puppy in the box."""
    return an_animal(name, **({"species": "puppy"} | changes))


def elsewhere(name: str, **changes: Any) -> Animal:
    """A kitten elsewhere on the site, of another litter."""
    return an_animal(name, **({"in_box": False} | changes))


def a_case(*animals: Animal, **changes: Any) -> Scenario:
    """These animals while one has cried for two minutes in a nest of 29 C, by day.

    Changes are named by the field alone: no two parts of a scenario share a name.
    """
    parts: dict[str, Any] = {
        "cry": (Cry, {"episode_s": 120, "species": None, "source_id": None, "unusual": False}),
        "box": (Box, {"temp_c": 29.0, "spread": False, "comfort": False, "min_since_change": None}),
        "context": (Context, {"night": False, "carer_can_watch": True, "formula_kcal_ml": 1.0}),
        "protocol": (Protocol, {"quarantine_days": 14, "vet_phone": "555-0100"}),
    }
    if "species" not in changes and animals:
        changes["species"] = next(
            (animal.species for animal in animals if animal.in_box), animals[0].species
        )
    built: dict[str, Any] = {}
    for name, (part, known) in parts.items():
        mine = {key: changes.pop(key) for key in list(changes) if key in part.__slots__}
        built[name] = part(**(known | mine))
    assert not changes, f"no such fields: {changes}"
    return Scenario(animals=animals, **built)


def codes(scenario: Scenario) -> list[str]:
    """The codes suggested, highest first."""
    return [str(card.code) for card in suggest(scenario).suggestions]


def card(scenario: Scenario, code: str) -> Suggestion:
    """The one card of this code."""
    (found,) = [card for card in suggest(scenario).suggestions if card.code == code]
    return found


def reasons(scenario: Scenario, code: str) -> set[str]:
    """Why this is suggested."""
    return set(card(scenario, code).reasons)


def advice(scenario: Scenario) -> Advice:
    """All that is said."""
    return suggest(scenario)
