"""All records in, from an export: into an empty house, all of it or nothing."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from sqlalchemy import JSON, Table, func, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from web import changes
from web.database import Database, newest_migration
from web.handover import archive
from web.handover.archive import (
    BYTES,
    MANIFEST,
    MOST_FILE_BYTES,
    ArchiveError,
    Manifest,
    Row,
)
from web.records import Animal, Audit, Box

AT_ONCE, FILES_AT_ONCE = 500, 20  # rows in memory
# A house that was only set up has these: its boxes, and who signed in.
_FROM_THE_START = ("box", "audit")
# zipfile lets the last two out when a name is no text or a packing is of the future.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    ValueError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Imported:
    """What came in."""

    manifest: Manifest
    rows: dict[str, int]

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


def read(database: Database, path: Path, now: datetime) -> Imported:
    """Take an export into empty records.

    Raises ArchiveError (nothing is written then) and DatabaseError.
    """
    try:
        with zipfile.ZipFile(path) as packed:
            manifest = archive.manifest_of(_file(packed, MANIFEST), newest_migration())
            with database.writing() as session:
                return _take_in(session, packed, manifest, now)
    except _DAMAGED:
        raise ArchiveError("is not an export, or it is damaged") from None
    except OSError as error:
        raise ArchiveError(f"cannot be read: {error.strerror or error}") from None
    except (IntegrityError, DataError) as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise ArchiveError(f"its rows do not fit together: {reason}") from None


def _take_in(
    session: Session, packed: zipfile.ZipFile, manifest: Manifest, now: datetime
) -> Imported:
    _refuse_a_house_in_use(session)
    aside = _set_aside_audits(session)
    rows = {
        table.name: _table(session, packed, table, manifest)
        for table in archive.tables()
        if table.name in manifest.rows
    }
    _go_on_counting(session)
    if aside:
        session.execute(sa.insert(Audit), aside)
    session.add(Audit(at=now, action="records imported", details={"made_at": manifest.made_at}))
    for animal in session.scalars(select(Animal.id)):
        changes.append(session, now, "animal", animal)
    return Imported(manifest, rows)


def _refuse_a_house_in_use(session: Session) -> None:
    for table in reversed(archive.tables()):
        if table.name in _FROM_THE_START:
            continue
        if session.execute(select(sa.literal(1)).select_from(table).limit(1)).first():
            raise ArchiveError(
                f"can only be taken into empty records, and these hold something ({table.name}) "
                "already; name another state_dir or database, and import before anything is heard"
            )


def _table(session: Session, packed: zipfile.ZipFile, table: Table, manifest: Manifest) -> int:
    """Write one table's rows; gives how many."""
    write = _write_boxes if table.name == Box.__tablename__ else _write
    at_once = FILES_AT_ONCE if table.name in BYTES else AT_ONCE
    rows = _rows(packed, table)
    count = 0
    while batch := list(islice(rows, at_once)):
        write(session, table, batch)
        count += len(batch)
    if count != manifest.rows[table.name]:
        raise ArchiveError(
            f"{archive.path_of(table)}: holds {count} rows instead of {manifest.rows[table.name]}"
        )
    return count


def _rows(packed: zipfile.ZipFile, table: Table) -> Iterator[Row]:
    name = archive.path_of(table)
    with _opened(packed, name) as file:
        for where, line in archive.lines(file, name):
            try:
                row = archive.row_of(table, line)
            except ValueError as error:
                raise ArchiveError(f"{where}: {error}") from None
            if table.name in BYTES:
                kept = BYTES[table.name]
                row[kept.column] = _file(packed, kept.path(row))
            yield row


def _write(session: Session, table: Table, rows: list[Row]) -> None:
    """What is unknown becomes NULL wherever it may, also in a column of JSON."""
    into = sa.table(
        table.name,
        *(
            sa.column(one.name, JSON(none_as_null=True))
            if isinstance(one.type, JSON) and one.nullable
            else sa.column(one.name, one.type)
            for one in table.columns
        ),
    )
    session.execute(sa.insert(into), rows)


def _write_boxes(session: Session, table: Table, rows: list[Row]) -> None:
    """A box that was set up here already becomes what it was there."""
    here = set(session.scalars(select(Box.id)))
    for row in rows:
        if row["id"] in here:
            session.execute(sa.update(table).where(table.c.id == row["id"]).values(row))
    if fresh := [row for row in rows if row["id"] not in here]:
        _write(session, table, fresh)


def _set_aside_audits(session: Session) -> list[Row]:
    """What this house has noted so far; an undo goes by the numbers of the export's."""
    kept = [column for column in Audit.__table__.columns if column.name != "id"]
    rows = [dict(row) for row in session.execute(select(*kept).order_by(Audit.id)).mappings()]
    session.execute(sa.delete(Audit))
    return rows


def _go_on_counting(session: Session) -> None:
    """PostgreSQL counts ids apart from the rows; SQLite looks at them."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in archive.tables():
        key = table.autoincrement_column
        if key is None:
            continue
        highest = session.scalar(select(func.max(key)))
        if highest is not None:
            quoted = f'"{table.name}"'
            session.execute(
                select(func.setval(func.pg_get_serial_sequence(quoted, key.name), highest))
            )


def _file(packed: zipfile.ZipFile, name: str) -> bytes:
    with _opened(packed, name) as file:
        found = file.read(MOST_FILE_BYTES + 1)
    if len(found) > MOST_FILE_BYTES:
        raise ArchiveError(f"{name}: is far too large")
    return found


def _opened(packed: zipfile.ZipFile, name: str) -> IO[bytes]:
    try:
        return packed.open(name)
    except KeyError:
        raise ArchiveError(f"holds no {name}: it is not an export of ours, or damaged") from None
    except (RuntimeError, NotImplementedError):  # encrypted, or packed in an unknown way
        raise ArchiveError(f"{name}: cannot be unpacked") from None
