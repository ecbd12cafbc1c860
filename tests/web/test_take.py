"""What arrives becomes records: once, in whatever order; what cannot be taken is kept apart."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.messages import MAX_CLIP_BYTES, MAX_PAYLOAD_BYTES, CryStep
from monitor.settings import Settings
from tests.web.cry_messages import (
    BASE,
    FLAC,
    NOW,
    arrived,
    clip,
    cry,
    cry_id,
    level,
    life,
    raw,
    state,
)
from web import boxes, quarantine
from web.database import Database
from web.levels import Levels
from web.mqtt import Arrived
from web.records import (
    Base,
    Box,
    BoxStatus,
    Call,
    Change,
    Clip,
    Cry,
    CryMessageLog,
    QuarantinedMessage,
)
from web.take import take as take_them

MANY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def take(
    database: Database,
    messages: Iterable[Arrived],
    *,
    now: datetime = NOW,
    house: Settings | None = None,
) -> list[str | None]:
    """All in one transaction; the reasons of those that were refused."""
    with database.writing() as session:
        return take_them(session, list(messages), house or Settings(), now)


def one(database: Database, number: int = 1) -> Cry:
    with database.reading() as session:
        found = session.get(Cry, cry_id(number))
        assert found is not None
        return found


def record(database: Database) -> dict[str, Any]:
    """All that cries left behind, but for when it arrived."""
    with database.reading() as session:
        found: dict[str, Any] = {}
        for table in (Cry, Call, CryMessageLog, Clip):
            rows = session.scalars(select(table)).all()
            columns = [
                column.key
                for column in table.__table__.columns
                if column.key not in ("received_at", "updated_at")
            ]
            found[table.__tablename__] = sorted(
                json.dumps([getattr(row, key) for key in columns], default=repr) for row in rows
            )
        return found


def forget_everything(database: Database) -> None:
    with database.writing() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(table.delete())


def test_a_cry_is_written_as_its_newest_message_tells_it(database: Database) -> None:
    assert take(database, [arrived(m) for m in life(updates=1)]) == [None] * 3
    found = one(database)
    assert (found.state, found.seq, found.calls, found.box_id) == ("ended", 3, 3, "nest")
    assert found.onset == NOW
    assert found.offset == NOW + timedelta(seconds=3)
    with database.reading() as session:
        calls = session.scalars(select(Call).order_by(Call.onset_s)).all()
        assert [(call.onset_s, call.length_s) for call in calls] == [(1, 0.4), (2, 0.4), (3, 0.4)]


def test_an_open_cry_is_open_and_a_retracted_one_retracted(records: Database) -> None:
    take(records, [arrived(cry(1)), arrived(cry(2))])
    take(records, [arrived(cry(2, 2, CryStep.RETRACTED, reason="speech"))])
    assert one(records, 1).state == "open"
    assert one(records, 2).state == "retracted"
    assert one(records, 2).details["reason"] == "speech"


def test_every_order_of_arrival_gives_the_same_record(records: Database) -> None:
    messages = [arrived(m) for m in life(updates=2)] + [clip()]
    wanted: dict[str, Any] = {}
    for order in itertools.permutations(messages):
        forget_everything(records)
        assert take(records, order) == [None] * len(messages)
        wanted = wanted or record(records)
        assert record(records) == wanted


@MANY
@given(data=st.data())
def test_whatever_comes_twice_and_in_whatever_batches_is_written_once(
    database: Database, data: st.DataObject
) -> None:
    messages = [
        *(arrived(m) for m in life(1, updates=3)),
        *(arrived(m) for m in life(2, updates=1, box="other")),
        clip(1),
        clip(2, box="other"),
    ]
    forget_everything(database)
    take(database, messages)
    wanted = record(database)
    again = data.draw(st.lists(st.sampled_from(messages), max_size=10))
    order = data.draw(st.permutations(messages + again))
    forget_everything(database)
    while order:
        size = data.draw(st.integers(1, len(order)))
        assert set(take(database, order[:size])) == {None}
        order = order[size:]
    assert record(database) == wanted


def test_a_late_start_does_not_open_an_ended_cry_again(records: Database) -> None:
    started, ended = arrived(cry(1, 1)), arrived(cry(1, 2, CryStep.ENDED))
    take(records, [ended])
    take(records, [started], now=NOW + timedelta(hours=1))
    assert one(records).state == "ended"
    assert one(records).received_at == NOW


def test_a_cry_does_not_move_to_another_box(records: Database) -> None:
    take(records, [arrived(cry(1))])
    (reason,) = take(records, [arrived(cry(1, 2, box="other"))])
    assert reason == "id: this cry is one of the box nest"
    assert one(records).seq == 1


def test_a_clip_may_come_first_and_comes_once(database: Database) -> None:
    take(database, [clip(), clip(flac=FLAC + b"another")])
    take(database, [arrived(cry())])
    with database.reading() as session:
        kept = session.get(Clip, cry_id(1))
        assert kept is not None
        assert kept.flac == FLAC
        found = session.get(Cry, cry_id(1))
        assert found is not None
        assert found.clip is kept


def test_where_no_clips_are_kept_none_is(records: Database) -> None:
    house = Settings.model_validate({"clips": {"keep": False}})
    assert take(records, [clip()], house=house) == [None]
    with records.reading() as session:
        assert session.query(Clip).count() == 0


def test_a_state_is_told_when_it_changes_and_not_when_it_is_repeated(database: Database) -> None:
    deaf = arrived(state(word="deaf", reason="unplugged", detail="put it back"))
    take(database, [arrived(state()), deaf])
    with database.reading() as session:
        status = session.get(BoxStatus, "nest")
        assert status is not None
        assert (status.state, status.reason, status.detail) == ("deaf", "unplugged", "put it back")
        assert (status.state_since, status.heard_at) == (NOW, NOW)
        before = session.query(Change).count()
    take(database, [deaf], now=NOW + timedelta(seconds=1))
    with database.reading() as session:
        assert session.query(Change).count() == before


def test_what_the_broker_kept_is_no_sign_of_life(records: Database) -> None:
    take(
        records,
        [
            arrived(state(), retained=True),
            Arrived(f"{BASE}/nest/availability", b"online", retained=True),
        ],
    )
    with records.reading() as session:
        status = session.get(BoxStatus, "nest")
        assert status is not None
        assert (status.state, status.available, status.heard_at) == ("listening", True, None)


def test_availability_comes_and_goes(records: Database) -> None:
    topic = f"{BASE}/nest/availability"
    for payload, available in ((b"online", True), (b"offline", False)):
        assert take(records, [raw(topic, payload)]) == [None]
        with records.reading() as session:
            status = session.get(BoxStatus, "nest")
            assert status is not None
            assert status.available is available


@pytest.mark.parametrize("what", ["state", "health", "availability"])
def test_clearing_what_the_broker_keeps_is_no_message(records: Database, what: str) -> None:
    assert take(records, [raw(f"{BASE}/nest/{what}", b"")]) == [None]


def test_health_is_kept_as_it_was_sent(records: Database) -> None:
    health = {
        "schema": 1,
        "box": "nest",
        "at": "2026-11-22T02:14:07.310Z",
        "version": "0.1.0",
        "model": "cry-1",
        "uptime_s": 3.5,
        "clock": "synchronised",
        "checks": [{"name": "model", "status": "ok", "message": "loaded"}],
    }
    topic = f"{BASE}/nest/health"
    assert take(records, [raw(topic, json.dumps(health).encode())]) == [None]
    with records.reading() as session:
        status = session.get(BoxStatus, "nest")
        assert status is not None
        assert status.health is not None
        assert status.health["checks"][0]["status"] == "ok"
        assert status.health_at == NOW


def test_levels_are_written_without_telling_everybody(records: Database) -> None:
    levels = Levels(BASE)
    assert levels.take(arrived(level(dbfs=-50.0)))
    assert levels.take(arrived(level(dbfs=-40.0)))
    assert not levels.take(arrived(state()))
    assert not levels.take(raw(f"{BASE}/nest/level", b"loud"))
    with records.writing(soft=True) as session:
        levels.write(session, NOW)
    levels.forget()
    assert not levels.waiting
    with records.reading() as session:
        status = session.get(BoxStatus, "nest")
        assert status is not None
        assert (status.level_dbfs, status.level_at, status.heard_at) == (-40.0, NOW, NOW)
        assert [change.kind for change in session.query(Change)] == ["box"]  # it is new


def changed(**fields: Any) -> bytes:
    """A cry's payload with some fields of other values; None takes one out."""
    plain = json.loads(cry().payload()) | fields
    return json.dumps({k: v for k, v in plain.items() if v is not None}).encode()


