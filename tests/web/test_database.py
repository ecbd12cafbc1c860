"""The records' database: both kinds alike, one writer at a time, errors that say what to do."""

from __future__ import annotations

import os
import threading
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from tests.postgresql import PostgreSQL
from web import changes
from web.database import (
    MIGRATIONS,
    Database,
    DatabaseError,
    newest_migration,
    open_database,
)
from web.records import Base, Box, Change

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def test_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_are_numbered_in_their_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [newest_migration()]


def test_a_second_upgrade_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        session.add(Box(id="nest", created_at=NOW))
    database.upgrade()
    with database.reading() as session:
        assert session.get(Box, "nest") is not None


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_several_processes_may_upgrade_an_empty_database_at_once(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if kind == "sqlite":
        url = f"sqlite:///{tmp_path / 'deeper' / 'records.db'}"
    else:
        url = request.getfixturevalue("postgresql").new_database()
    failed: list[BaseException] = []

    def upgrade() -> None:
        try:
            database = open_database(url)
            database.upgrade()
            database.close()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=upgrade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_moments_come_back_in_utc(database: Database) -> None:
    east = NOW.astimezone(timezone(timedelta(hours=5)))
    with database.writing() as session:
        session.add(Box(id="nest", created_at=east))
    with database.reading() as session:
        box = session.get(Box, "nest")
        assert box is not None
        assert box.created_at == NOW
        assert box.created_at.utcoffset() == timedelta(0)


def test_nobody_writes_by_accident_while_reading(database: Database) -> None:
    with pytest.raises(DatabaseError), database.reading() as session:
        session.add(Box(id="nest", created_at=NOW))


def test_an_exception_leaves_nothing_behind(database: Database) -> None:
    def interrupted() -> None:
        with database.writing() as session:
            session.add(Box(id="nest", created_at=NOW))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    with database.reading() as session:
        assert session.get(Box, "nest") is None


def test_writers_take_turns_and_a_follower_misses_no_change(database: Database) -> None:
    """Eight writers at once; a reader that asks for what came after the last id sees all of it."""
    writers, each = 8, 15
    done = threading.Event()
    seen: list[int] = []
    failed: list[BaseException] = []

    def write(name: str) -> None:
        try:
            for _ in range(each):
                with database.writing() as session:
                    changes.append(session, NOW, "box", name)
                    session.flush()  # the id is taken here, and visible a little later
                    time.sleep(0.001)
        except BaseException as error:
            failed.append(error)

    def follow() -> None:
        last = 0
        while True:
            finished = done.is_set()
            with database.reading() as session:
                found = changes.after(session, last).items
            seen.extend(change.id for change in found)
            last = seen[-1] if seen else 0
            if finished and not found:
                return

    follower = threading.Thread(target=follow)
    follower.start()
    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    follower.join()
    assert failed == []
    assert seen == sorted(seen)
    assert len(seen) == writers * each


def test_soft_writes_do_not_wait_for_the_disk_and_others_do(database: Database) -> None:
    setting = "PRAGMA synchronous" if database.dialect == "sqlite" else "SHOW synchronous_commit"
    with database.writing(soft=True) as session:
        soft = session.scalar(text(setting))
    with database.writing() as session:
        hard = session.scalar(text(setting))
    assert (soft, hard) == ((1, 2) if database.dialect == "sqlite" else ("off", "on"))


def test_a_follower_resumes_where_it_was(database: Database) -> None:
    for name in ("a", "b", "c"):
        with database.writing() as session:
            changes.append(session, NOW, "cry", name, "nest")
    with database.reading() as session:
        first = changes.after(session, 0, limit=1)
        rest = changes.after(session, first.items[-1].id)
        assert [change.subject for change in first.items + rest.items] == ["a", "b", "c"]
        assert not rest.reset
        assert changes.after(session, changes.newest(session)) == changes.Changes([])


def test_a_follower_that_slept_too_long_is_told_to_load_everything(database: Database) -> None:
    old, new = NOW - changes.KEPT - timedelta(hours=1), NOW
    with database.writing() as session:
        for at in (old, old, new):
            changes.append(session, at, "cry", "x")
    with database.writing() as session:
        assert changes.prune(session, NOW, limit=100) == 2
    with database.reading() as session:
        last = changes.newest(session)
        assert changes.after(session, last - 2).reset
        assert not changes.after(session, last - 1).reset
        assert changes.after(session, last + 1).reset  # an id of another database


def test_the_newest_change_outlives_pruning_so_that_ids_are_never_reused(
    database: Database,
) -> None:
    with database.writing() as session:
        changes.append(session, NOW - timedelta(days=30), "cry", "x")
    with database.writing() as session:
        assert changes.prune(session, NOW, limit=100) == 0
        assert session.query(Change).count() == 1


def test_each_run_of_pruning_is_bounded(records: Database) -> None:
    with records.writing() as session:
        for _ in range(10):
            changes.append(session, NOW - timedelta(days=30), "cry", "x")
    with records.writing() as session:
        assert changes.prune(session, NOW, limit=4) == 4
        assert session.query(Change).count() == 6


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("not a url", "not a database URL"),
        ("mysql://root@localhost/x", "only sqlite and postgresql"),
        ("sqlite://", "needs a file"),
        ("sqlite:////proc/nowhere/records.db", "name a writable state_dir"),
    ],
)
def test_a_database_that_cannot_be_meant_is_told_in_one_line(url: str, says: str) -> None:
    with pytest.raises(DatabaseError, match=says) as caught:
        open_database(url)
    assert "\n" not in str(caught.value)


def test_an_unreachable_server_is_told_without_its_password() -> None:
    database = open_database("postgresql://me:s3cret@127.0.0.1:1/x")
    with pytest.raises(DatabaseError, match=r"me:\*\*\*@127\.0\.0\.1.*refused") as caught:
        database.upgrade()
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    database = open_database(f"sqlite:///{path}")
    with pytest.raises(DatabaseError, match="no database of ours"):
        database.upgrade()
    database.close()


def test_records_of_a_newer_version_are_not_touched(database: Database) -> None:
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseError, match="update the program"):
        database.upgrade()


def test_a_full_disk_is_told_and_heals(records: Database) -> None:
    def pages(count: int) -> None:
        with records.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA max_page_count = {count}")
            connection.rollback()

    records.engine.dispose()
    pages(1)  # SQLite's own way to be full: no smaller than the file is
    boxes = [Box(id=f"b{n}", name="x" * 60, created_at=NOW) for n in range(5000)]
    with pytest.raises(DatabaseError, match="the disk is full"), records.writing() as session:
        session.add_all(boxes)
    pages(1_000_000)
    with records.writing() as session:
        session.add(Box(id="nest", created_at=NOW))


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_told(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "records.db").chmod(0o400)
    with pytest.raises(DatabaseError, match="cannot be written"):
        open_database(sqlite_url)


def test_a_server_that_went_away_is_told_and_heals(postgresql: PostgreSQL) -> None:
    del postgresql  # a server of our own: this one is stopped
    with PostgreSQL() as server:
        database = open_database(server.new_database())
        database.upgrade()
        server.stop()
        with pytest.raises(DatabaseError), database.reading() as session:
            changes.newest(session)
        server.start()
        with database.writing() as session:
            changes.append(session, NOW, "box", "nest")
        database.close()


def test_the_file_is_nobody_elses(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'records.db'}")
    database.upgrade()
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {"0o600"}
    database.close()


def test_the_folder_it_makes_is_nobody_elses(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    with closing(open_database(f"sqlite:///{folder / 'records.db'}")) as database:
        database.upgrade()
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
