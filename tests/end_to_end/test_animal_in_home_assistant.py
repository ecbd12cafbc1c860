"""The real Home Assistant finds an animal in care, shows how it is, and its buttons are obeyed.

The real ingest, records, broker and Home Assistant; needs what `test_home_assistant.py` needs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.end_to_end.test_home_assistant import House, note, pytestmark
from tests.web.conftest import blank_sqlite, sqlite_url
from tests.web.ingest_process import IngestProcess
from web import journal
from web.database import Database, open_database
from web.journal import Entry
from web.records import Animal, Box, Feed, Observation

__all__ = ["blank_sqlite", "pytestmark", "sqlite_url"]
DEVICE = "nursery-animal-1"


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    """A kitten that was fed two hours ago."""
    opened = open_database(sqlite_url)
    now = datetime.now(UTC)
    entry = Entry("Ada", now)
    with opened.writing() as session:
        session.add(Box(id="nest", created_at=now))
        session.flush()
        values = {"name": "Miso", "species": "kitten", "age_days": 10}
        animal = int(journal.add_animal(session, entry, values, "nest").id)
        journal.weigh(session, entry, animal, 200, now - timedelta(hours=24))
        journal.weigh(session, entry, animal, 212)
        journal.feed(session, entry, [animal], 6, "full", now - timedelta(hours=2))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    running = House(tmp_path_factory.mktemp("house"))
    try:
        yield running
    finally:
        running.close()


def wait(
    house: House, wanted: Callable[[dict[str, str]], bool], timeout_s: float = 30
) -> dict[str, str]:
    """The states of the animal's entities, once they are as wanted."""
    end = time.monotonic() + timeout_s
    while True:
        found = {e["entity_id"]: e["state"] for e in house.ha.entities(DEVICE)}
        if wanted(found):
            return found
        assert time.monotonic() < end, f"states are {found}; log {house.ha.log()}"
        time.sleep(0.2)


def press(house: House, button: str) -> None:
    house.ha.call("button.press", f"button.miso_{button}", {})


def is_fed(states: dict[str, str]) -> bool:
    """The kitten's last feed is minutes ago at most."""
    word = states.get("sensor.miso_last_fed", "unknown")
    return word[:1] == "2" and datetime.now(UTC) - datetime.fromisoformat(word) < timedelta(hours=1)


def test_an_animal_is_a_device_whose_buttons_write_once_even_while_we_are_away(
    house: House, records: Database, sqlite_url: str, tmp_path: Path
) -> None:
    ingest = IngestProcess(tmp_path / "state", house.broker, sqlite_url)
    with ingest:
        found = wait(house, lambda s: s.get("sensor.miso_weight") == "212.0")
        note("an animal", found)
        assert len(found) == 9
        assert found["binary_sensor.miso_feed_overdue"] == "off"
        assert found["sensor.miso_gain_in_24_h"] == "12.0"
        assert found["sensor.miso_company"] == "none"
        due = datetime.fromisoformat(found["sensor.miso_next_feed"])
        fed = datetime.fromisoformat(found["sensor.miso_last_fed"])
        assert due - fed == timedelta(minutes=180)

        press(house, "helped_to_the_toilet")
        ingest.kill()  # it may have been taken, and not been acknowledged
        press(house, "fed")  # waits with the broker
        pressed = datetime.now(UTC)
        time.sleep(1.0)
        ingest.start()
        wait(house, is_fed)
        with records.reading() as session:
            feeds = session.scalars(select(Feed).order_by(Feed.at)).all()
            helped = session.scalars(select(Observation)).all()
        assert [feed.by for feed in feeds] == ["Ada", "Home Assistant"]
        assert abs(feeds[-1].at - pressed) < timedelta(seconds=1)
        assert [(one.fact, one.by) for one in helped] == [("toilet", "Home Assistant")]

        house.restart()
        wait(house, is_fed)

        with records.writing() as session:
            animal = session.scalars(select(Animal)).one()
            entry = Entry("Ada", datetime.now(UTC))
            journal.edit_animal(session, entry, animal.id, {"status": "adopted"})
        wait(house, lambda s: s == {})
    assert DEVICE not in str(house.ha.devices())
    assert house.warnings() == []