CRY = f"{BASE}/nest/cry"
BAD = {
    "not JSON": (CRY, b"{", "EOF"),
    "empty": (CRY, b"", "EOF"),
    "no object": (CRY, b"[1]", "must be an object"),
    "not UTF-8": (CRY, b'{"box": "\xff"}', "not UTF-8 from byte 9 on"),
    "UTF-16": (CRY, "{}".encode("utf-16"), "not UTF-8"),
    "a NUL": (CRY, changed(model="a\x00b"), "NUL"),
    "half a surrogate": (CRY, changed(model="\ud800"), "Invalid JSON"),
    "deep": (CRY, b"[" * 8000, "recursion"),
    "too large": (CRY, b" " * (MAX_PAYLOAD_BYTES + 1), "16385 bytes"),
    "another schema": (CRY, changed(schema=2), "schema"),
    "no schema": (CRY, changed(schema=None), "schema: is missing"),
    "another box": (CRY, changed(box="other"), "the topic says nest, the message other"),
    "a key too few": (CRY, changed(onset=None), "onset"),
    "a number as text": (CRY, changed(seq="1"), "seq"),
    "no seq of ours": (CRY, changed(seq=0), "seq"),
    "out of range": (CRY, changed(score=1.5), "score"),
    "not a number": (CRY, changed(score="x").replace(b'"x"', b"NaN"), "score"),
    "infinite": (CRY, changed(score="x").replace(b'"x"', b"1e999"), "score"),
    "no zone": (CRY, changed(onset="2026-11-22T02:14:07"), "onset"),
    "ends before it begins": (CRY, changed(offset="2026-11-22T02:14:06Z"), "offset before onset"),
    "far ahead": (
        CRY,
        changed(onset="2031-01-01T00:00:00Z", offset="2031-01-01T00:00:01Z"),
        "in the future",
    ),
    "long past": (
        CRY,
        changed(onset="1970-01-01T00:00:00Z", offset="1970-01-01T00:00:01Z"),
        "long past",
    ),
    "for weeks": (CRY, changed(onset="2026-11-01T00:00:00Z"), "7 days"),
    "an unknown species": (CRY, changed(species="hamster"), "species"),
    "too many calls": (CRY, changed(call_times=[[0.0, 0.1]] * 201), "call_times"),
    "no cry's id": (CRY, changed(id="1"), "id"),
    "a box of no such name": (f"{BASE}/Nest Box/cry", cry().payload(), "the box's id"),
    "a box with a line break": (f"{BASE}/nest\n/cry", cry().payload(), "the box's id"),
    "no topic of ours": (f"{BASE}/nest/meow", b"{}", "no topic of ours"),
    "a topic elsewhere": ("elsewhere/nest/cry", b"{}", "no topic of ours"),
    "the base alone": (BASE, b"{}", "no topic of ours"),
    "an availability in between": (f"{BASE}/nest/availability", b"perhaps", "online or offline"),
    "a state of mind": (f"{BASE}/nest/state", b'{"schema":1,"state":"happy"}', "box"),
    "a level of nothing": (f"{BASE}/nest/level", b"null", "must be an object"),
    "a clip of no cry": (f"{BASE}/nest/clip/mine", FLAC, "names no cry"),
    "a clip that is none": (f"{BASE}/nest/clip/{cry_id(1)}", b"RIFF", "not FLAC"),
    "a clip too large": (
        f"{BASE}/nest/clip/{cry_id(1)}",
        FLAC + bytes(MAX_CLIP_BYTES),
        "524288",
    ),
}


