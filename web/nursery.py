"""What the pages of one dashboard process share: settings, records, clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

from flask import Flask, current_app, g
from flask_login import current_user
from sqlalchemy.orm import Session

from monitor.settings import Settings
from web.database import Database
from web.journal import Entry


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def install(
    app: Flask, settings: Settings, database: Database, clock: Callable[[], datetime], *, demo: bool
) -> None:
    """Give the app what `settings()` and the others hand out; done once."""
    app.extensions.update(settings=settings, database=database, now=clock, demo=demo)


@dataclass(frozen=True)
class Look:
    """One look at the records: what is read, and as of when."""

    session: Session
    settings: Settings
    now: datetime


def settings() -> Settings:
    """The settings of the current app."""
    return cast(Settings, current_app.extensions["settings"])


def reading() -> AbstractContextManager[Session]:
    """A session that only reads."""
    return cast(Database, current_app.extensions["database"]).reading()


def writing() -> AbstractContextManager[Session]:
    """A session that writes: commits at the end, undoes everything on an exception."""
    return cast(Database, current_app.extensions["database"]).writing()


@contextmanager
def looking() -> Iterator[Look]:
    """A look at the records as of the request's moment."""
    with reading() as session:
        yield Look(session, settings(), now())


def zone() -> ZoneInfo:
    """The zone in which pages show times."""
    return settings().house.zone


def is_demo() -> bool:
    """Whether this dashboard shows the demo's records; then every page says so."""
    return bool(current_app.extensions.get("demo"))


def now() -> datetime:
    """One moment for the entire request, so that all its ages agree."""
    return cast(datetime, g.now) if "now" in g else tick()


def tick() -> datetime:
    """Let this moment be the request's: for streams, whose requests last."""
    g.now = current_app.extensions["now"]()
    return cast(datetime, g.now)


def entry() -> Entry:
    """Who writes what follows into the records, and when."""
    return Entry(by=str(current_user.name), now=now(), zone=zone())
