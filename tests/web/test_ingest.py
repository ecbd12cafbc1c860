"""Ingest as a real process between a real broker and real records: nothing lost, nothing double."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from monitor.messages import AnimalTopics, CryStep, Topics
from tests.mosquitto import Mosquitto, Watcher
from tests.postgresql import PostgreSQL
from tests.web.conftest import records_url
from tests.web.cry_messages import BASE, FLAC, cry, cry_id, level, life, minute, state
from tests.web.ingest_process import IngestProcess, wait_until
from web.database import Database, open_database
from web.journal import Entry, add_animal, edit_animal, weigh
from web.mqtt import PACKET_BYTES, Connection
from web.records import (
    Base,
    BoxStatus,
    Call,
    Clip,
    Cry,
    CryMessageLog,
    Feed,
    Heartbeat,
    Minute,
    QuarantinedMessage,
    Suggestion,
)

NEST = Topics(BASE, "nest")
# A backlog of a night must fit; and not be written to disk anew at each message of a flood.
ROOMY = "max_queued_messages 100000\nmax_queued_bytes 268435456\nautosave_interval 1000\n"


on_both = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """Records on SQLite, or on the database of the mark `on_both`."""
    return records_url(request)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker with room for a flood."""
    with Mosquitto(tmp_path / "broker", extra=ROOMY) as running:
        yield running


@pytest.fixture
def ingest(tmp_path: Path, broker: Mosquitto, database_url: str) -> Iterator[IngestProcess]:
    """A running ingest."""
    with IngestProcess(tmp_path / "state", broker, database_url) as process:
        yield process


@pytest.fixture
def everybody(broker: Mosquitto) -> Iterator[Watcher]:
    """A client that may do all, and hears the suggestions."""
    with Watcher(broker.broker("all"), NEST.suggestion) as watcher:
        yield watcher


