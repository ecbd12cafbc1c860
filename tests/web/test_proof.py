"""What company changed, read from real records, and as the page tells it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from monitor.settings import HouseSettings
from tests.web.dashboard import Dashboard, dashboard
from tests.web.ingest_process import wait_until
from tests.web.test_ingest_loop import running
from web import journal, proof, stopped
from web.database import Database
from web.journal import Entry
from web.records import Animal, Box, Companionship, Cry, Minute, Proof, Suggestion

HOUSE = HouseSettings(time_zone="Europe/London")
BEGAN = datetime(2026, 3, 28, 9, 0, tzinfo=UTC)  # the clocks go forward in the night after
DAYS = 6
HOUR = timedelta(hours=1)


def entry(at: datetime) -> Entry:
    """What a carer writes at a moment."""
    return Entry(by="Ana", now=at, zone=HOUSE.zone)


def cry(session: Session, number: int, box: str, onset: datetime, **fields: Any) -> None:
    """A cry of half a minute in the log."""
    values: dict[str, Any] = {
        "seq": 1,
        "state": "ended",
        "offset": onset + timedelta(seconds=30),
        "clock": "synchronised",
        "species": "kitten",
        "score": 0.9,
        "calls": 10,
        "calls_per_minute": 20.0,
        "arousal": "high",
        "model": "m",
        "details": {},
        "received_at": onset,
        "updated_at": onset,
        **fields,
    }
    session.add(Cry(id=f"{number:036}", box_id=box, onset=onset, **values))


def listened(session: Session, box: str, hour: datetime, share: float = 1.0) -> None:
    """An hour's minutes, as one."""
    session.add(
        Minute(
            box_id=box, run=box, number=int(hour.timestamp() // 3600), at=hour, length_s=3600,
            clock="synchronised", listened_s=3600 * share, muted_s=0, deaf_s=0, score=0,
            threshold=0.5, sensitivity="normal", near_calls=0, lone_calls=0,
        )
    )  # fmt: skip


def two_babies(database: Database, species: tuple[str, str] = ("kitten", "kitten")) -> int:
    """Two that live alone for six days, then together; the id of their company."""
    first = BEGAN - DAYS * timedelta(days=1)
    with database.writing() as session:
        for box in ("one", "two"):
            session.add(Box(id=box, created_at=first))
    ids = []
    for box, name, kind in zip(("one", "two"), ("Mia", "Tom"), species, strict=True):
        values = {"name": name, "species": kind, "age_days": 10}
        with database.writing() as session:
            ids.append(int(journal.add_animal(session, entry(first), values, box).id))
    with database.writing() as session:
        sure = Entry("Ana", BEGAN, HOUSE.zone, sure=True)
        done = journal.put_together(session, sure, ids[0], ids[1])
    return int(done.id)


def a_fortnight(database: Database, ratio: float, *, seed: int = 1, minutes: bool = True) -> int:
    """The two cry as often at each hour of the day, and `ratio` times as often with company."""
    chance, number = random.Random(seed), 0
    pairing = two_babies(database)
    with database.writing() as session:
        for hour in range(-24 * DAYS, 24 * DAYS):
            at = BEGAN + hour * HOUR
            for box in ("one", "two") if hour < 0 else ("one",):
                if minutes:
                    listened(session, box, at)
                usual = 2.0 if at.hour in range(8, 20) else 4.0
                times = usual * ratio * 2 if hour >= 0 else usual
                for _ in range(int(times) + (chance.random() < times % 1)):
                    number += 1
                    cry(session, number, box, at + timedelta(minutes=chance.uniform(0, 59)))
    return pairing


def found(database: Database, pairing: int) -> proof.Found:
    """What is reckoned of a pairing when all is over."""
    with database.reading() as session:
        row = session.get(Companionship, pairing)
        assert row is not None
        return proof.reckon(session, HOUSE, row, BEGAN + DAYS * timedelta(days=1))


def kept_at(database: Database, now: datetime) -> int:
    """Do the chore; how many were reckoned."""
    with database.reading() as session:
        reckoned = proof.due(session, HOUSE, now)
    with database.writing() as session:
        proof.keep(session, reckoned, now)
    return len(reckoned)


@pytest.mark.parametrize("minutes", [True, False])
def test_the_two_are_compared_with_themselves_wherever_they_lived(
    records: Database, minutes: bool
) -> None:
    said = found(records, a_fortnight(records, 0.5, minutes=minutes))
    assert said.unheard == ()
    assert said.assumed == (() if minutes else ("one", "two"))
    for change, before in ((said.calls, 60.0), (said.minutes, 3.0)):
        assert change.before == pytest.approx(before, rel=0.05)
        assert change.after == pytest.approx(before / 2, rel=0.1)
        assert change.found is not None
        assert change.found.low < 0.5 < change.found.high < 0.7
    assert said.own == {}  # two kittens in one box: nobody can tell whose it is


def test_no_change_is_called_none(records: Database) -> None:
    change = found(records, a_fortnight(records, 1.0)).minutes
    assert change.found is not None
    assert change.found.low < 1 < change.found.high


def test_what_is_kept_is_what_was_reckoned_and_is_reckoned_anew_in_time(
    database: Database,
) -> None:
    pairing = a_fortnight(database, 0.5)
    now = BEGAN + DAYS * timedelta(days=1)
    reckoned = found(database, pairing)
    assert kept_at(database, now) == 1
    with database.reading() as session:
        row = session.get(Companionship, pairing)
        assert row is not None
        assert proof.of_pairing(session, HOUSE, row, now + HOUR) == reckoned
    assert kept_at(database, now + proof.FRESH / 2) == 0
    assert kept_at(database, now + proof.FRESH) == 1
    with database.writing() as session:
        kept = session.get(Proof, pairing)
        assert kept is not None
        kept.found = {**kept.found, "version": 0}
    assert kept_at(database, now + proof.FRESH) == 1
    assert kept_at(database, now + 3 * proof.LAST_LOOK) == 0


def test_the_ingest_keeps_it_beside_its_work(records: Database) -> None:
    began = datetime.now(UTC) - HOUR
    with records.writing() as session:
        for name in ("Mia", "Tom"):
            session.add(Animal(name=name, species="kitten", created_at=began))
        session.flush()
        session.add(Companionship(animal_id=1, partner_id=2, began_at=began))

    def is_kept() -> bool:
        with records.reading() as session:
            return session.get(Proof, 1) is not None

    with running(records):
        wait_until(is_kept, "what company changed is kept")


def test_what_stopped_them_is_read_on_both_databases(database: Database) -> None:
    with database.writing() as session:
        session.add(Box(id="one", created_at=BEGAN))
        cry(session, 1, "one", BEGAN, stopped_by="fed")
        cry(session, 2, "one", BEGAN + timedelta(seconds=60), stopped_by="fed")
    with database.reading() as session:
        found = stopped.stopped(session, BEGAN + HOUR)
    assert [(one.by, one.minutes, one.stayed_quiet) for one in found.told] == [
        ("fed", 1.5, True), ("fed", 1.5, True),
    ]  # fmt: skip
    assert found.cries == 2


def test_company_that_was_taken_back_takes_its_proof_along(database: Database) -> None:
    first = two_babies(database)
    assert kept_at(database, BEGAN + HOUR) == 1
    with database.writing() as session:
        session.delete(session.get(Companionship, first))
        session.flush()
    with database.reading() as session:
        assert session.query(Proof).count() == 0


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    with dashboard(tmp_path) as found:
        found.at = BEGAN + DAYS * timedelta(days=1)
        yield found


def words(shown: Dashboard, path: str) -> str:
    page = shown.client().get(path)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text[page.text.index("<main") :]))


