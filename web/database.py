"""The records' database: SQLite by default, PostgreSQL by one setting.

All writing goes through `Database.writing`, which lets one writer in at a time on either database
(SQLite: `BEGIN IMMEDIATE`; PostgreSQL: an advisory lock). So nothing is ever told "database is
locked" half-way, no two writers can deadlock, and the ids of the change feed become visible in
order. Writers are short: a page's tap, or a batch of messages.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

LOCK_WAIT_S = 10  # a writer that waits longer gives up and says so
CONNECT_WAIT_S = 3
# Of libpq, s: a server that lost its power says no goodbye, and would be waited for over two hours.
KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
UNANSWERED_MS = 20_000
POOL_SIZE, POOL_OVERFLOW = 5, 25  # connections; the web server's threads and live streams fit
WRITER_LOCK = 0x6E757273  # "nurs": PostgreSQL's advisory lock that the one writer holds

MIGRATIONS = Path(__file__).with_name("migrations")

Use = Literal["read", "write", "soft", "migrate"]

# What SQLite says, and what it means to whoever has to put it right.
_SQLITE_ADVICE = (
    ("unable to open", "cannot be opened; can this user write to its folder?"),
    ("readonly", "cannot be written; is the file or the disk read-only?"),
    ("full", "the disk is full; make room and it goes on by itself"),
    ("locked", "is busy with another program; it is tried again"),
    ("not a database", "is no database of ours; name another state_dir, or move the file away"),
    ("malformed", "is damaged; move the file away or put a backup in its place"),
    ("disk I/O", "the disk does not answer as it should; is it failing or full?"),
)


class DatabaseError(Exception):
    """The records cannot be reached or written now; the text is one line that says what to do."""


class Database:
    """An open database; share one between threads, close it at the end."""

    def __init__(self, engine: Engine) -> None:
        """Use `open_database` instead."""
        self.engine = engine
        self._engines = {
            use: engine.execution_options(use=use) for use in ("read", "write", "soft", "migrate")
        }

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one moment of the records and cannot write. Raises DatabaseError."""
        engine = self._engines["read"]
        with (
            self._translated(),
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def writing(self, *, soft: bool = False) -> Iterator[Session]:
        """A session of the only writer; commits at the end, rolls back on an exception.

        `soft` does not wait for the disk: what a power cut takes away then is only the last few
        seconds of values that are overwritten all the time, and an SD card lives longer.
        Raises DatabaseError; IntegrityError and DataError pass through, they are the caller's.
        """
        engine = self._engines["soft" if soft else "write"]
        with (
            self._translated(),
            Session(engine, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def upgrade(self) -> None:
        """Bring the tables to this version; safe when several processes start at once.

        Raises DatabaseError, also when the records were written by a newer version.
        """
        with self._translated(), self._engines["read"].begin() as connection:
            known = inspect(connection).has_table("alembic_version")
            version = (
                connection.scalar(text("SELECT version_num FROM alembic_version"))
                if known
                else None
            )
        if version != newest_migration():
            self._migrate()

    def _migrate(self) -> None:
        from alembic import command  # noqa: PLC0415 - takes long on a small board, is needed once
        from alembic.config import Config  # noqa: PLC0415
        from alembic.util import CommandError  # noqa: PLC0415

        logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells each plugin it has
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self._translated(), self._engines["migrate"].begin() as connection:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise DatabaseError(
                    f"{self.shown}: written by another, probably newer, version of this program; "
                    f"update the program ({error})"
                ) from None

    @property
    def shown(self) -> str:
        """The database as it may be shown: without a password."""
        return _shown(self.engine.url)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError):
            raise
        except DBAPIError as error:
            raise DatabaseError(_advice(self.engine.url, error.orig)) from error
        except PoolTimeout as error:
            raise DatabaseError(f"{self.shown}: all connections are in use") from error


def newest_migration() -> str:
    """The version of this program's tables: migrations are numbered."""
    return max(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))


def open_database(url: str) -> Database:
    """The database at a SQLAlchemy URL, not yet connected.

    Raises DatabaseError when the URL cannot be meant or the file's folder cannot be made.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseError(
            "web.database_url: not a database URL; write postgresql+psycopg://user@host/name"
        ) from None
    if parsed.drivername in ("postgres", "postgresql"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite":
        return Database(_sqlite(parsed))
    if parsed.drivername == "postgresql+psycopg":
        return Database(_postgresql(parsed))
    raise DatabaseError(
        f"web.database_url: {parsed.drivername}: only sqlite and postgresql are supported"
    )


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise DatabaseError("web.database_url: SQLite needs a file that several processes can open")
    path = Path(url.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # records are nobody else's
    except OSError as error:
        raise DatabaseError(
            f"{path}: cannot be written: {error.strerror}; name a writable state_dir"
        ) from None
    engine = create_engine(
        url,
        connect_args={"timeout": LOCK_WAIT_S},
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    use: Use = connection.get_execution_options().get("use", "write")
    # In WAL mode NORMAL never harms what is already there; it only leaves out the wait for the
    # disk at each commit. OFF could corrupt the file when the log starts over.
    connection.exec_driver_sql(f"PRAGMA synchronous = {'NORMAL' if use == 'soft' else 'FULL'}")
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if use == 'read' else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if use == "read" else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={
            "connect_timeout": CONNECT_WAIT_S,
            "application_name": "nursery-monitor",
            "tcp_user_timeout": UNANSWERED_MS,
            **KEEPALIVE,
        },
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
    )
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _begin_postgresql(connection: Connection) -> None:
    use: Use = connection.get_execution_options().get("use", "write")
    if use == "read":
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return
    if use == "soft":
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
    wait_s = 0 if use == "migrate" else LOCK_WAIT_S  # 0 waits for as long as it takes
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{wait_s}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")


def _shown(url: URL) -> str:
    if url.drivername == "sqlite":
        return str(url.database)
    return url.render_as_string(hide_password=True)


def _advice(url: URL, error: BaseException | None) -> str:
    said = (str(error).strip().splitlines() or ["does not answer"])[0]
    if url.drivername == "sqlite":
        for sign, advice in _SQLITE_ADVICE:
            if sign in said:
                return f"{url.database}: {advice}"
    return f"{_shown(url)}: {said}"
