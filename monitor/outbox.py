"""The outbox: what must reach the broker, kept in SQLite until the broker has it.

A power cut, a killed process or a broker that is down delays a message and never loses it; a
message sent twice is harmless to readers by contract (`(id, seq)` is written once).

Writes go to memory first and from there to the disk, so that a full or read-only disk makes the
listener forgetful, not silent: `batch` also gives what could not be written, `trouble` says why,
and every later call tries the disk again.
"""

from __future__ import annotations

import fcntl
import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from monitor.messages import is_spare_topic

log = logging.getLogger(__name__)

KEPT_AFTER_ACK_S = 60.0  # a broker may lose with its power what it has acknowledged just before
DOUBT_S = 2.0  # what was acknowledged so shortly before a crash may not have been saved
CLIPS_BYTES = 200 * 1024 * 1024  # waiting clips beyond this are dropped, oldest first
# Held in memory while the disk takes nothing; together at most some 48 MB.
UNWRITTEN_MESSAGES, UNWRITTEN_CLIPS_BYTES = 2000, 16 * 1024 * 1024
BUSY_TIMEOUT_S = 5.0
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # Linux: another value after every boot

# Keys of our own, beside those of `remember`, which begin with a dot.
_OPEN_CRY, _BOOT, _CLOSED = "open_cry", "boot", "closed"

_TABLES = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    clip INTEGER NOT NULL,   -- may be dropped when there are too many
    queued REAL NOT NULL,    -- s, monotonic clock of this boot
    acknowledged REAL        -- s, monotonic clock of this boot
) STRICT;
CREATE INDEX IF NOT EXISTS message_waiting ON message (id) WHERE acknowledged IS NULL;
CREATE INDEX IF NOT EXISTS message_acknowledged ON message (acknowledged)
    WHERE acknowledged IS NOT NULL;
