"""The discovery payload keeps Home Assistant's rules; the real one is in tests/end_to_end."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.discovery import discovery, no_discovery
from monitor.messages import BoxState, CryStep, Topics
from monitor.outbox import Outgoing

TOPICS = Topics("nursery", "nest")
OURS = {getattr(TOPICS, name) for name in ("cry", "state", "level", "health", "suggestion")}


def config(name: str = "Nest", *, demo: bool = False) -> dict[str, Any]:
    found = discovery(TOPICS, "homeassistant", name, "0.1.0", demo=demo).config
    assert isinstance(found, Outgoing)
    payload: dict[str, Any] = json.loads(found.payload)
    return payload


COMPONENTS = config()["components"]


def test_the_topic_is_that_of_the_contract() -> None:
    found = discovery(TOPICS, "homeassistant", "Nest", "0.1.0")
    assert found.config is not None
    assert found.config.topic == "homeassistant/device/nursery_nest/config"
    assert found.birth_topic == "homeassistant/status"


@given(st.from_regex(r"[a-z0-9_-]{1,32}", fullmatch=True))
def test_every_box_gets_a_topic_that_home_assistant_takes(box: str) -> None:
    found = discovery(Topics("nursery", box), "homeassistant", box, "0.1.0").config
    assert found is not None
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", found.topic)


def test_the_ids_that_people_build_on_never_change() -> None:
    """Changed ids break the automations of everybody who has any."""
    assert {key: entry["unique_id"] for key, entry in COMPONENTS.items()} == {
        "cry": "nursery_nest_cry",
        "crying": "nursery_nest_crying",
        "state": "nursery_nest_state",
        "last_cry": "nursery_nest_last_cry",
        "cries_today": "nursery_nest_cries_today",
        "level": "nursery_nest_level",
        "problem": "nursery_nest_problem",
        "suggestion": "nursery_nest_suggestion",
    }
    assert {key: (e["platform"], e["name"]) for key, e in COMPONENTS.items()} == {
        "cry": ("event", "Cry"),
        "crying": ("binary_sensor", "Crying"),
        "state": ("sensor", "State"),
        "last_cry": ("sensor", "Last cry"),
        "cries_today": ("sensor", "Cries today"),
        "level": ("sensor", "Level"),
        "problem": ("binary_sensor", "Problem"),
        "suggestion": ("sensor", "Suggestion"),
    }
    assert config()["device"]["identifiers"] == ["nursery_nest"]


@pytest.mark.parametrize("key", COMPONENTS)
def test_every_component_has_what_one_missing_would_cost_the_whole_device(key: str) -> None:
    component = COMPONENTS[key]
    assert {"platform", "unique_id", "name", "state_topic", "value_template"} <= set(component)
    assert component["state_topic"] in OURS


def test_the_origin_has_a_name_as_device_discovery_requires() -> None:
    assert config()["origin"]["name"] == "nursery-monitor"


def test_the_event_and_the_state_offer_every_step_and_state_of_the_contract() -> None:
    assert COMPONENTS["cry"]["event_types"] == [step.value for step in CryStep]
    assert COMPONENTS["state"]["options"] == [state.value for state in BoxState]
    assert "device_class" not in COMPONENTS["cry"]


def test_everything_is_unavailable_when_the_listener_is_gone() -> None:
    assert config()["availability"] == [{"topic": TOPICS.availability}]
    for component in COMPONENTS.values():
        if "availability" in component:
            assert {"topic": TOPICS.availability} in component["availability"]
    assert config()["availability_mode"] == "all"


def test_a_demo_is_labelled_as_one() -> None:
    device = config("Nest", demo=True)["device"]
    assert device["name"] == "Nest (demo)"
    assert "demo" in device["model"]
    assert "demo" not in json.dumps(config("Nest")["device"])


def test_names_of_all_kinds_survive() -> None:
    assert config('Mia\'s "Körbchen" 🐈')["device"]["name"] == 'Mia\'s "Körbchen" 🐈'


def test_switched_off_it_has_nothing_to_publish() -> None:
    assert no_discovery("ha").config is None
