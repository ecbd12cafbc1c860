"""What happens once before the dashboard answers."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask
from sqlalchemy import select

from monitor.settings import Settings, SettingsError
from web import boxes, carers
from web.app import create_app
from web.database import Database
from web.demo import NotADemoError, seed
from web.nursery import utc_now
from web.records import Box

__all__ = ["NotADemoError", "first_run_code", "greeting", "prepare"]


def prepare(settings: Settings, database: Database, *, demo: bool) -> Flask:
    """The app, with the boxes of the settings in its records.

    Raises SettingsError, NotADemoError.
    """
    with database.writing() as session:
        boxes.configured(session, settings, utc_now())
        if demo:
            for box in session.scalars(select(Box)):
                box.demo = True
            seed(session, utc_now(), settings.box[0].id, settings.house.zone, settings=settings)
    return create_app(settings, database, demo=demo)


def first_run_code(settings: Settings, database: Database) -> str | None:
    """The code that lets the first carer in; None when there is a carer. Raises SettingsError."""
    with database.reading() as session:
        if carers.any_carer(session):
            return None
    try:
        return carers.setup_code(settings.state_dir)
    except OSError as error:
        raise SettingsError(f"state_dir: {settings.state_dir}: {error.strerror}") from None


def greeting(addresses: list[str], code: str | None) -> Iterable[str]:
    """The lines that tell where to look."""
    yield "Nobody can sign in yet. Choose your name and passphrase here:" if code else "Open:"
    for address in addresses:
        yield f"  {address}/first-run?code={code}" if code else f"  {address}/"
