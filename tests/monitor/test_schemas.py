"""The frozen JSON Schemas are what the code says, and the code breaks no promise they made.

To freeze an addition: `python -m tests.monitor.test_schemas`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from monitor.messages import SCHEMAS, json_schema

FOLDER = Path(__file__).parents[2] / "monitor" / "schemas"
FREEZE = "python -m tests.monitor.test_schemas"

Schema = dict[str, Any]


def frozen(name: str) -> Schema:
    loaded: Schema = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def broken_promises(old: Schema, new: Schema) -> list[str]:
    """What a reader or writer who goes by `old` may rely on and `new` no longer gives."""
    broken: list[str] = []
    olds, news = dict(_objects(old)), dict(_objects(new))
    for where, before in olds.items():
        after = news.get(where)
        if after is None:
            broken.append(f"{where or 'the payload'} is gone")
            continue
        for key, value in before.get("properties", {}).items():
            if key not in after.get("properties", {}):
                broken.append(f"{where}.{key} is gone")
            elif _kind(after["properties"][key]) != _kind(value):
                broken.append(f"{where}.{key} has another type")
        broken += [
            f"{where} no longer allows {value}"
            for value in before.get("enum", [])
            if value not in after.get("enum", [])
        ]
        broken += [
            f"{where}.{key} is no longer always there"
            for key in before.get("required", [])
            if key not in after.get("required", [])
        ]
    return broken


def _objects(schema: Schema) -> Iterator[tuple[str, Schema]]:
    yield "", schema
    yield from schema.get("$defs", {}).items()


def _kind(schema: Schema) -> Any:
    """What a property is, without its bounds and words."""
    if "anyOf" in schema:
        return sorted(str(_kind(option)) for option in schema["anyOf"])
    if "items" in schema:
        return ["array", _kind(schema["items"])]
    return schema.get("$ref") or schema.get("const") or schema.get("type")


@pytest.mark.parametrize("name", SCHEMAS)
def test_nothing_promised_is_gone(name: str) -> None:
    assert broken_promises(frozen(name), json_schema(name)) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_frozen_schema_is_that_of_the_code(name: str) -> None:
    assert frozen(name) == json_schema(name), f"if this is an addition, freeze it: {FREEZE}"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one_and_takes_keys_that_it_does_not_know(name: str) -> None:
    Draft202012Validator.check_schema(frozen(name))
    for _, schema in _objects(frozen(name)):
        assert schema.get("additionalProperties", True) is not False


def test_no_other_schema_lies_about() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(SCHEMAS)


def test_a_removed_key_is_a_broken_promise() -> None:
    new = json_schema("cry")
    del new["properties"]["calls"]
    assert ".calls is gone" in broken_promises(json_schema("cry"), new)


def test_a_renamed_key_is_a_broken_promise() -> None:
    new = json_schema("cry")
    new["properties"]["call_count"] = new["properties"].pop("calls")
    assert ".calls is gone" in broken_promises(json_schema("cry"), new)


def test_another_type_is_a_broken_promise() -> None:
    new = json_schema("cry")
    new["properties"]["seq"]["type"] = "string"
    new["properties"]["call_times"]["items"]["type"] = "object"
    broken = broken_promises(json_schema("cry"), new)
    assert ".seq has another type" in broken


def test_a_state_that_is_gone_is_a_broken_promise() -> None:
    new = json_schema("state")
    new["$defs"]["BoxState"]["enum"].remove("deaf")
    assert broken_promises(json_schema("state"), new) == ["BoxState no longer allows deaf"]


def test_a_key_that_may_be_missing_now_is_a_broken_promise() -> None:
    new = json_schema("cry")
    new["required"].remove("onset")
    assert broken_promises(json_schema("cry"), new) == [".onset is no longer always there"]


def test_a_new_key_and_a_new_state_are_no_broken_promise() -> None:
    new = copy.deepcopy(json_schema("state"))
    new["properties"]["mood"] = {"type": "string"}
    new["required"].append("mood")
    new["$defs"]["BoxState"]["enum"].append("purring")
    assert broken_promises(json_schema("state"), new) == []


def freeze() -> None:
    """Write the schemas; refuse to break a promise."""
    for name in SCHEMAS:
        path = FOLDER / f"{name}.json"
        new = json_schema(name)
        if path.exists() and (broken := broken_promises(frozen(name), new)):
            raise SystemExit(f"{path.name}: {'; '.join(broken)}")
        path.write_text(json.dumps(new, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    freeze()