CREATE TABLE IF NOT EXISTS value (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""


class OutboxError(Exception):
    """The outbox cannot be opened; the text is one line that says what to do."""


@dataclass(frozen=True)
class Outgoing:
    """A message for the broker."""

    topic: str
    payload: bytes

    @property
    def spare(self) -> bool:
        """Whether it may be dropped where a cry may not: a cry's sound, a minute."""
        return is_spare_topic(self.topic)


@dataclass(frozen=True)
class Waiting:
    """A message in the outbox."""

    id: int
    """Its place in the order of sending; never used twice while the program runs."""
    message: Outgoing
    queued: float
    """When it came, s of the monotonic clock."""


@dataclass
class _Unwritten:
    """What the disk has not taken yet."""

    rows: list[Waiting] = field(default_factory=list)
    values: dict[str, bytes | None] = field(default_factory=dict)  # None: forget the key
    acknowledged: set[int] = field(default_factory=set)


class Outbox:
    """Messages in order, the open cry, and a few small values; safe to use from any thread."""

    def __init__(self, path: Path, *, clips_bytes: int = CLIPS_BYTES) -> None:
        """Open or create the database. Raises OutboxError."""
        self._path = path
        self._clips_bytes = clips_bytes
        self._lock = threading.Lock()
        self._unwritten = _Unwritten()
        self._trouble: str | None = None
        self.dropped_clips = 0
        self.lost_messages = 0
        try:
            for folder in (path.parent.parent, path.parent):  # the mode is for the last one only
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._owner = path.with_suffix(".lock").open("w")
        except OSError as error:
            raise OutboxError(f"{path.parent}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(self._owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._owner.close()
            raise OutboxError(
                f"{path}: another listener of this box is running; stop it first"
            ) from None
        try:
            self._db = self._open()
            row = self._db.execute("SELECT max(id) FROM message").fetchone()
        except (sqlite3.Error, OSError) as error:
            self._owner.close()
            raise OutboxError(
                f"{path}: cannot be used: {error}; is the disk full or read-only?"
            ) from None
        self._next_id = int(row[0] or 0) + 1

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
        aside = self._path.with_suffix(f".damaged-{int(time.time())}")
        self._path.rename(aside)
        for suffix in ("-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        log.error("%s is damaged; put aside as %s, starting anew", self._path, aside.name)
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            self._path.chmod(0o600)
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=FULL")
            db.executescript(_TABLES)
            _begin(db)
        except BaseException:
            db.close()
            raise
        return db

    def close_step(
        self,
        messages: Sequence[Outgoing],
        open_cry: bytes | None,
        remember: Mapping[str, str] | None = None,
    ) -> None:
        """Append messages, store (None: clear) the open cry, and remember values: all or nothing.

        On return it is on the disk, or `trouble` says why not and it waits in memory.
        """
        with self._lock:
            now = time.monotonic()
            for message in messages:
                self._unwritten.rows.append(Waiting(self._next_id, message, now))
                self._next_id += 1
            self._unwritten.values[_OPEN_CRY] = open_cry
            for key, value in (remember or {}).items():
                self._unwritten.values["." + key] = value.encode()
            self._write()

    def open_cry(self) -> bytes | None:
        """What the last step stored."""
        with self._lock:
            return self._value(_OPEN_CRY)

    def remember(self, key: str, value: str) -> None:
        """Keep a small value."""
        with self._lock:
            self._unwritten.values["." + key] = value.encode()
            self._write()

    def recall(self, key: str) -> str | None:
        """What was remembered under `key`."""
        with self._lock:
            value = self._value("." + key)
        return None if value is None else value.decode()

    def batch(self, limit: int, after: int = 0) -> list[Waiting]:
        """The oldest messages that are not acknowledged and have an id above `after`, in order."""
        with self._lock:
            acknowledged = self._unwritten.acknowledged
            try:
                rows = self._db.execute(
                    "SELECT id, topic, payload, queued FROM message"
                    " WHERE acknowledged IS NULL AND id > ? ORDER BY id LIMIT ?",
                    (after, limit + len(acknowledged)),
                ).fetchall()
            except sqlite3.Error as error:
                self._note_trouble(error)
                rows = []
            stored = [
                Waiting(id_, Outgoing(topic, data), queued) for id_, topic, data, queued in rows
            ]
            every = stored + [row for row in self._unwritten.rows if row.id > after]
            return [row for row in every if row.id not in acknowledged][:limit]

    def acknowledge(self, ids: Iterable[int]) -> None:
        """The broker has these; they are deleted for good `KEPT_AFTER_ACK_S` later."""
        with self._lock:
            self._unwritten.acknowledged.update(ids)
            # Only a message sent twice is at stake, so the disk need not be waited for.
            self._write(durable=False)

    def doubt(self) -> None:
        """The broker may have died: what it acknowledged just before is sent again.

        Mosquitto acknowledges a message a moment before it saves it.
        """
        with self._lock:
            self._write(durable=False)
            try:
                _doubt(self._db, time.monotonic() - DOUBT_S)
            except sqlite3.Error as error:
                self._note_trouble(error)

    def drop_clip(self, id_: int) -> None:
        """Give up a clip that the broker will never take; it is counted."""
        self.dropped_clips += 1
        self.acknowledge([id_])

    def depth(self) -> int:
        """How many messages are not acknowledged."""
        with self._lock:
            try:
                stored: int = self._db.execute(
                    "SELECT count(*) FROM message WHERE acknowledged IS NULL"
                ).fetchone()[0]
            except sqlite3.Error as error:
                self._note_trouble(error)
                stored = 0
            return max(0, stored - len(self._unwritten.acknowledged)) + len(self._unwritten.rows)

    def oldest_age_s(self) -> float | None:
        """Age of the oldest message that is not acknowledged, counted from this boot; or None."""
        oldest = self.batch(1)
        return max(0.0, time.monotonic() - oldest[0].queued) if oldest else None

    @property
    def trouble(self) -> str | None:
        """Why the disk takes nothing, in one line; None while all is well."""
        return self._trouble

    def close(self) -> None:
        """Try the disk once more, then let go of it."""
        with self._lock:
            self._unwritten.values[_CLOSED] = b"1"
            self._write()
            self._db.close()
            self._owner.close()

    def _write(self, *, durable: bool = True) -> None:
        """Move what is unwritten to the disk; on failure keep a bounded part of it in memory."""
        unwritten = self._unwritten
        try:
            with self._transaction(durable=durable):
                self._db.executemany(
                    "INSERT INTO message VALUES (?, ?, ?, ?, ?, NULL)",
                    [
                        (
                            row.id,
                            row.message.topic,
                            row.message.payload,
                            row.message.spare,
                            row.queued,
                        )
                        for row in unwritten.rows
                    ],
                )
                for key, value in unwritten.values.items():
                    if value is None:
                        self._db.execute("DELETE FROM value WHERE key = ?", (key,))
                    else:
                        self._db.execute("INSERT OR REPLACE INTO value VALUES (?, ?)", (key, value))
                now = time.monotonic()
                self._db.executemany(
                    "UPDATE message SET acknowledged = ? WHERE id = ?",
                    [(now, id_) for id_ in unwritten.acknowledged],
                )
                self._db.execute(
                    "DELETE FROM message WHERE acknowledged < ?", (now - KEPT_AFTER_ACK_S,)
                )
                dropped = self._drop_clips() if any(r.message.spare for r in unwritten.rows) else 0
        except sqlite3.Error as error:
            self._note_trouble(error)
            self._forget_some()
            return
        self._unwritten = _Unwritten()
        if dropped:
            self.dropped_clips += dropped
            log.warning("the broker takes nothing: %d old clips were dropped", dropped)
        if self._trouble is not None:
            log.info("%s can be written again", self._path)
            self._trouble = None

    @contextmanager
    def _transaction(self, *, durable: bool = True) -> Iterator[None]:
        self._db.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _drop_clips(self) -> int:
        """Delete the oldest clips beyond the bound, acknowledged ones uncounted; how many."""
        self._db.execute("DELETE FROM message WHERE clip AND acknowledged IS NOT NULL")
        return self._db.execute(
            "DELETE FROM message WHERE id IN (SELECT id FROM (SELECT id, sum(length(payload))"
            " OVER (ORDER BY id DESC) AS size FROM message WHERE clip) WHERE size > ?)",
            (self._clips_bytes,),
        ).rowcount

    def _forget_some(self) -> None:
        """Bound what waits in memory: clips go first, then, loudly, the oldest messages."""
        unwritten = self._unwritten
        sent = unwritten.acknowledged.intersection(row.id for row in unwritten.rows)
        unwritten.acknowledged -= sent
        rows = [row for row in unwritten.rows if row.id not in sent]
        clips = [row for row in rows if row.message.spare]
        excess = sum(len(row.message.payload) for row in clips) - UNWRITTEN_CLIPS_BYTES
        dropped: set[int] = set()
        for row in clips:
            if excess <= 0:
                break
            excess -= len(row.message.payload)
            dropped.add(row.id)
        rows = [row for row in rows if row.id not in dropped]
        self.dropped_clips += len(dropped)
        lost = max(0, len(rows) - UNWRITTEN_MESSAGES)
        if lost:
            self.lost_messages += lost
            log.error("%s cannot be written and memory is full: %d messages lost", self._path, lost)
        unwritten.rows = rows[lost:]

    def _note_trouble(self, error: sqlite3.Error) -> None:
        trouble = f"{self._path}: cannot be written ({error}); free some space on the disk"
        if self._trouble is None:
            log.error("%s; cries are kept in memory meanwhile", trouble)
        self._trouble = trouble

    def _value(self, key: str) -> bytes | None:
        if key in self._unwritten.values:
            return self._unwritten.values[key]
        try:
            return self._read_value(key)
        except sqlite3.Error as error:
            self._note_trouble(error)
            return None

    def _read_value(self, key: str) -> bytes | None:
        row = self._db.execute("SELECT value FROM value WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])


def _begin(db: sqlite3.Connection) -> None:
    """After a power cut or a crash, take back acknowledgements that may be worth nothing."""
    values: dict[str, bytes] = dict(db.execute("SELECT key, value FROM value"))
    boot = BOOT_ID.read_bytes().strip() if BOOT_ID.exists() else b"unknown"
    db.execute("BEGIN IMMEDIATE")
    if values.get(_BOOT) != boot:
        if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("damaged")
        # The monotonic clock began anew, so ages count from now.
        db.execute("UPDATE message SET acknowledged = NULL, queued = ?", (time.monotonic(),))
        db.execute("INSERT OR REPLACE INTO value VALUES (?, ?)", (_BOOT, boot))
    elif _CLOSED not in values:
        (newest,) = db.execute("SELECT max(acknowledged) FROM message").fetchone()
        _doubt(db, (newest or 0.0) - DOUBT_S)
    db.execute("DELETE FROM value WHERE key = ?", (_CLOSED,))
    db.execute("COMMIT")


def _doubt(db: sqlite3.Connection, since: float) -> None:
    db.execute("UPDATE message SET acknowledged = NULL WHERE acknowledged >= ?", (since,))
