"""All records out, into one ZIP: as of one moment, a line a row."""

from __future__ import annotations

import zipfile
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from typing import IO, Any

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from monitor.messages import utc_text
from web.database import newest_migration
from web.handover import archive
from web.handover.archive import BYTES, FORMAT, MANIFEST, PROGRAM, Manifest

AT_ONCE = 1000  # rows in memory


@dataclass
class Exported:
    """What went into an export."""

    rows: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


def write(
    session: Session, out: IO[bytes], now: datetime, without: Collection[str] = ()
) -> Exported:
    """Write the archive; `session` is of `Database.reading`, so that it shows one moment.

    `without` names tables of `BYTES` to leave out: `clip`, `photo`.
    """
    done = Exported()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for table in archive.tables():
            if table.name in without:
                continue
            done.rows[table.name] = _rows(session, table, packed)
            if table.name in BYTES:
                _bytes(session, table, packed)
        manifest = Manifest(
            program=PROGRAM,
            format=FORMAT,
            tables=newest_migration(),
            version=version(PROGRAM),
            made_at=utc_text(now),
            rows=done.rows,
            left_out=sorted(without),
        )
        packed.writestr(MANIFEST, manifest.model_dump_json(indent=1) + "\n")
    return done


def _rows(session: Session, table: Table, packed: zipfile.ZipFile) -> int:
    wanted = archive.columns(table)
    count = 0
    with packed.open(archive.path_of(table), "w", force_zip64=True) as file:
        for row in _read(session, table, wanted):
            file.write(archive.line_of(row))
            count += 1
    return count


def _bytes(session: Session, table: Table, packed: zipfile.ZipFile) -> None:
    """Sound and pictures are compressed already."""
    kept = BYTES[table.name]
    for row in _read(session, table, [table.c[kept.key], table.c[kept.column]], at_once=20):
        name = zipfile.ZipInfo(kept.path(row))
        packed.writestr(name, row[kept.column], zipfile.ZIP_STORED)


def _read(session: Session, table: Table, wanted: list[Any], at_once: int = AT_ONCE) -> Any:
    query = select(*wanted).order_by(*table.primary_key.columns)
    return session.execute(query, execution_options={"yield_per": at_once}).mappings()
