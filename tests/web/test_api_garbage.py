"""What the API says to what cannot be meant: a problem with the field and words for a person."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.web.api_calls import Api
from tests.web.cry_messages import cry_id
from tests.web.test_api_writing import V1, Operations, nursery
from web.database import Database


@pytest.fixture
def api(records: Database) -> Api:
    return nursery(records)


def kinds(schema: Any) -> Iterator[str]:
    """All that a value may be."""
    for one in schema.get("anyOf", [schema]):
        yield one.get("type", "anything")


FITTING = {"integer": 1, "number": 30, "string": "x", "array": [1], "object": {"1": 30}}
FITTING |= {"boolean": True, "anything": 1}
Made = Callable[[Any], Any]


def numbers(api: Api) -> Iterator[tuple[str, str, str, Made]]:
    """Each number that the description asks for: method, path, field, a body with a value of it."""
    for method, path, schema in Operations(api).bodies:
        told = schema["properties"]
        rest = {name: fitting(told[name]) for name in schema.get("required", ())}
        for field, one in told.items():
            for wrapped in holders(one):
                yield method, path, field, partial(_with, rest, field, wrapped)


def fitting(schema: Any) -> Any:
    """Something that the schema allows."""
    return schema["enum"][0] if "enum" in schema else FITTING[next(kinds(schema))]


def holders(schema: Any) -> Iterator[Made]:
    """How a number stands in a value of this schema: itself, in a list, in an object."""
    for one in schema.get("anyOf", [schema]):
        if is_number(one):
            yield lambda value: value
        if is_number(one.get("items", {})):
            yield lambda value: [value]
        if is_number(one.get("additionalProperties", {})):
            yield lambda value: {"1": value}


def _with(rest: dict[str, Any], field: str, wrapped: Made, value: Any) -> dict[str, Any]:
    return {**rest, field: wrapped(value)}


def is_number(schema: Any) -> bool:
    return isinstance(schema, dict) and bool({*kinds(schema)} & {"integer", "number"})


NO_NUMBERS: tuple[Any, ...] = (True, False, "six", "", "NaN", [], {}, "9" * 5000)
NO_NUMBERS += (float("nan"), float("inf"), -float("inf"))


def test_what_is_no_number_is_refused_by_name_wherever_a_number_is_asked_for(api: Api) -> None:
    """Over the description, so that no new field escapes."""
    before = api.json(f"{V1}/entries")["items"]
    asked = list(numbers(api))
    assert len(asked) > 30
    for method, path, field, body in asked:
        for value in NO_NUMBERS:
            status, told = api.refused(method, path, body(value))
            assert (status, told["field"].split(".")[0]) == (422, field), (
                method,
                path,
                value,
                told,
            )
            assert re.search("must be|choose", told["detail"]), (method, path, value, told)
        assert api.refused(method, path, body(10**400))[0] in (404, 422)
    assert api.json(f"{V1}/entries")["items"] == before


REX = {"name": "Rex", "species": "puppy"}


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        ("feeds", {"animal_ids": [True]}, "animal_ids.0: must be a number"),
        ("feeds", {"amounts_ml": {"x": 3}}, "amounts_ml.x: must be a whole number"),
        ("feeds", {"animal_ids": [1], "at": "soon"}, "at: must be a date and time with its zone"),
        (
            "feeds",
            {"animal_ids": [1], "how": "gone"},
            "how: must be one of: full, short or refused",
        ),
        ("feeds", {"animal_ids": [0]}, "animal_ids.0: must be 1 or more"),
        ("feeds", {"animal_ids": [1], "volume": 3}, "volume: is not known here"),
        ("notes", {"animal_id": 1}, "text: is needed"),
        ("notes", {"animal_id": 1, "text": 3}, "text: must be text"),
        ("notes", {"box_id": "A b", "text": "x"}, "box_id: must be 1 to 32 of a-z, 0-9, _ and -"),
        ("animals", {**REX, "runt": 7}, "runt: must be true or false"),
        ("animals", {**REX, "born_on": "soon"}, "born_on: must be a date such as 2026-11-22"),
        ("checks", {"animal_ids": 1}, "animal_ids: must be a list"),
    ],
)
def test_a_carer_understands_what_is_wrong(
    api: Api, path: str, body: dict[str, Any], detail: str
) -> None:
    status, told = api.refused("POST", f"{V1}/{path}", body)
    assert (status, told["detail"][: len(detail)]) == (422, detail)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+05:00"])
@pytest.mark.parametrize("path", ["feeds", "cries", "entries", "suggestions", "boxes/nest/minutes"])
def test_a_cursor_of_another_age_is_no_cursor(api: Api, path: str, moment: str) -> None:
    status, told = api.refused("GET", f"{V1}/{path}?cursor={encoded(f'{moment} 1')}")
    assert (status, told["field"]) == (422, "cursor")


ANSWERS = "boxes/nest/answers"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("feeds", {"amounts_ml": {"1": 500}}, "amounts_ml"),
        ("feeds", {"amounts_ml": {"9": 5}}, "amounts_ml"),
        ("feeds/by-weight", {"animal_id": 1, "before_g": 5, "after_g": 8}, "after_g"),
        ("feeds/by-weight", {"animal_id": 1, "before_g": 5, "after_g": 80}, "before_g"),
        ("weights", {"grams": {"9": 180}}, "grams"),
        ("weights", {"grams": {}}, "grams"),
        ("checks", {"animal_ids": [1, 9], "values": {"health": "ok"}}, "animal_ids"),
        ("checks", {"animal_ids": [1], "values": {"body_temp_c": True}}, "values.body_temp_c"),
        ("checks", {"animal_ids": [1], "values": {"stool_score": 9}}, "values.stool_score"),
        (ANSWERS, {"key": "1.weight_g", "value": True}, "value"),
        (ANSWERS, {"key": "1.fed", "value": -1}, "value"),
        (ANSWERS, {"key": "1.red_flags", "value": "\ud800"}, "value"),
        (ANSWERS, {"key": "1.red_flags", "value": False}, "value"),
        (ANSWERS, {"key": "1.red_flags", "value": ["limp", [3]]}, "value"),
        (ANSWERS, {"key": "cry.source_id", "value": True, "cry_id": cry_id(1)}, "value"),
        (ANSWERS, {"key": "cry.source_id", "value": "9" * 5000, "cry_id": cry_id(1)}, "value"),
        ("companionships/1/part", {}, "id"),
        ("reminders/1/done", {}, "id"),
    ],
)
def test_the_field_is_called_as_the_caller_calls_it(
    api: Api, path: str, body: dict[str, Any], field: str
) -> None:
    api.post(f"{V1}/animals", {"name": "Tom", "species": "kitten", "litter": "a"})
    api.post(f"{V1}/companionships", {"animal_id": 1, "partner_id": 2})
    api.post(f"{V1}/companionships/1/part", {})
    api.post(f"{V1}/reminders", {"animal_ids": [1], "kind": "vet", "due_at": "2026-11-23"})
    api.post(f"{V1}/reminders/1/done", {})
    before = api.json(f"{V1}/entries")["items"]
    status, told = api.refused("POST", f"{V1}/{path}", body)
    assert (status, told["field"]) == (422, field), told
    assert told["detail"].startswith(f"{field}: ")
    assert api.json(f"{V1}/entries")["items"] == before


def test_a_key_that_was_used_is_called_by_its_header(api: Api) -> None:
    note = {"animal_id": 1, "text": "x"}
    assert api.send("POST", f"{V1}/notes", note, key="k").status_code == 201
    told = api.send("POST", f"{V1}/notes", {**note, "text": "y"}, key="k").json
    assert told is not None
    assert told["field"] == "Idempotency-Key"


def test_a_name_is_one_line_of_which_something_can_be_seen(api: Api) -> None:
    named = api.post(f"{V1}/animals", {"name": " Tom\n\tthe 1st", **KIND})
    assert api.json(f"{V1}/animals/{named['id']}")["name"] == "Tom the 1st"
    for name in ("\u202e\u200b", "\u0007", "a\u001bb", "\u00ad", "\n"):
        for path, more in (("animals", KIND), ("formulas", {})):
            status, told = api.refused("POST", f"{V1}/{path}", {"name": name, **more})
            assert (status, told["field"]) == (422, "name")
    family = "\U0001f408\u200d\u2b1b \u0645\u06cc\u200c\u0634\u0648"  # joined letters are letters
    assert api.post(f"{V1}/animals", {"name": family, **KIND})["id"]


KIND = {"species": "kitten"}
