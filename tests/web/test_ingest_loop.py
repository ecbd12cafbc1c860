"""The loop of ingest in this process: what it does about faults that nobody thought of."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from monitor.messages import SuggestionMessage
from monitor.settings import Broker, Settings
from tests.web.cry_messages import NOW, arrived, cry, cry_id, level, state
from tests.web.ingest_process import wait_until
from web import following, ingest
from web.database import Database
from web.following import Follower
from web.ingest import Ingest, Refusals
from web.mqtt import MOST_PASSING, Arrived, Connection, Inbox
from web.records import BoxStatus, Cry, QuarantinedMessage
from web.suggesting import Advice, advise
from web.take import take

BAD = cry(13)


class OfflineConnection(Connection):
    """Takes what the test puts into the inbox; there is no broker."""

    def __init__(self) -> None:
        super().__init__(Broker("127.0.0.1", 1), "nursery", "test")
        self.acknowledged: list[Arrived] = []

    def start(self) -> None:
        self.connected, self.number = True, 1

    def stop(self) -> None:
        self.connected = False

    def acknowledge(self, messages: Any) -> None:
        self.acknowledged += messages

    def publish(self, message: SuggestionMessage) -> bool:
        return True


class Public:
    """Hears what is published, while it is connected."""

    def __init__(self, *, connected: bool = True) -> None:
        self.connected = connected
        self.heard: list[SuggestionMessage] = []

    def publish(self, message: SuggestionMessage) -> bool:
        if self.connected:
            self.heard.append(message)
        return self.connected


@contextmanager
def running(database: Database) -> Iterator[OfflineConnection]:
    connection = OfflineConnection()
    loop = Ingest(database, Settings(), connection, "test", lambda: datetime.now(UTC))
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield connection
    finally:
        loop.stop()
        thread.join(10)
        assert not thread.is_alive()


def test_a_message_that_spoils_its_batch_is_put_aside_and_the_others_are_written(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(
        session: Session, messages: Sequence[Arrived], *rest: Any, **more: Any
    ) -> list[str | None]:
        reasons = take(session, messages, *rest, **more)
        if any(BAD.id.encode() in message.payload for message in messages):
            raise ZeroDivisionError
        return reasons

    monkeypatch.setattr(ingest, "take", spoiled)
    with running(database) as connection:
        for message in (cry(1), BAD, cry(2)):
            connection.inbox.put(arrived(message))
        wait_until(lambda: len(connection.acknowledged) == 3, "all three")
    with database.reading() as session:
        assert {found.id for found in session.query(Cry)} == {cry_id(1), cry_id(2)}
        (kept,) = session.query(QuarantinedMessage)
        assert kept.reason == "could not be written: ZeroDivisionError"


def test_a_chore_that_fails_stops_nothing_and_is_told_once(
    records: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries = []

    def broken(*_: Any) -> Advice:
        tries.append(1)
        raise ZeroDivisionError

    monkeypatch.setattr(following, "advise", broken)
    with caplog.at_level(logging.ERROR), running(records) as connection:
        for number in range(1, 6):
            connection.inbox.put(arrived(cry(number)))
            wait_until(lambda: len(connection.acknowledged) == number, "the cry")  # noqa: B023
        wait_until(lambda: len(tries) > 1, "another try")
    assert [record.message for record in caplog.records] == ["follow failed; it is tried again"]


def test_a_box_that_cannot_be_thought_about_does_not_cost_the_others(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(session: Session, settings: Settings, box_id: str, now: datetime) -> Advice:
        if box_id == "a":
            raise ZeroDivisionError
        return advise(session, settings, box_id, now)

    with records.writing() as session:
        take(session, [arrived(state(box="a")), arrived(state(box="b"))], Settings(), NOW)
    monkeypatch.setattr(following, "advise", broken)
    public = Public()
    follower = Follower(records, Settings(), public.publish)
    with pytest.raises(ZeroDivisionError):
        follower.turn(NOW, 0.0)
    follower.turn(NOW, 1.0)
    assert [message.box for message in public.heard] == ["b"]


def test_what_is_said_again_is_published_once_and_after_each_connect(records: Database) -> None:
    with records.writing() as session:
        take(session, [arrived(cry())], Settings(), NOW)
    public = Public()
    follower = Follower(records, Settings(), public.publish)
    for monotonic_s in (0.0, 1.0, 100.0):
        follower.turn(NOW, monotonic_s)
    assert len(public.heard) == 1
    follower.connected_anew()
    follower.turn(NOW, 101.0)
    assert len(public.heard) == 2


def test_what_could_not_be_published_is_published_later(records: Database) -> None:
    with records.writing() as session:
        take(session, [arrived(cry())], Settings(), NOW)
    public = Public(connected=False)
    follower = Follower(records, Settings(), public.publish)
    follower.turn(NOW, 0.0)
    public.connected = True
    follower.turn(NOW, following.AGAIN_S)  # an open cry is thought about again
    assert [message.cry for message in public.heard] == [cry_id(1)]


def test_levels_are_written_beside(records: Database) -> None:
    with running(records) as connection:
        connection.inbox.put(arrived(level(dbfs=-12.0), qos=0))

        def written() -> bool:
            with records.reading() as session:
                status = session.get(BoxStatus, "nest")
                return status is not None and status.level_dbfs == -12.0

        wait_until(written, "the level")


def test_an_inbox_that_is_full_drops_levels_and_counts_them() -> None:
    inbox = Inbox()
    for _ in range(MOST_PASSING + 5):
        inbox.put(arrived(level(), qos=0))
    inbox.put(arrived(cry()))
    assert (len(inbox), inbox.dropped) == (MOST_PASSING + 1, 5)


def test_what_the_broker_sends_again_is_forgotten_and_what_it_does_not_is_kept() -> None:
    inbox = Inbox()
    inbox.put(arrived(cry(1)))
    inbox.put(arrived(level(), qos=0))
    inbox.forget_what_comes_again()
    assert [message.qos for message in inbox.take(0, 10)] == [0]
    assert inbox.take(0, 10) == []


def test_a_flood_of_refusals_is_not_a_flood_of_lines(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals()
    with caplog.at_level(logging.WARNING):
        for second in range(100):
            refusals.tell("nursery/nest/cry", "not JSON", float(second))
    assert len(caplog.records) == 2
    assert "59 others" in caplog.messages[1]
