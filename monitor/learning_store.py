"""What a box remembers to learn from: the hops of its cries, the reviews, and what was learned.

SQLite in the listener's own folder, one file a box. Every change is one transaction, on the disk
when it returns, and doing it again changes nothing. Bounded: the oldest cries without a review go
first, then the oldest of all. What belongs to another model's weights is of no use any more, and
goes when the store is opened with these.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from models.cry_model import EMBEDDING_VALUES, HopScores
from models.local import EMBEDDING_TYPE, Correction
from monitor.learning import Learned, Lesson, Outcome, Verdict
from monitor.messages import LearnedVersion, Tolerance

MOST_CRIES = 400  # some 20 kB each
KEPT = timedelta(days=60)
MOST_VERSIONS = 20
BUSY_TIMEOUT_S = 5.0

_TABLES = """
CREATE TABLE IF NOT EXISTS cry (
    id TEXT PRIMARY KEY,
    at TEXT NOT NULL,          -- UTC, ISO 8601
    scores BLOB NOT NULL,      -- float64 [hops, 4]: time_s, known_s, kitten, puppy
    embedding BLOB NOT NULL,   -- float16 [hops, 64]; NaN where the network was not asked
    verdict TEXT               -- right, not_a_cry; null: no review
) STRICT;
CREATE TABLE IF NOT EXISTS version (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    learned TEXT NOT NULL,     -- JSON
    text TEXT NOT NULL,
    right INTEGER NOT NULL,
    not_a_cry INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""


class StoreError(Exception):
    """What was learned cannot be read or written; the text is one line."""


@dataclass(frozen=True)
class Wishes:
    """What the carers asked for."""

    on: bool = True  # go on learning; else `version` is held
    version: int = 0  # in use
    tolerance: Tolerance = Tolerance.AS_MADE


class LearningStore:
    """One box's; from any thread, one at a time."""

    def __init__(self, path: Path, model: str) -> None:
        """Open or create it for the weights with the sha256 `model`. Raises StoreError."""
        self._path = path
        self._model = model
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._db = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{path}: {error}") from None
        self._begin_with(model)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def keep(self, cry: str, at: datetime, hops: Sequence[HopScores]) -> None:
        """Remember a cry, and forget what is too much or too old."""
        scores = np.array([(h.time_s, h.known_s, h.kitten, h.puppy) for h in hops], np.float64)
        nothing = np.full(EMBEDDING_VALUES, np.nan, np.float32)
        embedding = np.array([nothing if h.embedding is None else h.embedding for h in hops])
        with self._writing() as db:
            db.execute(
                "INSERT INTO cry (id, at, scores, embedding) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO NOTHING",
                (
                    cry,
                    at.astimezone(UTC).isoformat(),
                    scores.tobytes(),
                    embedding.astype(EMBEDDING_TYPE).tobytes(),
                ),
            )
            db.execute("DELETE FROM cry WHERE at < ?", ((at - KEPT).astimezone(UTC).isoformat(),))
            db.execute(
                "DELETE FROM cry WHERE id IN (SELECT id FROM cry"
                " ORDER BY verdict IS NULL, at DESC LIMIT -1 OFFSET ?)",
                (MOST_CRIES,),
            )

    def review(self, cry: str, verdict: Verdict | None) -> bool:
        """Write a carer's word on a cry, None takes it back; False: that cry is not known."""
        with self._writing() as db:
            done = db.execute("UPDATE cry SET verdict = ? WHERE id = ?", (verdict, cry))
            return done.rowcount == 1

    def lessons(self) -> list[Lesson]:
        """The reviewed cries, oldest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT id, scores, embedding, verdict FROM cry WHERE verdict IS NOT NULL"
                " ORDER BY at, id"
            ).fetchall()
        return [
            Lesson(cry, _hops(scores, embedding), verdict)
            for cry, scores, embedding, verdict in rows
        ]

    def announced(self, since: datetime) -> tuple[int, datetime | None]:
        """How many cries are remembered since then, and when the first of all of them was."""
        with self._reading() as db:
            count, first = db.execute(
                "SELECT count(*), min(at) FROM cry WHERE at >= ?",
                (since.astimezone(UTC).isoformat(),),
            ).fetchone()
        return count, datetime.fromisoformat(first) if first else None

    def reviews(self) -> tuple[int, int]:
        """How many cries were reviewed as right, and as none."""
        with self._reading() as db:
            rows = dict(
                db.execute(
                    "SELECT verdict, count(*) FROM cry WHERE verdict IS NOT NULL GROUP BY verdict"
                ).fetchall()
            )
        return rows.get("right", 0), rows.get("not_a_cry", 0)

    def add_version(self, outcome: Outcome, at: datetime) -> int:
        """Keep what was learned; its number."""
        with self._writing() as db:
            done = db.execute(
                "INSERT INTO version (at, learned, text, right, not_a_cry) VALUES (?, ?, ?, ?, ?)",
                (
                    at.astimezone(UTC).isoformat(),
                    _to_json(outcome.learned),
                    outcome.text[:600],
                    outcome.right,
                    outcome.not_a_cry,
                ),
            )
            db.execute(
                "DELETE FROM version WHERE number <= ? AND number != ?",
                ((done.lastrowid or 0) - MOST_VERSIONS, _wishes(db).version),
            )
            return done.lastrowid or 0

    def version(self, number: int) -> Learned | None:
        """What was learned then; None where there is no such version (any more)."""
        with self._reading() as db:
            row = db.execute("SELECT learned FROM version WHERE number = ?", (number,)).fetchone()
            return None if row is None else _from_json(row[0], self._model)

    def versions(self) -> list[LearnedVersion]:
        """All versions, newest first."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT number, at, text, right, not_a_cry FROM version ORDER BY number DESC"
                " LIMIT ?",
                (MOST_VERSIONS,),
            ).fetchall()
            return [
                LearnedVersion(
                    version=number,
                    at=datetime.fromisoformat(at),
                    text=text,
                    right=right,
                    not_a_cry=not_a_cry,
                )
                for number, at, text, right, not_a_cry in rows
            ]

    def wishes(self) -> Wishes:
        """What the carers asked for last."""
        with self._reading() as db:
            return _wishes(db)

    def wish(self, wishes: Wishes) -> None:
        """Write down what the carers ask for."""
        with self._writing() as db:
            _put(
                db,
                on=str(int(wishes.on)),
                version=str(wishes.version),
                tolerance=wishes.tolerance.value,
            )

    def _begin_with(self, model: str) -> None:
        """Forget what belongs to other weights."""
        with self._writing() as db:
            known = _values(db)
            if known.get("model") != model:
                db.execute("DELETE FROM cry")
                db.execute("DELETE FROM version")
                _put(db, model=model, version="0", on="1")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                    self._db.execute("COMMIT")
                except BaseException:
                    if self._db.in_transaction:  # a full disk has ended it already
                        self._db.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise StoreError(f"{self._path}: {error}") from None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            # What another version wrote, or a worn card garbled, must not end the listening.
            except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
                raise StoreError(f"{self._path}: {error!r}") from None


