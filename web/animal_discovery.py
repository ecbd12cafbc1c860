"""What Home Assistant is told of an animal in care, so that it finds it by itself. Pure.

One retained device payload an animal. Its id begins with `nursery-animal-`, which no box's
(`nursery_...`) does. There is no availability: what is told stays true while the dashboard is
away, and the broker keeps a tap on a button for it; only "overdue" grows old, and expires.
"""

from __future__ import annotations

import json
from typing import Any

from monitor.messages import AnimalCareMessage, AnimalTopics

NODE = "nursery_animal"  # of the topics; rights are given by it
REPEATED_S = 300  # the care is told again after so long at the latest
EXPIRES_S = 3 * REPEATED_S  # what depends on the time of day is not known after so long

Component = dict[str, Any]


def config_topic(prefix: str, animal: str) -> str:
    """Where the animal's device is told; an empty payload takes it back."""
    return f"{prefix}/device/{NODE}/{animal}/config"


def config(topics: AnimalTopics, care: AnimalCareMessage, version: str) -> bytes:
    """The device payload of one animal."""
    ident = f"nursery-animal-{topics.animal}"
    components = {**_sensors(), **_buttons(topics)}
    for key, component in components.items():
        component["unique_id"] = f"{ident}_{key}"
        if component["platform"] != "button":
            component["state_topic"] = topics.care
    payload = {
        "device": {
            "identifiers": [ident],
            "name": f"{care.name} (demo)" if care.demo else care.name,
            "manufacturer": "Nursery monitor",
            "model": f"{care.species.capitalize()} in care" + (" (demo)" if care.demo else ""),
        },
        "origin": {"name": "nursery-monitor", "sw_version": version},
        "qos": 1,
        "components": components,
    }
    return json.dumps(payload, separators=(",", ":")).encode()


def _sensors() -> dict[str, Component]:
    return {
        "last_fed": _moment("Last fed", "last_fed"),
        "next_feed": _moment("Next feed", "next_due"),
        "overdue": {
            "platform": "binary_sensor",
            "name": "Feed overdue",
            "device_class": "problem",
            "value_template": (
                "{{ none if value_json.overdue is none else"
                " 'ON' if value_json.overdue else 'OFF' }}"
            ),
            "expire_after": EXPIRES_S,
        },
        "weight": {
            "platform": "sensor",
            "name": "Weight",
            "device_class": "weight",
            "state_class": "measurement",
            "unit_of_measurement": "g",
            "value_template": "{{ value_json.weight_g }}",
        },
        "gain_24h": {
            "platform": "sensor",
            "name": "Gain in 24 h",
            "icon": "mdi:trending-up",
            "state_class": "measurement",
            "unit_of_measurement": "g",
            "value_template": "{{ value_json.gain_24h_g }}",
        },
        "company": {
            "platform": "sensor",
            "name": "Company",
            "icon": "mdi:account-group",
            "value_template": (
                "{{ (value_json.company | map(attribute='name') | join(', '))[:250] or 'none' }}"
            ),
        },
        "suggestion": {
            "platform": "sensor",
            "name": "Suggestion",
            "icon": "mdi:lightbulb-on-outline",
            "value_template": (
                "{{ value_json.suggestion.title if value_json.suggestion else 'none' }}"
            ),
        },
    }


def _moment(name: str, key: str) -> Component:
    return {
        "platform": "sensor",
        "name": name,
        "device_class": "timestamp",
        "value_template": f"{{{{ value_json.{key} }}}}",
    }


def _buttons(topics: AnimalTopics) -> dict[str, Component]:
    # Each tap gets an id of its own and the moment of the tap, so that it counts once and at its
    # own time, even when it waits with the broker for us.
    tap = (
        "{{ dict(id='ha-' ~ now().timestamp(), at=utcnow().isoformat(), by='Home Assistant')"
        " | tojson }}"
    )
    names = {"fed": ("Fed", "mdi:baby-bottle"), "stimulated": ("Helped to the toilet", "mdi:water")}
    return {
        what: {
            "platform": "button",
            "name": name,
            "icon": icon,
            "command_topic": topics.command(what),
            "command_template": tap,
        }
        for what, (name, icon) in names.items()
    }
