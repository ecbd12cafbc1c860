"""`nursery-monitor export`: all records into one file."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from web.commands.records import fail, records


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-sounds", is_flag=True, help="Leave out the sound of the cries.")
@click.option("--without-photos", is_flag=True, help="Leave out the photos.")
@click.pass_obj
def export(config: Path | None, file: Path, *, without_sounds: bool, without_photos: bool) -> None:
    """Write all records into FILE, for `import`.

    It is a ZIP of JSON lines (web/handover/README.md), without passphrases and tokens. Everything
    may go on running meanwhile.
    """
    from web.handover.export import write  # noqa: PLC0415 - only when the command runs

    without = [name for name, out in (("clip", without_sounds), ("photo", without_photos)) if out]
    with records(config) as database:
        part = file.with_name(f".export.{os.getpid()}.part")
        try:
            if file.exists():
                fail(f"{file}: is there already; name another file")
            # Records of a house are nobody else's.
            descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with os.fdopen(descriptor, "w+b") as out, database.reading() as session:
                    done = write(session, out, datetime.now(UTC), without)
                    out.flush()
                    os.fsync(descriptor)
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            fail(f"{file}: cannot be written: {error.strerror}; name a file elsewhere")
    rows = done.rows
    click.echo(
        f"{file}: {done.total} rows of {database.shown}: {rows['animal']} animals, "
        f"{rows['feed']} feeds, {rows['cry']} cries"
    )
