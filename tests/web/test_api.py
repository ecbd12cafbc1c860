"""The API through the app: who may read, what it gives, and how it says no."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import pytest

from monitor.messages import CryStep
from monitor.settings import Settings
from tests.web.api_calls import Api
from tests.web.cry_messages import BASE, FLAC, NOW, arrived, clip, cry, cry_id, life, raw, state
from web import journal, tokens
from web.api.access import WRONG_A_MINUTE
from web.database import Database
from web.health import BEAT
from web.records import Heartbeat, Suggestion
from web.suggesting import advise, keep


@pytest.fixture
def api(records: Database) -> Api:
    return Api(records)


READING = ["/api/v1/cries", "/api/v1/cries/x", "/api/v1/cries/x/clip", "/api/v1/boxes"]
FILLED = {"cry_id": cry_id(1), "box_id": "x", "id": "1", "code": "X"}


@pytest.mark.parametrize("path", [*READING, "/api/v1/animals"])
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer wrong"])
def test_without_a_token_nothing_is_told(api: Api, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = api.client.get(path, headers=headers)
    assert response.status_code == 401
    assert response.content_type == "application/problem+json"
    assert response.headers["WWW-Authenticate"].startswith("Bearer realm=")
    assert response.json is not None
    assert response.json["detail"]


def test_every_operation_but_the_open_ones_asks_for_a_token(api: Api) -> None:
    """Over the URL map, so that no new one escapes."""
    for rule in api.client.application.url_map.iter_rules():
        if rule.endpoint in ("static", "api.healthz", "api.openapi"):
            continue
        path = re.sub(r"<\w+:(\w+)>", lambda found: FILLED[found[1]], rule.rule)
        for method in (rule.methods or set()) - {"OPTIONS"}:
            assert api.client.open(path, method=method).status_code == 401, (method, rule)


def test_a_revoked_token_lets_in_no_more(api: Api) -> None:
    assert api.get("/api/v1/boxes").status_code == 200
    with api.database.writing() as session:
        tokens.revoke(session, "test", NOW)
    assert api.get("/api/v1/boxes").status_code == 401


def test_the_use_of_a_token_is_noted(api: Api) -> None:
    api.get("/api/v1/boxes")
    with api.database.reading() as session:
        (token,) = tokens.living(session)
        assert token.last_used_at == NOW


def test_only_the_hash_of_a_token_is_kept(api: Api) -> None:
    with api.database.reading() as session:
        (token,) = tokens.living(session)
        assert api.token not in json.dumps([token.secret_hash, token.name])
        assert len(token.secret_hash) == 64


def test_who_tries_wrong_tokens_has_to_wait(api: Api) -> None:
    for _ in range(WRONG_A_MINUTE):
        assert api.get("/api/v1/boxes", "wrong").status_code == 401
    response = api.get("/api/v1/boxes", "wrong")
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "60"


def test_a_cry_is_given_as_it_was_told(api: Api) -> None:
    acoustics = {"pitch_hz": 1240.0, "snr_db": 14.5}
    api.take(*(arrived(m) for m in life(acoustics=acoustics)), clip())
    (item,) = api.json("/api/v1/cries")["items"]
    assert item["id"] == cry_id(1)
    assert (item["box"], item["state"], item["species"], item["calls"]) == (
        "nest",
        "ended",
        "kitten",
        4,
    )
    assert (item["onset"], item["duration_s"]) == ("2026-11-22T02:14:07.310Z", 4.0)
    assert item["acoustics"]["pitch_hz"] == 1240.0
    assert item["no_clip"] is None
    sound = api.get(item["clip"])
    assert (sound.data, sound.content_type) == (FLAC, "audio/flac")


def test_one_cry_has_its_calls_suggestions_and_review(api: Api) -> None:
    api.take(arrived(cry()))
    with api.database.writing() as session:
        keep(session, advise(session, Settings(), "nest", NOW))
        entry = journal.Entry("Ada", NOW)
        suggestion = session.query(Suggestion).one()
        journal.suggestion_answered(session, entry, suggestion.id, "done")
        journal.review(session, entry, cry_id(1), "right")
    found = api.json(f"/api/v1/cries/{cry_id(1)}")
    assert found["call_times"] == [[1.0, 0.4]]
    assert found["verdict"] == "right"
    (card,) = found["suggestions"]
    assert (card["code"], card["outcome"]) == ("CHECK_SPECIES", "done")


def test_pages_of_cries_follow_each_other_without_gap_or_repeat(api: Api) -> None:
    moments = [NOW + timedelta(seconds=n // 2) for n in range(7)]  # some at the same moment
    api.take(*(arrived(cry(n, onset=onset)) for n, onset in enumerate(moments)))
    seen, path = [], "/api/v1/cries?limit=3"
    while True:
        page = api.json(path)
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        path = f"/api/v1/cries?limit=3&cursor={page['next']}"
    assert seen == [cry_id(n) for n in reversed(range(7))]


def moment(at: datetime) -> str:
    return at.isoformat().replace("+", "%2B")


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("box=nest", [3, 1]),
        ("box=nowhere", []),
        ("state=open", [1]),
        ("state=retracted", [3]),
        ("species=puppy", [2]),
        (f"since={moment(NOW + timedelta(minutes=2))}", [3, 2]),
        (f"until={moment(NOW + timedelta(minutes=2))}", [1]),
        ("box=nest&state=open&species=kitten", [1]),
    ],
)
def test_cries_can_be_chosen(api: Api, query: str, numbers: list[int]) -> None:
    api.take(
        arrived(cry(1, onset=NOW + timedelta(minutes=1))),
        arrived(cry(2, 2, CryStep.ENDED, box="other", species="puppy", onset=NOW + 2 * MINUTE)),
        arrived(cry(3, 1, CryStep.RETRACTED, onset=NOW + 3 * MINUTE)),
    )
    items = api.json(f"/api/v1/cries?{query}")["items"]
    assert [item["id"] for item in items] == [cry_id(number) for number in numbers]


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=many",
        "state=loud",
        "species=hamster",
        "since=yesterday",
        "since=2026-11-22T00:00:00",
        "cursor=x",
        "cursor=eA==",
        "box=A%20B",
    ],
)
def test_a_question_that_cannot_be_meant_is_a_problem(api: Api, query: str) -> None:
    response = api.get(f"/api/v1/cries?{query}")
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert response.json is not None
    assert response.json["detail"].startswith(query.partition("=")[0])


def test_what_is_not_there_is_a_problem(api: Api) -> None:
    for path in (f"/api/v1/cries/{cry_id(1)}", f"/api/v1/cries/{cry_id(1)}/clip"):
        response = api.get(path)
        assert (response.status_code, response.content_type) == (404, "application/problem+json")


def test_a_box_is_heard_or_not_by_the_age_of_its_newest_word(api: Api) -> None:
    online = raw(f"{BASE}/nest/availability", b"online")
    api.take(online, arrived(state(word="crying")), arrived(cry()))
    (box,) = api.json("/api/v1/boxes")["items"]
    assert (box["state"], box["open_cry"]) == ("crying", cry_id(1))
    api.now += timedelta(minutes=1)
    (box,) = api.json("/api/v1/boxes")["items"]
    assert box["state"] == "unknown"
    api.take(raw(f"{BASE}/nest/availability", b"offline"))
    (box,) = api.json("/api/v1/boxes")["items"]
    assert box["state"] == "offline"


def test_an_animal_comes_with_the_newest_of_what_is_known(api: Api) -> None:
    api.take(arrived(state()))
    entry = journal.Entry("Ada", NOW, sure=True)
    with api.database.writing() as session:
        for name, species in (("Mia", "kitten"), ("Rex", "puppy")):
            journal.add_animal(session, entry, {"name": name, "species": species})
        for amount, at in ((3, NOW - timedelta(hours=1)), (4, NOW), (9, NOW - 2 * MINUTE)):
            undo_id = journal.feed(session, entry, [1], amount, at=at).undo_id
        journal.undo(session, entry, undo_id)
        journal.weigh(session, entry, 1, 210)
        journal.put_together(session, entry, 1, 2, "nest")
    mia, rex = api.json("/api/v1/animals")["items"]
    assert (mia["last_feed_ml"], mia["weight_g"], mia["box"]) == (4.0, 210.0, "nest")
    assert (mia["together_with"], rex["together_with"]) == ([2], [1])
    assert rex["last_fed_at"] is None
    assert api.json("/api/v1/boxes")["items"][0]["animals"] == [1, 2]


def test_the_description_is_open_and_names_every_operation(api: Api) -> None:
    response = api.client.get("/api/v1/openapi.json")
    assert response.status_code == 200
    described = response.json
    assert described is not None
    assert described["openapi"].startswith("3.")
    rules = {
        re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule)
        for rule in api.client.application.url_map.iter_rules()
    }
    assert set(described["paths"]) == rules - {"/api/v1/openapi.json", "/static/{filename}"}
    assert described["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_the_description_holds_together(api: Api) -> None:
    """Every reference leads somewhere, every operation has a name and a summary of its own."""
    described = api.json("/api/v1/openapi.json")
    schemas = described["components"]["schemas"]
    told = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(described))
    assert set(told) <= set(schemas)
    operations = [one for item in described["paths"].values() for one in item.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names))
    assert all(one["summary"] for one in operations)
    feeds = described["paths"]["/api/v1/feeds"]["post"]
    assert {one["name"] for one in feeds["parameters"]} == {"sure", "Idempotency-Key"}
    photo = described["paths"]["/api/v1/animals/{id}/photo"]["put"]
    assert "image/jpeg" in photo["requestBody"]["content"]


def health(api: Api) -> tuple[int, dict[str, str]]:
    response = api.client.get("/healthz")
    assert response.json is not None
    checks = {check["name"]: check["status"] for check in response.json["checks"]}
    return response.status_code, {"all": response.json["status"], **checks}


def beat(api: Api, *, connected: bool = True) -> None:
    with api.database.writing() as session:
        session.merge(Heartbeat(name="ingest main", at=api.now, details={"connected": connected}))


def test_health_is_unknown_before_anything_is_known(api: Api) -> None:
    code, checks = health(api)
    assert (code, checks) == (200, {"all": "unknown", "records": "ok", "ingest": "unknown"})


def test_health_follows_the_age_of_what_it_is_judged_by(api: Api) -> None:
    api.take(arrived(state()))
    beat(api)
    assert health(api) == (
        200,
        {"all": "ok", "records": "ok", "ingest": "ok", "box nest": "ok"},
    )
    api.now += 4 * BEAT
    assert health(api)[1]["ingest"] == "warning"
    api.now += 12 * BEAT
    code, checks = health(api)
    assert (code, checks["ingest"], checks["box nest"]) == (503, "failed", "failed")


def test_health_fails_without_a_broker_or_with_a_deaf_box(api: Api) -> None:
    beat(api, connected=False)
    assert health(api)[0] == 503
    beat(api)
    api.take(arrived(state(word="deaf", reason="unplugged", detail="plug it in")))
    code, checks = health(api)
    assert (code, checks["box nest"]) == (503, "failed")
    api.take(arrived(state(word="muted")))
    assert health(api)[1]["box nest"] == "warning"


def test_health_of_records_that_cannot_be_read_is_a_503_and_tells_no_secret(api: Api) -> None:
    with api.database.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE heartbeat")
    response = api.client.get("/healthz")
    assert response.status_code == 503
    assert "records.db" not in response.text
    assert response.json is not None
    assert response.json["checks"][0]["name"] == "records"


def test_records_that_cannot_be_read_are_a_problem_not_a_crash(api: Api) -> None:
    with api.database.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE suggestion")
        session.connection().exec_driver_sql("DROP TABLE call")
        session.connection().exec_driver_sql("DROP TABLE review")
    response = api.get("/api/v1/cries")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
