"""What time does: cries that are lost sight of, sound that is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from monitor.messages import CryStep
from monitor.settings import ClipSettings, Settings
from tests.web.cry_messages import BASE, NOW, arrived, clip, cry, cry_id, life, raw, state
from web import lost, retention
from web.changes import KEPT, append
from web.database import Database
from web.lost import lost_sight_of
from web.mqtt import Arrived
from web.records import BoxStatus, Change, Clip, Cry, Heartbeat, Suggestion
from web.suggesting import advise, keep
from web.take import take

SECOND = timedelta(seconds=1)
OFFLINE = raw(f"{BASE}/nest/availability", b"offline")


def given(database: Database, *messages: Arrived, at: timedelta = timedelta(0)) -> None:
    with database.writing() as session:
        assert set(take(session, messages, Settings(), NOW + at)) == {None}


def state_of(database: Database, number: int = 1) -> str:
    with database.reading() as session:
        found = session.get(Cry, cry_id(number))
        assert found is not None
        return found.state


def mark(database: Database, at: timedelta) -> list[str]:
    with database.writing() as session:
        return lost.mark(session, NOW + at)


def test_a_cry_whose_listener_went_away_is_lost_sight_of(database: Database) -> None:
    given(database, arrived(state(word="crying")), arrived(cry()), OFFLINE)
    with database.reading() as session:
        assert not lost.any_silent(session, NOW + 29 * SECOND)
        assert lost.any_silent(session, NOW + 30 * SECOND)
    assert mark(database, 29 * SECOND) == []
    assert mark(database, 30 * SECOND) == [cry_id(1)]
    assert mark(database, 31 * SECOND) == []  # told once
    assert state_of(database) == "lost"
    with database.reading() as session:
        assert session.scalars(select(Change.kind).order_by(Change.id.desc())).first() == "cry"


def test_a_listener_that_comes_back_finds_its_cry_again(records: Database) -> None:
    given(records, arrived(cry()), OFFLINE)
    mark(records, 30 * SECOND)
    given(records, arrived(cry(1, 2, CryStep.UPDATED)), at=40 * SECOND)
    assert state_of(records) == "open"
    given(records, arrived(cry(1, 3, CryStep.ENDED)), at=41 * SECOND)
    assert state_of(records) == "ended"
    assert mark(records, timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("silent_s", "status", "is_lost"),
    [
        (29, None, False),
        (30, None, True),
        (30, {"available": False}, True),
        (30, {"heard_at": NOW, "state": "crying"}, False),
        (30, {"heard_at": NOW - 30 * SECOND, "state": "crying"}, True),
        (30, {"heard_at": NOW, "state": "listening"}, True),
        (30, {"heard_at": NOW}, False),
        (600, {"heard_at": NOW, "state": "crying"}, True),
    ],
)
def test_when_a_cry_is_lost_sight_of(
    silent_s: int, status: dict[str, object] | None, is_lost: bool
) -> None:
    word = BoxStatus(box_id="nest", **status) if status is not None else None
    assert lost_sight_of(word, silent_s * SECOND, NOW) is is_lost


def clips(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Clip.cry_id).order_by(Clip.received_at)))


def run(database: Database, **settings: float) -> dict[str, int]:
    with database.writing() as session:
        return retention.run(session, ClipSettings.model_validate(settings), NOW)


def test_sound_is_forgotten_by_age(database: Database) -> None:
    for number, days in ((1, 20), (2, 15), (3, 13)):
        ago = -timedelta(days=days)
        given(database, *map(arrived, life(number, onset=NOW + ago)), clip(number), at=ago)
    assert run(database, days=14)["clips"] == 2
    assert clips(database) == [cry_id(3)]
    with database.reading() as session:
        assert session.query(Cry).count() == 3  # the cries stay
        told = session.scalars(select(Change.subject).order_by(Change.id.desc()).limit(2))
        assert set(told) == {cry_id(1), cry_id(2)}


def test_sound_that_came_before_the_clock_was_set_is_as_old_as_its_cry(database: Database) -> None:
    """A Pi without a battery clock wakes months behind, and hears a cry before the network is."""
    given(database, clip(1), at=-timedelta(days=90))
    given(database, *map(arrived, life(1, onset=NOW)))  # put right
    assert run(database, days=14)["clips"] == 0
    assert clips(database) == [cry_id(1)]


def test_sound_is_forgotten_by_size_the_oldest_first(records: Database) -> None:
    flac = b"fLaC" + bytes(400_000)
    for number in range(1, 6):
        given(records, clip(number, flac=flac), at=number * SECOND)
    assert run(records, max_mb=1)["clips"] == 3
    assert clips(records) == [cry_id(4), cry_id(5)]


def test_a_run_is_bounded_and_the_next_goes_on(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "CLIPS_A_RUN", 2)
    for number in range(5):
        given(records, clip(number), at=-timedelta(days=30))
    assert [run(records)["clips"] for _ in range(4)] == [2, 2, 1, 0]


def test_old_changes_and_dead_heartbeats_are_forgotten(records: Database) -> None:
    with records.writing() as session:
        for at in (NOW - 2 * KEPT, NOW - 2 * KEPT, NOW):
            append(session, at, "cry", "x")
        session.add(Heartbeat(name="ingest gone", at=NOW - timedelta(days=2), details={}))
        session.add(Heartbeat(name="ingest main", at=NOW, details={}))
    assert run(records)["changes"] == 2
    with records.reading() as session:
        assert [beat.name for beat in session.query(Heartbeat)] == ["ingest main"]


def test_a_suggestion_is_kept_once_for_each_cry_and_told_when_it_is_news(
    database: Database,
) -> None:
    given(database, arrived(cry()))
    for expected in (True, False):
        with database.writing() as session:
            assert keep(session, advise(session, Settings(), "nest", NOW)) is expected
    given(database, arrived(cry(2, onset=NOW + SECOND)))
    with database.writing() as session:
        assert keep(session, advise(session, Settings(), "nest", NOW + SECOND))
        assert session.query(Suggestion).count() == 2


def test_a_quiet_box_has_advice_but_nothing_to_keep_or_publish(records: Database) -> None:
    given(records, *map(arrived, life()))
    with records.writing() as session:
        advice = advise(session, Settings(), "nest", NOW)
        assert not keep(session, advice)
    assert (advice.cry, advice.message.suggestions, advice.message.cry) == (None, (), None)


def test_there_is_no_advice_for_a_box_that_is_not_there(records: Database) -> None:
    with records.reading() as session, pytest.raises(KeyError):
        advise(session, Settings(), "attic", NOW)
