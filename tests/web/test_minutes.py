"""The minutes in the records: written once, put right, read in order, forgotten in time."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from monitor.settings import Settings
from tests.web.api_calls import Api
from tests.web.cry_messages import NOW, arrived, minute
from web import minutes, retention
from web.database import Database
from web.mqtt import Arrived
from web.records import Minute, QuarantinedMessage
from web.take import take

MINUTE = timedelta(minutes=1)


def given_to(database: Database, *messages: Arrived) -> list[str | None]:
    with database.writing() as session:
        return take(session, list(messages), Settings(), NOW + timedelta(hours=1))


def rows(database: Database) -> list[tuple[int, object]]:
    with database.reading() as session:
        found = session.execute(select(Minute.number, Minute.at).order_by(Minute.at))
        return [(number, at) for number, at in found]


def test_a_minute_is_written_once_however_often_it_comes(database: Database) -> None:
    first = arrived(minute(1))
    given_to(database, first, arrived(minute(2)), first)
    given_to(database, arrived(minute(2)), first)
    assert rows(database) == [(1, NOW), (2, NOW + MINUTE)]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.randoms(use_true_random=False))
def test_minutes_whose_clock_was_set_later_win_in_any_order(
    records: Database, order: random.Random
) -> None:
    with records.writing() as session:
        session.execute(delete(Minute))
    long_ago = NOW - timedelta(days=300)
    said = [minute(n, clock="unsynchronised", at=long_ago + n * MINUTE) for n in (1, 2)]
    said += [minute(n) for n in (1, 2)]
    said = order.sample(said * 2, 8)
    for message in said:
        assert given_to(records, arrived(message)) == [None]
    assert rows(records) == [(1, NOW), (2, NOW + MINUTE)]


def test_two_runs_of_a_listener_do_not_hide_one_another(records: Database) -> None:
    given_to(records, arrived(minute(1)), arrived(minute(1, run="f" * 16)))
    assert len(rows(records)) == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("at", NOW + timedelta(days=3)), ("at", NOW - timedelta(days=9000)), ("box", "den")],
)
def test_minutes_that_cannot_be_are_put_aside(records: Database, field: str, value: Any) -> None:
    wrong = Arrived("nursery/nest/minute", minute(1, **{field: value}).payload())
    (reason,) = given_to(records, wrong)
    assert reason is not None
    with records.reading() as session:
        assert session.scalar(select(func.count(QuarantinedMessage.id))) == 1
        assert session.scalar(select(func.count()).select_from(Minute)) == 0


def test_those_that_reach_into_a_time_are_read_in_order(database: Database) -> None:
    given_to(database, *(arrived(minute(n)) for n in (3, 1, 2)), arrived(minute(2, box="den")))
    with database.reading() as session:
        found = minutes.between(session, ["nest", "lair"], NOW + 0.5 * MINUTE, NOW + 2 * MINUTE)
    assert list(found) == ["nest"]
    assert [one.at for one in found["nest"]] == [NOW, NOW + MINUTE]
    assert found["nest"][0].near_calls == 0


def test_minutes_are_forgotten_in_time_a_bounded_number_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_to(database, *(arrived(minute(n)) for n in range(1, 8)))
    monkeypatch.setattr(minutes, "FORGOTTEN_A_RUN", 3)
    late = NOW + minutes.KEPT + 4.5 * MINUTE
    clips = Settings().clips
    left = []
    for _ in range(3):
        with database.writing() as session:
            retention.run(session, clips, late)
        left.append(len(rows(database)))
    assert left == [4, 2, 2]


def test_programs_read_the_minutes_a_page_at_a_time(api: Api) -> None:
    api.take(*(arrived(minute(n, near_calls=n)) for n in range(1, 8)))
    seen, path = [], "/api/v1/boxes/nest/minutes?limit=3"
    page = api.json(path)
    seen += page["items"]
    while page["next"]:
        page = api.json(f"{path}&cursor={page['next']}")
        seen += page["items"]
    assert [one["near_calls"] for one in seen] == list(range(1, 8))
    assert seen[0]["at"] == "2026-11-22T02:14:07.310Z"
    some = api.json("/api/v1/boxes/nest/minutes?since=2026-11-22T02:16:00Z&until=2026-11-22T02:18Z")
    assert [one["near_calls"] for one in some["items"]] == [3, 4]
    assert api.get("/api/v1/boxes/den/minutes").status_code == 404
    assert api.get("/api/v1/boxes/nest/minutes?limit=0").status_code == 422


@pytest.fixture
def api(records: Database) -> Api:
    return Api(records)
