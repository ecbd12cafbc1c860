"""The numbered scenarios of the workshop, exactly, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from web.care.advice import plain, suggest
from web.care.scenario import read_scenario

CARE = Path(__file__).parents[4] / "shared" / "care"
CASES: list[dict[str, Any]] = (
    json.loads((CARE / "scenarios.json").read_text("utf-8")) if CARE.is_dir() else []
)


@pytest.mark.skipif(not CASES, reason="../shared/care is not there; the other tests stand alone")
def test_the_workshops_scenarios_are_at_hand_and_valid() -> None:
    schema = json.loads((CARE / "scenario.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(CASES)
    assert len(CASES) >= 298


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['id']}: {case['title']}")
def test_a_scenario_gives_exactly_what_it_expects(case: dict[str, Any]) -> None:
    said = plain(suggest(read_scenario(case["input"])))
    cards = {card["code"]: card for card in said["suggestions"]}
    found: dict[str, Any] = {"codes": list(cards), "who": said["who"], "unknown": said["unknown"]}
    for key, wanted in case["expect"].items():
        if key in {"subjects", "partner", "reasons", "confidence"}:
            found[key] = {code: cards[code][key] for code in wanted if code in cards}
        elif key in {"volume_ml", "cap_ml"}:
            found[key] = cards["FEED"][key]
        elif key in {"phone", "note"}:
            found[key] = cards["URGENT_VET"][key]
    assert {key: found[key] for key in case["expect"]} == case["expect"]