def test_an_empty_house_is_told_what_is_missing(shown: Dashboard) -> None:
    page = words(shown, "/proof")
    assert "Too few data yet" in page
    assert "No two babies were put together yet" in page
    assert "Nobody has tapped yet" in page
    assert shown.client().get("/proof/1").status_code == 404


def test_the_page_tells_what_company_changed(shown: Dashboard) -> None:
    pairing = a_fortnight(shown.database, 0.3)
    page = words(shown, "/proof")
    assert re.search(r"Mia \+ Tom .* 7\d % less crying .* 95 % sure: between", page)
    assert "1 pairing has data enough" in page
    page = words(shown, f"/proof/{pairing}")
    assert "6 days, 144 hours listened to" in page
    assert "Who of them cried cannot be told by the sound" in page
    assert "Did it help?" in words(shown, "/cries")


def test_company_that_has_just_begun_is_not_judged(shown: Dashboard) -> None:
    two_babies(shown.database)
    shown.at = BEGAN + HOUR
    page = words(shown, "/proof")
    assert "Too few data" in page
    assert "less crying" not in page


def test_the_page_tells_what_stopped_cries_and_whether_that_was_suggested(shown: Dashboard) -> None:
    with shown.database.writing() as session:
        session.add(Box(id="one", created_at=BEGAN))
        for number, by in enumerate(["fed"] * 8 + ["company"] * 4 + ["unknown", None]):
            at = BEGAN + number * HOUR
            cry(session, number, "one", at, stopped_by=by)
            # Each goes on after half a minute: one bout of a minute and a half.
            cry(session, 100 + number, "one", at + timedelta(seconds=60))
            session.flush()
            # What is first at last counts; what stood there before does not.
            for rank_one, code in enumerate(("WAIT_AND_WATCH", "FEED")):
                session.add(
                    Suggestion(
                        box_id="one", cry_id=f"{number:036}", code=code, rank=1, advice={},
                        shown_at=at + timedelta(seconds=rank_one),
                    )
                )  # fmt: skip
    page = words(shown, "/proof")
    assert "told of 13 of 28 cries" in page
    assert "A feed 8 1.5 1.5–1.5 8 of 8" in page
    assert "8 of 12 (67%; 95 % sure: 39% to 86%)" in page
    assert "would have been right in 8 of 12" in page