def test_while_our_own_clock_is_not_set_nothing_is_too_far_ahead(records: Database) -> None:
    """A dashboard that was off for months, and hears before its clock is set, loses no cry."""
    topic, payload, _ = BAD["far ahead"]
    with records.writing() as session:
        (said,) = take_them(session, [raw(topic, payload)], Settings(), NOW, clock_is_set=False)
    assert said is None


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_taken_is_kept_apart_with_its_reason(records: Database, kind: str) -> None:
    topic, payload, reason = BAD[kind]
    (said,) = take(records, [raw(topic, payload)])
    assert said is not None
    assert reason in said
    with records.reading() as session:
        (kept,) = session.query(QuarantinedMessage)
        assert kept.reason == said
        assert kept.payload == payload[: quarantine.KEPT_BYTES]
        assert kept.size_bytes == len(payload)
        assert session.query(Cry).count() == 0
        assert "quarantine" in {change.kind for change in session.query(Change)}


def test_all_of_it_at_once_is_kept_apart_on_both_databases(database: Database) -> None:
    said = take(database, [raw(topic, payload) for topic, payload, _ in BAD.values()])
    assert None not in said
    with database.reading() as session:
        kept = session.query(QuarantinedMessage).order_by(QuarantinedMessage.id)
        assert [row.reason for row in kept] == said


