"""Records for the tests of the dashboard: on SQLite, and on PostgreSQL where it is installed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgresql import PostgreSQL, postgresql
from web.database import Database, open_database

__all__ = ["postgresql"]


@pytest.fixture(scope="session")
def blank_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables and no rows, to be copied."""
    path = tmp_path_factory.mktemp("blank") / "records.db"
    _upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def blank_postgresql(postgresql: PostgreSQL) -> str:
    """URL of a database with all tables and no rows, to be copied."""
    url = postgresql.new_database()
    _upgrade(url)
    return url


def _upgrade(url: str) -> None:
    database = open_database(url)
    database.upgrade()
    database.close()


@pytest.fixture
def sqlite_url(blank_sqlite: Path, tmp_path: Path) -> str:
    """Records on SQLite, ready."""
    shutil.copy(blank_sqlite, tmp_path / "records.db")
    return f"sqlite:///{tmp_path / 'records.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Records on each of the two databases, ready."""
    return records_url(request)


def records_url(request: pytest.FixtureRequest) -> str:
    """Records on the database that a fixture's parameter names, SQLite when it names none."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.new_database(like=request.getfixturevalue("blank_postgresql"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The same, open: the test runs on both."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def records(sqlite_url: str) -> Iterator[Database]:
    """Records on SQLite alone, open: where the database is not the point."""
    opened = open_database(sqlite_url)
    yield opened
    opened.close()
