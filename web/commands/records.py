"""What the commands on records share: open them, and end with one line when that fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from web.database import Database


@contextmanager
def records(config: Path | None) -> Iterator[Database]:
    """The records that the settings name, brought to this version.

    Ends the program with one line and exit code 2 when they cannot be used.
    """
    from monitor.settings import load  # noqa: PLC0415 - only when a command runs
    from web.database import DatabaseError, open_database  # noqa: PLC0415

    try:
        database = open_database(load(config).database_url)
        try:
            database.upgrade()
            yield database
        finally:
            database.close()
    except DatabaseError as error:
        fail(str(error))
    except UnicodeEncodeError:  # bytes of the command line that are no text
        fail("a name must be text in UTF-8")


def fail(message: str) -> NoReturn:
    """One line, exit code 2."""
    click.echo(f"nursery-monitor: {message}", err=True)
    sys.exit(2)