def test_a_bad_message_does_not_cost_its_neighbours(records: Database) -> None:
    good = [arrived(m) for m in life()]
    reasons = take(records, [raw(CRY, b"{"), good[0], raw(CRY, b"\xff"), *good[1:]])
    assert [reason is not None for reason in reasons] == [True, False, True, False, False, False]
    assert one(records).state == "ended"


def test_an_unsynchronised_clock_may_tell_any_time(records: Database) -> None:
    before_ntp = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
    reasons = take(records, [arrived(cry(onset=before_ntp, clock="unsynchronised"))])
    assert reasons == [None]
    assert one(records).onset == before_ntp


def test_keys_that_are_not_known_are_passed_over(records: Database) -> None:
    assert take(records, [raw(CRY, changed(mood="sad"))]) == [None]


@MANY
@given(
    topic=st.one_of(
        st.sampled_from(
            [f"{BASE}/nest/{what}" for what in ("cry", "state", "level", "health", "availability")]
        ),
        st.just(f"{BASE}/nest/clip/{cry_id(1)}"),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
    ),
    payload=st.one_of(st.binary(max_size=300), st.text().map(lambda t: json.dumps(t).encode())),
)
def test_garbage_on_any_topic_never_crashes(database: Database, topic: str, payload: bytes) -> None:
    message = raw(topic, payload)
    (reason,) = take(database, [message])
    if reason is None:
        assert not payload or payload in (b"online", b"offline") or payload.startswith(b"fLaC")


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@MANY
@given(field=st.sampled_from(sorted(json.loads(cry().payload()))), value=JSON_VALUES)
def test_a_cry_with_one_strange_field_never_crashes(
    database: Database, field: str, value: Any
) -> None:
    plain = json.loads(cry().payload()) | {field: value}
    take(database, [raw(CRY, json.dumps(plain).encode())])


def test_no_more_boxes_than_fit_a_page(records: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boxes, "MOST", 3)
    reasons = take(records, [arrived(state(box=f"b{n}")) for n in range(5)])
    assert [reason is None for reason in reasons] == [True] * 3 + [False] * 2
    with records.reading() as session:
        assert session.query(Box).count() == 3


def test_the_quarantine_keeps_the_newest(
    records: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "KEPT", 5)
    take(records, [raw(CRY, f"{n}".encode()) for n in range(12)])
    with records.reading() as session:
        kept = [row.payload for row in session.query(QuarantinedMessage)]
        assert kept == [f"{n}".encode() for n in range(7, 12)]


def test_the_boxes_of_the_settings_are_there_before_they_say_anything(records: Database) -> None:
    house = Settings.model_validate({"box": [{"id": "nest", "name": "By the stove"}]})
    for _ in range(2):
        with records.writing() as session:
            boxes.configured(session, house, NOW)
    with records.reading() as session:
        assert [(box.id, box.name) for box in session.query(Box)] == [("nest", "By the stove")]


def test_the_contract_itself_is_taken(records: Database) -> None:
    """What our own model writes is what we read, strictly."""
    messages = [*map(arrived, life()), arrived(state()), arrived(level())]
    assert take(records, messages) == [None] * len(messages)
