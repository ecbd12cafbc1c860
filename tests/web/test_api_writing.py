"""Writing by the API: every record, checked as on the pages, once for each key, or not at all."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from monitor.messages import Answer, Topics, utc_text
from tests.web.api_calls import Api
from tests.web.cry_messages import NOW, arrived, cry, cry_id, minute, raw, state
from tests.web.dashboard import dashboard
from tests.web.pictures import of_a_phone, picture
from web import carers, journal, learning, tokens
from web.database import Database, open_database
from web.records import Audit

V1 = "/api/v1"


@pytest.fixture
def api(records: Database) -> Api:
    return nursery(records)


def nursery(records: Database) -> Api:
    """A box that cries, with a kitten of a week in it."""
    api = Api(records, tokens.WRITE)
    api.take(arrived(state()), arrived(cry()))
    born = (NOW - timedelta(days=7)).date().isoformat()
    facts = {"name": "Miso", "species": "kitten", "litter": "a", "born_on": born, "box_id": "nest"}
    api.post(f"{V1}/animals", facts)
    return api


def ago(**much: float) -> str:
    return (NOW - timedelta(**much)).isoformat()


def test_a_token_that_only_reads_writes_nothing(records: Database) -> None:
    api = Api(records)
    for rule in api.client.application.url_map.iter_rules():
        for method in (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            path = re.sub(r"<\w+:(\w+)>", "1", rule.rule)
            status, told = api.refused(method, path, {})
            assert (status, "--write" in told["detail"]) == (403, True), (method, rule)
    assert api.get(f"{V1}/feeds").status_code == 200


def test_what_is_written_can_be_read_and_tells_who_wrote_it(api: Api) -> None:
    milk = api.post(f"{V1}/formulas", {"name": "Kitten milk", "kcal_ml": 0.9})["id"]
    api.post(f"{V1}/animals/1", {"formula_id": milk, "runt": True}, "PATCH")
    api.post(f"{V1}/weights", {"grams": {"1": 180}})
    api.post(f"{V1}/feeds", {"animal_ids": [1], "amount_ml": 6, "route": "bottle"})
    api.post(f"{V1}/checks", {"animal_ids": [1], "values": {"toilet": "both", "stool_score": 3}})
    api.post(f"{V1}/checks", {"animal_ids": [1], "signs": ["limp"]})
    api.post(f"{V1}/notes", {"text": "sleeps on its back", "animal_id": 1})
    in_a_week = (NOW + timedelta(days=7)).date().isoformat()
    told = {"animal_ids": [1], "kind": "deworming", "due_at": in_a_week, "every_days": 14}
    reminder = api.post(f"{V1}/reminders", told)["id"]
    assert len(api.post(f"{V1}/reminders/{reminder}/done", {})["ids"]) == 2
    api.post(f"{V1}/boxes/nest", {"temp_c": 30, "spread": False}, "PATCH")

    (feed,) = api.json(f"{V1}/feeds?animal=1")["items"]
    assert api.json(f"{V1}/feeds/{feed['id']}") == feed
    assert (feed["amount_ml"], feed["formula_id"], feed["by"]) == (6.0, milk, "test (API)")
    assert api.json(f"{V1}/weights")["items"][0]["grams"] == 180
    toilet = api.json(f"{V1}/checks?fact=toilet")["items"]
    assert [check["value"] for check in toilet] == ["both"]
    limp = api.json(f"{V1}/checks?fact=limp")["items"]
    assert [check["value"] for check in limp] == [True]
    assert api.json(f"{V1}/notes?animal=1")["items"][0]["text"] == "sleeps on its back"
    assert [one["done_by"] for one in api.json(f"{V1}/reminders?open=true")["items"]] == [None]
    animal = api.json(f"{V1}/animals/1")
    assert (animal["runt"], animal["box"], animal["last_feed_ml"]) == (True, "nest", 6.0)
    (box,) = api.json(f"{V1}/boxes")["items"]
    assert (box["temp_c"], box["spread"]) == (30.0, False)
    assert api.json(f"{V1}/formulas")["items"][0]["kcal_ml"] == 0.9


def test_a_bottle_is_weighed_and_its_rest_added_to_the_same_feed(api: Api) -> None:
    fed = api.post(f"{V1}/feeds/by-weight", {"animal_id": 1, "before_g": 180, "after_g": 183})
    api.post(f"{V1}/feeds/{fed['id']}/rest", {"amount_ml": 2, "how": "full"})
    (feed,) = api.json(f"{V1}/feeds")["items"]
    assert feed["amount_ml"] == 5.0
    api.post(f"{V1}/feeds", {"amounts_ml": {"1": 4}, "at": ago(hours=3)})
    assert len(api.json(f"{V1}/feeds")["items"]) == 2


def test_what_cannot_be_names_its_field_and_writes_nothing(api: Api) -> None:
    wrong = [
        ("weights", {"grams": {"1": -3}}, "grams"),
        ("feeds", {"animal_ids": [1], "at": ago(hours=-3)}, "at"),
        ("feeds", {"animal_ids": [1], "amount_ml": True}, "amount_ml"),
        ("feeds", {"animal_ids": [9]}, "animal_ids"),
        ("feeds", {"animal_ids": [1], "amount": 3}, "amount"),
        ("feeds", {}, "animal_ids"),
        ("animals", {"name": "Rex"}, "species"),
        ("animals", {"name": "Rex", "species": "puppy", "box_id": "none"}, "box_id"),
        ("notes", {"text": "x", "animal_id": 1, "box_id": "nest"}, "animal_id"),
        ("reminders", {"animal_ids": [1], "kind": "medicine", "due_at": "soon"}, "due_at"),
        ("formulas", {"name": "Water", "kcal_ml": 0}, "kcal_ml"),
        ("companionships", {"animal_id": 1, "partner_id": 1}, "partner_id"),
        ("checks", {"animal_ids": [1], "values": {"mood": "good"}}, "values"),
        ("boxes/nest/answers", {"key": "1.mood", "value": 1}, "key"),
        ("boxes/nest/suggestions/SING", {"outcome": "done"}, "code"),
    ]
    before = len(api.json(f"{V1}/entries")["items"])
    for path, body, field in wrong:
        status, told = api.refused("POST", f"{V1}/{path}", body)
        assert (status, told.get("field")) == (422, field), told
        assert told["detail"]
    assert len(api.json(f"{V1}/entries")["items"]) == before


def test_what_is_not_there_is_a_404(api: Api) -> None:
    for method, path, body in [
        ("PATCH", "feeds/9", {"amount_ml": 3}),
        ("DELETE", "weights/9", None),
        ("POST", "animals/9/move", {"box_id": None}),
        ("PATCH", f"cries/{cry_id(9)}", {"stopped_by": "fed"}),
        ("PATCH", "boxes/attic", {"temp_c": 30}),
        ("GET", "feeds/9", None),
        ("GET", "feeds/9/history", None),
        ("GET", "animals/9/growth", None),
        ("GET", "animals/1/photo", None),
        ("GET", "boxes/attic/scenario", None),
    ]:
        assert api.refused(method, f"{V1}/{path}", body)[0] == 404, path


def test_a_doubt_is_a_409_and_whoever_is_sure_writes_it(api: Api) -> None:
    api.post(f"{V1}/weights", {"grams": {"1": 100}})
    much = {"animal_ids": [1], "amount_ml": 6}
    status, told = api.refused("POST", f"{V1}/feeds", much)
    assert (status, told["doubt"], told["field"]) == (409, True, "amount_ml")
    assert api.json(f"{V1}/feeds")["items"] == []
    first = api.post(f"{V1}/feeds?sure=true", much)
    entry = api.json(f"{V1}/entries")["items"][0]
    assert "stomach" in entry["details"]["sure_of"][0]
    status, told = api.refused("POST", f"{V1}/feeds", {"animal_ids": [1], "amount_ml": 1})
    assert (status, told["same"]) == (409, first["id"])


def test_a_request_with_a_key_is_carried_out_once(api: Api) -> None:
    fed = {"animal_ids": [1], "amount_ml": 3}
    answers = [api.send("POST", f"{V1}/feeds", fed, key="k-1") for _ in range(3)]
    assert {(a.status_code, a.text) for a in answers} == {(201, answers[0].text)}
    assert [a.headers.get("Idempotency-Replayed") for a in answers] == [None, "true", "true"]
    assert len(api.json(f"{V1}/feeds")["items"]) == 1
    other = api.send("POST", f"{V1}/feeds", {**fed, "amount_ml": 4}, key="k-1")
    assert (other.status_code, "something else" in other.text) == (422, True)


def test_a_key_that_was_refused_may_be_used_again_and_each_token_has_its_own(api: Api) -> None:
    fed = {"animal_ids": [1], "amount_ml": 3, "at": ago(hours=5)}
    assert api.send("POST", f"{V1}/feeds", {"animal_ids": [9]}, key="k").status_code == 422
    assert api.send("POST", f"{V1}/feeds", fed, key="k").status_code == 201
    with api.database.writing() as session:
        api.token = tokens.add(session, "other", NOW, scope=tokens.WRITE)
    assert api.send("POST", f"{V1}/feeds?sure=true", fed, key="k").status_code == 201
    assert len(api.json(f"{V1}/feeds")["items"]) == 2


def test_a_correction_keeps_the_old_value_and_can_be_taken_back(api: Api) -> None:
    feed = api.post(f"{V1}/feeds", {"animal_ids": [1], "amount_ml": 3})["id"]
    fixed = api.post(f"{V1}/feeds/{feed}", {"amount_ml": 4}, "PATCH")
    (change,) = api.json(f"{V1}/feeds/{feed}/history")["items"]
    assert (change["before"], change["after"]) == ({"amount_ml": 3.0}, {"amount_ml": 4.0})
    api.post(f"{V1}/undo", {"undo_id": fixed["undo_id"]})
    assert api.json(f"{V1}/feeds")["items"][0]["amount_ml"] == 3.0
    status, told = api.refused("POST", f"{V1}/undo", {"undo_id": fixed["undo_id"]})
    assert (status, told["field"]) == (422, "undo_id")


def test_what_is_struck_out_is_shown_only_to_whoever_asks_and_comes_back(api: Api) -> None:
    feed = api.post(f"{V1}/feeds", {"animal_ids": [1], "amount_ml": 3})["id"]
    struck = api.post(f"{V1}/feeds/{feed}", None, "DELETE")
    assert api.json(f"{V1}/feeds")["items"] == []
    assert len(api.json(f"{V1}/feeds?undone=true")["items"]) == 1
    api.post(f"{V1}/undo", {"undo_id": struck["undo_id"]})
    assert len(api.json(f"{V1}/feeds")["items"]) == 1


def test_company_begins_is_judged_and_ends(api: Api) -> None:
    tom = api.post(f"{V1}/animals", {"name": "Tom", "species": "kitten", "litter": "a"})["id"]
    pair = api.post(f"{V1}/companionships", {"animal_id": 1, "partner_id": tom})["id"]
    (going_on,) = api.json(f"{V1}/companionships?animal={tom}&open=true")["items"]
    assert (going_on["kind"], going_on["watch_until"] is None) == ("litter", False)
    api.post(f"{V1}/companionships/{pair}/outcome", {"outcome": "passed"})
    api.now += timedelta(hours=1)
    api.post(f"{V1}/companionships/{pair}/part", {"why": "feeding"})
    assert api.json(f"{V1}/companionships?open=true")["items"] == []
    stays = api.json(f"{V1}/stays?animal={tom}")["items"]
    assert [stay["ended_at"] is None for stay in stays] == [False]


def test_a_coordinators_word_is_not_given_by_a_program(api: Api) -> None:
    with api.database.writing() as session:
        carers.add(session, "Ana", "three warm blankets", NOW)
    status, told = api.refused("POST", f"{V1}/animals/1/cross-approval", {"ok": True})
    assert (status, told["field"], "Ana" in told["detail"]) == (422, "ok", True)
    api.post(f"{V1}/animals/1/cross-approval", {"ok": False})
    assert api.json(f"{V1}/animals/1")["cross_ok"] is False


def test_nobody_passes_by_the_coordinator_by_calling_an_animal_a_demo(api: Api) -> None:
    with api.database.writing() as session:
        carers.add(session, "Ana", "three warm blankets", NOW)
    assert api.refused("PATCH", f"{V1}/animals/1", {"demo": True})[1]["field"] == "demo"
    api.post(f"{V1}/animals/1", {"demo": False, "runt": True}, "PATCH")
    assert api.refused("POST", f"{V1}/animals/1/cross-approval", {"ok": True})[0] == 422


def test_a_correction_without_a_time_does_not_move_a_feed_to_now(api: Api) -> None:
    feed = api.post(f"{V1}/feeds", {"animal_ids": [1], "at": ago(hours=4)})["id"]
    told = api.refused("PATCH", f"{V1}/feeds/{feed}", {"at": None, "amount_ml": 4})
    assert told[1]["detail"] == "at: is needed"
    assert api.json(f"{V1}/feeds/{feed}")["at"] == utc_text(NOW - timedelta(hours=4))


def test_whoever_has_left_care_is_not_brought_to_its_mother(api: Api) -> None:
    api.post(f"{V1}/animals/1", {"status": "died"}, "PATCH")
    status, told = api.refused("POST", f"{V1}/animals/1/to-mother")
    assert (status, told["field"], "not in your care" in told["detail"]) == (422, "id", True)


def test_a_cry_gets_its_word_and_the_box_its_suggestions(api: Api) -> None:
    suggested = api.json(f"{V1}/boxes/nest/suggestions")
    assert (suggested["cry_id"], suggested["names"]) == (cry_id(1), {"1": "Miso"})
    scenario = api.json(f"{V1}/boxes/nest/scenario")
    assert scenario["animals"][0]["min_since_fed"] is None
    api.post(f"{V1}/boxes/nest/answers", {"key": "1.fed", "value": 30})
    assert api.json(f"{V1}/boxes/nest/scenario")["animals"][0]["min_since_fed"] == 30
    code = suggested["suggestions"][0]["code"]
    done = {"outcome": "dismissed", "why": "wrong"}
    row = api.post(f"{V1}/boxes/nest/suggestions/{code}", done)["id"]
    (shown,) = api.json(f"{V1}/suggestions?box=nest&cry={cry_id(1)}")["items"]
    assert (shown["id"], shown["why"], shown["by"]) == (row, "wrong", "test (API)")
    api.post(f"{V1}/suggestions/{row}", {"outcome": None}, "PATCH")

    api.post(f"{V1}/cries/{cry_id(1)}", {"stopped_by": "company"}, "PATCH")
    api.post(f"{V1}/cries/{cry_id(1)}", {"source_id": 1}, "PATCH")
    api.post(f"{V1}/cries/{cry_id(1)}", {"unusual": True}, "PATCH")
    api.post(f"{V1}/cries/{cry_id(1)}/reviews", {"verdict": "right", "species": "kitten"})
    detail = api.json(f"{V1}/cries/{cry_id(1)}")
    assert (detail["stopped_by"], detail["source"], detail["told_unusual"]) == ("company", 1, True)
    assert (detail["verdict"], detail["suggestions"][0]["id"]) == ("right", row)
    assert [one["by"] for one in detail["reviews"]] == ["test (API)"]
    assert len(api.json(f"{V1}/cries?source=1")["items"]) == 1
    assert api.json(f"{V1}/cries?source=2")["items"] == []


def test_a_sensitivity_is_asked_for_as_on_the_page_and_answered_by_the_listener(api: Api) -> None:
    path = f"{V1}/boxes/nest/sensitivity"
    assert api.json(path) == {"box_id": "nest", "sensitivity": None, "asked": None}
    api.take(arrived(minute(at=NOW - timedelta(minutes=1))))
    assert api.json(path)["sensitivity"] == "normal"
    api.post(path, {"sensitivity": "high"}, "PUT")
    told = api.json(path)
    assert (told["sensitivity"], told["asked"]["by"]) == ("high", "test (API)")
    with api.database.reading() as session:
        (wish,) = learning.unanswered(session, NOW)
    no = Answer(id=f"wish-{wish.id}", ok=False, message="not now")
    api.take(raw(Topics("nursery", "nest").answer("sensitivity"), no.payload()))
    told = api.json(path)
    assert (told["sensitivity"], told["asked"]["answer"]) == ("normal", "not now")
    assert api.json(f"{V1}/entries")["items"][0]["action"] == "sensitivity high"
    assert api.refused("PUT", path, {"sensitivity": "loud"})[1]["field"] == "sensitivity"
    assert api.refused("PUT", path.replace("nest", "attic"), {"sensitivity": "low"})[0] == 404


def test_whoever_a_by_names_can_be_looked_up_without_their_secrets(api: Api) -> None:
    with api.database.writing() as session:
        carers.add(session, "Ana", "three warm blankets", NOW)
        carers.add(session, "Ben", "three cold blankets", NOW)
    told = api.get(f"{V1}/carers").text
    assert json.loads(told) == {
        "items": [{"name": "Ana", "coordinator": True}, {"name": "Ben", "coordinator": False}]
    }


def test_the_plan_and_the_growth_are_those_of_the_records(api: Api) -> None:
    api.post(f"{V1}/weights", {"grams": {"1": 185}, "at": ago(hours=24)})
    api.post(f"{V1}/weights", {"grams": {"1": 180}, "at": ago(hours=0)})
    api.post(f"{V1}/feeds", {"animal_ids": [1], "amount_ml": 6, "at": ago(hours=9)})
    (planned,) = api.json(f"{V1}/plan")["items"]
    assert (planned["animal_id"], planned["state"]) == (1, "overdue")
    assert 0 < planned["volume_ml"] <= planned["cap_ml"] == 7.0
    growth = api.json(f"{V1}/animals/1/growth")
    assert (growth["red"], growth["gain_g"], len(growth["weighings"])) == (True, -5.0, 2)
    (care,) = api.json(f"{V1}/care")["items"]
    assert (care["animal"], care["overdue"], care["next_due"]) == ("1", True, planned["due_at"])
    night = api.json(f"{V1}/plan/night")
    assert night["rounds"][0]["feeds"][0]["animal_id"] == 1


def test_a_photo_is_kept_without_where_it_was_taken(api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    path = f"{V1}/animals/1/photo"
    jpeg = of_a_phone()
    for body, status in ((b"GIF89a", 422), (jpeg + bytes(300_000), 413), (jpeg, 200)):
        answer = api.client.put(path, data=body, headers=headers, content_type="image/jpeg")
        assert answer.status_code == status, answer.text
    assert api.json(f"{V1}/animals/1")["photo"] == path
    shown = api.get(path)
    assert (shown.data[:3], shown.content_type) == (b"\xff\xd8\xff", "image/jpeg")
    assert b"PhoneMaker" in jpeg
    assert b"PhoneMaker" not in shown.data
    api.post(path, None, "DELETE")
    assert api.get(path).status_code == 404


LISTS = ("feeds", "weights", "checks", "notes", "reminders", "entries", "stays", "companionships")


def test_pages_of_every_list_join_without_a_gap(api: Api) -> None:
    api.post(f"{V1}/animals", {"name": "Tom", "species": "kitten", "litter": "a"})
    for hour in range(3):
        at = ago(hours=3 * hour)  # two at the same moment, each time
        api.post(f"{V1}/feeds", {"animal_ids": [1, 2], "at": at})
        api.post(f"{V1}/weights", {"grams": {"1": 180, "2": 170}, "at": at})
        api.post(f"{V1}/checks", {"animal_ids": [1, 2], "values": {"toilet": True}, "at": at})
        api.post(f"{V1}/notes", {"text": str(hour), "animal_id": 1, "at": at})
        api.post(f"{V1}/reminders", {"animal_ids": [1], "kind": "vet", "due_at": ago(days=-hour)})
        pair = api.post(f"{V1}/companionships", {"animal_id": 1, "partner_id": 2})["id"]
        api.post(f"{V1}/companionships/{pair}/part", {})
    for path in (*LISTS, "animals", "cries", "suggestions"):
        whole = [one["id"] for one in api.json(f"{V1}/{path}?limit=500")["items"]]
        joined, following = [], ""
        for _ in range(40):
            page = api.json(f"{V1}/{path}?limit=2{following}")
            joined += [one["id"] for one in page["items"]]
            if page["next"] is None:
                break
            following = f"&cursor={page['next']}"
        assert joined == whole, path
        assert len(whole) == len(set(whole))


@pytest.mark.parametrize(
    "query",
    [
        "feeds?limit=0",
        "feeds?anmial=1",
        "feeds?animal=99999999999",
        "feeds?since=0001-01-01T00:00:00%2B05:00",
        "feeds?cursor=x",
        "animals?cursor=1a",
        "weights?since=2026-11-22T00:00:00",
        "suggestions?cry=1",
        "checks?fact=DROP",
        "notes?box=A%20B",
    ],
)
def test_a_list_that_cannot_be_meant_is_a_problem(api: Api, query: str) -> None:
    assert api.refused("GET", f"{V1}/{query}")[0] == 422


class Operations:
    """All that the description offers to be written."""

    def __init__(self, api: Api) -> None:
        self.api = api
        described: Any = api.client.get(f"{V1}/openapi.json").json
        self.schemas = described["components"]["schemas"]
        told = [
            (method.upper(), self._filled(path), self._schema(operation))
            for path, item in described["paths"].items()
            for method, operation in item.items()
            if method != "get"
        ]
        self.reading = [
            (self._filled(path), [one["name"] for one in parameters if one["in"] == "query"])
            for path, item in described["paths"].items()
            for parameters in [item.get("get", {}).get("parameters", [])]
            if "get" in item and path != "/healthz"
        ]
        self.bodies = [(method, path, schema) for method, path, schema in told if schema]
        self.writing = [
            (method, path, sorted(schema["properties"]) if schema else ["x"])
            for method, path, schema in told
        ]

    def entries(self) -> Any:
        """What was entered last."""
        return self.api.json(f"{V1}/entries?limit=1")

    @staticmethod
    def _filled(path: str) -> str:
        path = path.replace("{cry_id}", cry_id(1)).replace("{box_id}", "nest")
        return re.sub(r"{\w+}", "1", path)

    def _schema(self, operation: Any) -> Any:
        """Of its body, if that is JSON."""
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            return None
        return self.schemas[content["application/json"]["schema"]["$ref"].rpartition("/")[2]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def operations(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Operations]:
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("operations") / "records.db"
        path.write_bytes(request.getfixturevalue("blank_sqlite").read_bytes())
        url = f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgresql")
        url = server.new_database(like=request.getfixturevalue("blank_postgresql"))
    database = open_database(url)
    yield Operations(nursery(database))
    database.close()


WORDS = (
    None,
    "",
    "x",
    "\ud800",
    "\x00",
    "a" * 5000,
    "nest",
    "full",
    "kitten",
    "1",
    NOW.isoformat(),
    "0001-01-01T00:00:00+05:00",
    "9999-12-31T23:59:59-05:00",
    "2026-11-22",
)
NUMBERS = (0, 1, -1, 2**31, 2**63, 10**400, 1.5, float("nan"), float("inf"), True)
LEAVES = st.sampled_from(WORDS) | st.sampled_from(NUMBERS)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("1", "2", "x")), inner, max_size=3)
    ),
    max_leaves=4,
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_body_makes_it_fall_over(operations: Operations, data: st.DataObject) -> None:
    """Each operation, with bodies made of its own field names: written, or refused in words."""
    method, path, fields = data.draw(st.sampled_from(operations.writing))
    body = data.draw(st.dictionaries(st.sampled_from(fields), ANYTHING, max_size=6))
    sure = data.draw(st.sampled_from(("", "?sure=true")))
    before = operations.entries()
    answer = operations.api.client.open(
        path + sure,
        method=method,
        data=json.dumps(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {operations.api.token}"},
    )
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert_problem(answer)
        assert operations.entries() == before


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_question_makes_it_fall_over(operations: Operations, data: st.DataObject) -> None:
    """Each list, asked with its own parameters and others: answered, or refused in words."""
    path, names = data.draw(st.sampled_from(operations.reading))
    number = data.draw(st.sampled_from(("1", "0", "9", "9" * 30, "%D9%A1")))
    asked = st.dictionaries(st.sampled_from([*names, "x"]), LEAVES | CURSORS, max_size=3)
    query = urlencode(data.draw(asked), errors="surrogatepass")
    answer = operations.api.get(f"{path.replace('/1', f'/{number}')}?{query}")
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert_problem(answer)


CURSORS = st.builds(
    lambda moment, name: base64.urlsafe_b64encode(f"{moment} {name}".encode()).decode(),
    st.sampled_from(("0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", NOW.isoformat())),
    st.sampled_from(("", "1", "x", "9" * 30, "\x00", "a:9", "\u0661")),
)


def assert_problem(answer: TestResponse) -> None:
    """It says in words what is wrong."""
    assert answer.content_type == "application/problem+json"
    assert answer.json is not None
    assert answer.json["detail"]


@pytest.mark.parametrize("body", ["", "[]", "{", '"x"', "[" * 60_000, "null", "\ufeff{}"])
def test_a_body_that_is_no_object_is_refused(api: Api, body: str) -> None:
    headers = {"Authorization": f"Bearer {api.token}"}
    for kind in ("application/json", "text/plain"):
        answer = api.client.post(f"{V1}/notes", data=body, content_type=kind, headers=headers)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


@pytest.mark.parametrize("key", ["", " ", "a" * 81, "\u00e9"])
def test_a_key_that_cannot_be_kept_is_refused(api: Api, key: str) -> None:
    answer = api.send("POST", f"{V1}/feeds", {"animal_ids": [1]}, key=key)
    assert answer.status_code == 422


def test_every_write_is_in_the_audit_under_the_tokens_name(api: Api) -> None:
    api.post(f"{V1}/feeds", {"animal_ids": [1]})
    with api.database.reading() as session:
        newest = session.get_one(Audit, api.json(f"{V1}/entries")["items"][0]["id"])
        assert (newest.by, newest.action) == ("test (API)", "fed")


def test_the_dashboard_takes_a_whole_photo_but_no_other_body_of_that_size(tmp_path: Path) -> None:
    """In the whole app, whose forms are small."""
    with dashboard(tmp_path) as shown:
        kitten = shown.write(journal.add_animal, {"name": "Miso", "species": "kitten"})
        with shown.database.writing() as session:
            secret = tokens.add(session, "camera", shown.at, scope=tokens.WRITE)
        headers = {"Authorization": f"Bearer {secret}"}
        client = shown.app.test_client()
        photo = f"{V1}/animals/{kitten}/photo"
        assert (
            client.put(photo, data=picture() + bytes(250_000), headers=headers).status_code == 200
        )
        told = {"text": "x" * 250_000, "animal_id": kitten}
        answer = client.post(f"{V1}/notes", json=told, headers=headers)
        assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
        assert "send less at once" in answer.text
