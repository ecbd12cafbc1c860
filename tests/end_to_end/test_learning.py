"""Reviews on the dashboard reach the listener over a real broker, and what it learns comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.cry_model import CryModel
from models.local import read_anchors
from monitor.clock import WallClock, read_clocks
from monitor.cry_messages import CryMessages
from monitor.ear import Ear
from monitor.learning import NOTHING
from monitor.learning_box import Learner
from monitor.learning_store import LearningStore
from monitor.messages import CryStep, Topics
from monitor.outbox import Outbox
from monitor.publisher import Publisher
from monitor.remote import Inbox, Remote
from monitor.settings import Settings
from monitor.worker import Worker
from tests.monitor.test_learning import CARD, HOP_S, MODELS, lessons
from tests.mosquitto import Mosquitto
from tests.web.conftest import blank_sqlite, sqlite_url
from tests.web.cry_messages import arrived, cry
from tests.web.ingest_process import wait_until
from web import journal, learning
from web.database import Database, open_database
from web.ingest import Ingest
from web.journal import Entry
from web.mqtt import Connection
from web.records import BoxLearning, Wish
from web.take import take

__all__ = ["blank_sqlite", "sqlite_url"]

TOPICS = Topics("nursery", "nest")
pytestmark = pytest.mark.end_to_end


@contextmanager
def ingesting(database: Database, mosquitto: Mosquitto) -> Iterator[None]:
    connection = Connection(mosquitto.broker("dashboard"), "nursery", "ingest")
    loop = Ingest(database, Settings(), connection, "test", lambda: datetime.now(UTC))
    thread = threading.Thread(target=loop.run)
    thread.start()
    try:
        yield
    finally:
        loop.stop()
        thread.join(10)


@contextmanager
def listening(folder: Path, store: LearningStore, mosquitto: Mosquitto) -> Iterator[Ear]:
    """A listener without a microphone: all that a review meets, on one thread."""
    outbox, inbox, worker = Outbox(folder / "outbox" / "nest.db"), Inbox(), Worker()
    publisher = Publisher(
        mosquitto.broker("listener"), "nest-1", TOPICS, outbox, on_command=inbox.put
    )
    model = CryModel.load()
    ear = Ear(model, None, "normal")  # type: ignore[arg-type]  # nothing is heard
    learner = Learner(
        "nest",
        CARD,
        HOP_S,
        store,
        worker,
        sensitivity=lambda: ear.sensitivity,
        use=ear.set_learned,
        say=lambda said: publisher.retain(TOPICS.learning, said.payload()),
        answer=lambda what, said: publisher.live(TOPICS.answer(what), said.payload(), qos=1),
    )
    learner.start()
    tests = CryMessages("nest", "m", WallClock(read_clocks()))
    remote = Remote(
        *(inbox, TOPICS, ear, model, outbox, worker, tests, "normal"),
        say=lambda topic, payload: publisher.live(topic, payload, qos=1),
        told=publisher.wake,
        learner=learner,
    )
    stopping = threading.Event()

    def turn() -> None:
        while not stopping.is_set():
            remote.turn()
            time.sleep(0.01)

    thread = threading.Thread(target=turn)
    publisher.start()
    thread.start()
    try:
        yield ear
    finally:
        stopping.set()
        thread.join(10)
        worker.stop()
        publisher.stop()
        outbox.close()


def test_reviews_given_while_the_listener_was_off_teach_it_once_it_is_back(
    tmp_path: Path, mosquitto: Mosquitto, sqlite_url: str
) -> None:
    database = open_database(sqlite_url)
    store = LearningStore(tmp_path / "learning" / "nest.db", CARD.sha256)
    now = datetime.now(UTC)
    told = lessons(read_anchors(MODELS, CARD), 3, 5)
    said = [
        cry(1, seq, step, id=one.cry, onset=now - timedelta(minutes=5))
        for one in told
        for seq, step in ((1, CryStep.STARTED), (2, CryStep.ENDED))
    ]
    with database.writing() as session:
        take(session, [arrived(one) for one in said], Settings(), now)
        for one in told:
            assert one.verdict is not None
            journal.review(session, Entry("Ana", now), one.cry, one.verdict)
    for one in told:
        store.keep(one.cry, now, one.hops)

    def learned() -> dict[str, object]:
        with database.reading() as session:
            row = session.get(BoxLearning, "nest")
            return row.said if row else {}

    def waiting() -> int:
        with database.reading() as session:
            return session.query(Wish).filter(Wish.answered_at.is_(None)).count()

    with ingesting(database, mosquitto):
        wait_until(lambda: waiting() == len(told), "the reviews are noted")
        with listening(tmp_path, store, mosquitto) as ear:
            wait_until(lambda: waiting() == 0, "all reviews are answered")
            wait_until(lambda: bool(learned().get("version")), "something is learned")
            assert "Learned from 8 reviews" in str(learned()["text"])
            assert ear.learned.correction is not None
            with database.writing() as session:
                learning.wish(session, "nest", "learning", False, datetime.now(UTC))
            wait_until(lambda: learned().get("version") == 0, "it is undone")
            assert ear.learned == NOTHING
        mosquitto.stop()
        with database.writing() as session:
            learning.wish(session, "nest", "learning", True, datetime.now(UTC))
        mosquitto.start()
        with listening(tmp_path, store, mosquitto) as again:
            wait_until(lambda: bool(learned().get("version")), "it goes back on")
            assert again.learned.correction is not None
    store.close()
    database.close()