def test_a_cry_tells_when_it_fell_silent_and_whether_it_stayed_so(shown: Dashboard) -> None:
    with shown.database.writing() as session:
        session.add(Box(id="one", created_at=BEGAN))
        for number, second in enumerate((0, 60, 180)):
            cry(session, number, "one", BEGAN + timedelta(seconds=second))
        cry(session, 3, "one", BEGAN + HOUR)
    shown.at = BEGAN + HOUR + timedelta(minutes=10)
    one = words(shown, f"/cries/{1:036}")
    assert "Silent 1 min 30 s after the crying began; it began again within" in one
    assert "Nobody has told what stopped it" in one
    alone = words(shown, f"/cries/{2:036}")
    assert "Silent 30 s after the crying began, and quiet for a quarter of an hour." in alone
    assert "Silent 30 s after the crying began. Nobody" in words(shown, f"/cries/{3:036}")


def test_a_baby_has_its_own_page_with_its_own_cries_where_they_can_be_told(
    shown: Dashboard,
) -> None:
    pairing = two_babies(shown.database, ("kitten", "puppy"))
    with shown.database.writing() as session:
        number = 0
        for hour in range(-24 * DAYS, 24 * DAYS):
            at = BEGAN + hour * HOUR
            for box, kind in (("one", "kitten"), ("two" if hour < 0 else "one", "puppy")):
                # The kitten falls silent at most hours, the puppy calls on.
                if kind == "puppy" or hour < 0 or hour % 5 == 0:
                    number += 1
                    cry(session, number, box, at + timedelta(minutes=number % 59), species=kind)
        row = session.get(Companionship, pairing)
        assert row is not None
        kitten, puppy = row.animal_id, row.partner_id
    assert re.search(r"(79|80) % less crying", words(shown, f"/proof/baby/{kitten}"))
    assert "No clear change" in words(shown, f"/proof/baby/{puppy}")
    assert "Mia's own cries, told from the others' by voice" in unescape(
        words(shown, f"/proof/baby/{kitten}")
    )
    assert shown.client().get("/proof/baby/99").status_code == 404
