"""What Home Assistant is told of a box, so that it finds it by itself.

One retained device payload. The topics are those of the contract; templates turn its JSON into
what each entity wants. They see every key in every message, because the contract sends all keys,
so that none of them ever warns.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from monitor.messages import BoxState, CryStep, Topics
from monitor.outbox import Outgoing

LEVEL_STEP_DB = 3  # a smaller change of the level makes no new state: each is a row in a database
LEVEL_EXPIRES_S = 30  # the level comes each second

Component = dict[str, Any]


@dataclass(frozen=True)
class Discovery:
    """What Home Assistant is told of one box, and where it says that it has started."""

    config: Outgoing | None
    """The retained device payload; None takes back what an earlier run has published."""
    birth_topic: str


def discovery(
    topics: Topics, prefix: str, name: str, version: str, *, demo: bool = False
) -> Discovery:
    """Discovery of the box of `topics`; `name` is what people read, `prefix` Home Assistant's."""
    payload = json.dumps(_device(topics, name, version, demo), separators=(",", ":"))
    return Discovery(
        config=Outgoing(f"{prefix}/device/{_id(topics)}/config", payload.encode()),
        birth_topic=birth_topic(prefix),
    )


def no_discovery(prefix: str) -> Discovery:
    """Discovery is switched off: what an earlier run has published is taken back."""
    return Discovery(config=None, birth_topic=birth_topic(prefix))


def birth_topic(prefix: str) -> str:
    """Where Home Assistant says `online` when it has started."""
    return f"{prefix}/status"


def _id(topics: Topics) -> str:
    """Names the device for ever; entities are known by it as well."""
    return f"nursery_{topics.box}"


def _device(topics: Topics, name: str, version: str, demo: bool) -> dict[str, Any]:
    components = {
        "cry": _cry(topics),
        "crying": _crying(topics),
        "state": _state(topics),
        "last_cry": _last_cry(topics),
        "cries_today": _cries_today(topics),
        "level": _level(topics),
        "problem": _problem(topics),
        "suggestion": _suggestion(topics),
    }
    for key, component in components.items():
        component["unique_id"] = f"{_id(topics)}_{key}"
    return {
        "device": {
            "identifiers": [_id(topics)],
            "name": f"{name} (demo)" if demo else name,
            "manufacturer": "Nursery monitor",
            "model": "Cry listener (demo: synthesised cries)" if demo else "Cry listener",
            "sw_version": version,
        },
        "origin": {"name": "nursery-monitor", "sw_version": version},
        "availability": [_online(topics)],
        "availability_mode": "all",
        "qos": 1,
        "components": components,
    }


def _online(topics: Topics) -> dict[str, str]:
    return {"topic": topics.availability}


def _while(topics: Topics, *states: BoxState) -> list[dict[str, str]]:
    """Availability of what means nothing unless the box is in one of `states`."""
    wanted = json.dumps([state.value for state in states])
    template = f"{{{{ 'online' if value_json.state in {wanted} else 'offline' }}}}"
    return [_online(topics), {"topic": topics.state, "value_template": template}]


def _cry(topics: Topics) -> Component:
    # An event wants its type as `event_type`; the rest become its attributes, without the list of
    # calls, which would only fill Home Assistant's database.
    attributes = "value_json.items() | rejectattr(0, 'eq', 'call_times')"
    return {
        "platform": "event",
        "name": "Cry",
        "icon": "mdi:bullhorn",
        "state_topic": topics.cry,
        "event_types": [step.value for step in CryStep],
        "value_template": f"{{{{ dict({attributes}, event_type=value_json.type) | tojson }}}}",
    }


def _crying(topics: Topics) -> Component:
    return {
        "platform": "binary_sensor",
        "name": "Crying",
        "device_class": "sound",
        "state_topic": topics.state,
        "value_template": "{{ 'ON' if value_json.state == 'crying' else 'OFF' }}",
        "availability": _while(topics, BoxState.LISTENING, BoxState.CRYING),
    }


def _state(topics: Topics) -> Component:
    attributes = (
        "dict(reason=value_json.reason, detail=value_json.detail, since=value_json.since,"
        " microphone=value_json.device, demo=value_json.demo)"
    )
    return {
        "platform": "sensor",
        "name": "State",
        "device_class": "enum",
        "icon": "mdi:ear-hearing",
        "options": [state.value for state in BoxState],
        "state_topic": topics.state,
        "value_template": "{{ value_json.state }}",
        "json_attributes_topic": topics.state,
        "json_attributes_template": f"{{{{ {attributes} | tojson }}}}",
    }


def _last_cry(topics: Topics) -> Component:
    return {
        "platform": "sensor",
        "name": "Last cry",
        "device_class": "timestamp",
        "state_topic": topics.state,
        "value_template": "{{ value_json.last_cry }}",
    }


def _cries_today(topics: Topics) -> Component:
    return {
        "platform": "sensor",
        "name": "Cries today",
        "icon": "mdi:counter",
        "unit_of_measurement": "cries",
        "state_class": "total_increasing",
        "state_topic": topics.state,
        "value_template": "{{ value_json.cries_today }}",
    }


def _level(topics: Topics) -> Component:
    near = f"old is not none and new is not none and (new - old) | abs < {LEVEL_STEP_DB}"
    template = (
        "{% set old = this.state | float(none) %}{% set new = value_json.level_dbfs %}"
        f"{{{{ this.state if {near} else new if new is none else new | round | int }}}}"
    )
    return {
        "platform": "sensor",
        "name": "Level",
        "icon": "mdi:waveform",
        "unit_of_measurement": "dBFS",
        "state_class": "measurement",
        "suggested_display_precision": 0,
        "expire_after": LEVEL_EXPIRES_S,
        "state_topic": topics.level,
        "value_template": template,
        "availability": _while(topics, BoxState.LISTENING, BoxState.CRYING, BoxState.MUTED),
    }


def _problem(topics: Topics) -> Component:
    checks = "value_json.checks | rejectattr('status', 'eq', 'ok') | map(attribute='message')"
    return {
        "platform": "binary_sensor",
        "name": "Problem",
        "device_class": "problem",
        "entity_category": "diagnostic",
        "state_topic": topics.health,
        "value_template": "{{ 'ON' if value_json.problem else 'OFF' }}",
        "json_attributes_topic": topics.health,
        "json_attributes_template": f"{{{{ dict(checks={checks} | list) | tojson }}}}",
    }


def _suggestion(topics: Topics) -> Component:
    return {
        "platform": "sensor",
        "name": "Suggestion",
        "icon": "mdi:lightbulb-on-outline",
        "state_topic": topics.suggestion,
        "value_template": (
            "{{ value_json.suggestions[0].title if value_json.suggestions else 'none' }}"
        ),
    }