def count(database: Database, table: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def has(database: Database, number: int, cry_state: str) -> Callable[[], bool]:
    def look() -> bool:
        with database.reading() as session:
            found = session.get(Cry, cry_id(number))
            return found is not None and found.state == cry_state

    return look


def suggested(everybody: Watcher, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next published suggestions that are as wanted."""
    heard = everybody.wait(
        lambda m: m.topic == NEST.suggestion and wanted(json.loads(m.payload)), timeout_s=30
    )
    found: dict[str, Any] = json.loads(heard.payload)
    return found


@on_both
def test_a_cry_becomes_a_row_and_suggestions_that_go_when_it_ends(
    ingest: IngestProcess, everybody: Watcher, database: Database
) -> None:
    first = suggested(everybody, lambda said: True)
    assert (first["cry"], first["suggestions"]) == (None, [])  # retained, before any cry
    began = datetime.now(UTC)
    everybody.publish(NEST.cry, cry(onset=began).payload())
    said = suggested(everybody, lambda said: said["cry"] == cry_id(1))
    assert [card["code"] for card in said["suggestions"]] == ["CHECK_SPECIES"]  # an empty box
    assert said["suggestions"][0]["title"]
    with database.reading() as session:
        kept = session.scalars(select(Suggestion)).all()
        assert [row.code for row in kept] == ["CHECK_SPECIES"]
    everybody.publish(NEST.cry, cry(1, 2, CryStep.ENDED, onset=began).payload())
    suggested(everybody, lambda said: said["cry"] is None and said["suggestions"] == [])
    assert has(database, 1, "ended")()


def test_what_a_carer_writes_changes_the_suggestions(
    ingest: IngestProcess, everybody: Watcher, database: Database
) -> None:
    suggested(everybody, lambda said: True)
    now = datetime.now(UTC)
    with database.writing() as session:
        animal = add_animal(
            session, Entry("Ada", now), {"name": "Mia", "species": "kitten"}, "nest"
        ).id
    everybody.publish(NEST.cry, cry(onset=now).payload())
    before = suggested(everybody, lambda said: said["who"] == [str(animal)])
    assert f"{animal}.weight_g" in before["unknown"]
    with database.writing() as session:
        weigh(session, Entry("Ada", now), int(animal), 200)
    after = suggested(everybody, lambda said: f"{animal}.weight_g" not in said["unknown"])
    assert after["cry"] == cry_id(1)


def test_the_suggestions_are_published_again_after_the_broker_forgot_them(
    ingest: IngestProcess, everybody: Watcher, broker: Mosquitto, database: Database
) -> None:
    suggested(everybody, lambda said: True)
    broker.empty()
    with Watcher(broker.broker("all"), NEST.suggestion) as later:
        assert suggested(later, lambda said: True)["suggestions"] == []


def test_an_animal_that_left_while_we_were_away_is_taken_back_and_a_command_waited(
    ingest: IngestProcess, everybody: Watcher, broker: Mosquitto, database: Database
) -> None:
    suggested(everybody, lambda said: True)
    entry = Entry("Ada", datetime.now(UTC))
    with database.writing() as session:
        mia, tofu = (
            int(add_animal(session, entry, {"name": name, "species": "kitten"}, "nest").id)
            for name in ("Mia", "Tofu")
        )
    with Watcher(broker.broker("all"), "nursery/animal/#", "homeassistant/#") as watcher:
        watcher.wait(AnimalTopics(BASE, str(tofu)).care, timeout_s=30)
        ingest.kill()
        with database.writing() as session:
            edit_animal(session, entry, mia, {"status": "adopted"})
        for _ in range(2):  # the same tap
            everybody.publish(AnimalTopics(BASE, str(tofu)).command("fed"), b'{"id": "tap"}')
        ingest.start()
        gone = AnimalTopics(BASE, str(mia)).care
        watcher.wait(lambda m: m.topic == gone and not m.payload, timeout_s=30)
        wait_until(lambda: count(database, Feed) == 1, "the feed")
        answers = AnimalTopics(BASE, str(tofu)).answer("fed")
        wait_until(lambda: len(watcher.payloads(answers)) == 2, "both answers")
        assert len(set(watcher.payloads(answers))) == 1
    with Watcher(broker.broker("all"), "nursery/animal/#", "homeassistant/#") as later:
        later.wait(AnimalTopics(BASE, str(tofu)).care)
        assert gone not in {message.topic for message in later.messages}


def test_state_levels_clips_and_signs_of_life_arrive(
    ingest: IngestProcess, everybody: Watcher, database: Database
) -> None:
    suggested(everybody, lambda said: True)
    everybody.publish(NEST.availability, b"online", retain=True)
    everybody.publish(NEST.state, state(word="deaf", reason="silent").payload(), retain=True)
    everybody.publish(NEST.clip(cry_id(1)), FLAC)
    everybody.publish(NEST.minute, minute().payload())
    wait_until(lambda: count(database, Heartbeat) == 1, "a heartbeat")
    wait_until(lambda: count(database, Minute) == 1, "the minute")
    wait_until(lambda: count(database, Clip) == 1, "the clip")

    def heard() -> bool:
        everybody.publish(NEST.level, level(dbfs=-33.0).payload())
        with database.reading() as session:
            status = session.get(BoxStatus, "nest")
            return status is not None and (status.state, status.level_dbfs) == ("deaf", -33.0)

    wait_until(heard, "state and level")


@on_both
def test_garbage_on_every_topic_is_acknowledged_and_shown(
    ingest: IngestProcess, everybody: Watcher, database: Database
) -> None:
    suggested(everybody, lambda said: True)
    topics = [NEST.cry, NEST.clip(cry_id(1)), NEST.minute, NEST.state, NEST.health]
    topics += [NEST.availability, AnimalTopics(BASE, "1").command("fed")]
    rubbish = [b"\xff\xfe", b"{", b"null", b'{"schema":2}', os.urandom(300), b"x" * 600_000]
    for topic in topics:
        for payload in rubbish:
            everybody.publish(topic, payload)
    everybody.publish(NEST.cry, cry().payload())  # behind all of it
    wait_until(has(database, 1, "open"), "the cry behind the garbage")
    assert count(database, QuarantinedMessage) == len(topics) * len(rubbish)
    assert ingest.stop() == 0
    assert "it is in quarantine" in ingest.log()


@on_both
def test_killed_in_the_middle_of_a_flood_it_loses_nothing_and_writes_nothing_twice(
    ingest: IngestProcess, everybody: Watcher, database: Database
) -> None:
    suggested(everybody, lambda said: True)  # its session stands
    cries, kills = 150, 3
    messages = [m for number in range(1, cries + 1) for m in life(number)]
    share = len(messages) // kills
    for part in range(kills):
        for message in messages[part * share : (part + 1) * share]:
            everybody._client.publish(NEST.cry, message.payload(), qos=1)
        everybody.publish(NEST.clip(cry_id(part + 1)), FLAC)
        wait_until(lambda: count(database, CryMessageLog) > part * share, "some of it")  # noqa: B023
        ingest.kill()
        ingest.start()
    wait_until(lambda: count(database, CryMessageLog) == len(messages), "all of it", 60)
    assert count(database, Cry) == cries
    assert count(database, Call) == len(messages)
    wait_until(lambda: count(database, Clip) == kills, "its clips")
    assert count(database, QuarantinedMessage) == 0
    with database.reading() as session:
        assert set(session.scalars(select(Cry.state))) == {"ended"}


def test_what_came_while_it_was_away_is_taken_later(
    ingest: IngestProcess, everybody: Watcher, broker: Mosquitto, database: Database
) -> None:
    suggested(everybody, lambda said: True)
    ingest.kill()
    for message in life():
        everybody.publish(NEST.cry, message.payload())
    broker.restart()
    ingest.start()
    wait_until(has(database, 1, "ended"), "the cry")


def test_a_stop_takes_less_than_three_seconds(ingest: IngestProcess, everybody: Watcher) -> None:
    suggested(everybody, lambda said: True)
    began = time.monotonic()
    assert ingest.stop() == 0
    assert time.monotonic() - began < 3


def test_a_stop_without_a_broker_takes_less_than_three_seconds(
    ingest: IngestProcess, everybody: Watcher, broker: Mosquitto
) -> None:
    suggested(everybody, lambda said: True)
    broker.kill()
    wait_until(lambda: "lost the broker" in ingest.log(), "that the broker is away")
    began = time.monotonic()
    assert ingest.stop() == 0
    assert time.monotonic() - began < 3
    assert ingest.log().count("lost the broker") == 1


@on_both
def test_two_of_a_group_share_the_cries_and_write_each_once(
    tmp_path: Path, broker: Mosquitto, everybody: Watcher, database_url: str, database: Database
) -> None:
    one = IngestProcess(tmp_path / "1", broker, database_url, "--share", "g", "--name", "one")
    two = IngestProcess(tmp_path / "2", broker, database_url, "--share", "g", "--name", "two")
    with one, two:
        wait_until(lambda: count(database, Heartbeat) == 2, "both")
        wait_until(lambda: "connected" in one.log() and "connected" in two.log(), "connections")
        time.sleep(0.5)  # their subscriptions stand
        for number in range(1, 41):
            for message in life(number, updates=1):
                everybody._client.publish(NEST.cry, message.payload(), qos=1)
        everybody.publish(NEST.state, state().payload(), retain=True)
        wait_until(lambda: count(database, CryMessageLog) == 120, "all of it")
        wait_until(lambda: count(database, BoxStatus) == 1, "the state")
        one.kill()
        for message in life(99):
            everybody.publish(NEST.cry, message.payload())
        one.start()  # the broker may have kept a part of it for this one
        wait_until(has(database, 99, "ended"), "a cry that came while one was away")
    assert count(database, Cry) == 41


def test_a_second_one_of_the_same_name_says_so(
    ingest: IngestProcess, everybody: Watcher, tmp_path: Path, broker: Mosquitto, database_url: str
) -> None:
    suggested(everybody, lambda said: True)
    second = IngestProcess(tmp_path / "state", broker, database_url)
    second.start()
    assert second.wait() == 2
    assert "runs already" in second.log()


def test_records_that_go_away_are_waited_for(
    tmp_path: Path, broker: Mosquitto, everybody: Watcher
) -> None:
    with PostgreSQL() as server:
        url = server.new_database()
        with IngestProcess(tmp_path / "state", broker, url) as ingest:
            suggested(everybody, lambda said: True)
            server.stop()
            for message in life():
                everybody.publish(NEST.cry, message.payload())
            wait_until(lambda: "waits with the broker" in ingest.log(), "that it is told")
            server.start()
            database = open_database(url)
            wait_until(has(database, 1, "ended"), "the cry")
            database.close()
            wait_until(lambda: "can be written again" in ingest.log(), "that it is told")
            assert ingest.log().count("waits with the broker") == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"NURSERY_WEB__DATABASE_URL": "postgresql://127.0.0.1:1/x"}, "refused"),
        ({"NURSERY_WEB__DATABASE_URL": "mysql://127.0.0.1/x"}, "only sqlite and postgresql"),
        ({"NURSERY_MQTT__HOST": "", "NURSERY_MQTT__PORT": ""}, "no broker"),
    ],
)
def test_what_is_wrong_at_the_start_is_one_line_and_exit_code_two(
    settings: dict[str, str], says: str, tmp_path: Path, broker: Mosquitto, sqlite_url: str
) -> None:
    process = IngestProcess(tmp_path / "state", broker, sqlite_url, **settings)
    process.start()
    assert process.wait() == 2
    (line,) = process.log().splitlines()
    assert line.startswith("nursery-monitor: ")
    assert says in line


def test_an_ingest_whose_connection_has_died_ends_to_be_started_anew(
    tmp_path: Path, broker: Mosquitto, sqlite_url: str
) -> None:
    """It would say that it works, and take nothing, for ever: here by a name that cannot be one."""
    process = IngestProcess(tmp_path / "in", broker, sqlite_url, NURSERY_MQTT__HOST="no..lan")
    process.start()
    assert process.wait() == 70
    assert "has died: this process ends" in (tmp_path / "in" / "log").read_text()


def test_a_message_too_large_for_a_small_board_never_reaches_us(broker: Mosquitto) -> None:
    """It would end us, come again with the session at the next start, and end us again."""
    connection = Connection(broker.broker("dashboard"), BASE, "ingest-of-a-small-board")
    connection.start()
    try:
        wait_until(lambda: connection.connected, "connected")
        with Watcher(broker.broker("all")) as anybody:
            anybody.publish(NEST.state, b"{}", retain=True)
            assert connection.inbox.take(10, 10), "it has subscribed"
            anybody.publish(NEST.cry, bytes(PACKET_BYTES))
            anybody.publish(NEST.cry, b"{}")
        assert [arrived.payload for arrived in connection.inbox.take(10, 10)] == [b"{}"]
    finally:
        connection.stop()


def test_a_dashboard_whose_card_was_copied_is_told_so(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would log half of the cries, and nobody would know."""
    monkeypatch.setattr("monitor.settings.broker.RECONNECT_MIN_S", 0.1)
    twins = [Connection(broker.broker("dashboard"), BASE, "ingest-copied") for _ in range(2)]
    for twin in twins:
        twin.start()
    try:
        wait_until(lambda: "Was this computer copied?" in caplog.text, "a word of it")
    finally:
        for twin in twins:
            twin.stop()
