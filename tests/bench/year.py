"""A house that has been kept for a year: forty babies at a time, a million cries.

They come in waves, as litters do, and leave after two months; eight boxes with a listener each.
Put into the records in bulk, as the journal and the ingest would have left them.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import func, insert, select, text

from monitor.settings import HouseSettings
from tests.web.dashboard import NAME
from web import boxes, proof
from web.database import Database
from web.records import (
    Animal,
    Audit,
    Base,
    Call,
    Clip,
    Companionship,
    Cry,
    Feed,
    Formula,
    Minute,
    Note,
    Observation,
    Photo,
    Reminder,
    Review,
    Stay,
    Suggestion,
    Weight,
)

NOW = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
YEAR = timedelta(days=365)
BOXES = [f"box{number}" for number in range(8)]
AT_A_TIME, WAVES, IN_CARE = 40, 6, timedelta(days=60)
MINUTES_KEPT = timedelta(days=42)
CHUNK = 20_000
SIGNS = ("limp", "gasping", "pale_gums", "no_suck", "convulsion", "bleeding")
FLAC = b"fLaC" + bytes(60_000)
Rows = Iterator[dict[str, Any]]


def fill(database: Database, cries: int) -> None:
    """Put the year into empty records; records that are filled stay as they are."""
    with database.reading() as session:
        if session.scalar(select(func.count()).select_from(Animal)):
            return
    began = time.monotonic()
    chance = random.Random(7)
    with database.writing() as session:
        for box in BOXES:
            boxes.box_of(session, box, NOW - YEAR)
        session.add(Formula(name="Milk", kcal_ml=0.9, created_at=NOW - YEAR))
    babies = _babies(chance)
    tables: Sequence[tuple[type[Base], Rows]] = (
        (Animal, iter(babies)),
        (Stay, _stays(babies)),
        (Companionship, _companionships(babies, chance)),
        (Feed, _feeds(babies)),
        (Weight, _weights(babies)),
        (Observation, _checks(babies)),
        (Note, _notes(babies)),
        (Reminder, _reminders(babies)),
        (Photo, _photos(babies)),
        (Audit, _audits(babies)),
        (Cry, _cries(cries, chance)),
        (Call, _calls(cries)),
        (Review, _reviews(cries)),
        (Suggestion, _suggestions(cries)),
        (Clip, ({**_clip(n)} for n in range(cries - min(cries, 500), cries))),
        (Minute, _minutes()),
    )
    for table, rows in tables:
        count = _put(database, table, rows)
        print(f"{table.__tablename__}: {count}", file=sys.stderr, flush=True)
    _prove(database)
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as link:
            link.execute(text("VACUUM ANALYZE"))
    print(f"filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _prove(database: Database) -> None:
    """What company changed, as the ingest would have reckoned it by now."""
    house = HouseSettings()
    while True:
        with database.reading() as session:
            reckoned = proof.due(session, house, NOW)
        if not reckoned:
            return
        with database.writing() as session:
            proof.keep(session, reckoned, NOW)


def _put(database: Database, table: type[Base], rows: Rows) -> int:
    count = 0
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            count += _write(database, table, chunk)
            chunk = []
    return count + _write(database, table, chunk)


def _write(database: Database, table: type[Base], chunk: list[dict[str, Any]]) -> int:
    if chunk:
        with database.writing(soft=True) as session:
            session.execute(insert(table.__table__), chunk)  # type: ignore[arg-type]
    return len(chunk)


def _babies(chance: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for wave in range(WAVES):
        came = NOW - IN_CARE * (WAVES - wave) + timedelta(days=25)
        for place in range(AT_A_TIME):
            last = wave == WAVES - 1
            found.append(
                {
                    "id": len(found) + 1,
                    "name": f"Baby {wave}-{place}",
                    "species": "puppy" if place % 5 == 4 else "kitten",
                    "born_on": (came - timedelta(days=chance.randrange(1, 5))).date(),
                    "born_estimated": False,
                    "intake_on": came.date(),
                    "litter": f"litter {wave}-{place // 5}",
                    "status": "in_care" if last else "adopted",
                    "left_on": None if last else (came + IN_CARE).date(),
                    "suckles_others": False,
                    "keep_apart": False,
                    "formula_id": 1,
                    "notes": "",
                    "demo": False,
                    "created_at": came,
                }
            )
    return found


def _days(baby: Mapping[str, Any]) -> Iterator[tuple[int, datetime]]:
    """The days of a baby in care: which one, and its begin."""
    until = min(NOW, baby["created_at"] + IN_CARE)
    day, at = 0, baby["created_at"]
    while at < until - timedelta(days=1):
        yield day, at
        day, at = day + 1, at + timedelta(days=1)


def _stays(babies: Sequence[Mapping[str, Any]]) -> Rows:
    for baby in babies:
        came = baby["created_at"]
        yield {
            "animal_id": baby["id"],
            "box_id": BOXES[baby["id"] // 5 % len(BOXES)],
            "began_at": came,
            "ended_at": None if baby["status"] == "in_care" else came + IN_CARE,
        }


def _companionships(babies: Sequence[Mapping[str, Any]], chance: random.Random) -> Rows:
    for one, other in pairwise(babies):
        if one["litter"] != other["litter"]:
            continue
        began = one["created_at"] + timedelta(days=3)
        going_on = one["status"] == "in_care"
        yield {
            "animal_id": one["id"],
            "partner_id": other["id"],
            "began_at": began,
            "ended_at": None if going_on else began + timedelta(days=20),
            "kind": "litter",
            "outcome": chance.choice(("passed", "passed", "failed")),
            "by": NAME,
        }


def _feeds(babies: Sequence[Mapping[str, Any]]) -> Rows:
    for baby in babies:
        for day, at in _days(baby):
            each = 8 if day < 21 else 5
            for feed in range(each):
                yield {
                    "animal_id": baby["id"],
                    "at": at + timedelta(hours=24 * feed / each, seconds=baby["id"]),
                    "amount_ml": 4.0 + day / 4,
                    "how": "short" if (day + feed) % 11 == 0 else "full",
                    "route": "bottle",
                    "formula_id": 1,
                    "note": "",
                    "by": NAME,
                }


def _weights(babies: Sequence[Mapping[str, Any]]) -> Rows:
    for baby in babies:
        for day, at in _days(baby):
            grams = 110.0 + 11 * day + baby["id"] % 7
            yield {"animal_id": baby["id"], "at": at, "grams": grams, "by": NAME}


def _checks(babies: Sequence[Mapping[str, Any]]) -> Rows:
    def seen(baby: Mapping[str, Any], at: datetime, fact: str, value: Any) -> dict[str, Any]:
        return {"animal_id": baby["id"], "at": at, "fact": fact, "value": value, "by": NAME}

    for baby in babies:
        for day, at in _days(baby):
            yield seen(baby, at, "health", "ok")
            for sign in SIGNS:
                yield seen(baby, at, sign, False)
            for hour in range(0, 24, 3) if day < 21 else ():
                yield seen(baby, at + timedelta(hours=hour), "toilet", "urine")


def _notes(babies: Sequence[Mapping[str, Any]]) -> Rows:
    for baby in babies:
        for _, at in _days(baby):
            yield {"animal_id": baby["id"], "at": at, "text": "sleeps well", "by": NAME}


def _reminders(babies: Sequence[Mapping[str, Any]]) -> Rows:
    for baby in babies:
        for week in range(2, 8, 2):
            due = baby["created_at"] + timedelta(weeks=week)
            yield {
                "animal_id": baby["id"],
                "kind": "deworming",
                "text": "",
                "due_at": due,
                "created_at": baby["created_at"],
                "done_at": due if due < NOW else None,
            }


def _photos(babies: Sequence[Mapping[str, Any]]) -> Rows:
    image = b"\xff\xd8\xff\xe0" + bytes(80_000)
    for baby in babies:
        yield {
            "animal_id": baby["id"],
            "content_type": "image/jpeg",
            "image": image,
            "at": baby["created_at"],
        }


def _audits(babies: Sequence[Mapping[str, Any]]) -> Rows:
    """An entry a feed, with what undo needs: the record that grows fastest beside the cries."""
    for number, feed in enumerate(_feeds(babies), 1):
        after = {"amount_ml": feed["amount_ml"], "how": feed["how"], "by": NAME, "note": ""}
        step = {"did": "add", "table": "feed", "key": number, "after": after}
        yield {
            "at": feed["at"],
            "by": NAME,
            "action": "fed",
            "subject": f"feed {number}",
            "undo": {"steps": [step], "tells": [["animal", str(feed["animal_id"]), "box1"]]},
        }


def cry_id(number: int) -> str:
    """Of the cry of that number."""
    return f"01929b1e-7c1a-7aa0-a2ef-{number:012x}"


def _cries(count: int, chance: random.Random) -> Rows:
    step = YEAR / count
    acoustics = {"pitch_hz": 1240.0, "call_s": 0.42, "tonality": 0.81, "snr_db": 14.5}
    details = {"species_scores": {"kitten": 0.93, "puppy": 0.04}, "acoustics": acoustics}
    for number in range(count):
        onset = NOW - YEAR + step * number
        newest = number == count - 1
        yield {
            "id": cry_id(number),
            "seq": 3,
            "box_id": BOXES[number % len(BOXES)],
            "state": "open" if newest else "retracted" if number % 5000 == 0 else "ended",
            "onset": onset,
            "offset": onset + timedelta(seconds=20),
            "clock": "synchronised",
            "species": "unknown" if number % 50 == 0 else "kitten",
            "score": 0.9,
            "calls": 12,
            "calls_per_minute": 30.0,
            "arousal": "high",
            "model": "cry-2 sha256:ab12cd34",
            "details": details,
            "demo": False,
            "received_at": onset,
            "updated_at": onset + timedelta(seconds=21),
            "source_id": chance.randrange(1, AT_A_TIME * WAVES) if number % 10 == 0 else None,
            "stopped_by": "fed" if number % 4 == 0 else None,
        }


def _calls(cries: int) -> Rows:
    for number in range(cries):
        for call in range(2):
            yield {"cry_id": cry_id(number), "onset_s": call * 1.5, "length_s": 0.4}


def _reviews(cries: int) -> Rows:
    for number in range(0, cries, 20):
        yield {"cry_id": cry_id(number), "verdict": "right", "species": "kitten", "at": NOW}


def _suggestions(cries: int) -> Rows:
    advice = {
        "code": "FEED_DUE",
        "rank": 4,
        "subjects": ["201"],
        "partner": None,
        "reasons": ["fed long ago"],
        "confidence": "high",
        "unknown": [],
        "source": "feeding tables",
        "title": "Feed",
        "text": "It is due.",
    }
    step = YEAR / cries
    for number in range(0, cries, 5):
        yield {
            "box_id": BOXES[number % len(BOXES)],
            "cry_id": cry_id(number),
            "code": "FEED_DUE",
            "rank": 4,
            "advice": advice,
            "shown_at": NOW - YEAR + step * number,
            "outcome": "done" if number % 3 == 0 else None,
        }


def _clip(number: int) -> dict[str, Any]:
    return {
        "cry_id": cry_id(number),
        "box_id": BOXES[number % len(BOXES)],
        "received_at": NOW,
        "size_bytes": len(FLAC),
        "flac": FLAC,
    }


def _minutes() -> Rows:
    for number in range(int(MINUTES_KEPT / timedelta(minutes=1))):
        at = NOW - MINUTES_KEPT + timedelta(minutes=number)
        for box in BOXES:
            yield {
                "box_id": box,
                "run": "ab12cd34",
                "number": number,
                "at": at,
                "clock": "synchronised",
                "length_s": 60.0,
                "listened_s": 60.0,
                "muted_s": 0.0,
                "deaf_s": 0.0,
                "level_dbfs": -50.0,
                "loud_dbfs": -42.0,
                "peak_dbfs": -30.0,
                "noise_dbfs": -60.0,
                "score": 0.2,
                "threshold": 0.6,
                "sensitivity": "normal",
                "near_calls": 0,
                "lone_calls": 0,
                "demo": False,
            }
