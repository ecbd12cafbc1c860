"""`nursery-monitor import`: an export into an empty house."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from web.commands.records import fail, records


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_(config: Path | None, file: Path) -> None:
    """Take what `export` wrote into empty records.

    All of it or nothing. Do it before the first start of the monitor; carers sign in anew.
    """
    from web.handover import importing  # noqa: PLC0415 - only when the command runs
    from web.handover.archive import ArchiveError  # noqa: PLC0415

    with records(config) as database:
        try:
            done = importing.read(database, file, datetime.now(UTC))
        except ArchiveError as error:
            fail(f"{file}: {error}")
    rows = done.rows
    click.echo(
        f"{done.total} rows are in {database.shown} now: {rows.get('animal', 0)} animals, "
        f"{rows.get('feed', 0)} feeds, {rows.get('cry', 0)} cries"
    )