def _values(db: sqlite3.Connection) -> dict[str, str]:
    return dict(db.execute("SELECT key, value FROM value").fetchall())


def _put(db: sqlite3.Connection, **values: str) -> None:
    db.executemany(
        "INSERT INTO value VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        list(values.items()),
    )


def _wishes(db: sqlite3.Connection) -> Wishes:
    known = _values(db)
    return Wishes(
        on=known.get("on", "1") == "1",
        version=int(known.get("version", "0")),
        tolerance=Tolerance(known.get("tolerance", Tolerance.AS_MADE.value)),
    )


def _hops(scores: bytes, embedding: bytes) -> tuple[HopScores, ...]:
    rows = np.frombuffer(scores, np.float64).reshape(-1, 4)
    values = np.frombuffer(embedding, EMBEDDING_TYPE).reshape(len(rows), EMBEDDING_VALUES)
    return tuple(
        HopScores(
            time_s, kitten, puppy, known_s, None if np.isnan(one[0]) else one.astype(np.float32)
        )
        for (time_s, known_s, kitten, puppy), one in zip(rows.tolist(), values, strict=True)
    )


def _to_json(learned: Learned) -> str:
    correction = learned.correction
    return json.dumps(
        {
            "shift": learned.shift,
            "correction": correction
            and {
                "model": correction.model,
                "weights": correction.weights.tolist(),
                "bias": correction.bias,
            },
        }
    )


def _from_json(text: str, model: str) -> Learned | None:
    known = json.loads(text)
    correction = known["correction"]
    if correction is not None and correction["model"] != model:
        return None
    made = correction and Correction(
        correction["model"], np.array(correction["weights"]), float(correction["bias"])
    )
    return Learned(made, float(known["shift"]))
